"""Files and folders as values: a `pathlib.Path` in a result is stored with the content it names.

Owns which paths count as content, which are refused, and how they come back. What is restored is a copy: writing to it
changes no blob, and nothing is written outside of the new folder that it is put into.
"""

from __future__ import annotations

import errno
import itertools
import os
import pathlib
import posixpath
import shutil
import stat
import tempfile
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple, Union

from penstock.artifacts import digests, rebuild
from penstock.artifacts.collected import Collected
from penstock.artifacts.walk import BIG, BY_CONTENT, ValueWalk
from penstock.errors import DamagedError, NotStorableError, StoreError
from penstock.model.tuples import NamedTuple

_CHUNK = 4 << 20
_MOST = 10_000
"""Entries of a folder whose times are looked at, where their content is not: with each call of a step."""
_OWN = ".penstock"
_AGENTS = "agents"
_GIVEN = ("scratch", "checkpoints", "files")
"""Folders of `.penstock` in which steps are given folders of their own."""
Entry = Tuple[str, str, Union[int, bool], Any]
"""Path below the root ("" for the root itself), kind ("file", "folder", "link"), mode, content. What was stored before
modes were says whether it is executable in the mode's place."""


class _Found(NamedTuple):
    """Something below a root."""

    below: str
    kind: str
    mode: int  # as `_mode` says; of links 0
    source: str  # where its content is; of a link, where it leads, seen from the folder that it is in


def form(walk: ValueWalk, path: pathlib.Path) -> bool:
    """Write the canonical form of what a path names; False where there is no such file or folder."""
    if not _is_content(path):
        return False
    begun = walk.begin(path)
    if begun < 0:
        return True
    walk.leaf("penstock.File" if walk.files == BY_CONTENT else "penstock.FileState", 2)
    walk.write(_name(path))
    if walk.files == BY_CONTENT:
        walk.write([(found.below, found.kind, found.mode, _identity(walk, found)) for found in _entries(path)])
    else:
        walk.write([(found.below, *_state(found)) for found in itertools.islice(_entries(path), _MOST)])
    walk.end(path, begun)
    return True


def reduce(sink: Collected, path: pathlib.Path) -> Any:
    """A path as its name and its content. Raises NotStorableError where that can't be had, or is not the step's own."""
    _refuse_root(path)
    try:
        found = list(_entries(path, strict=True))
        sink.stored_files.extend(path / one.below for one in found)
        entries = [(one.below, one.kind, one.mode, _content(sink, one)) for one in found]
    except OSError as error:
        raise _refused(path, f"{error.filename or path} can't be read: {error.strerror}", "") from error
    return rebuild.path, (_name(path), entries)


def _refuse_root(path: pathlib.Path) -> None:
    """Raise NotStorableError where a path names nothing that a step can give away."""
    if path.parts[-1:] == ("..",):
        raise _refused(path, "it ends in `..`, which is no name", "return path.resolve()")
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        if getattr(error, "errno", None) == errno.ENOENT:
            why = "nothing is there"
        raise _refused(
            path, why, "write it before the step returns, or return str(path) where the name alone is meant"
        ) from error
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise _refused(path, f"it is a {_kind_word(status.st_mode)}", "return str(path), or its content")
    if os.path.realpath(path) == os.sep:
        raise _refused(path, "it is the root of the file system", "return a file or folder of the step's own")
    if _is_penstocks(os.path.realpath(path)):
        raise _refused(path, f"it lies in {_OWN}, which is Penstock's own", _ELSEWHERE)


_ELSEWHERE = "write to current.tempdir and return that"


def _refused(path: Union[str, pathlib.Path], why: str, mend: str) -> NotStorableError:
    shown = repr(str(path)) if "\0" in str(path) else os.path.abspath(path)
    return NotStorableError(f"the result names {shown}, and can't be stored: {why}{mend and f'; {mend}'}")


def _is_penstocks(real: str) -> bool:
    """Whether it is `.penstock` or lies inside, but in no folder that a step was given."""
    parts = real.split(os.sep)
    if _OWN not in parts:
        return False
    below = parts[len(parts) - parts[::-1].index(_OWN) :]
    if below[:1] == [_AGENTS]:  # agents/NAME/runs/RUN of one that runs on this machine
        below = below[4:]
    return len(below) < 2 or below[0] not in _GIVEN


