from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ["help", "install", "play", "test", "lint", "e2e", "golden", "bench", "clean"]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def make(*arguments: str) -> str:
    env = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    done = subprocess.run(["make", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return done.stdout


def test_make_alone_explains_each_target_in_one_line() -> None:
    lines = make().splitlines()
    assert [line.split()[:2] for line in lines] == [["make", target] for target in TARGETS]
    assert all(len(line.split()) > 4 for line in lines)
    assert make("help").splitlines() == lines


def test_each_target_is_phony() -> None:
    assert f".PHONY: {' '.join(TARGETS)}\n" in (ROOT / "Makefile").read_text()


def test_clean_keeps_the_data_of_the_players() -> None:
    commands = make("-n", "clean")
    assert not re.search(r"rm -rf .*\bdata\b", commands)
    assert "-not -path './data/*'" in commands


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs/settings.md"])
def test_documents_name_only_targets_that_exist(name: str) -> None:
    if not (ROOT / name).exists():
        pytest.skip(f"there is no {name} yet")
    named = set(re.findall(r"`(?:[A-Z_]+=\S+ )*make ([a-z0-9-]+)", (ROOT / name).read_text()))
    assert named <= set(TARGETS)


@pytest.mark.parametrize("lock", ["requirements.lock", "package-lock.json"])
def test_lock_files_name_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert '"resolved"' not in text
    without_funding = re.sub(r'"funding": (\{.*?\}|\[.*?\]|".*?")', "", text, flags=re.DOTALL)
    assert not re.search(r"https?://|--(index|find|extra|trusted)", without_funding)


def test_the_lock_pins_every_package_for_every_kind_of_machine() -> None:
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line[0] != "#"]
    pins = dict(re.fullmatch(r"([a-z0-9-]+)==(\S+)(?: +# via .*)?", line).groups() for line in lines)  # type: ignore[union-attr]
    assert not [name for name in pins if name.startswith(("nvidia", "cuda", "triton"))]
    assert not [version for version in pins.values() if "+" in version]
    project = (ROOT / "pyproject.toml").read_text()
    for name, version in re.findall(r'^    "([a-z0-9-]+)(?:\[[a-z-]+\])?==([^"]+)",$', project, re.MULTILINE):
        assert pins[name] == version


# --- scripts/install, in a checkout of its own with programs made up for the test ------------------
TOOLS = "bash cat cksum date dirname env grep head mkdir pwd rm sed tail tee touch wc"
LOG_LINE = "(log: build/install.log)"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH with the tools that every machine has, and no Python."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in TOOLS.split():
        found = shutil.which(name)
        assert found
        (directory / name).symlink_to(found)
    return directory


@pytest.fixture
def install(tmp_path: Path, programs: Path) -> Run:
    checkout = tmp_path / "checkout"
    (checkout / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "install", checkout / "scripts")
    for name in ("requirements.lock", "package-lock.json", "package.json", ".npmrc"):
        (checkout / name).write_text("x==1\n")

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(checkout / "scripts" / "install")],
            env={"PATH": f"{checkout}/.venv/bin:{programs}"},  # as make sets it
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def program(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/usr/bin/env bash", *lines, ""]))
    path.chmod(0o755)


def fake_python(programs: Path, *, pip: str = "exit 0", npm: str = "mkdir -p node_modules") -> None:
    """A Python that makes virtual environments like it and whose pip and npm do what the test says."""
    program(
        programs / "python3.11",
        'if [ "$1 $2" = "-m venv" ]; then',
        "    mkdir -p .venv/bin",
        '    cp "$0" .venv/bin/python',
        '    cp "$0" .venv/bin/python3.11',
        '    echo "#!$PWD/.venv/bin/python" > .venv/bin/pip',
        f"    printf '#!/usr/bin/env bash\\n%s\\n' '{npm}' > .venv/bin/npm",
        "    chmod +x .venv/bin/npm",
        'elif [ "$1 $2" = "-m pip" ]; then',
        f"    {pip}",
        "fi",
    )
    for name in ("cp", "chmod"):
        (programs / name).symlink_to(shutil.which(name) or "")


def test_no_python_is_one_clear_line(install: Run, programs: Path) -> None:
    program(programs / "python3", "exit 1")
    done = install()
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Install failed: no Python 3.11, 3.12 or 3.13 found.")
    assert done.stderr.endswith(f"{LOG_LINE}\n")
    assert done.stderr.count("\n") == 1


def test_no_venv_module_is_one_clear_line(install: Run, programs: Path) -> None:
    program(programs / "python3.11", '[[ "$2" != *ensurepip* ]] || { echo Traceback >&2; exit 1; }')
    done = install()
    assert done.returncode == 1
    assert done.stderr == (
        "Install failed: Python's venv module is missing. "
        f"Install it (Debian: sudo apt-get install python3-venv) {LOG_LINE}\n"
    )


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("Failed to resolve the name: Temporary failure in name resolution", "the download broke off"),
        ("ReadTimeoutError: Read timed out.", "the download broke off"),
        ("ERROR: No matching distribution found for x==1", "a package of the lock files is not to be had"),
        ("ERROR: Exception: whatever", "see the end of the log"),
    ],
)
def test_a_failing_pip_is_one_clear_line(install: Run, programs: Path, message: str, told: str) -> None:
    fake_python(programs, pip=f"echo Traceback; echo '{message}' >&2; exit 1")
    done = install()
    assert done.returncode == 1
    assert done.stderr.startswith(f"Install failed: Installing 1 Python packages: {told}")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stdout + done.stderr


