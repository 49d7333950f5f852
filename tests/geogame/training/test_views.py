from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.template import engines
from django.test import Client

from geogame.registry.models import Activation, ModelVersion
from geogame.training import states
from geogame.training.models import TrainingJob
from tests.geogame.training.conftest import MakeJob
from tests.geogame.training.test_live import write_steps

State = TrainingJob.State
READS = ["state", "curves", "validation", "samples/00.jpg", "log"]
BUTTONS = ["stop", "resume", "clone", "delete", "activate"]


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    return staff_with(client, "view_trainingjob", "start_trainingjob")


def staff_with(client: Client, *permissions: str) -> Client:
    user = User.objects.create_user("ada", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def address(job: TrainingJob, name: str) -> str:
    return f"/admin/training/trainingjob/{job.pk}/{name}" + ("" if "." in name else "/")


def press(client: Client, job: TrainingJob, name: str) -> tuple[int, Any]:
    answer = client.post(address(job, name), headers={"accept": "application/json"})
    return answer.status_code, answer.json()


def test_the_page_asks_for_what_is_new(staff: Client, job: TrainingJob) -> None:
    write_steps(job.run_directory, [3.0, 2.0, 1.0])
    (job.run_directory / "samples").mkdir()
    (job.run_directory / "samples" / "00.jpg").write_bytes(b"jpeg")
    (job.run_directory / "log.txt").write_text("one\ntwo\n")
    assert staff.get(address(job, "state")).json()["state"] == "queued"
    assert staff.get(address(job, "curves"), {"after": "1"}).json()["steps"] == [2, 3]
    assert staff.get(address(job, "curves"), {"after": "-1", "points": "x"}).json()["steps"] == [1, 2, 3]
    assert staff.get(address(job, "validation")).json() is None
    assert staff.get(address(job, "log"), {"lines": "1"}).json() == {"lines": ["two"]}
    sample = staff.get(address(job, "samples/00.jpg"))
    assert (sample["Content-Type"], b"".join(sample)) == ("image/jpeg", b"jpeg")
    assert "no-store" in sample["Cache-Control"]
    assert staff.get(address(job, "samples/photos.csv")).status_code == 404


def test_the_page_has_the_job_and_its_state(
    staff: Client, job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = engines["django"].from_string(
        "{{ job.token }} {{ state.state }} {{ may_start }} {{ may_activate }}"
    )
    monkeypatch.setattr("geogame.training.views.TEMPLATE", template)
    page = staff.get(address(job, "live")).content.decode()
    assert page == f"{job.token} queued True False"


@pytest.mark.parametrize("name", READS)
def test_only_staff_who_may_see_jobs_see_them(client: Client, job: TrainingJob, name: str) -> None:
    assert client.get(address(job, name)).status_code == 302, "to the login"
    staff_with(client, "start_trainingjob")
    assert client.get(address(job, name)).status_code == 403


@pytest.mark.parametrize("name", BUTTONS)
def test_only_those_who_may_start_jobs_have_buttons(client: Client, job: TrainingJob, name: str) -> None:
    TrainingJob.objects.update(state=State.FAILED)
    assert client.post(address(job, name)).status_code == 302
    staff_with(client, "view_trainingjob", "delete_trainingjob", "change_trainingjob")
    assert client.post(address(job, name)).status_code == 403
    assert client.get(address(job, name)).status_code == 405
    assert (TrainingJob.objects.get().state, TrainingJob.objects.count()) == (State.FAILED, 1)


def test_a_job_is_stopped_and_goes_on(staff: Client, job: TrainingJob) -> None:
    status, answer = press(staff, job, "stop")
    assert (status, answer["state"]["state"]) == (200, "stopped")
    assert press(staff, job, "stop") == (
        409,
        {"error": {"code": "refused", "message": "This job has ended already."}},
    )
    status, answer = press(staff, job, "resume")
    assert (status, answer["state"]["state"]) == (200, "queued")
    assert [change["by"] for change in answer["state"]["changes"]] == [None, "ada", "ada"]


def test_a_clone_is_queued_and_has_a_page(staff: Client, make_job: MakeJob) -> None:
    job = make_job(seed=3)
    status, answer = press(staff, job, "clone")
    copy = TrainingJob.objects.exclude(pk=job.pk).get()
    assert (status, answer["url"], copy.seed) == (200, address(copy, "live"), 3)


def test_a_job_is_deleted_unless_it_runs(staff: Client, job: TrainingJob) -> None:
    states.claim(job)
    assert press(staff, job, "delete")[0] == 409
    states.fail(job, "No photos.")
    assert press(staff, job, "delete") == (
        200,
        {"message": "Deleted: tiny on Test (failed)", "url": "/admin/training/trainingjob/", "state": None},
    )


def test_without_a_script_a_button_leads_back_to_the_page(staff: Client, job: TrainingJob) -> None:
    answer = staff.post(address(job, "stop"))
    assert (answer.status_code, answer["Location"]) == (302, address(job, "live"))
    assert TrainingJob.objects.get().state == State.STOPPED


def test_a_model_is_asked_to_play(client: Client, job: TrainingJob, model_version: ModelVersion) -> None:
    staff_with(client, "view_trainingjob", "activate_modelversion")
    ModelVersion.objects.update(is_active=False)
    assert press(client, job, "activate")[0] == 409
    TrainingJob.objects.update(state=State.SUCCEEDED, model_version=model_version)
    status, answer = press(client, job, "activate")
    assert (status, answer["state"]["model_version"]["activation"]["state"]) == (200, "asked")
    asked = Activation.objects.get()
    assert asked.asked_by
    assert asked.asked_by.get_username() == "ada"


def test_jobs_are_not_deleted_past_their_files(admin_client: Client, job: TrainingJob) -> None:
    data = {"action": "delete_selected", "_selected_action": [str(job.pk)], "post": "yes"}
    admin_client.post("/admin/training/trainingjob/", data, follow=True)
    assert TrainingJob.objects.exists()