def _kind_word(mode: int) -> str:
    kinds = {stat.S_IFSOCK: "socket", stat.S_IFIFO: "named pipe"}
    return kinds.get(stat.S_IFMT(mode), "device")


def _is_content(path: pathlib.Path) -> bool:
    try:
        return path.is_file() or path.is_dir()
    except (OSError, ValueError):
        return False


def _name(path: pathlib.Path) -> str:
    return path.name or os.path.basename(os.path.realpath(path))


def _mode(mode: int) -> int:
    """What travels of a mode: the owner's permissions, and whether others have some; what they have then is what the
    owner has but for writing, so that a umask does not count. A folder's owner may do all: else nobody could remove it.
    """
    owner = 0o700 if stat.S_ISDIR(mode) else mode & 0o700
    return owner | ((owner >> 3 | owner >> 6) & 0o055 if mode & 0o077 else 0)


def _entries(root: pathlib.Path, strict: bool = False) -> Iterator[_Found]:
    """What a path names, folders before what is in them. A link that leads to something else in it stays one; where
    another leads is taken in its place, a folder once. `strict`: raises NotStorableError for what can't be stored,
    which is passed over else, or stands as the link that it is."""
    real = os.path.realpath(root)
    status = os.stat(real)
    yield _Found("", "folder" if stat.S_ISDIR(status.st_mode) else "file", _mode(status.st_mode), real)
    if not stat.S_ISDIR(status.st_mode):
        return
    taken = {real: ""}  # folders that were begun, and where what is in them comes to stand
    pending = [("", real)]
    while pending:
        below, folder = pending.pop()
        inner: List[Tuple[str, str]] = []
        for name in _names(folder, strict):
            try:
                found = _look(posixpath.join(below, name), folder, name, taken)
            except NotStorableError:
                path = os.path.join(folder, name)
                if strict:
                    raise
                if not os.path.islink(path):
                    continue
                found = _Found(posixpath.join(below, name), "link", 0, os.readlink(path))
            yield found
            if found.kind == "folder":
                inner.append((found.below, found.source))
        pending.extend(reversed(inner))


