"""Whether what is installed in an environment still is as it was installed: a look at each of its files.

Too dear for each use (0.2 s for 2 GiB of packages), so it is asked where a run has failed.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from penstock.environments import marks


def inspect(place: Path) -> str:
    """The first file that is gone or has another size than its package says, and how; "" where all is well, or no
    whole environment lies there. One that is damaged is noted as such: whoever needs it next builds it anew.

    Bytecode doesn't count, and neither does what has changed and kept its size.
    """
    mark = marks.read(place)
    if mark is None:
        return ""
    found = next(_damages(place / mark.site), "")
    if found:
        marks.note_damage(place, found)
    return found


def _damages(site: Path) -> Iterator[str]:
    for record in sorted(site.glob("*.dist-info/RECORD")):
        with record.open(encoding="utf-8", newline="") as file:
            for path, _, size in csv.reader(file):
                if size and not path.endswith(".pyc"):
                    yield from _damage(site, path, int(size))


def _damage(site: Path, path: str, size: int) -> Iterator[str]:
    try:
        if os.stat(os.path.join(site, path)).st_size != size:
            yield f"{path} has changed"
    except FileNotFoundError:
        yield f"{path} is gone"
