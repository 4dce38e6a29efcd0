"""Packages on top of an image: resolved and installed by the host's uv, for the image's Python, into a folder that its
containers see beside it. Nothing of the image is changed, and nothing has to be in it."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from penstock.environments import builds, indexes, interpreter_search, locking, locks, marks, placing, uv
from penstock.environments.builds import Built
from penstock.environments.image_probe import Inside
from penstock.environments.locks import Beside, Lock
from penstock.environments.placing import Placing
from penstock.errors import PenstockError, UsageError
from penstock.model.environments import Environment

SITE = "site"
"""The folder of packages, below the environment's; programs of packages lie in its `bin`."""

_GLIBC = (17, 28, *range(31, 41))  # the minor versions that uv knows
_MUSL = "unknown-linux-musl"
_WHEELS = (
    "Only wheels are installed on top of an image: what has none for it is built in the image itself, as with "
    "Image(..., packages=[...], apt=[...], run=[...]) or a Dockerfile"
)


def beside(inside: Inside, image: str) -> Beside:
    """What packages are resolved for. Raises UsageError for an image that none can be installed for."""
    if not inside.python:
        raise UsageError(f"packages are asked for on top of the image {image}, which has no Python on its PATH")
    if inside.implementation != "cpython":
        raise UsageError(
            f"packages are asked for on top of the image {image}, whose Python is {inside.implementation}: uv installs "
            "from outside for CPython alone; install them in the image"
        )
    return Beside(inside.version, platform_of(inside, image), inside.packages)


def platform_of(inside: Inside, image: str) -> str:
    """The platform of an image's wheels, as uv calls it."""
    if inside.libc == "musl":
        return f"{inside.machine}-{_MUSL}"
    major, _, minor = inside.libc_version.partition(".")
    fitting = [known for known in _GLIBC if minor.isdecimal() and known <= int(minor)]
    if inside.libc != "glibc" or major != "2" or not fitting:
        raise UsageError(
            f"packages are asked for on top of the image {image}, whose C library is {inside.libc or 'unknown'} "
            f"{inside.libc_version}: there are wheels for glibc from 2.17 on, and for musl"
        )
    return f"{inside.machine}-manylinux_2_{fitting[-1]}"


def resolve(environment: Environment, on: Beside, folder: Path, tell: uv.Tell, *, again: bool = False) -> Lock:
    """The lock of what is to be installed beside the image, as `locks.resolve`."""
    try:
        return locks.resolve(_bare(environment, on), folder, tell, again=again, beside=on)
    except UsageError as error:
        raise _with_mend(error) from error


def asked(environment: Environment, on: Beside) -> str:
    """The digest of the request, which a run that goes on asks again."""
    return locks.asked(_bare(environment, on), on)


def _bare(environment: Environment, on: Beside) -> Environment:
    return environment._replace(image="", network=None, shm=None, python=on.version)


def held(lock: Lock, on: Beside, folder: Path, tell: uv.Tell) -> AbstractContextManager[Built]:
    """The packages of a lock, as `build` gives them. Inside, nobody removes them; that ends with this process."""
    return locking.held(lambda: build(lock, on, folder, tell), lambda built: Path(built.folder, marks.NAME))


def build(lock: Lock, on: Beside, folder: Path, tell: uv.Tell, *, again: bool = False) -> Built:
    """The packages of a lock, below `folder`: as they lie there, else installed by uv. `Built.python`: "". As
    `builds.build`."""
    place = builds.place_of(lock, folder)
    count = f"{len(lock.packages)} package{'' if len(lock.packages) == 1 else 's'}"
    order = Placing(
        place,
        f"environment {builds.short(lock.digest)}",
        f"{count} beside an image, for Python {lock.python}",
        partial(_lack, place, lock),
        partial(_build, lock, on, place),
    )
    placing.placed(order, tell, again=again)
    return Built("", os.fspath(place), lock.digest)


def _lack(place: Path, lock: Lock) -> str | None:
    mark = marks.read(place)
    if mark is None:
        return "was not built to its end" if place.exists() else None
    if mark.lock != lock.digest:
        return "is another one"
    return marks.noted(place) or marks.missing(place, mark)


def _build(lock: Lock, on: Beside, place: Path, tell: uv.Tell, held: int, afresh: bool) -> None:
    """`afresh`: take nothing from uv's cache, which shares its files with environments, and so their damages."""
    site, pins = place / SITE, place / "lock.txt"
    site.mkdir(parents=True)
    pins.write_text(lock.text, encoding="utf-8")
    words = ["pip", "install", "--target", os.fspath(site), "--no-deps", "--require-hashes", "-r", os.fspath(pins)]
    words += [*on.words, "--python", interpreter_search.base(), *(["--no-cache"] if afresh else [])]
    try:
        settings = indexes.settings(lock.options, os.environ)
        if lock.packages:
            uv.run(f"install the environment {builds.short(lock.digest)}", words, tell, settings=settings, held=held)
    except UsageError as error:
        raise _with_mend(error) from error
    _free_of_this_machine(site / "bin")
    names = tuple(sorted(os.listdir(site)))
    base = marks.file_of(pins)
    mark = marks.Mark(lock.digest, lock.version, lock.version, base, SITE, names, lock.packages, time.time())
    marks.note_files(place, site)
    marks.write(place, mark)


def _free_of_this_machine(programs: Path) -> None:
    """Let the programs of packages be run by the Python that is on their PATH: uv has named the one that it was run
    for, which an image has not."""
    for file in sorted(programs.glob("*")):
        first, newline, rest = file.read_bytes().partition(b"\n")
        if first.startswith(b"#!") and b"python" in first:
            file.unlink()  # uv's cache may share it
            file.write_bytes(b"#!/usr/bin/env python3" + newline + rest)
            file.chmod(0o755)


def _with_mend(error: PenstockError) -> UsageError:
    said = str(error)
    return UsageError(f"{said}\n{_WHEELS}" if "no usable wheels" in said or "binary" in said.lower() else said)