def _names(folder: str, strict: bool) -> List[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        if strict:
            raise
        return []


def _look(below: str, folder: str, name: str, taken: Dict[str, str]) -> _Found:
    path = os.path.join(folder, name)
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        status = _behind(path)
        inside = _inside(path, folder, posixpath.dirname(below), taken)
        if inside is not None:
            return _Found(below, "link", 0, inside)
        path = os.path.realpath(path)
        if _is_penstocks(path):
            raise _refused(os.path.join(folder, name), f"it leads into {_OWN}, which is Penstock's own", _ELSEWHERE)
        if stat.S_ISDIR(status.st_mode):
            if any(f"{one}{os.sep}".startswith(f"{path.rstrip(os.sep)}{os.sep}") for one in (folder, *taken)):
                raise _refused(os.path.join(folder, name), f"it leads to {path}, which holds the link itself", _REMOVE)
            taken[path] = below
    if stat.S_ISDIR(status.st_mode):
        if name == _OWN or os.path.basename(path) == _OWN:
            raise _refused(os.path.join(folder, name), "it is Penstock's own folder", "return a folder without it")
        return _Found(below, "folder", _mode(status.st_mode), path)
    if stat.S_ISREG(status.st_mode):
        return _Found(below, "file", _mode(status.st_mode), path)
    raise _refused(os.path.join(folder, name), f"it is a {_kind_word(status.st_mode)}", _REMOVE)


_REMOVE = "remove it before the step returns"


def _behind(link: str) -> os.stat_result:
    try:
        return os.stat(link)
    except OSError as error:
        nothing = "nothing is" if error.errno == errno.ENOENT else f"can't be looked: {error.strerror}"
        why = f"to {os.readlink(link)}, where {nothing}" if error.errno != errno.ELOOP else "that leads in a circle"
        raise _refused(link, f"it is a link {why}", _REMOVE) from error


def _inside(link: str, folder: str, below: str, taken: Dict[str, str]) -> Optional[str]:
    """Where a link leads, seen from its folder, in what is stored; None: somewhere else."""
    text = os.readlink(link)
    steps = [step for step in text.split("/") if step not in ("", ".")]
    climbs = len(list(itertools.takewhile("..".__eq__, steps)))
    if text.startswith("/") or ".." in steps[climbs:]:  # by what stands there: `..` behind a link is not what it says
        target = os.path.realpath(link)
    else:
        target = os.path.normpath(os.path.join(folder, *steps))
    at = target
    while at not in taken:
        if at == os.path.dirname(at):
            return None
        at = os.path.dirname(at)
    place = posixpath.normpath(posixpath.join(taken[at], os.path.relpath(target, at)))
    return posixpath.relpath(place, below or ".")


def _state(found: _Found) -> Tuple[int, int]:
    """What tells of a change without reading the file."""
    if found.kind == "link":
        return len(found.source), 0
    status = os.stat(found.source)
    return (0 if found.kind == "folder" else status.st_size), status.st_mtime_ns


def _content(sink: Collected, found: _Found) -> Any:
    if found.kind != "file":
        return found.source if found.kind == "link" else None
    if os.stat(found.source).st_size >= BIG:
        return sink.put_chunks(_chunks(found.source), ("file", found.source), found)
    with open(found.source, "rb") as file:
        return file.read()


def _identity(walk: ValueWalk, found: _Found) -> Any:
    if found.kind != "file":
        return found.source if found.kind == "link" else None
    known = walk.known.get(("file", found.source))
    if known is not None:
        return known[0]
    return digests.digest_chunks(_chunks(found.source))[0]


def _chunks(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        yield from iter(lambda: file.read(_CHUNK), b"")


def restore(name: str, entries: List[Entry], into: Union[str, os.PathLike[str]]) -> pathlib.Path:
    """Write a file or folder into a new folder below `into`; raises StoreError, and DamagedError for entries that would
    leave it."""
    name = name or "root"
    if not _is_name(name):
        raise DamagedError(f"a stored file is called {name!r}, which is no name")
    folder = None
    try:
        os.makedirs(into, exist_ok=True)
        folder = tempfile.mkdtemp(prefix="value-", dir=into)
        _Restored(os.path.join(folder, name)).write(entries)
        return pathlib.Path(folder, name)
    except BaseException as error:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        why = "the file system takes two of its names for one" if error.errno == errno.EEXIST else error.strerror
        raise StoreError(f"the stored file {name} can't be written to {os.fspath(into)}: {why}") from error


class _Restored:
    """A tree that is written: nothing is there before, and nothing that is written goes through a link."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._folders: Set[str] = set()

    def write(self, entries: List[Entry]) -> None:
        links: List[str] = []
        for below, kind, mode, content in entries:
            path = self._place(below)
            if kind == "folder":
                os.mkdir(path, 0o700)
                os.chmod(path, 0o700 if mode == 0o700 else 0o755)
                self._folders.add(below)
            elif kind == "file":
                self._write_file(path, mode, content)
            elif kind == "link" and below:
                os.symlink(content, path)
                links.append(below)
            else:
                raise DamagedError(f"a stored folder holds {below!r}, a {kind!r}: there is no such kind")
        self._refuse_strays(links)

    def _place(self, below: str) -> str:
        """Where an entry goes: into a folder that was made just now."""
        if not below:
            return self._root
        parent, _, name = below.rpartition("/")
        if parent not in self._folders or not _is_name(name) or below != posixpath.join(parent, name):
            raise DamagedError(f"a stored folder holds {below!r}, which is no place in it")
        return os.path.join(self._root, parent, name)

    def _write_file(self, path: str, mode: Union[int, bool], content: Any) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(fd, "wb") as file:
            file.write(content)
            os.fchmod(fd, (0o755 if mode else 0o644) if isinstance(mode, bool) else mode & 0o777)

    def _refuse_strays(self, links: List[str]) -> None:
        root = os.path.realpath(self._root)
        for below in links:
            target = os.path.realpath(os.path.join(self._root, below))
            if target != root and not target.startswith(root + os.sep):
                raise DamagedError(
                    f"a stored folder holds the link {below}, which leads out of it to {target}: what stood there was "
                    "not stored with it; run the step again that has made it"
                )


def _is_name(name: str) -> bool:
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name
