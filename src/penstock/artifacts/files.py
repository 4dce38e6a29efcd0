"""Files and folders as values: a `pathlib.Path` in a result is stored with the content it names.

Owns which paths count as content, and how they come back. What is restored is a copy: writing to it changes no blob.
"""

from __future__ import annotations

import itertools
import os
import pathlib
import tempfile
from typing import Any, Iterator, List, Tuple, Union

from penstock.artifacts import digests, rebuild
from penstock.artifacts.canonical import BIG, BY_CONTENT, Walk
from penstock.artifacts.reducing import Sink
from penstock.errors import StoreError

_CHUNK = 4 << 20
_MOST = 10_000
"""Entries of a folder whose times are looked at, where their content is not: with each call of a step."""
Entry = Tuple[str, str, bool, Any]
"""Path below the root ("" for the root itself), kind ("file", "folder", "link"), executable, content."""


def form(walk: Walk, path: pathlib.Path) -> bool:
    """Write the canonical form of what a path names; False where there is no such file or folder."""
    if not _is_content(path):
        return False
    begun = walk.begin(path)
    if begun < 0:
        return True
    walk.out += b"X"
    walk.name("penstock.File" if walk.files == BY_CONTENT else "penstock.FileState")
    walk.size(2)
    walk.write(path.name)
    if walk.files == BY_CONTENT:
        entries = list(_entries(path))
        content = [(below, kind, runs, _identity(walk, found, kind)) for below, kind, runs, found in entries]
        walk.write(content)
    else:
        walk.write([(below, *_state(found)) for below, _, _, found in itertools.islice(_entries(path), _MOST)])
    walk.end(path, begun)
    return True


def _state(path: pathlib.Path) -> Tuple[int, int]:
    """What tells of a change without reading the file."""
    status = path.lstat()
    return (0 if path.is_dir() else status.st_size), status.st_mtime_ns


def reduce(sink: Sink, path: pathlib.Path) -> Any:
    """A path as its name and its content; the path itself where nothing is there."""
    if not _is_content(path):
        return NotImplemented
    entries: List[Entry] = []
    for below, kind, executable, found in _entries(path):
        sink.stored_files.append(found)
        entries.append((below, kind, executable, _content(sink, found, kind)))
    return rebuild.path, (path.name, entries)


def restore(name: str, entries: List[Entry], into: Union[str, os.PathLike[str]]) -> pathlib.Path:
    """Write a file or folder into a new folder below `into`; raises StoreError."""
    try:
        os.makedirs(into, exist_ok=True)
        root = pathlib.Path(tempfile.mkdtemp(prefix="value-", dir=into), name or "root")
        for below, kind, executable, content in entries:
            _restore_entry(root / below if below else root, kind, executable, content)
    except OSError as error:
        raise StoreError(f"the stored file {name} can't be written to {os.fspath(into)}: {error.strerror}") from error
    return root


def _restore_entry(path: pathlib.Path, kind: str, executable: bool, content: Any) -> None:
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(content)
    else:
        path.write_bytes(content)
        if executable:
            path.chmod(path.stat().st_mode | 0o111)


def _is_content(path: pathlib.Path) -> bool:
    try:
        return path.is_file() or path.is_dir()
    except (OSError, ValueError):
        return False


def _entries(root: pathlib.Path) -> Iterator[Tuple[str, str, bool, pathlib.Path]]:
    if root.is_file():
        yield "", "file", os.access(root, os.X_OK), root
        return
    yield "", "folder", False, root
    for folder, names, files in os.walk(root):
        names.sort()
        for name in sorted(names + files):
            path = pathlib.Path(folder, name)
            below = path.relative_to(root).as_posix()
            if path.is_symlink():
                yield below, "link", False, path
            elif path.is_dir():
                yield below, "folder", False, path
            elif path.is_file():  # sockets and pipes are passed over
                yield below, "file", os.access(path, os.X_OK), path


def _content(sink: Sink, path: pathlib.Path, kind: str) -> Any:
    if kind != "file":
        return os.readlink(path) if kind == "link" else None
    if path.stat().st_size < BIG:
        return path.read_bytes()
    return sink.put_chunks(_chunks(path), ("file", str(path)), path)


def _identity(walk: Walk, path: pathlib.Path, kind: str) -> Any:
    if kind != "file":
        return os.readlink(path) if kind == "link" else None
    known = walk.known.get(("file", str(path)))
    if known is not None:
        return known[0]
    hasher = digests.Hasher()
    for chunk in _chunks(path):
        hasher.update(chunk)
    return hasher.digest()


def _chunks(path: pathlib.Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            if not chunk:
                return
            yield chunk
