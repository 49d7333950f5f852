"""Album jobs: made, foreseen, prepared and deleted. None trains here."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from geogame.datasets.models import DataSet
from geogame.datasets.services import data_set_of_map
from geogame.registry.files import delete_version
from geogame.registry.models import ModelVersion
from geogame.registry.services import RegistryError, register
from geogame.training import estimates, preparation, services
from geogame.training.album_part import AlbumPart
from geogame.training.errors import TrainingError
from geogame.training.forms import AlbumJobForm
from geogame.training.kinds import embeddings_root
from geogame.training.models import TrainingJob
from geogame.training.runner import run_now
from planet_core.albums import FILE, read_albums
from tests.geogame.training.album_jobs import MakeAlbumJob
from tests.geogame.training.conftest import Pretend
from tests.planet_core.made_album_model import made_album_model

ADD = "/admin/training/trainingjob/add/"
MakeAlbums = Callable[..., DataSet]


# --- Making one ----------------------------------------------------------------------------------------
def test_an_album_job_says_what_it_trains(make_album_job: MakeAlbumJob, image_model: ModelVersion) -> None:
    job = make_album_job(album={"cut": 25}, values={"epochs": 3})
    assert (job.kind, job.variant, job.cut, job.image_model) == ("album", "lstm-rep", 25, image_model)
    assert str(job) == "lstm-rep(25), modern on Trips (queued)"
    again = services.clone(job, seed=4)
    assert AlbumPart.of(again) == AlbumPart.of(job)
    assert (again.kind, again.values, again.seed) == ("album", {"epochs": 3}, 4)


@pytest.mark.parametrize(
    ("album", "field", "reason"),
    [
        ({"variant": "gru"}, "variant", "no album model “gru”: use one of avg, lstm"),
        ({"cut": 0}, "cut", "cannot be cut to 0 photos"),
        ({"image_model": None}, "image_model", "Choose the model of single photos"),
    ],
)
def test_what_makes_no_sense_is_refused(
    make_album_job: MakeAlbumJob, album: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(TrainingError, match=reason) as caught:
        make_album_job(album=album)
    assert caught.value.field == field
    assert not TrainingJob.objects.exists()


def test_recipes_are_those_of_albums(make_album_job: MakeAlbumJob) -> None:
    with pytest.raises(TrainingError, match="there is no album recipe 'tiny'") as caught:
        make_album_job(recipe="tiny")
    assert caught.value.field == "recipe"
    with pytest.raises(TrainingError, match="dropout must be at least 0 and below 1") as caught:
        make_album_job(values={"dropout": 1.5})
    assert caught.value.field == "dropout"


def test_an_image_model_whose_files_are_gone_is_refused(
    make_album_job: MakeAlbumJob, image_model: ModelVersion
) -> None:
    shutil.rmtree(image_model.path)
    with pytest.raises(TrainingError, match="there is no model directory") as caught:
        make_album_job()
    assert caught.value.field == "image_model"


def test_albums_and_photos_are_not_mixed_up(
    make_album_job: MakeAlbumJob, make_map: Callable[..., Any], image_model: ModelVersion
) -> None:
    job = make_album_job()
    with pytest.raises(TrainingError, match="“Trips” holds albums") as caught:
        services.create_job(data_set=job.data_set, recipe="tiny")
    assert caught.value.field == "data_set"
    photos = data_set_of_map(make_map(3, name="Photos"))
    with pytest.raises(TrainingError, match="“Photos” holds single photos"):
        make_album_job(data_set=photos)
    with pytest.raises(TrainingError, match="“Photos” holds single photos") as caught:
        make_album_job(album={"validation_set": photos})
    assert caught.value.field == "validation_set"
    with pytest.raises(TrainingError, match="measured on what it learns from"):
        make_album_job(album={"validation_set": job.data_set})
    folder = image_model.path.parent / "album"
    made_album_model(folder, image_model.path)
    version = register(directory=folder, name="Trips")
    with pytest.raises(TrainingError, match="answers albums itself"):
        make_album_job(album={"image_model": version})
    with pytest.raises(TrainingError, match="start from a model of single photos"):
        services.create_job(data_set=photos, recipe="tiny", init_from=version)


def test_albums_that_were_not_read_are_refused(make_album_job: MakeAlbumJob, make_albums: MakeAlbums) -> None:
    DataSet.objects.filter(pk=make_albums().pk).update(state=DataSet.State.FAILED)
    with pytest.raises(TrainingError, match="has not been read yet"):
        make_album_job()


# --- Preparing it ---------------------------------------------------------------------------------------
def test_the_command_says_all_that_the_job_says(
    make_album_job: MakeAlbumJob, image_model: ModelVersion
) -> None:
    job = make_album_job(values={"epochs": 3, "optimiser": "adagrad"}, seed=7, album={"cut": 25})
    command = " ".join(preparation.training_command(job, ["T", "V"]))
    assert command.startswith(f"{sys.executable} -m planet_core.train_album --recipe modern --set epochs=3 ")
    assert f"--variant lstm-rep --image-model {image_model.path} --train T --validation V --cut 25" in command
    assert command.endswith(
        f"--seed 7 --out {job.run_directory} --model {preparation.model_directory(job)}"
        f" --cache {embeddings_root()}"
    )
    plan = " ".join(preparation.plan_command(job, ["T", "V"]))
    assert "-m planet_core.album_plan --recipe modern" in plan
    assert plan.endswith("--devices 1 --json")
    job.devices = 2
    torchrun = " ".join(preparation.training_command(job, ["T"]))
    assert "-m torch.distributed.run --standalone --nproc-per-node 2 " in torchrun
    assert "-m -- planet_core.train_album " in torchrun
    assert "--validation" not in torchrun


def test_some_albums_are_held_out(make_album_job: MakeAlbumJob) -> None:
    job = make_album_job()
    train, held = map(Path, preparation.sources_of(job))
    sides = [{album.id for album in read_albums(folder)} for folder in (train, held)]
    assert len(sides[0] | sides[1]) == 6
    assert not sides[0] & sides[1]
    assert len(sides[1]) == 1
    assert all(photo.path.is_file() for album in read_albums(held) for photo in album.photos)


def test_other_albums_may_be_held_out(make_album_job: MakeAlbumJob, make_albums: MakeAlbums) -> None:
    held_out = make_albums("Held", albums=2)
    train, held = map(Path, preparation.sources_of(make_album_job(album={"validation_set": held_out})))
    assert [len(read_albums(folder)) for folder in (train, held)] == [6, 2]


def test_a_job_goes_on_with_the_albums_that_it_began_with(make_album_job: MakeAlbumJob) -> None:
    job = make_album_job()
    train, held = map(Path, preparation.sources_of(job))
    before = [(folder / FILE).read_text() for folder in (train, held)]
    lines = (Path(job.data_set.source) / FILE).read_text().splitlines()
    (Path(job.data_set.source) / FILE).write_text("\n".join(lines[:3]) + "\n")
    (job.run_directory / "checkpoints" / "step-000000002").mkdir(parents=True)
    assert preparation.sources_of(job) == [str(train), str(held)]
    assert [(folder / FILE).read_text() for folder in (train, held)] == before
    shutil.rmtree(job.run_directory / "checkpoints")
    preparation.sources_of(job)
    assert sum(len(read_albums(folder)) for folder in (train, held) if (folder / FILE).exists()) == 3


def test_albums_that_are_gone_fail_the_job_with_a_sentence(make_album_job: MakeAlbumJob) -> None:
    job = make_album_job()
    (Path(job.data_set.source) / FILE).write_text("nonsense\n")
    with pytest.raises(TrainingError, match=r"albums\.jsonl, line 1"):
        preparation.sources_of(job)
    shutil.rmtree(job.data_set.source)
    with pytest.raises(TrainingError, match="There is no folder"):
        preparation.sources_of(job)


def test_an_estimate_writes_nothing_into_a_run(
    make_album_job: MakeAlbumJob, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    job = make_album_job()
    values = {
        **{name: getattr(job, name) for name in ("data_set", "recipe", "kind", "values", "seed", "devices")},
        "album": AlbumPart.of(job),
    }
    plan = '{"photos": 18, "problems": [], "steps": null}'
    monkeypatch.setattr(estimates, "plan_command", lambda *_: [sys.executable, "-c", f"print('{plan}')"])
    assert estimates.estimate(values)["photos"] == 18
    assert not Path(settings.RUN_ROOT).exists()


# --- What hangs on what -----------------------------------------------------------------------------------
def test_an_image_model_stays_while_a_job_names_it(
    make_album_job: MakeAlbumJob, image_model: ModelVersion
) -> None:
    job = make_album_job()
    ModelVersion.objects.update(is_active=False)
    with pytest.raises(RegistryError, match="needed by: training jobs"):
        delete_version(image_model)
    services.request_stop(job)
    services.delete(job)
    delete_version(image_model)


@pytest.mark.django_db(transaction=True)
def test_embeddings_go_with_the_last_job_of_their_image_model(
    make_album_job: MakeAlbumJob, image_model: ModelVersion
) -> None:
    one, other = make_album_job(), make_album_job(seed=1)
    kept = embeddings_root() / image_model.digest / "parts"
    kept.mkdir(parents=True)
    for job in (one, other):
        services.request_stop(job)
    services.delete(one)
    assert kept.is_dir()
    services.delete(other)
    assert not kept.parent.exists()
    assert embeddings_root().is_dir()


# --- The form ---------------------------------------------------------------------------------------------
def filled(job: TrainingJob, **changes: object) -> dict[str, Any]:
    assert job.image_model is not None
    values = {"data_set": job.data_set_id, "image_model": job.image_model_id, "variant": "blstm", "cut": 25}
    return {**values, "kind": "album", "recipe": "modern", "devices": 1, "seed": 0, **changes}


def test_the_form_makes_an_album_job(admin_client: Client, make_album_job: MakeAlbumJob) -> None:
    made = make_album_job()
    answer = admin_client.post(ADD, filled(made, epochs=5, hidden=128, other="least_share=1.0"))
    job = TrainingJob.objects.exclude(pk=made.pk).get()
    assert answer["Location"] == f"/admin/training/trainingjob/{job.pk}/live/"
    assert job.values == {"epochs": 5, "least_share": 1.0}, "hidden is the recipe's"
    assert AlbumPart.of(job) == replace(AlbumPart.of(made), variant="blstm", cut=25)
    page = admin_client.get(answer["Location"]).content.decode()
    assert "blstm(25), modern" in page
    assert "Image model" in page
    assert 'id="errors-map"' not in page, "what does not apply is left out"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("variant", "gru"), ("cut", "0"), ("cut", "99999"), ("epochs", "0"), ("image_model", "999")),
        *(("recipe", "tiny"), ("data_set", "999"), ("hidden", "0"), ("dropout", "1.5"), ("devices", "0")),
        *(("other", "nonsense=3"), ("photo_dropout", "-1"), ("validation_set", "999")),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    admin_client: Client, make_album_job: MakeAlbumJob, field: str, value: str
) -> None:
    made = make_album_job()
    answer = admin_client.post(ADD, filled(made, **{field: value}))
    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == {field}
    assert "field-wrong" in answer.content.decode()
    assert TrainingJob.objects.count() == 1


def test_the_form_says_what_is_missing(
    admin_client: Client, image_model: ModelVersion, make_albums: MakeAlbums
) -> None:
    page = f"{ADD}?kind=album"
    assert "needs a data set of albums" in admin_client.get(page).content.decode()
    data_set = make_albums()
    form = admin_client.get(f"{page}&data_set={data_set.pk}&image_model={image_model.pk}").context["form"]
    assert isinstance(form, AlbumJobForm)
    assert form.initial["data_set"] == str(data_set.pk)
    assert form.initial["hidden"] == 128
    image_model.delete()
    assert "No model of single photos yet" in admin_client.get(page).content.decode()
    assert "Make a data set" in admin_client.get(ADD).content.decode(), "albums are no photos"


def test_a_job_can_be_made_like_another_one(admin_client: Client, make_album_job: MakeAlbumJob) -> None:
    job = make_album_job(values={"epochs": 2, "least_share": 1.0}, seed=3, album={"cut": 25})
    form = admin_client.get(f"{ADD}?like={job.pk}").context["form"]
    again = AlbumJobForm({name: value for name, value in form.initial.items() if value is not None})
    assert again.is_valid(), again.errors
    made = again.job()
    assert made["values"] == {"epochs": 2, "least_share": 1.0}
    assert (made["album"], made["seed"], made["kind"]) == (AlbumPart.of(job), 3, "album")


# --- The command ------------------------------------------------------------------------------------------
def test_the_command_makes_album_jobs(make_albums: MakeAlbums, image_model: ModelVersion) -> None:
    data_set = make_albums()
    words = ["--image-model", "Old towns", "--cut", "25", "--set", "epochs=2", "--queue"]
    call_command("train", "--data-set", "Trips", "--album", "blstm", *words)
    call_command("train", "--albums", data_set.source, "--queue")
    one, other = TrainingJob.objects.order_by("pk")
    assert (one.variant, one.cut, one.image_model, one.values) == ("blstm", 25, image_model, {"epochs": 2})
    assert (other.variant, other.cut, other.data_set) == ("lstm-rep", None, data_set)
    assert other.image_model == image_model, "the one that plays"


def test_albums_of_a_folder_are_read_first(
    make_albums: MakeAlbums, image_model: ModelVersion, settings: Any
) -> None:
    source = make_albums().source
    DataSet.objects.all().delete()
    call_command("train", "--albums", source, "--queue")
    data_set = DataSet.objects.get()
    assert (data_set.kind, data_set.state, data_set.albums) == ("albums", "ready", 6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data-set", "Trips", "--cut", "25"], "--cut is for albums: say --album VARIANT"),
        (["--data-set", "Trips", "--album", "gru"], "no album model “gru”"),
        (["--data-set", "Trips", "--album", "lstm", "--init", "Old towns"], "--init is for single photos"),
        (["--data-set", "Trips", "--album", "lstm", "--validation", "None"], "no data set “None”"),
        (["--albums", "/nowhere/trips"], "There is no folder /nowhere/trips"),
        (["--data-set", "Trips"], "“Trips” holds albums"),
    ],
)
def test_the_command_names_what_is_wrong(
    make_albums: MakeAlbums, image_model: ModelVersion, arguments: list[str], message: str
) -> None:
    make_albums()
    with pytest.raises(CommandError, match=message):
        call_command("train", *arguments)


# --- What may happen while it runs ------------------------------------------------------------------------
def run(job: TrainingJob) -> TrainingJob:
    run_now(job)
    job.refresh_from_db()
    return job


def test_a_job_whose_process_is_killed_goes_on_by_itself(
    make_album_job: MakeAlbumJob, pretend: Pretend
) -> None:
    pretend("os.kill(os.getpid(), signal.SIGKILL)\n")
    job = run(make_album_job())
    assert (job.state, job.losses) == ("queued", 1)
    assert job.message == "The training process was killed by SIGKILL. It goes on by itself."
    assert preparation.sources_of(job)[0].endswith("albums/train")


def test_a_job_fails_with_what_its_training_says(make_album_job: MakeAlbumJob, pretend: Pretend) -> None:
    pretend("say('failed', reason='cannot write embeddings: No space left on device'); sys.exit(2)\n")
    job = run(make_album_job())
    assert (job.state, job.message) == ("failed", "cannot write embeddings: No space left on device")


def test_a_model_that_hangs_on_nothing_here_is_not_registered(
    make_album_job: MakeAlbumJob, pretend: Pretend, image_model: ModelVersion, tmp_path: Path
) -> None:
    made_album_model(tmp_path / "album", image_model.path)
    config = json.loads((tmp_path / "album" / "config.json").read_text())
    (tmp_path / "album" / "config.json").write_text(json.dumps({**config, "image_model": "0" * 64}))
    pretend(f"import shutil; shutil.copytree({str(tmp_path / 'album')!r}, out)\n")
    job = run(make_album_job())
    assert job.state == "failed"
    assert "answers with the image model 000000000000, which is not here: import it first" in job.message
