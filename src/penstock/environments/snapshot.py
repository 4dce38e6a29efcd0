"""The project's sources as they were when a run began, in one file that workers import from.

The file is `wire.pack` of {absolute path: (size, mtime_ns, zlib-compressed source)}. It is named by the digest of
(relative path, content) alone, so that an unchanged project is written once, wherever it lies and whenever it was
touched. A small file beside it remembers what was seen last, so that an unchanged project is not even read.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterable, Sequence

from penstock.environments import collect
from penstock.environments.collect import FoundFile
from penstock.errors import StoreError
from penstock.model import wire
from penstock.model.tuples import NamedTuple

_SETTLED_NS = 2_000_000_000
"""A file changed less than this ago may change again without its size or time telling."""

_DIGEST_LENGTH = len("b3-") + 64

_Sources = dict[str, tuple[int, int, bytes]]


class Snapshot(NamedTuple):
    """A snapshot that was taken."""

    digest: str  # of relative paths and contents, as text; also the file's name
    file: str
    files: int  # how many sources it holds
    note: str  # "", or one line for the user: what was left out, and why


def take(roots: Sequence[str], extra_files: Sequence[str], folder: str) -> Snapshot:
    """Record the sources below `roots`, the modules imported from there, and `extra_files`, in a file in `folder`.

    Blocks: a few milliseconds for a project of hundreds of modules. Raises StoreError where the folder can't be
    written.
    """
    root_paths = list(dict.fromkeys(os.path.abspath(root) for root in roots))
    found, note = _find(root_paths, [os.path.abspath(file) for file in extra_files])
    collect.drop_doubtful(found)  # before a worker imports one
    last, stats = os.path.join(folder, "last"), wire.pack(tuple(map(tuple, found)))
    digest = _digest_of(last, stats)
    if digest and os.path.exists(os.path.join(folder, digest)):
        return Snapshot(digest, os.path.join(folder, digest), len(found), note)

    sources, digest = _read(found, root_paths)
    snapshot = os.path.join(folder, digest)
    settled_ns = time.time_ns() - _SETTLED_NS
    try:
        os.makedirs(folder, exist_ok=True)
        _write(snapshot, wire.pack(sources))
        if all(file.ctime_ns < settled_ns for file in found):
            _write(last, digest.encode() + stats)
    except OSError as error:
        raise StoreError(f"can't record the project's sources in {folder}: {error.strerror or error}") from error
    return Snapshot(digest, snapshot, len(sources), note)


def sources(file: str | os.PathLike[str]) -> dict[str, bytes]:
    """What a snapshot holds, compressed by zlib, by absolute path; nothing where it is gone or damaged."""
    try:
        with open(file, "rb") as packed:
            found = wire.unpack(packed.read())
        return {path: source for path, (_, _, source) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _digest_of(last: str, stats: bytes) -> str:
    """The digest that the last snapshot had, if it was made of files with the same paths, sizes and times; else ""."""
    data = collect.content(last)
    return data[:_DIGEST_LENGTH].decode() if data[_DIGEST_LENGTH:] == stats else ""


def _find(roots: list[str], extra_files: list[str]) -> tuple[tuple[FoundFile, ...], str]:
    files: dict[str, FoundFile] = {}
    crowded: list[str] = []
    for root in roots:
        walk = collect.walk(root, collect.MAX_ENTRIES)
        files.update((found.path, found) for found in walk.files)
        if not walk.complete:
            crowded.append(root)
    missing = {path for path in (*collect.imported(roots), *extra_files) if path not in files}
    files.update((found.path, found) for found in collect.stat(missing))
    return tuple(files[path] for path in sorted(files)), _note(crowded)


def _note(crowded: list[str]) -> str:
    if not crowded:
        return ""
    return (
        f"{', '.join(crowded)} holds more than {collect.MAX_ENTRIES:,} files and folders: "
        "only the modules imported so far were recorded; move the flow to a folder of its own to record all"
    )


def _read(found: Iterable[FoundFile], roots: list[str]) -> tuple[_Sources, str]:
    from blake3 import blake3

    sources: _Sources = {}
    lines: list[bytes] = []
    for path, size, mtime_ns, _ in found:
        try:
            with open(path, "rb", buffering=0) as file:
                data = file.read()
        except OSError:  # it vanished since it was found
            continue
        sources[path] = size, mtime_ns, zlib.compress(data, 1)
        lines.append(os.fsencode(_relative(path, roots)) + b"\0" + blake3(data).digest())
    lines.sort()
    return sources, f"b3-{blake3(b'penstock.sources.1' + b''.join(lines)).hexdigest()}"


def _relative(path: str, roots: list[str]) -> str:
    """The path below its root; for a file outside of all roots its name alone."""
    for root in roots:
        below = root.rstrip(os.sep) + os.sep
        if path.startswith(below):
            return path[len(below) :]
    return os.path.basename(path)


def _write(file: str, data: bytes) -> None:
    """Replace the file, unless it holds these bytes already. (Equal sources with other times are other bytes.)"""
    if collect.content(file) != data:
        collect.replace(file, data)
