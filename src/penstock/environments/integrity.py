"""Whether the packages of an environment are as they were when it was built: a look at the size of each file.

Too dear for each use (0.2 s for 2 GiB of packages), so it is asked where a run has failed. What the packages' own lists
say is not asked: two packages may bring the same file, and only one of them has it then.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from penstock.environments import locking, marks
from penstock.errors import PlatformError

_LIST = "files.txt"


def note(place: Path, site: Path) -> None:
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
            mark = marks.read(place)
            found = next(_damages(place, place / mark.site), "") if mark is not None else ""
            if found:
                marks.note_damage(place, found)
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
