"""Finds the interpreter that a step is run with, by letting uv make an empty environment around it.

uv finds the interpreters of the machine and its own ones, and fetches what is missing where the user allows it.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from penstock.environments import uv
from penstock.errors import PlatformError, UsageError
from penstock.model.tuples import NamedTuple

OLDEST = (3, 9)
"""The oldest Python that the kit runs under."""

_PATCH = re.compile(r"\d+\.\d+\.\d+")
_PLAIN = re.compile(r"[a-z]*@?[\d.]*|[<>=~!][^/]*")


class Bare(NamedTuple):
    """An environment without packages."""

    python: str  # path of the interpreter in it
    name: str  # what a lock calls it, "3.10" or "pypy3.9"
    version: str  # "3.10.13"
    full_version: str  # "3.10.13", "pypy3.9.16"


def own() -> str:
    """The interpreter of this process as a lock names it: "3.11"."""
    return name("", ".".join(map(str, sys.version_info[:3])), sys.implementation.name)


def asked(python: str) -> str:
    """What a request for an interpreter comes to: "" is this process's version, and a path is absolute."""
    return os.path.abspath(os.path.expanduser(python)) if os.sep in python else python.strip() or own()


def bare(python: str, folder: Path, tell: uv.Tell, *, held: int | None = None) -> Bare:
    """Make an environment without packages in `folder`, which must not exist.

    Blocks: some tens of milliseconds; where uv fetches an interpreter, as long as that takes. Where the version is this
    process's, its very interpreter is taken. Raises UsageError where there is none.
    """
    # Relocatable: its programs find its own interpreter wherever the project is moved or copied to, however long that
    # place is called.
    wanted = base() if python == own() else python
    arguments = ["venv", "--no-project", "--relocatable", "--python", wanted, str(folder)]
    uv.run(f"find Python {python}", arguments, lambda line: line.startswith("Download") and tell(line), held=held)
    try:
        lines = (folder / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise PlatformError(f"can't read what uv has made in {folder}: {error.strerror}") from error
    settings = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    version = settings.get("version_info", "")
    refuse_old(python, version)
    implementation = settings.get("implementation", "")
    full = f"{_kind(implementation)}{version}"
    return Bare(str(folder / "bin" / "python"), name(python, version, implementation), version, full)


def refuse_old(python: str, version: str) -> None:
    """Raise UsageError for an interpreter that steps can't run under; a version of "" is unknown, and let pass."""
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if len(parts) == 2 and parts < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise UsageError(f"python={python!r} is Python {version}, and steps run under Python {oldest} or newer")


def base() -> str:
    """The interpreter below any virtual environment that this process runs in."""
    base = getattr(sys, "_base_executable", "")
    return base if base and os.path.exists(base) else sys.executable


def name(python: str, version: str, implementation: str) -> str:
    """Major and minor version, and the patch where one was asked for or bounded; anything more special stays as it was
    asked for."""
    if not _PLAIN.fullmatch(python):
        return python
    parts = 3 if _PATCH.search(python) else 2
    return _kind(implementation) + ".".join(version.split(".")[:parts])


def _kind(implementation: str) -> str:
    """ "pypy"; "" for CPython."""
    return "" if implementation.lower() == "cpython" else implementation.lower()
