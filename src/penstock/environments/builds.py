"""Builds environments of Python from locks, by uv."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from penstock.environments import indexes, interpreter_search, marks, placing, uv
from penstock.environments.locks import Lock
from penstock.environments.placing import Placing
from penstock.errors import UsageError
from penstock.model.tuples import NamedTuple


class Built(NamedTuple):
    """An environment that is whole."""

    python: str  # path of its interpreter
    folder: str
    lock: str  # its lock's digest

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"environment {short(self.lock)}"


def place_of(lock: Lock, folder: Path) -> Path:
    """Where the environment of a lock lies, on this kind of machine."""
    python = lock.python.rpartition("/")[2].strip()
    kind = "".join(letter if letter.isalnum() or letter == "." else "-" for letter in python)
    return folder / name_of(lock.digest, f"{'py' if kind[:1].isdigit() else ''}{kind}")


def name_of(digest: str, kind: str) -> str:
    """The name of the folder that something of a digest is built in: what is built is of this kind of machine."""
    system = os.uname()
    return f"{short(digest)}-{kind}-{system.sysname}-{system.machine}"


def short(digest: str) -> str:
    """The first 12 hex digits of a digest: what a person needs to name it."""
    return digest[3:15]


def build(lock: Lock, folder: Path, tell: uv.Tell, *, again: bool = False) -> Built:
    """The environment of the lock, below `folder`: as it lies there, else built by uv.

    One that is damaged, or whose interpreter is gone or has changed, is built anew, with a line that says so. `again`:
    built even where it lies there. Blocks: a few milliseconds where it lies there, else for seconds, with lines of
    progress to `tell`, or for as long as another process builds it. Raises UsageError where uv is missing or finds no
    interpreter or archive, PlatformError where the machine fails; then nothing is left of it.
    """
    place = place_of(lock, folder)
    count = f"{len(lock.packages)} package{'' if len(lock.packages) == 1 else 's'}"
    order = Placing(
        place,
        f"environment {short(lock.digest)}",
        f"Python {lock.python} with {count}",
        partial(_lack, place, lock),
        partial(_build, lock, place),
    )
    placing.placed(order, tell, again=again)
    return Built(str(place / "bin" / "python"), str(place), lock.digest)


def _build(lock: Lock, place: Path, tell: uv.Tell, held: int, afresh: bool) -> None:
    """`afresh`: take nothing from uv's cache, which shares its files with environments, and so their damages."""
    bare = interpreter_search.bare(lock.python, place, tell, held=held)
    if lock.version not in ("", bare.full_version):
        raise UsageError(
            f"{lock.python} was Python {lock.version} when it was locked, and is {bare.full_version} now. "
            "`penstock env lock --upgrade FILE` locks anew for new runs; a run that goes on needs that Python"
        )
    pins = place / "lock.txt"
    pins.write_text(lock.text, encoding="utf-8")
    if lock.packages:
        uv.run(
            f"build the environment {short(lock.digest)}",
            [
                *("pip", "sync", str(pins), "--require-hashes", "--compile-bytecode", "--python", bare.python),
                *(["--no-cache"] if afresh else []),
            ],
            tell,
            settings=indexes.settings(lock.options, os.environ),
            held=held,
        )
    mark = marks.made(place, lock.digest, bare.name, bare.version, lock.packages)
    marks.note_files(place, place / mark.site)
    marks.write(place, mark)


def _lack(place: Path, lock: Lock) -> str | None:
    """What an environment that lies there lacks; "" where it is whole, None where none lies there."""
    mark = marks.read(place)
    if mark is None:
        return "was not built to its end" if place.exists() else None
    return "is another one" if mark.lock != lock.digest else marks.damage(place, mark)
