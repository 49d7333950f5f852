from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from geogame.datasets.services import data_set_of_map
from geogame.panoramas.models import Map
from geogame.panoramas.services import unpublish_map
from geogame.registry.models import Activation, ModelVersion
from geogame.registry.services import deactivate
from geogame.round_sets.models import OutsidePlayer
from geogame.round_sets.services import create, issue_token
from geogame.training.models import TrainingJob
from geogame.training.services import create_job

MakeMap = Callable[..., Map]


@pytest.fixture
def staff(admin_client: Client) -> Client:
    return admin_client


def act(client: Client, model: str, action: str, *keys: int, **fields: str) -> str:
    data = {"action": action, "_selected_action": [str(key) for key in keys], **fields}
    return client.post(f"/admin/{model}/", data, follow=True).content.decode()


def test_a_map_is_published_and_closed(staff: Client, make_map: MakeMap) -> None:
    map_ = make_map()
    unpublish_map(map_)
    assert "is open for play" in act(staff, "panoramas/map", "publish", map_.pk)
    map_.refresh_from_db()
    assert map_.is_published
    assert "is closed for new games" in act(staff, "panoramas/map", "unpublish", map_.pk)


def test_an_empty_map_is_not_published(staff: Client) -> None:
    empty = Map.objects.create(name="Empty", slug="empty")
    assert "has no panoramas" in act(staff, "panoramas/map", "publish", empty.pk)


def test_a_panorama_is_taken_down(staff: Client, make_map: MakeMap) -> None:
    map_ = make_map(2)
    panorama = map_.panoramas.earliest("pk")
    asked = act(staff, "panoramas/panorama", "withdraw", panorama.pk)
    assert "Withdraw 1 panorama for good?" in asked
    assert (map_.panoramas.count(), panorama.path.exists()) == (2, True), "nothing before the answer"
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', asked))
    assert fields.pop("_selected_action") == str(panorama.pk)
    fields.pop("csrfmiddlewaretoken")
    page = act(staff, "panoramas/panorama", fields.pop("action"), panorama.pk, **fields)
    assert "1 withdrawn" in page
    assert map_.panoramas.count() == 1
    assert not panorama.path.exists()


def test_a_model_version_is_put_into_play_and_out(staff: Client, model_version: ModelVersion) -> None:
    deactivate(model_version)
    page = act(staff, "registry/modelversion", "activate_version", model_version.pk)
    assert "plays as soon as it has answered" in page
    asked = Activation.objects.get()
    assert asked.asked_by
    assert not ModelVersion.objects.get().is_active
    ModelVersion.objects.update(is_active=True)
    assert "no longer plays" in act(staff, "registry/modelversion", "take_out_of_play", model_version.pk)


def test_a_version_whose_files_are_gone_is_not_put_into_play(
    staff: Client, model_version: ModelVersion
) -> None:
    ModelVersion.objects.update(directory="gone", is_active=False)
    page = act(staff, "registry/modelversion", "activate_version", model_version.pk)
    assert "gone" in page
    assert not ModelVersion.objects.get().is_active


def test_a_training_job_is_queued_and_stopped(staff: Client, make_map: MakeMap) -> None:
    map_ = make_map()
    assert "Queued" in act(staff, "panoramas/map", "train_tiny", map_.pk)
    job = TrainingJob.objects.get()
    assert job.requested_by
    assert "Asked to stop" in act(staff, "training/trainingjob", "stop", job.pk)
    job.refresh_from_db()
    assert job.state == TrainingJob.State.STOPPED


def test_the_truth_of_a_panorama_cannot_be_edited(staff: Client, make_map: MakeMap) -> None:
    panorama = make_map(1).panoramas.get()
    staff.post(
        f"/admin/panoramas/panorama/{panorama.pk}/change/", {"lat": "1", "lng": "1", "place": "New name"}
    )
    before = panorama.lat
    panorama.refresh_from_db()
    assert (panorama.place, panorama.lat) == ("New name", before)


def test_a_round_set_is_closed_and_a_token_revoked(staff: Client, make_map: MakeMap) -> None:
    round_set = create(name="Trial", map_=make_map(2), seed=1)
    issue_token("Robot")
    assert "Trial@1" in staff.get("/admin/round_sets/roundset/").content.decode()
    assert "“Trial@1” is closed" in act(staff, "round_sets/roundset", "close_sets", round_set.pk)
    assert "was closed already" in act(staff, "round_sets/roundset", "close_sets", round_set.pk)
    player = OutsidePlayer.objects.get()
    assert "“Robot” is revoked" in act(staff, "round_sets/outsideplayer", "revoke_tokens", player.pk)
    player.refresh_from_db()
    assert player.revoked_at
    page = staff.get(f"/admin/round_sets/outsideplayer/{player.pk}/change/").content.decode()
    assert player.token_digest not in page


@pytest.mark.parametrize(
    "model", ["games/game", "panoramas/panorama", "registry/modelversion", "training/trainingjob"]
)
def test_every_list_opens(staff: Client, make_map: MakeMap, model_version: ModelVersion, model: str) -> None:
    create_job(data_set=data_set_of_map(make_map()), recipe="tiny")
    assert staff.get(f"/admin/{model}/").status_code == 200


def test_the_admin_is_for_staff(client: Client, db: None) -> None:
    assert client.get("/admin/panoramas/panorama/").status_code == 302
