"""What a path in a result comes to: links, modes, refusals; and nothing is written outside of the target."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.artifacts import codec, files
from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode, encode
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError, NotStorableError, StoreError


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    (tmp_path / ".penstock" / "store").mkdir(parents=True)
    return FolderStore(tmp_path / ".penstock" / "store")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "made" / "model"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


def through(value: Path, store: FolderStore, into: Path) -> Path:
    stored = encode(value, store, files=True).stored
    found = decode(stored.record, store, files_into=into)
    assert encode(found, store, files=True).stored.digest == stored.digest
    return found


def tree(folder: Path) -> dict[str, Any]:
    """What is in a folder, links as what they say."""
    return {
        path.relative_to(folder).as_posix(): os.readlink(path)
        if path.is_symlink()
        else path.is_dir() or path.read_text()
        for path in folder.rglob("*")
    }


def test_what_a_link_leads_to_outside_is_taken_in_its_place(store: FolderStore, tmp_path: Path):
    """A snapshot folder of a model hub."""
    blobs, snapshot = tmp_path / "hub" / "blobs", tmp_path / "hub" / "snapshots" / "main"
    (blobs / "nested").mkdir(parents=True)
    snapshot.mkdir(parents=True)
    (blobs / "c0ffee").write_text("layers")
    (blobs / "nested" / "a").write_text("a")
    (blobs / "nested" / "b").symlink_to("a")
    (blobs / "nested" / "c").symlink_to("../c0ffee")
    (snapshot / "config.json").symlink_to("../../blobs/c0ffee")
    (snapshot / "folder").symlink_to(blobs / "nested")
    (snapshot / "same").symlink_to(blobs / "nested")
    (snapshot / "below").symlink_to("folder/a")
    found = through(snapshot, store, tmp_path / "new")
    assert tree(found) == {
        "config.json": "layers",
        "folder": True,
        "folder/a": "a",
        "folder/b": "a",
        "folder/c": "layers",
        "same": "folder",
        "below": "folder/a",
    }
    assert (found / "folder" / "b").is_symlink()


@pytest.mark.parametrize(
    ("place", "text", "kept"),
    [
        ("link", "config.json", "config.json"),
        ("link", "./deep//deeper", "deep/deeper"),
        ("deep/deeper/link", "../../config.json", "../../config.json"),
        ("deep/link", "..", ".."),
        ("link", ".", "."),
        ("deep/link", "{folder}/config.json", "../config.json"),
        ("deep/link", "{folder}", ".."),
        ("deep/link", "deeper/../../config.json", "../config.json"),
        ("link", "../model/config.json", "config.json"),
    ],
)
def test_links_inside_stay_links_inside(
    store: FolderStore, model: Path, tmp_path: Path, place: str, text: str, kept: str
):
    (model / place).symlink_to(text.format(folder=model))
    found = through(model, store, tmp_path / "new") / place
    assert os.readlink(found) == kept
    assert found.resolve().is_relative_to(tmp_path / "new")


def test_a_root_that_is_a_link_is_what_it_leads_to(store: FolderStore, model: Path, tmp_path: Path):
    (tmp_path / "latest").symlink_to(model)
    (model / "itself").symlink_to(tmp_path / "latest" / "config.json")
    found = through(tmp_path / "latest", store, tmp_path / "new")
    assert found.name == "latest"
    assert os.readlink(found / "itself") == "config.json"


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.symlink_to("gone"), "it is a link to gone, where nothing is"),
        (lambda path: path.symlink_to(path.name), "it is a link that leads in a circle"),
        (lambda path: path.symlink_to(path.parents[2]), "which holds the link itself"),
        (lambda path: path.symlink_to("/dev/null"), "it is a device"),
        (_fifo, "it is a named pipe"),
        (_socket, "it is a socket"),
        (lambda path: path.symlink_to(path.parents[2] / ".penstock" / "store"), "it leads into .penstock"),
        (lambda path: (path.parent / ".penstock").mkdir(), "it is Penstock's own folder"),
    ],
)
def test_what_can_not_be_followed_is_refused(
    store: FolderStore, model: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Any], why: str
):
    monkeypatch.chdir(model)
    make(model / "odd")
    with pytest.raises(NotStorableError, match=why) as caught:
        encode(model, store, files=True)
    assert str(model) in str(caught.value)
    assert ";" in str(caught.value)  # the mend
    assert identify(model, files=1).digest  # an argument is no result: it may be what it is


@pytest.mark.parametrize(
    ("below", "why"),
    [
        ("made/model/..", r"ends in `\.\.`.*; return path.resolve\(\)"),
        ("..", r"ends in `\.\.`"),
        ("missing", r"nothing is there; write it before the step returns, or return str\(path\)"),
        (".penstock", "Penstock's own; write to current.tempdir"),
        (".penstock/store", "Penstock's own"),
        (".penstock/journal.db", "Penstock's own"),
        (".penstock/scratch", "Penstock's own"),
        (".penstock/agents/one/runs", "Penstock's own"),
        ("dangling", "nothing is there"),
        ("/dev/null", "it is a device"),
        ("/", "the root of the file system"),
        (".", "Penstock's own folder; return a folder without it"),
    ],
)
def test_paths_that_name_nothing_of_the_step_are_refused(
    store: FolderStore, model: Path, tmp_path: Path, below: str, why: str
):
    (tmp_path / ".penstock" / "journal.db").touch()
    (tmp_path / ".penstock" / "scratch").mkdir()
    (tmp_path / ".penstock" / "agents" / "one" / "runs").mkdir(parents=True)
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(NotStorableError, match=why):
        encode({"model": tmp_path / below}, store, files=True)


def test_folders_that_a_step_was_given_are_its_own(store: FolderStore, tmp_path: Path):
    for kind in ("scratch", "checkpoints", "files", "agents/one/runs/2f/scratch"):
        folder = tmp_path / ".penstock" / kind / "run-1" / "made"
        folder.mkdir(parents=True)
        (folder / "a").write_text(kind)
        assert tree(through(folder, store, tmp_path / "new")) == {"a": kind}


@pytest.mark.parametrize(
    ("mode", "kept"),
    [(0o644, 0o644), (0o664, 0o644), (0o600, 0o600), (0o755, 0o755), (0o775, 0o755), (0o444, 0o444), (0o500, 0o500)],
)
def test_modes_travel(store: FolderStore, model: Path, tmp_path: Path, mode: int, kept: int):
    (model / "config.json").chmod(mode)
    (model / "deep").chmod(mode | 0o300)
    found = through(model, store, tmp_path / "new")
    assert stat.S_IMODE((found / "config.json").stat().st_mode) == kept
    assert stat.S_IMODE((found / "deep").stat().st_mode) == (0o755 if mode & 0o077 else 0o700)


def test_a_mode_counts_but_for_what_a_umask_makes_of_it(store: FolderStore, model: Path):
    def digest(mode: int) -> bytes:
        (model / "config.json").chmod(mode)
        return encode(model, store, files=True).stored.digest

    assert digest(0o644) == digest(0o664) == digest(0o640)
    assert len({digest(mode) for mode in (0o644, 0o444, 0o600, 0o755)}) == 4


def test_names_need_not_be_text(store: FolderStore, model: Path, tmp_path: Path):
    (model / os.fsdecode(b"\xff odd\n")).write_text("odd")
    assert os.fsdecode(b"\xff odd\n") in tree(through(model, store, tmp_path / "new"))


def test_what_was_stored_before_modes_were_comes_back(tmp_path: Path):
    entries: list[files.Entry] = [
        ("", "folder", False, None),
        ("run.sh", "file", True, b"#!"),
        ("a", "file", False, b"a"),
        ("b", "link", False, "a"),
    ]
    found = files.restore("old", entries, tmp_path)
    assert [stat.S_IMODE((found / name).stat().st_mode) for name in ("run.sh", "a")] == [0o755, 0o644]
    assert (found / "b").read_text() == "a"


_ROOT: files.Entry = ("", "folder", 0o755, None)


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("..", [_ROOT]),
        ("a/b", [_ROOT]),
        ("/etc", [_ROOT]),
        ("m", [_ROOT, ("../out", "file", 0o644, b"x")]),
        ("m", [_ROOT, ("/out", "file", 0o644, b"x")]),
        ("m", [_ROOT, ("a/../../out", "file", 0o644, b"x")]),
        ("m", [_ROOT, ("a//out", "file", 0o644, b"x")]),
        ("m", [_ROOT, (".", "folder", 0o755, None)]),
        ("m", [_ROOT, ("way", "link", 0, "../../.."), ("way/out", "file", 0o644, b"x")]),
        ("m", [_ROOT, ("out", "link", 0, "../../../out"), ("out", "file", 0o644, b"x")]),
        ("m", [_ROOT, ("out", "link", 0, "../..")]),
        ("m", [_ROOT, ("out", "link", 0, "/etc/passwd")]),
        ("m", [_ROOT, ("d", "folder", 0o755, None), ("d/up", "link", 0, ".."), ("out", "link", 0, "d/up/../..")]),
        ("m", [("", "link", 0, "/etc")]),
        ("m", [("a", "file", 0o644, b"x")]),
        ("m", [_ROOT, ("a", "file", 0o644, b"1"), ("a", "file", 0o644, b"2")]),
        ("m", [_ROOT, ("a", "device", 0o644, None)]),
    ],
)
def test_restoring_never_leaves_the_target(tmp_path: Path, name: str, entries: list[files.Entry]):
    into = tmp_path / "into"
    (tmp_path / "beside").write_text("untouched")
    with pytest.raises(StoreError):
        files.restore(name, entries, into)
    assert list(into.glob("*")) == []
    assert tree(tmp_path) == {"into": True, "beside": "untouched"} or tree(tmp_path) == {"beside": "untouched"}


_NAMES = st.sampled_from(["a", "b", "A", "..", ".", "", "a/b", "b/a", "/tmp/x", "../a", "a/..", "b/../../x"])


@given(
    st.lists(
        st.tuples(
            _NAMES,
            st.sampled_from(["file", "folder", "link"]),
            st.sampled_from([0o644, 0o755, True]),
            st.sampled_from([b"x", "a", "..", "../..", "/tmp", "b/../.."]),
        ),
        max_size=6,
    )
)
def test_no_entries_lead_out(tmp_path_factory: pytest.TempPathFactory, entries: list[files.Entry]):
    outside = tmp_path_factory.mktemp("outside")
    into = outside / "into"
    into.mkdir()
    fitting = [(*one[:3], one[3] if (one[1] == "link") == isinstance(one[3], str) else b"") for one in entries]
    try:
        found = files.restore("m", [_ROOT, *fitting], into)
    except (StoreError, TypeError):
        assert list(into.iterdir()) == []
    else:
        real = [Path(os.path.realpath(path)) for path in found.rglob("*")]  # a link may lead to itself
        assert all(path.is_relative_to(found.resolve()) for path in real)
    assert [path.name for path in outside.iterdir()] == ["into"]


def test_a_link_out_in_an_older_record_says_what_to_do(tmp_path: Path):
    with pytest.raises(DamagedError, match=r"the link config.json, which leads out of it .*; run the step again"):
        files.restore("m", [_ROOT, ("config.json", "link", False, "../../blobs/x")], tmp_path)


def test_of_several_files_the_one_that_is_asked_for_is_written(store: FolderStore, tmp_path: Path):
    for name in ("small", "large"):
        (tmp_path / name).write_bytes(name.encode() * (1 if name == "small" else 1 << 18))
    value = {"small": tmp_path / "small", "large": tmp_path / "large", "number": 3, "deep": [tmp_path / "small"]}
    record = encode(value, store, files=True).stored.record
    for name in ("small", "large"):
        into = tmp_path / f"into-{name}"
        found = codec.decode_file(record, store, (("item", name),), True, into)
        assert found is not None
        assert found.read_bytes() == (tmp_path / name).read_bytes()
        assert [path.name for path in into.glob("*/*")] == [name]
    into = tmp_path / "into-none"
    for part in ((("item", "number"),), (("item", "missing"),), (("item", "deep"),)):
        assert codec.decode_file(record, store, part, True, into) is None
    assert codec.decode_file(encode({"a": 1}, store).stored.record, store, (("item", "a"),), True, into) is None
    assert not into.exists()
