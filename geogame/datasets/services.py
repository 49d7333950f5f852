"""The life of a data set: made, read by a process in the background, read again, deleted."""

from __future__ import annotations

import logging
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F, ProtectedError, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from geogame.datasets.errors import DataSetError
from geogame.datasets.lists import checked_albums, checked_source
from geogame.datasets.models import DataSet
from geogame.lib.queue import DEFAULT, READ_DATA_SETS, enqueue
from geogame.panoramas.models import Map

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)
State, Kind = DataSet.State, DataSet.Kind
HEARTBEAT_LOST_AFTER = timedelta(seconds=90)
ASKED_AGAIN_AFTER = timedelta(seconds=60)
MOST_LOSSES = 3
LEFT_AFTER = timedelta(hours=1)
UPLOADS = {".zip": "upload.zip", ".csv": "upload.csv"}
"""What may be uploaded, by its suffix, and what it is called here: no name from outside becomes a path."""


@transaction.atomic
def data_set_of_map(map_: Map) -> DataSet:
    """The photos of a map as a data set, made when it is first asked for."""
    found = DataSet.objects.filter(kind=Kind.MAP, map=map_).first()
    return found or DataSet.objects.create(name=_free_name(map_.name), kind=Kind.MAP, map=map_)


def data_set_of_albums(folder: str) -> DataSet:
    """The albums of a folder as a data set, made when it is first asked for. DataSetError as
    `create_data_set`.
    """
    source = checked_albums(folder)
    found = DataSet.objects.filter(kind=Kind.ALBUMS, source=source).first()
    name = _free_name(Path(source).name[:90] or "albums")
    return found or create_data_set(name=name, kind=Kind.ALBUMS, source=source)


