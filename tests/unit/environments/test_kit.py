from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from penstock.environments import kits
from penstock.environments.kits import build_kit
from penstock.errors import StoreError


def test_it_holds_the_kit_and_nothing_else(tmp_path: Path):
    names = zipfile.ZipFile(build_kit(tmp_path)).namelist()
    tops = {"/".join(name.split("/")[:2]) for name in names if name.startswith("penstock/")}
    rooms = {"__init__.py", "errors.py", "shadows.py", "model", "artifacts", "sdk", "worker"}
    assert tops == {f"penstock/{room}" for room in rooms}
    assert "cloudpickle/cloudpickle.py" in names
    assert not [name for name in names if "__pycache__" in name]


def test_it_is_named_by_its_content_and_written_once(tmp_path: Path):
    first = build_kit(tmp_path / "a")
    stamp = first.stat().st_mtime_ns
    assert build_kit(tmp_path / "a") == first
    assert first.stat().st_mtime_ns == stamp
    other = build_kit(tmp_path / "b")
    assert (other.name, other.read_bytes()) == (first.name, first.read_bytes())
    assert [file.name for file in (tmp_path / "a").iterdir()] == [first.name]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "kits").touch()
    with pytest.raises(StoreError, match=r"can't write the kit to .*/kits"):
        build_kit(tmp_path / "kits")


def test_a_kit_that_another_process_has_mended_meanwhile_stays(tmp_path: Path) -> None:
    path = kits.unpack_kit(tmp_path)
    members = kits._members()  # pyright: ignore[reportPrivateUsage]
    kits._clear(path, members)  # pyright: ignore[reportPrivateUsage]
    assert path.exists()
    (path / "penstock" / "errors.py").unlink()
    kits._clear(path, members)  # pyright: ignore[reportPrivateUsage]
    assert not path.exists()
    assert (kits.unpack_kit(tmp_path) / "penstock" / "errors.py").exists()
