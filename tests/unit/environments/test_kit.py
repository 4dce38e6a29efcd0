from __future__ import annotations

from pathlib import Path

import pytest

from penstock.environments import kits
from penstock.environments.kits import unpack_kit
from penstock.errors import StoreError


def test_it_holds_the_kit_and_nothing_else(tmp_path: Path):
    kit = unpack_kit(tmp_path)
    names = [path.relative_to(kit).as_posix() for path in kit.rglob("*")]
    tops = {"/".join(name.split("/")[:2]) for name in names if name.startswith("penstock/")}
    rooms = {"__init__.py", "errors.py", "shadows.py", "model", "artifacts", "sdk", "worker", "integrations"}
    assert tops == {f"penstock/{room}" for room in rooms}
    assert "cloudpickle/cloudpickle.py" in names
    assert not [name for name in names if "__pycache__" in name]


def test_it_is_named_by_its_content_and_written_once(tmp_path: Path):
    first = unpack_kit(tmp_path / "a")
    stamp = (first / "penstock" / "errors.py").stat().st_mtime_ns
    assert unpack_kit(tmp_path / "a") == first
    assert (first / "penstock" / "errors.py").stat().st_mtime_ns == stamp
    assert unpack_kit(tmp_path / "b").name == first.name
    assert [file.name for file in (tmp_path / "a").iterdir()] == [first.name]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "kits").touch()
    with pytest.raises(StoreError, match=r"can't write the kit to .*/kits"):
        unpack_kit(tmp_path / "kits")


def test_a_kit_that_another_process_has_mended_meanwhile_stays(tmp_path: Path) -> None:
    path = unpack_kit(tmp_path)
    members = kits._members()  # pyright: ignore[reportPrivateUsage]
    kits._clear(path, members)  # pyright: ignore[reportPrivateUsage]
    assert path.exists()
    (path / "penstock" / "errors.py").unlink()
    kits._clear(path, members)  # pyright: ignore[reportPrivateUsage]
    assert not path.exists()
    assert (unpack_kit(tmp_path) / "penstock" / "errors.py").exists()
