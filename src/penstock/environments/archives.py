"""Archives on this disk: what tells of one that was built anew, and which of them can't be told apart."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence

from penstock.environments import indexes, requirement_files
from penstock.errors import UsageError

_ENDS = (".whl", ".tar.gz", ".zip")
_MOST = 2_000  # archives of an index: a look at them takes some milliseconds


def signature(path: str) -> tuple[int, int, int] | None:
    """What changes with a file's content, its change time included: who copies one may set the other back. None: there
    is no such file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def found(options: Sequence[str]) -> Iterator[object]:
    """What lies in the folders that are searched: a wheel that was built anew under its old version counts.

    Raises UsageError where two folders hold other archives under one name: a lock's hashes would allow either.
    """
    seen: dict[str, str] = {}
    for folder, names in _folders(options):
        for name in names:
            path = os.path.join(folder, name)
            if not _is_same(seen.setdefault(name, path), path):
                raise UsageError(f"{seen[name]} and {path} have other contents: remove one of them, or rename it")
        yield [(name, signature(os.path.join(folder, name))) for name in names]
    for line in options:
        name, _, place = line.partition(" ")
        if name in (indexes.DEFAULT, indexes.EXTRA) and (folder := place.removeprefix("file://")).startswith("/"):
            yield from _below(indexes.filled(folder, os.environ))


def _below(folder: str) -> Iterator[object]:
    """An index on this disk has a folder for each package. Of a large one nothing is looked at, as of one elsewhere."""
    files = (os.path.join(place, name) for place, _, names in os.walk(folder) for name in names if name.endswith(_ENDS))
    some = list(itertools.islice(files, _MOST + 1))
    if len(some) <= _MOST:
        yield [(os.path.relpath(path, folder), signature(path)) for path in sorted(some)]


def hashes_of_sources(options: Iterable[str], name: str, version: str) -> list[str]:
    """Of the source archives of a package in the folders that are searched, "sha256:ab": uv has none for them where
    there is a wheel, too, that must not be taken."""
    import hashlib

    hashes: list[str] = []
    for folder, names in _folders(options):
        for file in names:
            of, _, rest = file.rpartition("-")
            if requirement_files.normal(of) == name and rest.removesuffix(".tar.gz").removesuffix(".zip") == version:
                with open(os.path.join(folder, file), "rb") as archive:
                    hashes.append(f"sha256:{hashlib.file_digest(archive, 'sha256').hexdigest()}")
    return hashes


def _folders(options: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """The folders on this disk that are searched, and the names of their archives."""
    for line in options:
        name, _, place = line.partition(" ")
        if name == indexes.LINKS and (folder := place.removeprefix("file://")).startswith("/"):
            folder = indexes.filled(folder, os.environ)
            try:
                yield folder, sorted(file for file in os.listdir(folder) if file.endswith(_ENDS))
            except OSError as error:
                raise UsageError(f"the environment's folder of archives {folder}: {error.strerror}") from error


def _is_same(path: str, other: str) -> bool:
    import filecmp

    try:
        return os.path.samefile(path, other) or filecmp.cmp(path, other, shallow=False)
    except OSError:  # one has gone meanwhile
        return True
