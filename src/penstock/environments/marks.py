"""The mark that an environment is whole: written last, and checked in a few milliseconds each time it is used.

`inspect` looks at the size of each file of its packages. That is too dear for each use (0.2 s for 2 GiB of packages),
so it is asked where a run has failed. What the packages' own lists say is not asked: two packages may bring the same
file, and only one of them has it then.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from penstock.environments import locking
from penstock.errors import PlatformError
from penstock.model.tuples import NamedTuple
from penstock.model.wire import shaped

NAME = "penstock.json"
_FORMAT = 2  # 1: its programs named the place where it was built
_PYTHON = Path("bin", "python")
_DAMAGED = "damaged.txt"
_LIST = "files.txt"  # what was installed, with sizes


class Mark(NamedTuple):
    """What is known of a whole environment."""

    lock: str  # the digest of its lock
    python: str  # as the lock names it; of a library its kind, "node", "R"
    version: str  # "3.10.13"
    base: tuple[str, int, int]  # the file of its interpreter, or of what installs: path, size, modification time in ns
    site: str  # its folder of packages, below the environment's
    names: tuple[str, ...]  # what is in there
    packages: tuple[tuple[str, str], ...]
    built_at: float


def made(place: Path, lock: str, python: str, version: str, packages: tuple[tuple[str, str], ...]) -> Mark:
    """The mark of an environment as it lies there. Raises PlatformError where it isn't one."""
    try:
        site = next(place.glob("lib/*/site-packages"))
        names = tuple(sorted(os.listdir(site)))
        base = file_of(place / _PYTHON)
    except (OSError, StopIteration) as error:
        raise PlatformError(f"what uv has built in {place} is not an environment: {error}") from error
    return Mark(lock, python, version, base, str(site.relative_to(place)), names, packages, time.time())


def write(place: Path, mark: Mark) -> None:
    """Say that the environment is whole. Raises OSError."""
    import json

    temporary = place / f"{NAME}.tmp"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump({"format": _FORMAT, **mark._asdict()}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(place / NAME)


def read(place: Path) -> Mark | None:
    """None where there is none, or it is damaged: then the environment was not built to its end."""
    import json

    try:
        content: Any = json.loads((place / NAME).read_bytes())
        is_ours = content["format"] == _FORMAT
        return shaped(Mark, [content[name] for name in Mark._fields]) if is_ours else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def damage(place: Path, mark: Mark) -> str:
    """What an environment lacks since it was marked; "" where it is as it was. Starts nothing.

    Looks at the interpreter and at the names of what is installed, not inside; and at what was noted.
    """
    if text := noted(place):
        return text
    try:
        if file_of(place / _PYTHON) != mark.base:
            return "its interpreter has changed"
    except OSError:
        return "its interpreter is gone"
    if not (place / "pyvenv.cfg").exists():
        return "pyvenv.cfg is gone"
    return missing(place, mark)


def missing(place: Path, mark: Mark) -> str:
    """Which of the names of what is installed is gone; "": none."""
    try:
        gone = sorted(set(mark.names) - set(os.listdir(place / mark.site)))
    except OSError:
        return "its packages are gone"
    return f"{gone[0]} is gone" if gone else ""


def noted(place: Path) -> str:
    """The damage that `note_damage` has noted; "": none."""
    try:
        return (place / _DAMAGED).read_text(encoding="utf-8") or "is damaged"
    except OSError:
        return ""


def note_damage(place: Path, text: str) -> None:
    """Let nobody take the environment for whole any more; what runs in it now goes on."""
    with suppress(OSError):  # a full disk, or one that can't be written: the next one who fails in it sees to it
        (place / _DAMAGED).write_text(text, encoding="utf-8")


def touch(place: Path) -> None:
    """Note that the environment is used now."""
    with suppress(OSError):  # one that can't be written works all the same
        os.utime(place / NAME)


def used_at(place: Path) -> float:
    """When it was last used, in seconds since the epoch; when it was made, where it isn't whole."""
    try:
        return os.stat(place / NAME).st_mtime
    except OSError:
        return os.stat(place).st_mtime


def file_of(program: str | os.PathLike[str]) -> tuple[str, int, int]:
    """The file that a program is: path, size, modification time in ns. Raises OSError."""
    path = os.path.realpath(program)
    status = os.stat(path)
    return path, status.st_size, status.st_mtime_ns


def note_files(place: Path, site: Path) -> None:
    """Write down what lies in the folder of packages of an environment that was just built. Raises OSError."""
    lines = (f"{os.stat(path).st_size} {os.path.relpath(path, site)}\n" for path in _files(site))
    (place / _LIST).write_text("".join(lines), encoding="utf-8", errors="surrogateescape")


def inspect(place: Path) -> str:
    """The first file that is gone or has another size than when it was built, and how; "" where all is well, or no
    whole environment lies there, or one that is being built. One that is damaged is noted as such: whoever needs it
    next, and alone, builds it anew. What has changed and kept its size is not found.
    """
    try:
        with locking.alone(place.with_name(f"{place.name}.lock"), None):
            mark = read(place)
            found = next(_damages(place, place / mark.site), "") if mark is not None else ""
            if found:
                note_damage(place, found)
            return found
    except (BlockingIOError, PlatformError):  # it is being built, or nothing can be noted there
        return ""


def _files(site: Path) -> Iterator[str]:
    for folder, _, names in os.walk(site):
        yield from (os.path.join(folder, name) for name in names if not name.endswith(".pyc"))


def _damages(place: Path, site: Path) -> Iterator[str]:
    try:
        lines = (place / _LIST).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return  # without the list nothing can be said
    for line in lines:
        size, _, path = line.partition(" ")
        try:
            if str(os.stat(site / path).st_size) != size:
                yield f"{path} has changed"
        except OSError:
            yield f"{path} is gone"
