from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from safetensors.torch import load_file, save_file

from geogame.opponent.tasks import go_live
from geogame.registry import activation as activations
from geogame.registry import health, tasks
from geogame.registry.models import Activation, ModelVersion
from geogame.registry.queries import active_version
from geogame.registry.services import RegistryError, deactivate, register
from planet_core import model_directory

State = Activation.State
Sent = list[tuple[str, str]]
MakeVersion = Callable[..., ModelVersion]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Tasks that were enqueued, and where."""
    found: Sent = []
    monkeypatch.setattr(activations, "enqueue", lambda task, *, queue, **kw: found.append((task, queue)))
    return found


@pytest.fixture
def make_version(db: None, settings: Any, model_directory: Path) -> MakeVersion:
    """A version of its own digest; `change` gets its folder and its config before it is registered."""

    def make(name: str = "new", change: Callable[[Path, dict[str, Any]], None] | None = None) -> ModelVersion:
        folder = Path(settings.MODEL_ROOT) / name
        shutil.copytree(model_directory, folder)
        config = json.loads((folder / "config.json").read_text())
        config["made_by_test"] = name
        if change:
            change(folder, config)
        (folder / "config.json").write_text(json.dumps(config))
        return register(directory=folder, name=name)

    return make


def without_numbers(folder: Path, config: dict[str, Any]) -> None:
    weights = load_file(folder / model_directory.WEIGHTS)
    weights["classifier.bias"][0] = float("nan")
    save_file(weights, folder / model_directory.WEIGHTS)
    config["sha256"][model_directory.WEIGHTS] = model_directory.sha256_of(folder / model_directory.WEIGHTS)


@pytest.fixture
def old(make_version: MakeVersion) -> ModelVersion:
    version = make_version("old")
    ModelVersion.objects.filter(pk=version.pk).update(is_active=True, activated_at=timezone.now())
    version.refresh_from_db()
    return version


def test_the_old_one_plays_until_the_new_one_has_answered(
    old: ModelVersion, make_version: MakeVersion, sent: Sent, admin_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = make_version()
    asked = activations.ask_to_play(new, admin_user)
    assert (active_version(), asked.state) == (old, State.ASKED)
    monkeypatch.setattr(health, "check", lambda version, beat: {"answer_ms": 5.0})
    health.check_asked(asked)
    asked.refresh_from_db()
    assert (active_version(), asked.state, asked.health) == (old, State.LOADING, {"answer_ms": 5.0})
    go_live(activation_id=asked.pk)
    asked.refresh_from_db()
    assert (active_version(), asked.state) == (new, State.PLAYS)
    assert sent == [("registry.check_model", "default"), ("opponent.go_live", "inference")]
    words = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(words) == ["Asked to put into play.", "Plays from now on: it has answered."]


@pytest.mark.slow
def test_the_check_runs_in_a_process_of_its_own(make_version: MakeVersion, sent: Sent) -> None:
    asked = activations.ask_to_play(make_version())
    call_command("check_model", asked.token)
    asked.refresh_from_db()
    assert asked.state == State.LOADING
    assert asked.health["probes"] == 8
    assert asked.health["answer_ms"] > 0


@pytest.mark.slow
def test_a_version_that_cannot_answer_never_goes_live(
    old: ModelVersion, make_version: MakeVersion, sent: Sent
) -> None:
    asked = activations.ask_to_play(make_version(change=without_numbers))
    health.check_asked(asked)
    asked.refresh_from_db()
    assert (asked.state, active_version()) == (State.FAILED, old)
    assert "Its probabilities are none" in asked.message
    with pytest.raises(RegistryError, match="Its probabilities are none"):
        health.play_now(asked.version)
    assert active_version() == old


def test_what_fails_where_it_is_to_play_does_not_go_live(
    old: ModelVersion, make_version: MakeVersion, sent: Sent
) -> None:
    asked = activations.ask_to_play(make_version(change=without_numbers))
    activations.begin_check(asked)
    activations.pass_check(asked, {})
    go_live(activation_id=asked.pk)
    asked.refresh_from_db()
    assert (asked.state, active_version()) == (State.FAILED, old)
    go_live(activation_id=asked.pk)
    assert active_version() == old


def pretend(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let a few lines of Python stand for the check."""
    real = health.subprocess.Popen

    def popen(command: list[str], **options: Any) -> Any:
        return real([command[0], "-c", program], **options)

    monkeypatch.setattr(health.subprocess, "Popen", popen)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            "ended by SIGKILL. There may be too little",
        ),
        ("import sys; sys.exit('health: It takes 9 s for a picture.')", "It takes 9 s for a picture."),
        ("import sys; sys.exit(3)", "exit code 3"),
    ],
)
def test_a_check_that_ends_badly_gives_its_reason(
    make_version: MakeVersion, sent: Sent, monkeypatch: pytest.MonkeyPatch, program: str, reason: str
) -> None:
    asked = activations.ask_to_play(make_version())
    pretend(monkeypatch, program)
    health.check_asked(asked)
    asked.refresh_from_db()
    assert (asked.state, reason in asked.message) == (State.FAILED, True)