def _free_name(name: str) -> str:
    taken = set(DataSet.objects.filter(name__startswith=name).values_list("name", flat=True))
    names = [name, *(f"{name} ({number})" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def create_data_set(
    *,
    name: str,
    kind: str,
    map_: Map | None = None,
    source: str = "",
    upload: UploadedFile[Any] | None = None,
    by: User | None = None,
) -> DataSet:
    """A new data set, not read yet: of a map, of a source or a folder of albums on this machine, or of an
    uploaded .zip or .csv.

    DataSetError says what cannot be; whether `by` may do this is for the caller to check.
    """
    name = name.strip()
    if not 1 <= len(name) <= 100:
        raise DataSetError(gettext("A data set needs a name of 1 to 100 characters."))
    values: dict[str, Any] = {"name": name, "kind": kind, "created_by": by}
    if kind == Kind.MAP:
        if map_ is None:
            raise DataSetError(gettext("Choose the map whose photos it shall be."))
        values["map"] = map_
    elif kind == Kind.SOURCE:
        values["source"] = checked_source(source)
    elif kind == Kind.ALBUMS:
        values["source"] = checked_albums(source)
    elif kind == Kind.UPLOAD:
        values["upload_name"] = Path(_checked_upload(upload).name or "").name[:200]
    else:
        raise DataSetError(f"There is no kind “{kind}” of data sets: use {', '.join(Kind.values)}.")
    try:
        with transaction.atomic():
            data_set = DataSet.objects.create(**values)
            if upload is not None and kind == Kind.UPLOAD:
                _store(upload, data_set)
            _log(data_set, by, ADDITION, f"Made of {data_set.get_kind_display()}.")
    except IntegrityError:
        text = gettext("There is a data set “%(name)s” already: choose another name.")
        raise DataSetError(text % {"name": name}) from None
    return data_set


def _checked_upload(upload: UploadedFile[Any] | None) -> UploadedFile[Any]:
    if upload is None:
        raise DataSetError(gettext("Choose a file: a .zip of photos, or a .csv list."))
    if Path(upload.name or "").suffix.lower() not in UPLOADS:
        text = gettext("%(name)s: upload a .zip of photos, or a .csv list.")
        raise DataSetError(text % {"name": upload.name})
    if (upload.size or 0) > settings.DATA_SET_UPLOAD_MB * 10**6:
        text = gettext(
            "%(name)s has %(size)s MB; %(most)s are allowed (setting DATA_SET_UPLOAD_MB). Copy it to a "
            "folder of DATA_SET_ROOTS instead."
        )
        size, most = f"{(upload.size or 0) / 10**6:,.0f}", f"{settings.DATA_SET_UPLOAD_MB:,}"
        raise DataSetError(text % {"name": upload.name, "size": size, "most": most})
    return upload


def _store(upload: UploadedFile[Any], data_set: DataSet) -> None:
    target = data_set.directory / UPLOADS[Path(upload.name or "").suffix.lower()]
    most = settings.DATA_SET_UPLOAD_MB * 10**6
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for chunk in upload.chunks():
                if file.tell() + len(chunk) > most:
                    text = gettext("%(name)s is larger than it said: more than %(most)s bytes.")
                    raise DataSetError(text % {"name": upload.name, "most": f"{most:,}"})
                file.write(chunk)
    except BaseException as error:
        shutil.rmtree(data_set.directory, ignore_errors=True)
        if isinstance(error, OSError):
            text = gettext("The file could not be kept: %(reason)s.")
            raise DataSetError(text % {"reason": error.strerror or error}) from error
        raise


def remove_leftovers() -> int:
    """Remove what no data set has any more: a process that was killed while it took an upload left it, or a
    deletion that was cut off. The clock does this; what is younger than an hour may be an upload on its way.
    """
    root = DataSet.root()
    folders = [folder for folder in root.iterdir() if folder.is_dir()] if root.is_dir() else []
    if not folders:
        return 0
    known = set(DataSet.objects.values_list("token", flat=True))
    long_ago = time.time() - LEFT_AFTER.total_seconds()
    left = [folder for folder in folders if folder.name not in known and _changed_at(folder) < long_ago]
    for folder in left:
        log.warning("Removing %s: it belongs to no data set.", folder)
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def _changed_at(folder: Path) -> float:
    """The latest change of the folder or of a file right in it, in seconds as time.time() has them."""
    try:
        return max(path.lstat().st_mtime for path in (folder, *folder.iterdir()))
    except FileNotFoundError:  # just deleted
        return time.time()


def delete_data_set(data_set: DataSet, *, by: User | None = None) -> None:
    """Delete it and what was read of it. DataSetError while it is read, or where training jobs name it."""
    if data_set.state == State.READING:
        raise DataSetError(gettext("“%(name)s” is being read: cancel that first.") % {"name": data_set})
    directory = data_set.directory
    try:
        with transaction.atomic():
            _log(data_set, by, DELETION, "Deleted with all that was read of it.")
            data_set.delete()
    except ProtectedError:
        text = gettext("Training jobs learnt from “%(name)s”: delete those first.")
        raise DataSetError(text % {"name": data_set}) from None
    shutil.rmtree(directory, ignore_errors=True)


# ------------------------------------------------------------------------------------------------
# Reading


@transaction.atomic
def start_reading(data_set: DataSet, *, by: User | None = None) -> bool:
    """Let it be read in the background, or read again. False where that is under way already."""
    now = timezone.now()
    started = (
        DataSet.objects.filter(pk=data_set.pk)
        .exclude(state=State.READING)
        .update(
            state=State.READING,
            progress=0.0,
            message="",
            stop_requested=False,
            losses=0,
            heartbeat_at=None,
            asked_at=now,
        )
    )
    data_set.refresh_from_db()
    if started:
        _log(data_set, by, CHANGE, "Reading was asked for.")
        enqueue(READ_DATA_SETS, queue=DEFAULT)
    return bool(started)


def cancel_reading(data_set: DataSet, *, by: User | None = None) -> None:
    """One that waits goes back at once; one that is read stops at its next beat."""
    waits = DataSet.objects.filter(pk=data_set.pk, state=State.READING, heartbeat_at=None)
    stopped = waits.update(**_back(data_set))
    reads = DataSet.objects.filter(pk=data_set.pk, state=State.READING)
    if stopped or reads.update(stop_requested=True):
        _log(data_set, by, CHANGE, "Reading was cancelled.")
    data_set.refresh_from_db()


def any_waits() -> bool:
    return _waiting().exists()


def next_waiting() -> DataSet | None:
    return _waiting().order_by("asked_at").first()


def _waiting() -> QuerySet[DataSet]:
    return DataSet.objects.filter(state=State.READING, heartbeat_at=None)


def claim(data_set: DataSet) -> bool:
    """Whoever sets the first heartbeat reads it."""
    now = timezone.now()
    claimed = _waiting().filter(pk=data_set.pk).update(heartbeat_at=now, started_at=now)
    data_set.refresh_from_db()
    return claimed == 1


def _claimed(data_set: DataSet) -> QuerySet[DataSet]:
    return DataSet.objects.filter(
        pk=data_set.pk, state=State.READING, started_at=data_set.started_at, heartbeat_at__isnull=False
    )


def beat(data_set: DataSet, *, progress: float, message: str) -> bool:
    """Say how far it is. False when the one who claimed it should stop."""
    going_on = _claimed(data_set).filter(stop_requested=False)
    return bool(
        going_on.update(progress=progress, message=message[:500], losses=0, heartbeat_at=timezone.now())
    )


def succeed(data_set: DataSet, **found: Any) -> None:
    now = timezone.now()
    _claimed(data_set).update(state=State.READY, progress=1.0, message="", read_at=now, **found)
    data_set.refresh_from_db()


def fail(data_set: DataSet, reason: str) -> None:
    _claimed(data_set).update(state=State.FAILED, message=reason[:500])
    data_set.refresh_from_db()


def cancelled(data_set: DataSet) -> None:
    _claimed(data_set).update(**_back(data_set))
    data_set.refresh_from_db()


def release(data_set: DataSet) -> None:
    """Give it back: the next process goes on with it."""
    _claimed(data_set).update(heartbeat_at=None, message="Interrupted; it goes on by itself.")


def _back(data_set: DataSet) -> dict[str, Any]:
    before = State.READY if data_set.read_at else State.NEW
    return {"state": before, "stop_requested": False, "message": "Reading was cancelled.", "progress": 0.0}


def settle_data_sets() -> int:
    """Give back what nobody reads any more, and ask again for what waits too long. The clock calls this."""
    now = timezone.now()
    lost = DataSet.objects.filter(state=State.READING, heartbeat_at__lt=now - HEARTBEAT_LOST_AFTER)
    settled = lost.filter(losses__gte=MOST_LOSSES).update(
        state=State.FAILED,
        message="The process that read it was lost again and again: see run/datasets.log, then read it anew.",
    )
    settled += lost.update(heartbeat_at=None, losses=F("losses") + 1, message="It goes on by itself.")
    long_ago = Q(asked_at=None) | Q(asked_at__lt=now - ASKED_AGAIN_AFTER)
    if _waiting().filter(long_ago).update(asked_at=now):
        enqueue(READ_DATA_SETS, queue=DEFAULT)
    return settled


def _log(data_set: DataSet, by: User | None, flag: int, message: str) -> None:
    if by is not None:
        chosen = DataSet.objects.filter(pk=data_set.pk)
        LogEntry.objects.log_actions(by.pk, chosen, flag, change_message=message, single_object=True)
