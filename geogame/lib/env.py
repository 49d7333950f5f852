"""Typed reading of the environment: a wrong value stops the start and says which variable to mend."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


@dataclass(frozen=True)
class Limit:
    """So many times for each player and for each address in so many seconds; 0 times is without limit."""

    each_player: int
    each_address: int
    seconds: int


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def env_slug(name: str) -> str:
    value = env_str(name)
    if not re.fullmatch(r"[\w.-]*", value, re.ASCII):
        raise ImproperlyConfigured(f"{name}={value!r} has other characters than letters, digits, - _ and .")
    return value


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in TRUE:
        return True
    if value.strip().lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is not a yes or a no: use 1 or 0.")


def env_int(name: str, default: int, *, minimum: int, maximum: int) -> int:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.") from None
    if not minimum <= number <= maximum:
        raise ImproperlyConfigured(f"{name}={number} is out of range: use {minimum} to {maximum}.")
    return number


def env_float(name: str, default: float, *, minimum: float, maximum: float) -> float:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a number.") from None
    if not minimum <= number <= maximum:
        raise ImproperlyConfigured(f"{name}={value} is out of range: use {minimum} to {maximum}.")
    return number


def env_list(name: str, default: list[str]) -> list[str]:
    value = os.environ.get(name)
    if value is None:
        return default
    return [part.strip() for part in value.split(",") if part.strip()]


def env_path(name: str, default: Path) -> Path:
    value = os.environ.get(name, "").strip()
    return Path(value).expanduser().resolve() if value else default


def env_limits(name: str, default: str) -> dict[str, Limit]:
    """Limits as `name=each player/each address/seconds`, with commas between; others stay as they are."""
    value = os.environ.get(name, "").strip()
    if value.lower() in FALSE - {""}:
        return {}
    limits = _limits(name, default)
    changes = _limits(name, value)
    unknown = sorted(set(changes) - set(limits))
    if unknown:
        raise ImproperlyConfigured(
            f"{name}: there is no limit {unknown[0]!r}: use {', '.join(sorted(limits))}."
        )
    return limits | changes


def _limits(name: str, text: str) -> dict[str, Limit]:
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"([a-z-]+)=(\d{1,6})/(\d{1,6})/([1-9]\d{0,5})", part)
        if not match:
            raise ImproperlyConfigured(
                f"{name}={part!r} is not a limit: write guess=60/1200/60, or off for none at all."
            )
        found[match[1]] = Limit(*map(int, match.groups()[1:]))
    return found


def kept_secret(path: Path) -> str:
    """The secret in `path`, made on first use: the same for every process of one checkout."""
    try:
        secret = _read_or_make(path)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be read or made ({error.strerror}): choose another folder with DATA_DIR, "
            "or set SECRET_KEY."
        ) from None
    if len(secret) < 50:
        raise ImproperlyConfigured(
            f"{path} holds no usable secret: delete it and start again, or set SECRET_KEY."
        )
    return secret


def _read_or_make(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        # A link never shows another process a half-written file, and only one process makes it.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text().strip()
