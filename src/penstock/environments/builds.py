"""Builds environments from locks, each once, however many ask for it at the same time.

An environment is built where it stays, since its scripts name their own place. It is whole when its mark is there;
without one it is rubbish, and the next who needs it clears it away. Who builds holds the lock beside it, and so does
the uv that he has started: what a killed builder left running ends before the next one begins.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from penstock.environments import indexes, interpreter_search, locking, marks, uv
from penstock.environments.locks import Lock
from penstock.errors import PenstockError, PlatformError, UsageError
from penstock.model.tuples import NamedTuple


class Built(NamedTuple):
    """An environment that is whole."""

    python: str  # path of its interpreter
    folder: str
    lock: str  # its lock's digest


def place_of(lock: Lock, folder: Path) -> Path:
    """Where the environment of a lock lies, on this kind of machine."""
    system = os.uname()
    python = lock.python.rpartition("/")[2].strip()
    kind = "".join(letter if letter.isalnum() or letter == "." else "-" for letter in python)
    return folder / f"{short(lock.digest)}-{'py' if kind[:1].isdigit() else ''}{kind}-{system.sysname}-{system.machine}"


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
    if not again and _lack(place, lock) == "":
        return _used(place, lock)
    name = f"environment {short(lock.digest)}"
    beside = place.with_name(f"{place.name}.lock")
    with locking.alone(beside, lambda: tell(f"{name}: waits for another process that builds it")) as held:
        lack = "is built again" if again else _lack(place, lock)
        if lack == "":
            return _used(place, lock)
        if (again or marks.noted(place)) and locking.is_shared(place / marks.NAME):
            tell(f"{name}: {lack}, and a run uses it: it stays as it is until none does")
            return _used(place, lock)
        if lack:
            tell(f"{name}: {lack}: builds it anew")
        count = f"{len(lock.packages)} package{'' if len(lock.packages) == 1 else 's'}"
        tell(f"{name}: builds Python {lock.python} with {count}")
        try:
            afresh = marks.noted(place) != ""
            shutil.rmtree(place, ignore_errors=True)
            _build(lock, place, lambda line: tell(f"{name}: {line}"), held, afresh=afresh)
        except OSError as error:
            shutil.rmtree(place, ignore_errors=True)
            raise PlatformError(f"can't build the {name} in {place}: {error.strerror}") from error
        except PenstockError:
            shutil.rmtree(place, ignore_errors=True)  # gives its space back
            raise
    return _used(place, lock)


def _build(lock: Lock, place: Path, tell: uv.Tell, held: int, *, afresh: bool) -> None:
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


def _used(place: Path, lock: Lock) -> Built:
    marks.touch(place)
    return Built(str(place / "bin" / "python"), str(place), lock.digest)
