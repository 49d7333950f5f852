from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from planet_core import album, album_answers, album_checkpoint, album_hmm_fit, albums, evaluate_albums
from planet_core.album_answers import Asked
from planet_core.album_hmm import AlbumHmm, Emission
from planet_core.albums import Album, AlbumPhoto, read_albums, write_albums
from planet_core.geo import haversine_km
from planet_core.images import load as load_image
from planet_core.model_directory import ModelDirectoryError
from planet_core.predict import Predictor
from tests.planet_core.made_model import made_model
from tests.planet_core.made_trips import long_album, made_trips

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def image_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "image"
    made_model(folder, temperature=1.3)
    return folder


@pytest.fixture(scope="module")
def trips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six albums; one photo in the middle cannot be read, one is missing, one has no place."""
    folder = tmp_path_factory.mktemp("trips")
    made = made_trips(folder)
    made[2].photos[3].path.write_bytes(b"no picture")
    made[4].photos[1].path.unlink()
    photos = list(made[3].photos)
    photos[2] = replace(photos[2], lat=None, lng=None)
    made[3] = replace(made[3], photos=tuple(photos))
    write_albums(folder, made)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def asked(trips: Path, image_model: Path, cache: Path) -> Asked:
    return Asked.open(read_albums(trips), image_model, cache, lambda text: None)


def network(folder: Path, variant: str, image_model: Path, cut: int | None = None) -> Path:
    """An album model with random weights."""
    torch.manual_seed(3)
    predictor = Predictor.load(image_model)
    width, cells = predictor.model.network.embedding, len(predictor.partition)
    model = album.build(variant, width, cells, cut=cut, hidden=8)
    trained_on = {"albums": 6, "photos": 29, "drawn": True, "sources": ["made"], "licences": []}
    values = {"image_model": predictor.digest, "recipe": {"name": "none"}, "trained_on": trained_on}
    album_checkpoint.save(folder, model, values, {"validation": None})
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = evaluate_albums.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# Rows


def distributions(image_model: Path, found: list[Album]) -> list[list[np.ndarray | None]]:
    """Of each photo alone, by the command for single pictures; None where it cannot be read."""
    predictor = Predictor.load(image_model)
    rows: list[list[np.ndarray | None]] = []
    for one in found:
        rows.append([])
        for photo in one.photos:
            readable = photo.path.exists() and photo.path.read_bytes() != b"no picture"
            picture = [load_image(photo.path)] if readable else []
            rows[-1].append(predictor.distributions(picture)[0] if picture else None)
    return rows


def test_single_and_avg_are_what_the_image_model_says(asked: Asked, image_model: Path) -> None:
    rows = distributions(image_model, list(asked.embedded.albums))
    single = [-1 if row is None else int(row.argmax()) for album_rows in rows for row in album_rows]
    assert album_answers.single(asked).tolist() == single
    average = []
    for album_rows in rows:
        mean = np.mean([row for row in album_rows if row is not None], axis=0)
        average += [int(mean.argmax())] * len(album_rows)
    assert album_answers.average(asked).tolist() == average


def test_a_network_answers_as_it_does_for_each_album_alone(
    asked: Asked, image_model: Path, tmp_path: Path
) -> None:
    for variant, cut in (("lstm-rep", None), ("blstm", 4)):
        folder = network(tmp_path / variant, variant, image_model, cut)
        model = album_checkpoint.load(folder).model
        expected: list[int] = []
        for number in range(len(asked.embedded.albums)):
            rows = asked.embedded.rows(number)
            for first in range(rows.start, rows.stop, cut or 1000):
                piece = np.array([[first, min(first + (cut or 1000), rows.stop)]])
                logits = model(asked.photos.batch(piece))
                expected += logits[0].argmax(dim=1).tolist()
        assert album_answers.network(asked, folder).tolist() == expected


def test_no_answer_is_a_miss_and_the_oracle_is_the_centre_of_the_true_cell(asked: Asked) -> None:
    rows = evaluate_albums.rows_of(asked, [])
    lat, _ = rows["single"]
    assert int(np.isnan(lat).sum()) == 2
    places = [photo for one in asked.embedded.albums for photo in one.photos]
    oracle = rows["oracle"]
    for photo, cell, lat_deg, lng_deg in zip(places, asked.photos.classes, *oracle, strict=True):
        if photo.lat is None:
            assert np.isnan(lat_deg)
        else:
            assert (lat_deg, lng_deg) == tuple(values[cell] for values in asked.partition.centers())


# The command


def test_the_command_prints_table_4(
    capsys: pytest.CaptureFixture[str], trips: Path, image_model: Path, cache: Path, tmp_path: Path
) -> None:
    first = network(tmp_path / "lstm/model", "lstm", image_model)
    second = network(tmp_path / "again/model", "lstm", image_model)
    cut = network(tmp_path / "blstm/model", "blstm", image_model, cut=25)
    code, out, _ = run(
        capsys,
        first,
        second,
        cut,
        trips,
        "--image-model",
        image_model,
        "--out",
        tmp_path / "out",
        "--cache",
        cache,
    )
    assert code == 0
    for row in ("| single ", "| avg ", "| lstm ", "| lstm (again) ", "| blstm-25 ", "| oracle "):
        assert row in out
    assert "| lstm-rep-25    | 28.3 " in out  # the paper's
    assert "2 photos cannot be read" in out
    assert "## Photos without a cue" in out
    assert "avg < lstm" in out
    assert str(trips.parent) not in out
    assert (tmp_path / "out/albums.md").read_text() == out.rstrip() + "\n" or (
        tmp_path / "out/albums.md"
    ).read_text().rstrip() == out.rstrip()
    report = json.loads((tmp_path / "out/albums.json").read_text())
    assert report["scored"] == {"albums": 6, "photos": 28}


def test_the_numbers_are_those_of_single_predictions(
    capsys: pytest.CaptureFixture[str], trips: Path, image_model: Path, cache: Path
) -> None:
    code, out, _ = run(capsys, image_model, trips, "--json", "--cache", cache)
    assert code == 0
    found = json.loads(out)["rows"]["single"]
    predictor = Predictor.load(image_model)
    km = []
    for one, rows in zip(read_albums(trips), distributions(image_model, read_albums(trips)), strict=True):
        for photo, row in zip(one.photos, rows, strict=True):
            if photo.lat is not None and photo.lng is not None:
                lat, lng = (
                    values[0 if row is None else row.argmax()] for values in predictor.partition.centers()
                )
                km.append(np.inf if row is None else haversine_km(photo.lat, photo.lng, lat, lng))
    for scale in (1, 25, 200, 750, 2500):
        assert found["within_km"][str(scale)]["value"] == pytest.approx(np.mean(np.array(km) <= scale))


def test_what_cannot_be_used_is_named(
    capsys: pytest.CaptureFixture[str], trips: Path, image_model: Path, cache: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    made_model(other, seed=1)
    foreign = network(tmp_path / "foreign", "lstm", other)
    nowhere = [replace(p, lat=None, lng=None) for p in read_albums(trips)[1].photos]
    write_albums(tmp_path / "nowhere", [Album("a", tuple(nowhere), "made")])
    unread = AlbumPhoto(tmp_path / "none.jpg", 1.0, 2.0, None)
    write_albums(tmp_path / "unread", [Album("a", (unread,), "made")])
    cases: list[tuple[tuple[Any, ...], str]] = [
        ((trips,), "the image model is missing"),
        ((image_model, other, trips), "a table has one image model"),
        ((foreign, trips, "--image-model", image_model), "belongs to the image model"),
        ((image_model, tmp_path / "empty"), "albums.jsonl is missing"),
        ((image_model, tmp_path / "nowhere"), "no photo has a place: there is nothing to score"),
        ((image_model, tmp_path / "unread"), "none of the 1 photos of these albums can be read"),
        ((tmp_path / "no model", trips), "there is no model directory"),
        ((image_model, trips, "--out", trips / "albums.jsonl"), "is not a folder"),
    ]
    for arguments, said in cases:
        code, out, error = run(capsys, *arguments, "--cache", cache)
        assert (code, out) == (2, ""), error
        assert said in error
        assert error.count("\n") == 1


# Albums that are hard


def odd(folder: Path, times: list[datetime | None]) -> Path:
    """One album with these times."""
    (one,) = made_trips(folder, seed=5, lengths=[len(times)])
    photos = [replace(photo, taken_at=time) for photo, time in zip(one.photos, times, strict=True)]
    ordered, _ = albums.in_time_order(photos)
    write_albums(folder, [replace(one, photos=ordered)])
    return folder


def test_albums_without_times_with_equal_times_and_of_mixed_zones(
    capsys: pytest.CaptureFixture[str], image_model: Path, cache: Path, tmp_path: Path
) -> None:
    at = datetime(2020, 1, 1, 12, tzinfo=timezone(timedelta(hours=9)))
    cases = [[None] * 4, [at] * 4, [at, at.replace(tzinfo=None), at.astimezone(timezone(timedelta(0))), None]]
    rep = network(tmp_path / "rep", "transformer", image_model)
    for number, times in enumerate(cases):
        folder = odd(tmp_path / str(number), times)
        code, out, error = run(capsys, rep, folder, "--image-model", image_model, "--json", "--cache", cache)
        assert code == 0, error
        report = json.loads(out)
        assert report["rows"]["transformer"]["photos"] == 4
        assert report["facts"]["without_time"] == times.count(None)
        assert report["facts"]["backwards"] == 0


def test_albums_that_run_backwards_are_told(
    capsys: pytest.CaptureFixture[str], image_model: Path, cache: Path, tmp_path: Path
) -> None:
    (one,) = made_trips(tmp_path, lengths=[4])
    write_albums(tmp_path, [replace(one, photos=one.photos[::-1])])
    code, out, _ = run(capsys, image_model, tmp_path, "--cache", cache)
    assert code == 0
    assert "1 albums run backwards in time somewhere" in out


def test_an_album_of_one_photo(
    capsys: pytest.CaptureFixture[str], image_model: Path, cache: Path, tmp_path: Path
) -> None:
    made_trips(tmp_path / "one", lengths=[1])
    code, out, _ = run(capsys, image_model, tmp_path / "one", "--cache", cache)
    assert code == 0
    assert "1 albums of 1 photos" in out


def test_an_album_of_five_thousand_photos(image_model: Path, cache: Path, tmp_path: Path) -> None:
    long_album(tmp_path / "long", 5000)
    asked = Asked.open(read_albums(tmp_path / "long"), image_model, cache, lambda text: None)
    rows = evaluate_albums.rows_of(asked, [network(tmp_path / "rep", "lstm-rep", image_model)])
    assert all(np.isfinite(lat).sum() == 5000 for lat, _ in rows.values())


# The HMM


def test_an_hmm_is_kept_as_an_album_model(asked: Asked, image_model: Path, tmp_path: Path) -> None:
    hmm = album_hmm_fit.fit(asked).tuned(Emission(0.4, 0.5))
    digest = album_hmm_fit.save(tmp_path / "hmm", hmm, asked, {"validation": None})
    assert len(digest) == 64
    again = album_hmm_fit.load(tmp_path / "hmm")
    assert again.emission == hmm.emission
    np.testing.assert_array_equal(album_answers.path(asked, again), album_answers.path(asked, hmm))
    rows = evaluate_albums.rows_of(asked, [tmp_path / "hmm"])
    assert list(rows) == ["single", "avg", "hmm", "hmm-posterior", "oracle"]
    assert "temper" in (tmp_path / "hmm/config.json").read_text()


def test_a_damaged_or_foreign_hmm_is_named(asked: Asked, image_model: Path, tmp_path: Path) -> None:
    album_hmm_fit.save(tmp_path / "hmm", album_hmm_fit.fit(asked), asked, {"validation": None})
    (tmp_path / "hmm/model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelDirectoryError, match="damaged or foreign"):
        album_hmm_fit.load(tmp_path / "hmm")
    with pytest.raises(ModelDirectoryError, match="album model 'lstm', not an hmm"):
        album_hmm_fit.load(network(tmp_path / "lstm", "lstm", image_model))


def test_the_emission_that_is_right_most_often_is_chosen(asked: Asked) -> None:
    hmm = album_hmm_fit.fit(asked)
    best, tried = album_hmm_fit.tune(hmm, asked)
    assert isinstance(best, AlbumHmm)
    sums = [sum(result[scale] for scale in ("1", "25", "200", "750", "2500")) for result in tried]
    measured = album_hmm_fit.accuracy(asked, album_answers.path(asked, best))["accuracy_at_km"]
    assert sum(measured.values()) == pytest.approx(max(sums))
    assert len(tried) == 24


# Real photos


def test_real_sequences_go_the_whole_way(
    capsys: pytest.CaptureFixture[str], shared_data: Path, image_model: Path, cache: Path, tmp_path: Path
) -> None:
    labels = shared_data / "real" / "labels.csv"
    rows = [line for line in labels.read_text().splitlines() if line.startswith(("path", "panoramax_faces"))]
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces/panoramax_faces").symlink_to(labels.parent / "panoramax_faces")
    (tmp_path / "faces/labels.csv").write_text("\n".join(rows[:49]) + "\n")  # a dozen panoramas
    sources = [("sequence", tmp_path / "faces/labels.csv", 48), ("folder", shared_data / "exif_gps", 9)]
    rep = network(tmp_path / "rep", "lstm-rep", image_model)
    for way, source, photos in sources:
        made = tmp_path / f"albums-{way}"
        assert albums.main([str(source), "--by", way, "--out", str(made)]) == 0
        capsys.readouterr()
        code, out, error = run(capsys, rep, made, "--image-model", image_model, "--json", "--cache", cache)
        assert code == 0, error
        report = json.loads(out)
        assert report["scored"]["photos"] == photos
        assert report["facts"]["unreadable"] == 0
        assert report["facts"]["backwards"] == 0
        assert report["rows"]["lstm-rep"]["photos"] == photos
