from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest
from django.db import OperationalError
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from geogame.panoramas import services
from geogame.panoramas.importers.pipeline import ImportReport, import_panoramas
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import MapError
from tests.geogame.panoramas.pictures import cropped, dms, exif, picture, store, table, xmp

pytestmark = pytest.mark.django_db


def run(path: Path, name: str = "World", **options: object) -> ImportReport:
    return import_panoramas(path, name, **options)  # type: ignore[arg-type]


def counts(report: ImportReport) -> tuple[int, int, dict[str, int]]:
    return report.added, report.already_there, dict(report.refused_by)


def stored_files(media_root: Path) -> list[Path]:
    return [file for file in media_root.rglob("*") if file.is_file()]


def test_what_the_csv_says(tmp_path: Path, media_root: Path) -> None:
    data = picture(640, 480, exif=exif(lat=dms(1), lng=dms(2), artist="Exif", taken="2008:10:22 16:28:39"))
    store(tmp_path / "in", "a.jpg", data)
    header = "path,lat,lng,heading,taken_at,licence,author,source,kind,group"
    file = table(tmp_path / "in", "a.jpg,48.5,2.25,45,2020-01,CC0,Ann,site,photo,walk", header=header)
    assert counts(run(file)) == (1, 0, {})
    panorama = Panorama.objects.get()
    assert (panorama.lat, panorama.lng, panorama.heading, panorama.taken_at) == (48.5, 2.25, 45, "2020-01")
    assert (panorama.licence, panorama.author, panorama.source) == ("CC0", "Ann", "site")
    assert (panorama.kind, panorama.group, panorama.projection) == ("photo", "walk", "flat")
    assert panorama.digest == hashlib.sha256(data).hexdigest()
    assert panorama.file_digest == hashlib.sha256(panorama.path.read_bytes()).hexdigest()
    with Image.open(panorama.path) as image:
        assert (panorama.width, panorama.height) == image.size == (640, 480)


def test_what_the_picture_says(tmp_path: Path) -> None:
    block = exif(lat=dms(48, 30), lng=dms(2, 15), artist="Ann", copyright="CC0", taken="2008:10:22 16:28:39")
    store(
        tmp_path / "in",
        "a.jpg",
        picture(1000, 500, exif=block, xmp=xmp({"ProjectionType": "equirectangular"})),
    )
    run(tmp_path / "in")
    panorama = Panorama.objects.get()
    assert (panorama.lat, panorama.lng, panorama.projection) == (48.5, 2.25, "equirectangular")
    assert (panorama.author, panorama.licence, panorama.taken_at) == ("Ann", "CC0", "2008-10-22T16:28:39")
    assert (panorama.kind, panorama.group, panorama.source) == ("", "", "")


@pytest.mark.parametrize(
    ("csv_heading", "pose", "exif_heading", "expected"),
    [("5", 6, 7, 5), ("", 6, 7, 6), ("", "", 7, 7), ("", "", 0, None)],
)
def test_headings_in_their_order(
    tmp_path: Path, csv_heading: str, pose: object, exif_heading: int, expected: float | None
) -> None:
    tags = {"heading": IFDRational(exif_heading)} if exif_heading else {}
    pano = xmp({"ProjectionType": "equirectangular", "PoseHeadingDegrees": pose})
    store(tmp_path / "in", "a.jpg", picture(1000, 500, exif=exif(lat=dms(1), lng=dms(2), **tags), xmp=pano))
    table(tmp_path / "in", f"a.jpg,1,2,{csv_heading}", header="path,lat,lng,heading")
    run(tmp_path / "in")
    assert Panorama.objects.get().heading == expected


def test_stored_files_hold_pixels_alone(tmp_path: Path, media_root: Path) -> None:
    block = exif(lat=dms(48, 30), lng=dms(2, 15), artist="SECRET", orientation=6)
    extra = {"comment": b"SECRET", "icc_profile": b"SECRET" * 99, "xmp": xmp(cropped(2000, 600, 0, 200))}
    store(tmp_path / "in", "a.jpg", picture(exif=block, **extra))
    store(tmp_path / "in", "b.webp", picture(form="WEBP", exif=block, icc_profile=b"SECRET" * 99))
    assert run(tmp_path / "in").added == 2
    for file in stored_files(media_root):
        data = file.read_bytes()
        assert segments(data) == {0xDB, 0xC4, 0xC0, 0xE0, 0xDA}
        assert b"SECRET" not in data
        assert b"Exif" not in data


