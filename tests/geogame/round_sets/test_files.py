"""A set goes into a file and comes out of it on another server: the same, or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from PIL import Image

from benchmark.__main__ import main
from geogame.accounts.models import Player
from geogame.games.models import Game, Plan, PlannedRound
from geogame.panoramas.models import Map, Panorama
from geogame.reports.rows import rows_of
from geogame.round_sets.archive import is_bare_jpeg
from geogame.round_sets.errors import RoundSetError
from geogame.round_sets.exporting import Exported, export, rows_csv
from geogame.round_sets.importing import import_set
from geogame.round_sets.licences import may_travel
from geogame.round_sets.models import OutsidePlayer, RoundSet
from geogame.round_sets.queries import players_named
from geogame.round_sets.rows import rows_of_players
from geogame.round_sets.services import close, create
from tests.geogame.round_sets.taking_part import answer, answer_all, play, player_named

MakeSet = Callable[..., RoundSet]
FREE = {"licence": "CC BY-SA 4.0", "author": "Ann Example"}


def elsewhere() -> None:
    """Makes this another server: nothing of the first one is left, files included."""
    Game.objects.all().delete()
    RoundSet.objects.all().delete()
    OutsidePlayer.objects.all().delete()
    Map.objects.all().delete()
    for panorama in Panorama.objects.all():
        panorama.path.unlink(missing_ok=True)
        panorama.delete()


def report(round_set: RoundSet, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    file = folder / "rows.csv"
    file.write_text(rows_csv(round_set, list(rows_of())))
    assert main([str(file), "--format", "json"]) == 0
    return capsys.readouterr().out


@pytest.fixture
def played(make_set: MakeSet, robot: OutsidePlayer, alice: Player, make_player: Any) -> RoundSet:
    """A closed set with free pictures, two outside players and two people."""
    made = make_set(5, **FREE)
    answer_all(robot, made, lat=43.3, lng=-4.0)
    answer(player_named("Half"), made.rounds.earliest("number"), confidence=0.25)
    for person, lat in ((alice, 41.0), (make_player("Bob"), 41.0 + 1 / 7)):
        play(person, Map.objects.get(), lat=lat)
    close(made)
    return made


def stored_files() -> list[Path]:
    return sorted(path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def exported(round_set: RoundSet, file: Path, **options: Any) -> Exported:
    return export(round_set, file, list(rows_of()), **options)


@contextmanager
def changed(file: Path, **contents: bytes | None) -> Iterator[Path]:
    """The file with other entries: by name with _ for . and /, None for none."""
    other = file.with_name("changed.zip")
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(other, "w") as after:
        for entry in before.infolist():
            key = entry.filename.replace(".", "_").replace("/", "_")
            content = contents.pop(key, before.read(entry))
            if content is not None:
                after.writestr(entry, content)
        for name, content in contents.items():
            after.writestr(name, content or b"")
    yield other


def manifest_of(file: Path) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        found: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return found


def test_every_figure_comes_out_as_it_went_in(
    played: RoundSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, file = report(played, tmp_path, capsys), tmp_path / "set.zip"
    assert {one["model"] for one in json.loads(before)["comparisons"]} == {"Robot", "Half"}
    assert exported(played, file) == Exported(rounds=5, pictures=5, rows=40, tells_places=True)
    pictures = {round_.digest: round_.panorama.path.read_bytes() for round_ in played.rounds.all()}  # type: ignore[union-attr]
    elsewhere()
    made = import_set(file)
    assert (made.added, made.found, made.missing) == (5, 0, [])
    assert report(made.round_set, tmp_path, capsys) == before
    for round_ in made.round_set.rounds.all():
        assert round_.panorama
        assert round_.panorama.path.read_bytes() == pictures[round_.digest]
        assert (round_.panorama.author, round_.panorama.licence) == ("Ann Example", "CC BY-SA 4.0")
    again = tmp_path / "again.zip"
    exported(made.round_set, again)
    assert again.read_bytes() == file.read_bytes(), "from there it goes on as it came"


def test_an_imported_set_stands_in_the_benchmark(played: RoundSet, tmp_path: Path) -> None:
    exported(played, tmp_path / "set.zip")
    elsewhere()
    import_set(tmp_path / "set.zip")
    everybody = rows_of_players([], players_named([]))
    assert len(everybody) == 40
    assert {row.map for row in everybody} == {"Test (imported with Trial@1)"}, (
        "a map Test here may be another"
    )
    some = rows_of_players([], players_named(["Half"]))
    assert {row.player_id for row in some if row.player_kind == "model"} == {"Half"}
    assert sum(row.player_kind == "person" for row in some) == 10


def test_pictures_that_may_not_travel_are_found_by_their_digests(
    make_set: MakeSet, robot: OutsidePlayer, tmp_path: Path
) -> None:
    made, file = make_set(3, licence="all rights reserved", author="Ann"), tmp_path / "set.zip"
    answer_all(robot, made)
    close(made)
    assert exported(made, file).pictures == 0
    RoundSet.objects.all().delete()
    found = import_set(file)
    assert (found.added, found.found, found.missing) == (0, 3, [])
    gone = found.round_set.rounds.select_related("panorama").earliest("number")
    assert gone.panorama
    RoundSet.objects.all().delete()
    gone.panorama.delete()
    without = import_set(file)
    assert without.missing == [gone.digest]
    exported(without.round_set, tmp_path / "again.zip")
    [entry] = [one for one in manifest_of(tmp_path / "again.zip")["rounds"] if one["digest"] == gone.digest]
    assert (entry["lat"], entry["author"], entry["picture"]) == (gone.lat, "Ann", False)


def test_an_open_set_tells_nothing_and_needs_all_of_its_pictures(make_set: MakeSet, tmp_path: Path) -> None:
    made, file = make_set(3, **FREE), tmp_path / "set.zip"
    assert exported(made, file) == Exported(rounds=3, pictures=0, rows=0, tells_places=False)
    told = manifest_of(file)
    for entry, round_ in zip(told["rounds"], made.rounds.select_related("panorama"), strict=True):
        assert (entry["lat"], entry["lng"], entry["author"], entry["picture"]) == (None, None, "", False)
        assert round_.panorama
        assert str(round_.lat) not in json.dumps(entry)
        assert not any(entry[name] for name in ("source", "taken_at", "group", "heading"))
    RoundSet.objects.all().delete()
    here = import_set(file).round_set
    assert here.is_open
    assert {round_.lat for round_ in here.rounds.all()} == {40.0, 41.0, 42.0}
    RoundSet.objects.all().delete()
    Panorama.objects.filter(file_digest=told["rounds"][0]["digest"]).delete()
    with pytest.raises(RoundSetError, match="1 picture of the set is missing here, by its digest"):
        import_set(file)
    assert not RoundSet.objects.exists()


def test_an_open_set_with_its_truth_brings_its_pictures(make_set: MakeSet, tmp_path: Path) -> None:
    made, file = make_set(3, **FREE), tmp_path / "set.zip"
    assert exported(made, file, with_truth=True).pictures == 3
    assert exported(made, tmp_path / "bare.zip", with_truth=True, pictures=False).pictures == 0
    elsewhere()
    imported = import_set(file, map_name="From elsewhere")
    assert imported.round_set.is_open
    assert Map.objects.get().panoramas.count() == 3
    assert not Map.objects.get().is_published


def test_an_open_set_takes_no_panorama_of_another_open_one(make_set: MakeSet, tmp_path: Path) -> None:
    made, file = make_set(3), tmp_path / "set.zip"
    exported(made, file)
    RoundSet.objects.all().delete()
    create(name="Other", map_=Map.objects.get(), seed=1)
    with pytest.raises(RoundSetError, match="another open set has one of its panoramas"):
        import_set(file)


def test_an_open_set_takes_no_panorama_whose_walk_a_study_or_the_daily_asks_for(
    make_set: MakeSet, make_panorama: Callable[..., Panorama], tmp_path: Path
) -> None:
    made, file = make_set(2), tmp_path / "set.zip"
    exported(made, file)
    RoundSet.objects.all().delete()
    Panorama.objects.filter(pk=Panorama.objects.earliest("pk").pk).update(group="a walk")
    plan = Plan.objects.create()
    PlannedRound.objects.create(plan=plan, number=1, panorama=make_panorama(50.0, 9.0, group="a walk"))
    with pytest.raises(RoundSetError, match="a study that runs or today's daily has one of its panoramas"):
        import_set(file)
    assert not RoundSet.objects.exists()
    Plan.objects.filter(pk=plan.pk).update(set_aside=False)
    assert import_set(file).round_set.is_open


def test_who_answered_a_set_elsewhere_knows_its_places(played: RoundSet, tmp_path: Path) -> None:
    exported(played, tmp_path / "set.zip")
    elsewhere()
    import_set(tmp_path / "set.zip", map_name="Here")
    Map.objects.update(scale_km=1000.0)
    again = create(name="Again", map_=Map.objects.get(), seed=1)
    answers = [answer(player_named(name), again.rounds.earliest("number")) for name in ("Half", "New")]
    assert [given.answer.known_before for given in answers] == [True, False]


def test_a_file_whose_players_are_called_like_people_is_refused(played: RoundSet, tmp_path: Path) -> None:
    file = tmp_path / "set.zip"
    exported(played, file)
    elsewhere()
    manifest = manifest_of(file) | {"players": ["Half", "person 1"]}
    with (
        changed(file, manifest_json=json.dumps(manifest).encode()) as other,
        pytest.raises(RoundSetError, match="a name that misleads: 'person 1' is what reports call people"),
    ):
        import_set(other)
    assert not RoundSet.objects.exists()


def test_rows_are_sealed_while_the_set_is_open(make_set: MakeSet) -> None:
    with pytest.raises(RoundSetError, match="its answers are sealed"):
        rows_csv(make_set(), [])


def jpeg(**options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 240)).save(file, "JPEG", **options)
    return file.getvalue()


def without(told: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key != name}


BAD_MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "another format": (lambda told: told | {"format": "zip"}, "of another format"),
    "a later format": (lambda told: told | {"format_version": 2}, "has version 2 of the format"),
    "another score": (lambda told: told | {"scoring_version": 9}, "version 9 of the score"),
    "other borders": (lambda told: told | {"border_data": "1800"}, "version 1800 of the border data"),
    "no name": (lambda told: without(told, "name"), "exactly these fields"),
    "an unknown field": (lambda told: told | {"x": 1}, "exactly these fields"),
    "a list": (lambda told: [told], "of another format"),
    "no rounds": (lambda told: told | {"rounds": []}, "list of 1 to"),
    "a number as name": (lambda told: told | {"name": 5}, "name must be str"),
    "players of numbers": (lambda told: told | {"players": [1]}, "players must be a list of printable"),
    "an endless scale": (lambda told: told | {"scale_km": 1e300}, "scale_km makes no sense"),
    "no time": (lambda told: told | {"created_at": "yesterday"}, "is no moment with a zone"),
    "closed without rows": (lambda told: told | {"rows_digest": ""}, "rows_digest makes no sense"),
    "rows of another digest": (lambda told: told | {"rows_digest": "0" * 64}, "its digest differs"),
    "a place off the globe": (lambda told: _round(told, lat=91.0), "lat, lng makes no sense"),
    "another place": (lambda told: _round(told, lat=10.0), "another panorama or place than the manifest"),
    "a path for a digest": (lambda told: _round(told, digest="../../x"), "digest makes no sense"),
    "a huge picture": (lambda told: _round(told, width=10**9), "width, height makes no sense"),
    "another size": (lambda told: _round(told, width=321), "is no JPEG of 321 x 240 pixels"),
}


def _round(told: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return told | {"rounds": [told["rounds"][0] | fields, *told["rounds"][1:]]}


@pytest.fixture
def file(make_set: MakeSet, robot: OutsidePlayer, tmp_path: Path) -> Path:
    """Of a closed set with pictures, on a server that has none of them."""
    made = make_set(2, **FREE)
    answer_all(robot, made)
    close(made)
    exported(made, tmp_path / "set.zip")
    elsewhere()
    return tmp_path / "set.zip"


def assert_refused(file: Path, message: str) -> None:
    with pytest.raises(RoundSetError, match=message):
        import_set(file)
    assert not RoundSet.objects.exists()
    assert not Panorama.objects.exists()
    assert stored_files() == []


@pytest.mark.parametrize("what", BAD_MANIFESTS)
def test_a_bad_manifest_is_refused_and_nothing_stays(file: Path, what: str) -> None:
    change, message = BAD_MANIFESTS[what]
    content = json.dumps(change(manifest_of(file))).encode()
    with changed(file, manifest_json=content) as other:
        assert_refused(other, message)


def test_entries_that_the_format_does_not_name_are_refused(file: Path) -> None:
    for name in (
        "../../etc/passwd",
        "/etc/passwd",
        "pictures/x.jpg",
        "pictures/",
        f"pictures/{'a' * 64}.png",
    ):
        with changed(file, **{name: b"x"}) as other:
            assert_refused(other, "has no place in a round set")
    with changed(file, **{f"pictures/{'a' * 64}.jpg": b"x"}) as other:
        assert_refused(other, "is not in the manifest")
    with changed(file, rows_csv=None) as other:
        assert_refused(other, "rows.csv is missing")


def test_a_picture_must_be_the_one_that_is_named(file: Path) -> None:
    told = manifest_of(file)
    digest = told["rounds"][1]["digest"]
    with changed(file, **{f"pictures_{digest}_jpg": jpeg()}) as other:
        assert_refused(other, "is not the picture of round 2")
    for content, message in (
        (b"no picture", "is not a picture|cannot be read"),
        (jpeg(exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"), "without metadata"),
        (jpeg(comment=b"taken in Paris"), "without metadata"),
    ):
        swapped = hashlib.sha256(content).hexdigest()
        text = json.dumps(told).replace(digest, swapped).encode()
        with zipfile.ZipFile(file) as archive:
            rows = archive.read("rows.csv").decode().replace(digest, swapped).encode()
        text = text.replace(told["rows_digest"].encode(), hashlib.sha256(rows).hexdigest().encode())
        with changed(
            file,
            manifest_json=text,
            rows_csv=rows,
            **{f"pictures_{digest}_jpg": None, f"pictures/{swapped}.jpg": content},
        ) as other:
            assert_refused(other, message)


def test_a_bomb_is_not_unpacked(file: Path) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"[" * (17 * 1024 * 1024))
    file.write_bytes(bomb.getvalue())
    assert_refused(file, "manifest.json is too large")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"pictures/{'a' * 64}.jpg", bytes(1024 * 1024))
    assert_refused(file, "is too large: 1,048,576 bytes")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"[" * 100_000)
    assert_refused(file, "is no JSON")


def test_no_zip_and_half_a_zip_are_refused(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(b"no zip")
    assert_refused(file, "it is no zip file, or a damaged one")
    file.write_bytes(content[: len(content) // 2])
    assert_refused(file, "it is no zip file, or a damaged one")
    damaged = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        place = archive.getinfo("rows.csv").header_offset
    damaged[place + 60 : place + 70] = b"0123456789"
    file.write_bytes(damaged)
    assert_refused(file, "damaged")
    assert_refused(file.with_name("missing.zip"), "cannot read .*missing.zip: No such file")


def test_rows_that_make_no_sense_are_refused(file: Path) -> None:
    told = manifest_of(file)
    with zipfile.ZipFile(file) as archive:
        rows = archive.read("rows.csv").decode()
    for text, message in (
        (rows.replace(",answered,", ",guessed,", 1), "rows.csv, line 2: outcome 'guessed'"),
        (rows.replace(",fair,", ",free,"), "rows of another condition"),
    ):
        digest = hashlib.sha256(text.encode()).hexdigest()
        content = json.dumps(told | {"rows_digest": digest}).encode()
        with changed(file, manifest_json=content, rows_csv=text.encode()) as other:
            assert_refused(other, message)


def test_other_versions_come_in_when_told_so(file: Path) -> None:
    content = json.dumps(manifest_of(file) | {"border_data": "1800"}).encode()
    with changed(file, manifest_json=content) as other:
        assert import_set(other, other_versions=True).round_set.border_data_version == "1800"


def test_a_set_comes_in_once(file: Path) -> None:
    import_set(file)
    files = stored_files()
    with pytest.raises(RoundSetError, match="“Trial@1” is here already"):
        import_set(file)
    assert stored_files() == files


def test_a_failure_at_the_end_leaves_no_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", "database")

    monkeypatch.setattr("geogame.round_sets.importing._round", full)
    assert_refused(file, "No space left")


def test_an_own_picture_of_another_place_is_noticed(
    file: Path, make_panorama: Callable[..., Panorama]
) -> None:
    digest = manifest_of(file)["rounds"][0]["digest"]
    there = make_panorama(-10.0, 100.0)
    Panorama.objects.update(file_digest=digest)
    with pytest.raises(RoundSetError, match="picture of round 1 is here with another place"):
        import_set(file)
    assert Panorama.objects.get() == there


@pytest.mark.parametrize(
    ("licence", "author", "may"),
    [
        ("CC0", "", True),
        ("CC0 1.0 Universal", "", True),
        ("Public Domain Mark 1.0", "", True),
        ("MIT, as the program itself", "", True),
        ("CC BY 4.0", "Ann", True),
        ("CC-BY-SA-4.0", "Ann", True),
        ("Creative Commons Attribution 3.0", "Ann", True),
        ("CC BY 4.0", "", False),
        ("CC BY-NC 4.0", "Ann", False),
        ("CC BY-ND 4.0", "Ann", False),
        ("Attribution-NonCommercial", "Ann", False),
        ("all rights reserved", "Ann", False),
        ("", "Ann", False),
    ],
)
def test_which_licences_let_a_picture_travel(licence: str, author: str, may: bool) -> None:
    assert may_travel(licence, author) == may


def test_what_a_bare_jpeg_is() -> None:
    assert is_bare_jpeg(jpeg())
    assert is_bare_jpeg(jpeg(progressive=True))
    assert not is_bare_jpeg(jpeg(icc_profile=b"x" * 200))
    assert not is_bare_jpeg(jpeg()[:40])
    assert not is_bare_jpeg(b"\x89PNG")
