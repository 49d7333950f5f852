from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from geogame.datasets.models import DataSet
from geogame.evaluations import runner
from geogame.evaluations.models import Evaluation
from geogame.registry import health
from geogame.registry.models import Activation, ModelVersion
from geogame.registry.queries import active_version
from geogame.registry.services import RegistryError
from tests.geogame.evaluations.test_evaluations import pretend


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_versions_are_listed_and_shown(version: ModelVersion) -> None:
    line = run("models", "list")
    assert version.digest[:12] in line
    assert "trained here" in line
    shown = json.loads(run("models", "show", version.digest[:8]))
    assert (shown["digest"], shown["plays"], shown["facts"]["network"]) == (version.digest, False, "tiny")
    assert run("models", "card", "one").startswith(f"# Model {version.digest[:12]}")


def test_without_a_version_it_says_how_to_get_one(db: None) -> None:
    assert "models import FILE.zip" in run("models", "list")


def test_a_version_is_put_into_play_and_out(version: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "check", lambda version: {"answer_ms": 12.0})
    assert "plays from now on: it has answered. 12 ms a picture." in run("models", "activate", "one")
    assert active_version() == version
    assert ", plays" in run("models", "list")
    assert "no longer plays" in run("models", "deactivate", "one")
    assert "did not play" in run("models", "deactivate", "one")
    assert active_version() is None


def test_a_version_that_does_not_answer_is_told_with_its_reason(
    version: ModelVersion, other: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    ModelVersion.objects.filter(pk=other.pk).update(is_active=True)

    def cannot(version: ModelVersion) -> dict[str, Any]:
        raise RegistryError("It takes 9 s for a picture.")

    monkeypatch.setattr(health, "check", cannot)
    with pytest.raises(CommandError, match="It takes 9 s") as error:
        run("models", "activate", "one")
    assert error.value.returncode == 2
    assert active_version() == other
    assert not Activation.objects.exists()


def test_a_version_is_exported_deleted_and_imported(version: ModelVersion, tmp_path: Path) -> None:
    file = str(tmp_path / "one.zip")
    assert "is in " in run("models", "export", "one", file)
    assert "MB are free again" in run("models", "delete", "one")
    assert f"models activate {version.digest[:12]}" in run("models", "import", file, "--name", "Back")
    assert ModelVersion.objects.get().name == "Back"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "nothing"), "is no model version"),
        (("export", "one", "one.txt"), "must end in .zip"),
        (("import", "/nowhere/one.zip"), "/nowhere/one.zip: No such file"),
        (("compare", "one", "one", "--map", "Test"), "two different versions"),
        (("calibrate", "one", "--map", "Atlantis"), "no map"),
        (("calibrate", "one", "--data-set", "Nothing"), "There is no data set “Nothing”. Data sets: “Test”."),
    ],
)
def test_what_is_wrong_is_named(
    version: ModelVersion, data_set: DataSet, words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CommandError, match=message) as error:
        run("models", *words)
    assert error.value.returncode == 2


def test_evaluating_prints_the_report(
    version: ModelVersion, data_set: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(
        monkeypatch,
        "out.mkdir()\n(out / 'report.md').write_text('# Evaluation')\n"
        "(out / 'report.json').write_text(json.dumps({'unseen': None, 'seen': None}))",
    )
    monkeypatch.setattr(runner, "card_of", lambda version: None)
    assert run("evaluate", "one", "--map", "Test").startswith("# Evaluation")
    assert json.loads(run("evaluate", "one", "--data-set", "Test", "--json")) == {
        "unseen": None,
        "seen": None,
    }
    assert Evaluation.objects.filter(state="succeeded").count() == 2


def test_evaluating_names_what_is_wrong(version: ModelVersion, data_set: DataSet) -> None:
    with pytest.raises(CommandError, match="Name the model"):
        run("evaluate", "--map", "Test")
    with pytest.raises(CommandError, match="is no model version"):
        run("evaluate", "nothing", "--map", "Test")
    with pytest.raises(CommandError, match="3 crops"):
        run("evaluate", "one", "--map", "Test", "--crops", "3")


def test_the_background_process_takes_all_that_wait(
    version: ModelVersion, data_set: DataSet, make_evaluation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from geogame.evaluations.management.commands import evaluate

    monkeypatch.setattr(evaluate, "let_others_first", lambda niceness: None)
    pretend(monkeypatch, "sys.exit('evaluate: no light')")
    for _ in range(2):
        make_evaluation()
    run("evaluate", "--background")
    assert list(Evaluation.objects.values_list("state", flat=True)) == ["failed", "failed"]
