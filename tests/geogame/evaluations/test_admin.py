from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from geogame.datasets.services import data_set_of_map
from geogame.evaluations.models import Evaluation
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from tests.geogame.registry.test_admin import staff_with

URL = "/admin/evaluations/evaluation/"


@pytest.fixture
def asked(version: ModelVersion, make_map: Callable[..., Map]) -> dict[str, str]:
    data_set = data_set_of_map(make_map(3))
    return {"kind": "evaluate", "version": str(version.pk), "data_set": str(data_set.pk), "limit": "2"}


def test_one_is_asked_for_stopped_resumed_and_deleted(admin_client: Client, asked: dict[str, str]) -> None:
    admin_client.post(f"{URL}add/", asked)
    evaluation = Evaluation.objects.get()
    assert (evaluation.state, evaluation.options["limit"]) == ("queued", 2)
    assert evaluation.requested_by is not None
    for action, state in (("stop", "stopped"), ("resume", "queued"), ("stop", "stopped")):
        admin_client.post(URL, {"action": action, "_selected_action": str(evaluation.pk)})
        evaluation.refresh_from_db()
        assert evaluation.state == state
    assert admin_client.get(f"{URL}{evaluation.pk}/change/").status_code == 200
    admin_client.post(URL, {"action": "delete_evaluations", "_selected_action": str(evaluation.pk)})
    assert not Evaluation.objects.exists()


def test_what_makes_no_sense_is_told_in_the_form(admin_client: Client, asked: dict[str, str]) -> None:
    page = admin_client.post(f"{URL}add/", {**asked, "kind": "compare"}).content.decode()
    assert "two different versions" in page
    assert not Evaluation.objects.exists()


def test_who_may_not_start_jobs_asks_for_none(client: Client, asked: dict[str, str]) -> None:
    staff = staff_with(client, "view_evaluation", "add_evaluation")
    assert staff.get(URL).status_code == 200
    assert staff.post(f"{URL}add/", asked).status_code == 403
    assert not Evaluation.objects.exists()


def test_its_page_stops_it_tries_it_again_and_deletes_it(admin_client: Client, asked: dict[str, str]) -> None:
    admin_client.post(f"{URL}add/", asked)
    evaluation = Evaluation.objects.get()
    page = f"{URL}{evaluation.pk}"
    for button, state in (("stop", "stopped"), ("resume", "queued")):
        assert f"{page}/{button}/" in admin_client.get(f"{page}/change/").content.decode()
        answer = admin_client.post(f"{page}/{button}/")
        assert (answer.status_code, answer["Location"]) == (302, f"{page}/change/")
        evaluation.refresh_from_db()
        assert evaluation.state == state
    Evaluation.objects.update(state="running")
    assert "/remove/" not in admin_client.get(f"{page}/change/").content.decode()
    assert "It runs: stop it first." in admin_client.post(f"{page}/remove/", follow=True).content.decode()
    refused = admin_client.post(f"{page}/resume/", follow=True).content.decode()
    assert "Only what was stopped or failed can be resumed." in refused
    Evaluation.objects.update(state="failed")
    answer = admin_client.post(f"{page}/remove/")
    assert answer["Location"] == f"/admin/registry/modelversion/{evaluation.version_id}/change/"
    assert not Evaluation.objects.exists()


def test_who_may_only_look_has_no_buttons_on_its_page(admin_client: Client, asked: dict[str, str]) -> None:
    admin_client.post(f"{URL}add/", asked)
    page = f"{URL}{Evaluation.objects.get().pk}"
    looker = staff_with(Client(), "view_evaluation")
    assert "delete-dialog" not in looker.get(f"{page}/change/").content.decode()
    assert {looker.post(f"{page}/{name}/").status_code for name in ("stop", "resume", "remove")} == {403}
    assert Evaluation.objects.get().state == "queued"
