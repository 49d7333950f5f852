from __future__ import annotations

from pathlib import Path

from procedural_earth.compiled import cache_folder


def test_compiled_code_is_of_the_sources_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "objects" / "b.py").write_text("y = 1\n")
    first = cache_folder(tmp_path)
    first.mkdir()
    assert cache_folder(tmp_path) == first
    assert first.exists()
    (tmp_path / "objects" / "b.py").write_text("y = 2\n")
    second = cache_folder(tmp_path)
    assert second != first
    assert not first.exists()