def test_a_check_that_takes_too_long_is_ended(
    make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(health, "MOST_S", 0.3)
    with pytest.raises(RegistryError, match="did not answer within"):
        health.check(make_version())


def test_a_check_that_nobody_wants_any_more_ends(
    make_version: MakeVersion, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_version("first"), make_version("second")
    asked = activations.ask_to_play(first)
    pretend(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(health, "BEAT_S", 0.0)
    activations.begin_check(asked)
    activations.ask_to_play(second)
    with pytest.raises(health.NobodyAsks):
        health.check(first, lambda: activations.beat(asked))
    asked.refresh_from_db()
    assert asked.state == State.DROPPED
    assert Activation.objects.get(state=State.ASKED).version == second


def test_one_wish_at_a_time(make_version: MakeVersion) -> None:
    asked = activations.ask_to_play(make_version())
    with pytest.raises(IntegrityError), transaction.atomic():
        Activation.objects.create(version=asked.version)


def test_taking_out_of_play_drops_the_wish(make_version: MakeVersion, sent: Sent) -> None:
    asked = activations.ask_to_play(make_version())
    activations.begin_check(asked)
    activations.pass_check(asked, {})
    activations.take_out(asked.version)
    go_live(activation_id=asked.pk)
    asked.refresh_from_db()
    assert (asked.state, active_version()) == (State.DROPPED, None)


def test_a_wish_whose_message_was_lost_is_told_again(make_version: MakeVersion, sent: Sent) -> None:
    asked = activations.ask_to_play(make_version())
    assert activations.look_after_activations() == 0
    Activation.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
    assert [activations.look_after_activations() for _ in range(2)] == [1, 0]
    activations.begin_check(asked)
    activations.pass_check(asked, {})
    Activation.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert [activations.look_after_activations() for _ in range(2)] == [1, 0]
    assert [task for task, _ in sent] == ["registry.check_model"] * 2 + ["opponent.go_live"] * 2


def test_a_check_whose_process_is_gone_fails(make_version: MakeVersion) -> None:
    asked = activations.ask_to_play(make_version())
    activations.begin_check(asked)
    Activation.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert activations.look_after_activations() == 1
    asked.refresh_from_db()
    assert (asked.state, "is gone" in asked.message) == (State.FAILED, True)


def test_a_version_that_takes_the_worker_along_is_given_up(make_version: MakeVersion, sent: Sent) -> None:
    asked = activations.ask_to_play(make_version())
    activations.begin_check(asked)
    activations.pass_check(asked, {})
    assert [activations.begin_loading(asked) for _ in range(3)] == [True, True, False]
    asked.refresh_from_db()
    assert (asked.state, "2 times" in asked.message) == (State.FAILED, True)


def test_the_task_starts_one_process(make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "start_command", lambda *words, log: started.append(words))
    asked = activations.ask_to_play(make_version())
    tasks.check_model(activation_id=asked.pk)
    activations.begin_check(asked)
    tasks.check_model(activation_id=asked.pk)
    assert started == [("check_model", asked.token)]


def test_a_version_needs_its_image_model(make_version: MakeVersion) -> None:
    image = make_version("image")
    digest = image.digest

    def needs(folder: Path, config: dict[str, Any]) -> None:
        config["needs"] = digest

    ModelVersion.objects.all().delete()
    album = make_version("album", needs)
    with pytest.raises(RegistryError, match=f"image model {digest[:12]}, which is not here"):
        activations.ask_to_play(album)
    image = register(directory=image.path, name="image")
    activations.ask_to_play(album)
    album.refresh_from_db()
    assert album.needs == image


def test_files_that_are_gone_are_told_at_once(make_version: MakeVersion) -> None:
    version = make_version()
    shutil.rmtree(version.path)
    with pytest.raises(RegistryError):
        activations.ask_to_play(version)
    deactivate(version)
    assert not Activation.objects.exists()
