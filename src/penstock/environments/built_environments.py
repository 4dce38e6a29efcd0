"""The environments that were built: a list of them, who uses them, and their removal."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import AbstractContextManager
from pathlib import Path

from penstock.environments import builds, built_images, collect, locking, marks, uv
from penstock.environments.builds import Built
from penstock.environments.built_images import BuiltNote
from penstock.environments.locks import Lock
from penstock.errors import NotFoundError, PlatformError, UsageError
from penstock.model.tuples import NamedTuple

_IMAGE = "image"  # in the place of a version
_PLACE = re.compile(r"([0-9a-f]{12})-[^/]+")


class Entry(NamedTuple):
    """An environment on disk, a library of another language, or an image that was built."""

    digest: str  # its lock's; of one that is not whole, the 12 digits that its folder is named by
    folder: str  # of an image the file of its note
    python: str  # "3.10.13", "node20.11.0", "image"; "" where it is not whole
    packages: tuple[tuple[str, str], ...]
    size_bytes: int  # of all its files, by their lengths
    frees_bytes: int  # what its removal would free now: uv's own cache may share the rest
    built_at: float  # seconds since the epoch
    used_at: float  # when a run last asked for it
    is_whole: bool  # False: its build was cut off, or goes on now
    in_use: bool  # a process holds it, or builds it

    @property
    def name(self) -> str:
        """The 12 digits that a person names it by."""
        return builds.short(self.digest) if self.is_whole else self.digest


def listed(folder: Path) -> list[Entry]:
    """All environments below the folder, the last used one first. Blocks for a look at each of their files, and asks no
    engine for its images."""
    try:
        places = [place for place in folder.iterdir() if _PLACE.fullmatch(place.name) and place.is_dir()]
    except FileNotFoundError:
        return []
    found = [entry for place in places if (entry := _entry(place))]
    found += [_entry_of_image(file, note) for file, note in built_images.listed(folder)]
    return sorted(found, key=lambda entry: -entry.used_at)


def held(lock: Lock, folder: Path, tell: uv.Tell) -> AbstractContextManager[Built]:
    """The environment of the lock, as `builds.build` gives it. Inside, nobody removes it; that ends with this process,
    however it ends."""
    return locking.held(lambda: builds.build(lock, folder, tell), lambda built: Path(built.folder, marks.NAME))


def remove(folder: Path, digest: str) -> Entry:
    """Remove the environment whose lock's digest begins so, with or without its "b3-".

    Raises NotFoundError where there is none, UsageError where several begin so, or a process uses or builds it.
    """
    wanted = digest.removeprefix("b3-")
    entries = [entry for entry in listed(folder) if entry.digest.removeprefix("b3-").startswith(wanted)]
    if not entries or not wanted:
        raise NotFoundError(f"no environment {digest}: `penstock env ls` shows those that there are")
    if len(entries) > 1:
        raise UsageError(f"several environments begin with {digest}: give more of its digits")
    if not take_away(entries[0]):
        raise UsageError(f"the environment {digest} is in use: end the run that uses it, or wait for it")
    return entries[0]


def take_away(entry: Entry) -> bool:
    """Remove an environment; False where a process uses or builds it, or has since it was listed.

    Raises PlatformError where it can't be removed; what is left of it is not whole.
    """
    place = Path(entry.folder)
    if entry.python == _IMAGE:
        return built_images.take_away(place, entry.used_at)
    try:
        with locking.alone(place.with_name(f"{place.name}.lock"), None), locking.unshared(place / marks.NAME):
            if marks.used_at(place) != entry.used_at:
                return False
            (place / marks.NAME).unlink(missing_ok=True)  # first: what is left of it must not look whole
            shutil.rmtree(place)
    except BlockingIOError:
        return False
    except FileNotFoundError:  # another one has removed it
        return not place.exists()
    except OSError as error:
        raise PlatformError(f"can't remove {place}: {error.strerror}") from error
    return True


def _entry(place: Path) -> Entry | None:
    try:
        mark = marks.read(place)
        size, alone = collect.sizes(place)
        begun_at = os.stat(place).st_mtime
        return Entry(
            digest=mark.lock if mark else place.name[:12],
            folder=str(place),
            python=f"{_kind(mark.python)}{mark.version}" if mark else "",
            packages=mark.packages if mark else (),
            size_bytes=size,
            frees_bytes=alone,
            built_at=mark.built_at if mark else begun_at,
            used_at=marks.used_at(place),
            is_whole=mark is not None,
            in_use=locking.is_shared(place / marks.NAME) or locking.is_shared(place.with_name(f"{place.name}.lock")),
        )
    except FileNotFoundError:  # removed meanwhile
        return None


def _entry_of_image(file: Path, note: BuiltNote) -> Entry:
    name, _, tag = note.tag.rpartition(":")
    used_at = os.stat(file).st_mtime
    in_use = built_images.is_used(file)
    sizes = note.size_bytes, note.own_bytes
    return Entry(note.digest, os.fspath(file), _IMAGE, ((name, tag),), *sizes, note.built_at, used_at, True, in_use)


def _kind(python: str) -> str:
    """ "pypy" of "pypy3.9", "R" of a library of R; "" for CPython."""
    found = re.match(r"[A-Za-z]+", python)
    return found[0] if found else ""