def test_every_refusal_has_a_reason_and_the_rest_goes_in(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    store(folder, "good.jpg")
    store(folder, "text.jpg", b"no picture")
    store(
        folder, "half.jpg", picture(800, 600, image=Image.effect_noise((800, 600), 90).convert("RGB"))[:9000]
    )
    store(folder, "small.jpg", picture(100, 100))
    store(folder, "nowhere.jpg")
    (folder / "folder.jpg").mkdir()
    names = ("good", "text", "half", "small", "gone", "folder", "x" * 300)
    file = table(folder, *(f"{name}.jpg,1,2" for name in names), "nowhere.jpg,,", "swapped.jpg,100,2")
    seen: list[tuple[int, int, str]] = []
    report = run(file, progress=lambda done, total, no: seen.append((done, total, no.code if no else "")))
    codes = ["", "not-an-image", "truncated", "too-small", "missing", "not-an-image", "unreadable"]
    codes += ["no-coordinates", "swapped-columns"]
    assert seen == [(number, 9, code) for number, code in enumerate(codes, start=1)]
    assert str(report.refused[0]).startswith("text.jpg (labels.csv, row 3): is not a picture")
    assert counts(report)[:2] == (1, 0)


def test_again_adds_nothing(tmp_path: Path, media_root: Path) -> None:
    store(tmp_path / "in", "a.jpg")
    table(tmp_path / "in", "a.jpg,1,2")
    assert counts(run(tmp_path / "in")) == (1, 0, {})
    before = stored_files(media_root)
    assert counts(run(tmp_path / "in")) == (0, 1, {})
    assert stored_files(media_root) == before
    assert Panorama.objects.count() == Map.objects.get().panoramas.count() == 1


@pytest.mark.parametrize("dry_run", [False, True])
def test_twice_in_one_import(tmp_path: Path, dry_run: bool) -> None:
    data = picture()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        store(tmp_path / "in", name, data)
    table(tmp_path / "in", "a.jpg,1,2", "b.jpg,1.0001,2", "c.jpg,1.001,2")
    report = run(tmp_path / "in", dry_run=dry_run)
    assert counts(report) == (1, 1, {"another-place": 1})
    assert "c.jpg (labels.csv, row 4): the same picture is in already, 0.111 km away" in str(
        report.refused[0]
    )


def test_another_place_later(tmp_path: Path) -> None:
    store(tmp_path / "in", "a.jpg")
    run(table(tmp_path / "in", "a.jpg,1,2"))
    assert counts(run(table(tmp_path / "in", "a.jpg,-1,2"), "Other")) == (0, 0, {"another-place": 1})
    assert not Map.objects.filter(name="Other").exists()


def test_one_picture_on_two_maps_is_stored_once(tmp_path: Path, media_root: Path) -> None:
    store(tmp_path / "in", "a.jpg")
    file = table(tmp_path / "in", "a.jpg,1,2")
    assert counts(run(file, "One")) == counts(run(file, "Two", dry_run=True)) == counts(run(file, "Two"))
    assert counts(run(file, "Two", dry_run=True)) == (0, 1, {})
    assert len(stored_files(media_root)) == Panorama.objects.count() == 1
    assert Panorama.objects.get().maps.count() == 2


def test_dry_run_writes_nothing(tmp_path: Path, media_root: Path) -> None:
    store(tmp_path / "in", "a.jpg")
    assert counts(run(table(tmp_path / "in", "a.jpg,1,2", "b.jpg,1,2"), dry_run=True)) == (
        1,
        0,
        {"missing": 1},
    )
    assert not Map.objects.exists()
    assert not Panorama.objects.exists()
    assert not media_root.exists()


def test_a_bad_map_name_is_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="no name for a map"):
        run(tmp_path / "nowhere", "!!!", dry_run=True)


def test_the_map_opens_with_its_scale_and_the_scale_follows(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        store(tmp_path / "in", name)
    run(table(tmp_path / "in", "a.jpg,1,2", "b.jpg,1,3"))
    first = Map.objects.get()
    assert first.is_published
    assert first.scale_km == pytest.approx(111.2, abs=0.1)
    run(table(tmp_path / "in", "c.jpg,1,12"), draft=True)
    assert Map.objects.get().scale_km == pytest.approx(1112, abs=1)


def test_a_draft_stays_closed_until_an_import_without_it(tmp_path: Path) -> None:
    store(tmp_path / "in", "a.jpg")
    file = table(tmp_path / "in", "a.jpg,1,2")
    run(file, draft=True)
    assert not Map.objects.get().is_published
    run(file)
    assert Map.objects.get().is_published


def test_stopping_keeps_what_is_in(tmp_path: Path) -> None:
    names = [f"{number}.jpg" for number in range(12)]
    for name in names:
        store(tmp_path / "in", name)
    file = table(tmp_path / "in", *(f"{name},1,2" for name in names))
    report = run(file, should_stop=lambda: Panorama.objects.count() == 3)
    assert report.interrupted
    assert report.added == Map.objects.get().panoramas.count() == 3
    assert not Map.objects.get().is_published
    assert counts(run(file)) == (9, 3, {})


def test_a_full_disk_leaves_nothing_half_stored(
    tmp_path: Path, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.jpg", "b.jpg"):
        store(tmp_path / "in", name)
    sync = os.fsync

    def full(descriptor: int) -> None:
        if Panorama.objects.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr("os.fsync", full)
    report = run(table(tmp_path / "in", "a.jpg,1,2", "b.jpg,1,2"))
    assert report.storage_error.endswith("No space left on device")
    assert report.added == Panorama.objects.count() == len(stored_files(media_root)) == 1


def test_a_refusing_database_leaves_no_file(
    tmp_path: Path, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(new: object, name: str) -> Panorama:
        raise OperationalError("database or disk is full")

    store(tmp_path / "in", "a.jpg")
    monkeypatch.setattr(services, "_create", refuse)
    report = run(table(tmp_path / "in", "a.jpg,1,2"))
    assert report.storage_error == "the database says: database or disk is full"
    assert stored_files(media_root) == []


def test_odd_metadata_neither_warns_nor_stops(tmp_path: Path) -> None:
    block = exif(lat=dms(1), lng=dms(2), artist="A" * 60)
    store(tmp_path / "in", "a.jpg", picture(exif=block[:-50]))
    table(tmp_path / "in", "a.jpg,1,2")
    assert counts(run(tmp_path / "in")) == (1, 0, {})


def segments(jpeg: bytes) -> set[int]:
    """The markers of a JPEG up to its pixels, read without Pillow."""
    found, at = set(), 2
    while 0xDA not in found:
        assert jpeg[at] == 0xFF
        found.add(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return found
