from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, load_command_class

from geogame.lib.commands import UserCommand


class Failing(UserCommand):
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError("Put this right.", returncode=int(args[0]))


@pytest.mark.parametrize(("raised", "code"), [(1, 2), (2, 2), (3, 3), (130, 130)])
def test_what_is_to_be_put_right_ends_with_2(
    raised: int, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Failing, "add_arguments", lambda self, parser: parser.add_argument("args", nargs="*"))
    with pytest.raises(SystemExit) as ended:
        Failing().run_from_argv(["manage.py", "failing", str(raised)])
    assert ended.value.code == code
    assert "Put this right." in capsys.readouterr().err


@pytest.mark.parametrize("name", ["benchmark", "refresh_reports", "round_set", "study"])
def test_commands_of_the_benchmark_end_like_python_m_benchmark(name: str) -> None:
    assert isinstance(load_command_class("geogame.reports", name), UserCommand)
