"""Reads an renv.lock, or archives of R packages, and says how they are installed into a library. Runs nothing."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from penstock.environments import library_files
from penstock.errors import UsageError
from penstock.model.program_libraries import Leads, Library, R

NAME = "renv.lock"
ARCHIVES = (".tar.gz", ".tgz")
PROGRAM = "R"
INTERPRETER = "R"
MISSING = "R, which is not on PATH: install it (https://cran.r-project.org, or Debian's r-base-core)"
SITE = "library"
SETTINGS = ""

RESTORE = (
    "given <- commandArgs(TRUE); "
    "renv::restore(project = given[1], library = given[2], lockfile = given[3], prompt = FALSE)"
)
_MOST_BYTES = 1 << 20  # of a DESCRIPTION


def read(paths: Sequence[str]) -> Library:
    """The library of one renv.lock, or of archives in the order in which they are installed. Blocks for the reading of
    files. Raises UsageError for what can't be read, and is neither."""
    if any(os.path.basename(path) == NAME for path in paths):
        if len(paths) > 1:
            raise UsageError(f"{NAME} says all that a library of R has: leave out {_another(paths)}, or the lock")
        return _locked(paths[0])
    files = [(os.path.basename(path), library_files.content(path)) for path in paths]
    packages = [_described(path, data) for path, (_, data) in zip(paths, files, strict=True)]
    ordered = [(f"{at:02}-{name}", data) for at, (name, data) in enumerate(files)]  # the order is theirs
    return library_files.library(R, ordered, sorted(packages))


def commands(place: Path, files: tuple[str, ...], program: str) -> Iterator[list[str]]:
    """The commands that install it in `place`, where its files lie."""
    library = os.fspath(place / SITE)
    if NAME in files:
        own = [os.fspath(place), library, os.fspath(place / NAME)]
        yield [program, "--no-echo", "--no-restore", "-e", RESTORE, "--args", *own]
        return
    for name in files:
        yield [program, "CMD", "INSTALL", "--no-docs", f"--library={library}", os.fspath(place / name)]


def settings(environ: Mapping[str, str], place: Path) -> dict[str, str]:
    """The environment variables of these commands: packages find those that were installed before them, and renv copies
    what it has into the library, since its cache may be emptied."""
    own = {"R_LIBS": os.pathsep.join(filter(None, (os.fspath(place / SITE), environ.get("R_LIBS", ""))))}
    return {**environ, **own, "RENV_CONFIG_CACHE_SYMLINKS": "FALSE", "RENV_CONFIG_AUTOLOADER_ENABLED": "FALSE"}


def leads(place: Path) -> Leads:
    """What leads an R to it."""
    return (("R_LIBS", os.fspath(place / SITE)),)


def _another(paths: Sequence[str]) -> str:
    return next((path for path in paths if os.path.basename(path) != NAME), paths[-1])


def _locked(path: str) -> Library:
    lock = library_files.content(path)
    found = library_files.parsed(path, lock).get("Packages")
    if not isinstance(found, dict):
        raise UsageError(f"{path}: it has no Packages: `renv::snapshot()` in R writes a lock")
    entries = cast("dict[str, Any]", found)
    packages = [(name, str(one.get("Version", "")), library_files.build_of(repr(one))) for name, one in entries.items()]
    return library_files.library(R, [(NAME, lock)], sorted(packages))


def _described(path: str, data: bytes) -> tuple[str, str, str]:
    """Name, version and build of the package in an archive."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            member = next(one for one in archive if one.name.count("/") == 1 and one.name.endswith("/DESCRIPTION"))
            opened = archive.extractfile(member)
            text = opened.read(_MOST_BYTES).decode("utf-8", "replace") if opened else ""
    except (tarfile.TarError, OSError, EOFError, StopIteration) as error:
        reason = "there is no DESCRIPTION in it" if isinstance(error, StopIteration) else str(error).splitlines()[0]
        raise UsageError(f"{path} is no archive of an R package: {reason}. `R CMD build FOLDER` makes one") from None
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line and not line[:1].isspace())
    version = fields.get("Version", "").strip()
    return fields.get("Package", "").strip(), version, library_files.build_of(data)
