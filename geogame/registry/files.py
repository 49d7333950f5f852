"""Versions that leave and come as one file, and versions that go for good."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from django.conf import settings
from django.contrib.admin.models import ADDITION, DELETION
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from geogame.lib.journal import note
from geogame.registry.models import Activation, ModelVersion
from geogame.registry.services import Origin, RegistryError, card_in, register
from planet_core import model_file
from planet_core.model_directory import ModelDirectoryError
from planet_core.model_file import Contents
from planet_core.model_file_checks import ModelFileError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Report = Callable[[int, int], None]
MOST_NAME = 100
MOST_LICENCES = 50


def _nothing(done: int, total: int) -> None:
    pass


def export_version(version: ModelVersion, file: Path | BinaryIO, progress: Report = _nothing) -> Contents:
    """Write the version into one file (`planet_core.model_file`) with its card and what it trained on."""
    about = {
        "name": version.name,
        "data": version.data,
        "trained_on_drawings": version.trained_on_drawings,
        "card_is_own": version.card_is_own,
    }
    try:
        return model_file.export(version.path, file, about=about, card=version.card, progress=progress)
    except ModelDirectoryError as error:
        raise RegistryError(str(error)) from error


def import_version(
    file: Path | BinaryIO, *, name: str = "", by: User | None = None, progress: Report = _nothing
) -> ModelVersion:
    """Take a version in from a file, after checking all of it. It plays only when somebody asks for it.

    RegistryError where the file is not to be trusted, or the version is here already.
    """
    try:
        contents = model_file.contents_of(file)
        if known := ModelVersion.objects.filter(digest=contents.digest).first():
            raise RegistryError(_("This version is here already: %(version)s.") % {"version": known})
        folder = Path(settings.MODEL_ROOT) / f"imported-{contents.digest[:32]}"
        if folder.exists():  # left by an import that was killed before it was registered
            shutil.rmtree(folder)
        model_file.import_model(file, folder, progress)
    except ModelFileError as error:
        raise RegistryError(_("The file cannot be imported: %(reason)s.") % {"reason": error}) from error
    try:
        return _registered(folder, contents.about, name, by)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@transaction.atomic
def _registered(folder: Path, about: Mapping[str, Any], name: str, by: User | None) -> ModelVersion:
    card = card_in(folder)
    version = register(
        directory=folder,
        name=name or _text(about.get("name")) or "Imported",
        card=card,
        trained_on_drawings=about.get("trained_on_drawings") is True,
        data=_data(about.get("data")),
        origin=Origin.IMPORTED,
    )
    if card and about.get("card_is_own") is False:
        version.card_is_own = False
        version.save(update_fields=["card_is_own"])
    note(by, version, "Imported from a file.", ADDITION)
    return version


def _text(value: object) -> str:
    return " ".join(value.split())[:MOST_NAME] if isinstance(value, str) else ""


def _data(value: object) -> dict[str, Any]:
    """What a sender says of the training data, as far as it has the form of it."""
    if not isinstance(value, dict):
        return {}
    found: dict[str, Any] = {"name": _text(value.get("name"))}
    if _is_count(value.get("photos")):
        found["photos"] = value["photos"]
    licences = value.get("licences")
    if isinstance(licences, dict):
        kept = list(licences.items())[:MOST_LICENCES]
        found["licences"] = {_text(key): count for key, count in kept if _is_count(count)}
    return found


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def delete_version(version: ModelVersion, by: User | None = None) -> int:
    """Remove a version and its files. How many bytes it frees.

    RegistryError where it plays or is about to, or where rows need it: whoever has played stays known.
    """
    directory = version.path
    with transaction.atomic():
        locked = ModelVersion.objects.select_for_update().filter(pk=version.pk).first()
        if locked is None:
            raise RegistryError(_("%(version)s is gone already.") % {"version": version})
        if locked.is_active:
            raise RegistryError(_("%(version)s plays: take it out of play first.") % {"version": version})
        if locked.activations.filter(state__in=Activation.LIVE).exists():
            raise RegistryError(
                _("%(version)s is about to play: take it out of play first.") % {"version": version}
            )
        note(by, version, f"Deleted, {version.bytes:,} bytes.", DELETION)
        try:
            locked.delete()
        except ProtectedError as error:
            raise RegistryError(
                _("%(version)s stays, as it is needed by: %(things)s.")
                % {"version": version, "things": _who_needs(error)}
            ) from error
    freed = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    shutil.rmtree(directory, ignore_errors=True)
    return freed


def _who_needs(error: ProtectedError) -> str:
    """Versions that hang on it by name, all else by what it is."""
    names = {
        str(thing if isinstance(thing, ModelVersion) else thing._meta.verbose_name_plural)
        for thing in error.protected_objects
    }
    return ", ".join(sorted(names))
