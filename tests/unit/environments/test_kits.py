from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from penstock.environments import kits
from penstock.executors.interpreters import OWN, Interpreter
from penstock.model.specs import Places, RunSpec

OLD_S = 1_000_000_000.0


def other(folder: Path, name: str, used_at: float = OLD_S) -> Path:
    """A kit of another version, or what is left of one."""
    path = folder / f"kit-{name}"
    (path / "penstock").mkdir(parents=True)
    (path / "penstock" / "__init__.py").write_text("old\n")
    os.utime(path, (used_at, used_at))
    return path


def unused(folder: Path, before: float = OLD_S + 1, unfinished_before: float = OLD_S + 1) -> set[str]:
    return {path.name for path in kits.unused(folder, before, unfinished_before)}


def test_a_kit_that_is_used_is_touched(tmp_path: Path) -> None:
    path = kits.unpack_kit(tmp_path)
    os.utime(path, (OLD_S, OLD_S))
    with kits.in_use(tmp_path) as used:
        assert used == (path, path.name.removeprefix("kit-"))
    assert abs(path.stat().st_mtime - time.time()) < 60


def test_what_travels_of_a_run_names_the_kit_by_its_content(tmp_path: Path) -> None:
    """A machine that has a kit of this digest needs no other, wherever that lies."""
    with kits.in_use(tmp_path / "here") as here, kits.in_use(tmp_path / "there") as there:
        assert here.digest == there.digest
        assert here.folder.name == f"kit-{here.digest}"
        interpreter = Interpreter("python", os.fspath(here.folder), here.digest)
        travels = RunSpec(*interpreter.setup(RunSpec("digits/3"), Places(*("",) * 5))[0])
        assert (travels.kit, travels.foreign) == (here.digest, True)
    own = RunSpec(*OWN.setup(RunSpec("digits/3"), Places(*("",) * 5))[0])
    assert (own.kit, own.foreign) == ("", False)


def test_the_kit_of_this_version_and_those_that_were_used_since_are_not_unused(tmp_path: Path) -> None:
    path = kits.unpack_kit(tmp_path)
    os.utime(path, (OLD_S, OLD_S))
    other(tmp_path, "old")
    other(tmp_path, "new", OLD_S + 2)
    assert unused(tmp_path) == {"kit-old"}


def test_what_was_cut_off_is_unused(tmp_path: Path) -> None:
    other(tmp_path, "a.7.tmp")
    other(tmp_path, "b.7.tmp", OLD_S + 2)  # it may be unpacked just now
    other(tmp_path, "c.gone", OLD_S + 2)
    assert unused(tmp_path) == {"kit-a.7.tmp", "kit-c.gone"}
    for path in kits.unused(tmp_path, OLD_S, OLD_S + 1):
        assert kits.take_away(path)
    assert [path.name for path in tmp_path.iterdir()] == ["kit-b.7.tmp"]


def test_one_that_is_held_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with kits.in_use(tmp_path) as (path, _):
        monkeypatch.setattr(kits, "_name", lambda _: "kit-newer")
        os.utime(path, (OLD_S, OLD_S))
        assert unused(tmp_path) == set()
        assert not kits.take_away(path)
        assert (path / "penstock" / "errors.py").exists()
    assert unused(tmp_path) == {path.name}
    assert kits.take_away(path)
    assert kits.take_away(path), "it is gone"
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_removed_before_it_is_held_is_unpacked_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpack = kits.unpack_kit

    def unpack_and_lose(folder: Path) -> Path:
        monkeypatch.setattr(kits, "unpack_kit", unpack)
        path = unpack(folder)
        assert kits.take_away(path)
        return path

    monkeypatch.setattr(kits, "unpack_kit", unpack_and_lose)
    with kits.in_use(tmp_path) as (path, _):
        assert (path / "penstock" / "__init__.py").exists()


def test_a_removal_that_was_cut_off_leaves_nothing_that_is_taken_for_a_kit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kits.unpack_kit(tmp_path)
    removed: list[str] = []

    def die(folder: Path, ignore_errors: bool = False) -> None:
        removed.append(folder.name)
        if not ignore_errors:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", die)
        with pytest.raises(KeyboardInterrupt):
            kits.take_away(path)
    assert not path.exists()
    assert unused(tmp_path) == {f"{path.name}.gone"}
    kits.unpack_kit(tmp_path)
    assert kits.take_away(path), "also beside what a former removal has left"
    assert list(tmp_path.iterdir()) == []
