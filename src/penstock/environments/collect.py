"""Finds a project's Python sources: a bounded walk of its folders, and the modules already imported from them; and
compiled modules that may be older than their source, although Python would take them."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from penstock.model.tuples import NamedTuple

MAX_ENTRIES = 5000
"""Folder entries looked at below one root; beyond that a walk would cost more than it is worth."""

_DOUBT_NS = 2_000_000_000
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})
_ENVIRONMENT_MARKS = frozenset({"pyvenv.cfg", "conda-meta"})


class FoundFile(NamedTuple):
    """A source file as it lies on disk."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int  # tells of an edit even where the modification time was set back


class FileWalk(NamedTuple):
    """The sources below one root. `complete` is False where there were too many entries; `files` is then empty."""

    files: list[FoundFile]
    complete: bool


def walk(root: str, max_entries: int) -> FileWalk:
    """All `*.py` below a root, but for hidden folders, caches, installed packages and virtual environments.

    Folders behind symbolic links are followed once each. What can't be read is left out.
    """
    files: list[FoundFile] = []
    seen: set[tuple[int, int]] = set()
    folders, linked, left = [root], list[str](), max_entries
    while folders or linked:
        folder = folders.pop() if folders else linked.pop()
        try:
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as scan:
                # One more than is left, where there are more: a folder of a million images is not listed to its end.
                entries = list(itertools.islice(scan, left + 1))
        except OSError:
            continue
        left -= len(entries)
        if left < 0:
            return FileWalk([], False)
        if folder != root and any(entry.name in _ENVIRONMENT_MARKS for entry in entries):
            continue
        for entry in entries:
            _sort_entry(entry, files, folders, linked)
    return FileWalk(files, True)


def _sort_entry(entry: os.DirEntry[str], files: list[FoundFile], folders: list[str], linked: list[str]) -> None:
    name = entry.name
    try:
        if name.endswith(".py") and entry.is_file():
            files.append(_found(entry.path, entry.stat()))
        elif not _is_skipped(name) and entry.is_dir():
            (linked if entry.is_symlink() else folders).append(entry.path)
    except OSError:  # it vanished, or is a link that leads nowhere
        return


def _is_skipped(folder_name: str) -> bool:
    return folder_name.startswith(".") or folder_name in _SKIPPED


def imported(roots: Sequence[str]) -> Iterator[str]:
    """Paths of the modules that are imported already and lie below the roots."""
    below = tuple(root.rstrip(os.sep) + os.sep for root in roots)
    installed = tuple(
        prefix + os.sep for prefix in {sys.prefix, sys.base_prefix} if (prefix + os.sep).startswith(below)
    )
    for module in list(sys.modules.values()):
        path = _file_of(module)
        if path.endswith(".py") and path.startswith(below) and not path.startswith(installed):
            root = next(root for root in below if path.startswith(root))
            if not any(_is_skipped(part) for part in path[len(root) :].split(os.sep)[:-1]):
                yield path


def _file_of(module: object) -> str:
    try:
        # Past any __getattr__ of the module: asking a lazily loaded one for an attribute would import it.
        path = object.__getattribute__(module, "__dict__").get("__file__")
    except AttributeError:  # sys.modules may hold anything
        return ""
    return path if isinstance(path, str) else ""


def stat(paths: Iterable[str]) -> Iterator[FoundFile]:
    """The files among the paths that are there."""
    for path in paths:
        try:
            yield _found(path, os.stat(path))
        except OSError:
            continue


def drop_doubtful(sources: Iterable[FoundFile]) -> None:
    """Remove what was compiled within two seconds of its source's last change; the next import compiles it anew.

    Python compares a source's size and the second of its last change. A file that is edited twice within a second, as a
    script or a quick hand does, keeps both: what was compiled in between would run as if it were what came after.
    """
    from importlib.util import cache_from_source

    for source in sources:
        try:
            compiled = cache_from_source(source.path)
            if os.stat(compiled).st_mtime_ns - source.mtime_ns < _DOUBT_NS:
                os.unlink(compiled)
        except (OSError, NotImplementedError):  # there is none, or it can't be removed, or this Python keeps none
            continue


def content(path: str | os.PathLike[str]) -> bytes:
    """A file's; b"": there is no such file, or it can't be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def replace(file: str | os.PathLike[str], data: bytes) -> None:
    """Put the file in its place as a whole, since others may read it now. Raises OSError."""
    temporary = f"{os.fspath(file)}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as new:
            new.write(data)
        os.replace(temporary, file)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def sizes(folder: str | os.PathLike[str]) -> tuple[int, int]:
    """Bytes of all files below a folder, and of those that no other name refers to; links are not followed."""
    size = alone = 0
    folders = [os.fspath(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                        continue
                    status = entry.stat(follow_symlinks=False)
                    size += status.st_size
                    alone += status.st_size if status.st_nlink == 1 else 0
        except (FileNotFoundError, NotADirectoryError, PermissionError):  # it went, or it is nobody's business
            continue
    return size, alone


def _found(path: str, status: os.stat_result) -> FoundFile:
    return FoundFile(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
