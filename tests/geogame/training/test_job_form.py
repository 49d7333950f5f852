from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from geogame.datasets.models import DataSet
from geogame.datasets.services import data_set_of_map
from geogame.panoramas.models import Map
from geogame.training import estimates
from geogame.training.forms import IMAGE_PX, JobForm, recipe_values
from geogame.training.models import TrainingJob
from planet_core import inception
from planet_core.recipe import load

ADD = "/admin/training/trainingjob/add/"
MakeMap = Callable[..., Map]


@pytest.fixture
def data_set(make_map: MakeMap) -> DataSet:
    return data_set_of_map(make_map(12))


def filled(data_set: DataSet, **changes: object) -> dict[str, Any]:
    own = {name: value for name, value in recipe_values()["tiny"].items() if name not in ("level", "coarser")}
    return {**own, "data_set": data_set.pk, "recipe": "tiny", "devices": 1, "seed": 0, **changes}


def test_what_the_form_says_of_networks_is_true() -> None:
    assert {name: config.image_px for name, config in inception.PRESETS.items()} == IMAGE_PX


def test_a_job_keeps_only_what_differs_from_its_recipe(admin_client: Client, data_set: DataSet) -> None:
    answer = admin_client.post(ADD, filled(data_set, epochs=3, seed=7, other="mirror=true\npatience=2"))
    job = TrainingJob.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/training/trainingjob/{job.pk}/live/")
    assert job.values == {"epochs": 3, "mirror": True, "patience": 2}
    assert (job.recipe, job.seed, job.devices) == ("tiny", 7, 1)
    assert job.requested_by is not None
    assert job.requested_by.username == "admin"


def test_an_empty_value_is_the_recipes(admin_client: Client, data_set: DataSet) -> None:
    assert admin_client.post(ADD, filled(data_set, epochs="", learning_rate="")).status_code == 302
    assert TrainingJob.objects.get().values == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", "0"),
        ("learning_rate", "-1"),
        ("max_level", "31"),
        ("max_level", "20"),  # finer than the places that the split keeps whole
        ("devices", "0"),
        ("recipe", "huge"),
        ("other", "nonsense=3"),
        ("other", "precision=float8"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    admin_client: Client, data_set: DataSet, field: str, value: str
) -> None:
    answer = admin_client.post(ADD, filled(data_set, **{field: value}))
    assert answer.status_code == 400
    wrong = set(answer.context["form"].errors)
    assert wrong == {field} if (field, value) != ("max_level", "20") else wrong == {"other"}
    assert "field-wrong" in answer.content.decode()
    assert not TrainingJob.objects.exists()


def test_a_data_set_that_was_not_read_is_refused_beside_its_field(admin_client: Client, db: None) -> None:
    data_set = DataSet.objects.create(name="Far away", kind="source", source="csv:/nowhere.csv")
    answer = admin_client.post(ADD, filled(data_set))
    assert "has not been read yet" in " ".join(answer.context["form"].errors["data_set"])


def test_without_any_data_set_the_page_says_what_to_do(admin_client: Client, db: None) -> None:
    assert "Make a data set" in admin_client.get(ADD).content.decode()


def test_a_job_can_be_made_like_another_one(admin_client: Client, data_set: DataSet) -> None:
    job = TrainingJob.objects.create(
        data_set=data_set, recipe="paper-small", values={"epochs": 2, "crop_side": [0.5, 1.0]}, seed=3
    )
    form = admin_client.get(f"{ADD}?like={job.pk}").context["form"]
    again = JobForm({name: value for name, value in form.initial.items() if value is not None})
    assert again.is_valid(), again.errors
    made = again.job()
    assert {**load("paper-small").as_dict(), **made.pop("values")} == {
        **load("paper-small").as_dict(),
        "epochs": 2,
        "crop_side": (0.5, 1.0),
    }
    assert made == {"data_set": data_set, "recipe": "paper-small", "init_from": None, "seed": 3, "devices": 1}


