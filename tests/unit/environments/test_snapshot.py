from __future__ import annotations

import os
import sys
import time
import types
import zlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from penstock.environments import collect, snapshot
from penstock.environments.snapshot import Snapshot
from penstock.errors import StoreError
from penstock.model import wire

LONG_AGO = 1_000_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def write(file: Path, text: str, at: float = LONG_AGO) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (at, at))
    return file


def take(root: Path, *extra: Path) -> Snapshot:
    return snapshot.take([root], extra, root.parent / "sources")


def contents(taken: Snapshot) -> dict[str, str]:
    return {
        path: zlib.decompress(data).decode() for path, (_, _, data) in wire.unpack(collect.content(taken.file)).items()
    }


def test_it_holds_the_sources_with_their_sizes_and_times(root: Path):
    file = write(root / "package" / "digits.py", "x = 1\n")
    taken = take(root)
    assert wire.unpack(collect.content(taken.file)) == {str(file): (6, LONG_AGO * 10**9, zlib.compress(b"x = 1\n", 1))}
    assert (taken.files, taken.note, Path(taken.file).name) == (1, "", taken.digest)
    assert taken.digest.startswith("b3-")


def test_only_the_projects_own_sources(root: Path):
    kept = write(root / "digits.py", "")
    for folder in (".git", ".penstock", "__pycache__", "node_modules", "lib/site-packages", "env"):
        write(root / folder / "other.py", "")
    (root / "env" / "pyvenv.cfg").touch()
    (root / "data.csv").write_text("1")
    assert list(contents(take(root))) == [str(kept)]


def test_a_root_that_is_an_environment_itself_is_still_the_users_choice(root: Path):
    (root / "pyvenv.cfg").touch()
    assert take(write(root / "digits.py", "").parent).files == 1


def test_links_are_followed_once_and_loops_end(root: Path, tmp_path: Path):
    shared = write(tmp_path / "shared" / "features.py", "")
    write(root / "digits.py", "")
    (root / "loop").symlink_to(root)
    (root / "shared").symlink_to(shared.parent)
    (root / "again").symlink_to(shared.parent)
    (root / "gone.py").symlink_to(root / "nowhere.py")
    assert len(contents(take(root))) == 2


def test_beyond_the_limit_only_what_is_imported(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(collect, "MAX_ENTRIES", 10)
    imported = write(root / "imported.py", "")
    for number in range(10):
        write(root / f"m{number}.py", "")
    monkeypatch.setitem(sys.modules, "imported", SimpleNamespace(__file__=str(imported)))
    taken = take(root)
    assert list(contents(taken)) == [str(imported)]
    assert taken.note.startswith(f"{root} holds more than 10 files and folders: only the modules imported so far")


def test_exactly_at_the_limit_all_is_recorded(root: Path):
    for number in range(10):
        write(root / f"m{number}.py", "")
    assert collect.walk(str(root), 10).complete
    assert not collect.walk(str(root), 9).complete


def test_modules_of_hidden_folders_and_lazy_modules_are_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch):
    class Lazy(types.ModuleType):
        def __getattribute__(self, name: str):
            raise AssertionError(f"{name} was asked for")

    monkeypatch.setitem(sys.modules, "hidden", SimpleNamespace(__file__=str(root / ".hidden" / "hidden.py")))
    monkeypatch.setitem(sys.modules, "lazy", Lazy("lazy"))
    monkeypatch.setitem(sys.modules, "nothing", None)  # type: ignore[arg-type]
    assert list(collect.imported([str(root)])) == []


def test_a_file_outside_of_the_roots_comes_along(root: Path, tmp_path: Path):
    outside = write(tmp_path / "elsewhere" / "digits.py", "x = 2\n")
    assert contents(take(root, outside)) == {str(outside): "x = 2\n"}


def test_touching_and_moving_change_no_digest(root: Path, tmp_path: Path):
    write(root / "digits.py", "x = 1\n")
    first = take(root)
    os.utime(root / "digits.py", (LONG_AGO + 5, LONG_AGO + 5))
    touched = take(root)
    moved = take(root.rename(tmp_path / "moved"))
    assert first.digest == touched.digest == moved.digest
    recorded = wire.unpack(Path(moved.file).read_bytes())
    assert recorded[str(tmp_path / "moved" / "digits.py")][1] == (LONG_AGO + 5) * 10**9


def test_content_and_name_change_the_digest(root: Path):
    write(root / "a.py", "x = 1\n")
    digests = {take(root).digest}
    write(root / "a.py", "x = 2\n")
    digests.add(take(root).digest)
    write(root / "a.py", "x = 2\n").rename(root / "b.py")
    digests.add(take(root).digest)
    write(root / "c.py", "")
    digests.add(take(root).digest)
    assert len(digests) == 4


def test_an_unchanged_project_is_not_read_again(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(snapshot, "_SETTLED_NS", -(10**12))
    write(root / "digits.py", "x = 1\n")
    first = take(root)
    monkeypatch.delattr(snapshot, "_read")
    assert take(root) == first


def test_an_edit_of_the_same_size_whose_time_was_set_back_is_seen(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(snapshot, "_SETTLED_NS", -(10**12))
    write(root / "digits.py", "x = 1\n")
    first = take(root)
    write(root / "digits.py", "x = 2\n")
    assert take(root).digest != first.digest


def test_a_file_changed_a_moment_ago_is_read_again(root: Path, monkeypatch: pytest.MonkeyPatch):
    same = collect.FoundFile(str(root / "digits.py"), 6, LONG_AGO, ctime_ns=time.time_ns())
    monkeypatch.setattr(collect, "_found", lambda *_: same)
    write(root / "digits.py", "x = 1\n")
    take(root)
    write(root / "digits.py", "x = 2\n")
    assert contents(take(root)) == {same.path: "x = 2\n"}


def test_a_lost_snapshot_is_written_again(root: Path):
    write(root / "digits.py", "x = 1\n")
    Path(take(root).file).unlink()
    assert Path(take(root).file).exists()


def test_a_folder_that_cannot_be_written_is_named(root: Path):
    write(root / "digits.py", "")
    (root.parent / "sources").touch()
    with pytest.raises(StoreError, match=r"can't record the project's sources in .*/sources: File exists"):
        take(root)