def test_a_failing_npm_is_one_clear_line(install: Run, programs: Path) -> None:
    fake_python(programs, npm='echo "npm error code ENOTFOUND" >&2; exit 1')
    done = install()
    assert done.returncode == 1
    assert done.stderr.startswith("Install failed: Installing npm packages: the download broke off.")
    assert done.stderr.count("\n") == 1


def test_a_second_install_does_nothing(install: Run, programs: Path) -> None:
    fake_python(programs)
    first = install()
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[-1] == "Installed."
    second = install()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_a_changed_lock_file_installs_again(install: Run, programs: Path, tmp_path: Path) -> None:
    fake_python(programs)
    install()
    (tmp_path / "checkout" / "requirements.lock").write_text("x==2\n")
    assert "Installed." in install().stdout


def test_an_install_cut_short_starts_with_a_new_environment(
    install: Run, programs: Path, tmp_path: Path
) -> None:
    fake_python(programs, pip="touch .venv/half-a-package; exit 1")
    install()
    assert (tmp_path / "checkout" / ".venv" / "half-a-package").exists()
    (programs / "cp").unlink()
    (programs / "chmod").unlink()
    fake_python(programs)
    assert install().returncode == 0
    assert not (tmp_path / "checkout" / ".venv" / "half-a-package").exists()


# --- The other scripts -------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [*sorted((ROOT / "scripts").iterdir()), ROOT / ".ci" / "run"], ids=str)
def test_scripts_can_be_run_and_stop_at_errors(path: Path) -> None:
    assert os.access(path, os.X_OK)
    assert re.search(r"^set -e?uo pipefail$", path.read_text(), re.MULTILINE)
    subprocess.run(["bash", "-n", str(path)], check=True)


def ci_run(tmp_path: Path, *, make_test: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    (tmp_path / "Makefile").write_text(f"lint:\n\t@true\ntest:\n\t@{make_test}\n")
    return subprocess.run(
        ["bash", ".ci/run"], cwd=tmp_path, stdin=-3, capture_output=True, text=True, check=False
    )


def test_ci_adds_up_what_passed(tmp_path: Path) -> None:
    done = ci_run(
        tmp_path,
        make_test="echo '== 12 passed, 3 skipped in 1.20s =='; echo '== 5 passed in 75.3s (0:01:15) =='",
    )
    assert done.returncode == 0
    assert done.stdout.endswith("CI is green: lint and tests passed.\n17 passed, 0 failed\n")


@pytest.mark.parametrize(
    "make_test",
    [
        "true",
        "echo '== no tests ran in 0.01s =='",
        "echo '== 3 deselected in 0.01s =='",
        "echo '== 2 passed in 0.01s =='; echo '== 4 skipped in 0.01s =='",
        "echo '== 2 passed in 0.01s =='; false",
    ],
)
def test_ci_is_red_where_no_test_ran(tmp_path: Path, make_test: str) -> None:
    assert ci_run(tmp_path, make_test=make_test).returncode != 0


@pytest.mark.slow
@pytest.mark.skipif(
    subprocess.run(
        [ROOT / "scripts" / "with_postgresql", "--where"], capture_output=True, check=False
    ).returncode
    != 0,
    reason="PostgreSQL is not installed",
)
def test_the_throw_away_postgresql_answers_and_is_gone_afterwards(tmp_path: Path) -> None:
    program(tmp_path / "show", 'echo "$DATABASE_URL"; exit 7')
    done = subprocess.run(
        [ROOT / "scripts" / "with_postgresql", tmp_path / "show"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 7
    assert done.stderr == ""
    directory = re.fullmatch(r"postgres://arena@(%2F\S+)/postgres\n", done.stdout)
    assert directory
    assert not Path(directory[1].replace("%2F", "/")).exists()