def test_cells_are_shown_while_the_form_is_filled_in(admin_client: Client, data_set: DataSet) -> None:
    values = {"data_set": data_set.pk, "max_photos": 4, "min_photos": 1, "max_level": 6}
    found = admin_client.get(f"{ADD}cells/", values).json()
    assert found["photos_in_cells"] + found["photos_outside"] == 12
    assert len(found["rings"]) >= found["cells"] > 2
    for wrong in ({"max_photos": ""}, {"min_photos": "-1"}, {"max_level": "40"}):
        answer = admin_client.get(f"{ADD}cells/", {**values, **wrong})
        assert answer.status_code == 400
        assert answer.json()["error"]["message"]


def test_an_estimate_is_the_plan_of_the_form(
    admin_client: Client, data_set: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = {"photos": 12, "problems": []}
    asked: list[tuple[TrainingJob, list[str]]] = []

    def command(job: TrainingJob, sources: list[str]) -> list[str]:
        asked.append((job, sources))
        return [sys.executable, "-c", f"print({json.dumps(json.dumps(plan))})"]

    monkeypatch.setattr(estimates, "plan_command", command)
    answer = admin_client.post(f"{ADD}estimate/", filled(data_set, epochs=2))
    assert answer.json() == {**plan, "seconds": None}
    ((job, sources),) = asked
    assert (job.values, job.pk) == ({"epochs": 2}, None)
    assert sources[0].startswith("csv:")
    assert not TrainingJob.objects.exists()


def test_the_time_is_that_of_the_last_job_like_it(data_set: DataSet) -> None:
    plan = {"steps": 40, "steps_per_epoch": 4, "photos_training": 120}
    wanted = TrainingJob(data_set=data_set, recipe="tiny", values={"epochs": 10})
    assert estimates.seconds(wanted, plan) is None, "nothing has trained here"
    now = timezone.now()

    def trained(ago_h: int, images_per_second: float | None, **values: Any) -> None:
        pace = {"images_per_second": images_per_second}
        started = now - timedelta(hours=ago_h)
        TrainingJob.objects.create(
            **{"data_set": data_set, "recipe": "tiny", **values}, pace=pace, started_at=started
        )

    trained(1, 500.0, recipe="paper")
    trained(1, 500.0, values={"batch_size": 8})
    trained(1, 500.0, devices=2)
    trained(1, None)
    trained(1, 500.0, recipe="gone")
    TrainingJob.objects.create(data_set=data_set, recipe="tiny")
    assert estimates.seconds(wanted, plan) is None, "none of them is like it"
    trained(3, 30.0)
    trained(2, 60.0, values={"epochs": 500, "min_photos": 9})
    assert estimates.seconds(wanted, plan) == 20.0, "1,200 photos at 60 a second"
    assert estimates.seconds(wanted, {**plan, "steps": None}) is None, "the plan has an error"


def test_an_estimate_that_fails_says_why(
    admin_client: Client, data_set: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import sys; print('plan: no such network', file=sys.stderr); sys.exit(2)"
    monkeypatch.setattr(estimates, "plan_command", lambda *_: [sys.executable, "-c", program])
    answer = admin_client.post(f"{ADD}estimate/", filled(data_set))
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "plan: no such network")
    wrong = admin_client.post(f"{ADD}estimate/", filled(data_set, epochs=0)).json()["error"]
    assert list(wrong["fields"]) == ["epochs"]


def test_the_form_is_for_those_who_may_start_jobs(client: Client, data_set: DataSet) -> None:
    person = User.objects.create_user("watcher", password="x", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_trainingjob"))
    client.force_login(person)
    assert client.get(ADD).status_code == 403
    assert client.get(f"{ADD}cells/").status_code == 403
    assert client.post(f"{ADD}estimate/").status_code == 403
    assert client.post(ADD, filled(data_set)).status_code == 403
    assert (
        "/admin/training/trainingjob/add/" not in client.get("/admin/training/trainingjob/").content.decode()
    )
    assert not TrainingJob.objects.exists()
