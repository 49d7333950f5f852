from __future__ import annotations

from pathlib import Path

import pytest

from geogame.panoramas.importers.folders import open_source
from geogame.panoramas.importers.pipeline import import_panoramas
from geogame.panoramas.importers.rows import Row
from geogame.panoramas.models import Panorama

pytestmark = pytest.mark.django_db


def test_a_walk_with_gps(shared_data: Path) -> None:
    report = import_panoramas(shared_data / "exif_gps", "Arezzo")
    assert (report.added, report.refused) == (9, [])
    assert all(43.46 < p.lat < 43.47 and 11.87 < p.lng < 11.89 for p in Panorama.objects.all())
    assert list(Panorama.objects.values_list("taken_at", flat=True)) == sorted(
        Panorama.objects.values_list("taken_at", flat=True)
    )


def test_panoramas_of_places(shared_data: Path) -> None:
    report = import_panoramas(shared_data / "real" / "pano360_places", "Places", dry_run=True)
    assert report.refused_by == {"no-coordinates": 15}


def test_every_label_of_the_real_photos(shared_data: Path) -> None:
    source = open_source(shared_data / "real")
    rows = [row for row in source if isinstance(row, Row)]
    assert len(rows) == source.total == 549
    assert all(row.file.is_file() and row.place and row.licence for row in rows)


def test_landmarks_in_webp(shared_data: Path) -> None:
    report = import_panoramas(shared_data / "landmarks", "Landmarks", dry_run=True)
    assert (report.added, report.refused) == (49, [])
