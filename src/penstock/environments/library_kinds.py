"""Libraries of other languages, by the names of the files that ask for them: a table of kinds, and which is whose."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from penstock.environments import npm_locks, r_packages
from penstock.errors import UsageError
from penstock.model.program_libraries import NODE, Leads, Library, R


class LibraryKind(Protocol):
    """What is to be known of a language's packages: a module that has all of it."""

    @property
    def PROGRAM(self) -> str:  # noqa: N802  as constants are called
        """What installs them."""
        ...

    @property
    def INTERPRETER(self) -> str:  # noqa: N802
        """What is asked for its version."""
        ...

    @property
    def MISSING(self) -> str:  # noqa: N802
        """What installs them, and where it is had."""
        ...

    @property
    def SITE(self) -> str:  # noqa: N802
        """Where they are, below the library's place."""
        ...

    @property
    def SETTINGS(self) -> str:  # noqa: N802
        """The name of a file that lies beside the lock while they are installed; "": none."""
        ...

    def commands(self, place: Path, files: tuple[str, ...], program: str) -> Iterator[list[str]]: ...
    def settings(self, environ: Mapping[str, str], place: Path) -> dict[str, str]: ...
    def leads(self, place: Path) -> Leads: ...


KINDS: Mapping[str, LibraryKind] = {NODE: npm_locks, R: r_packages}


def read(paths: Sequence[str]) -> tuple[Library, ...]:
    """The libraries that files ask for, one for each language. Blocks for the reading of files. Raises UsageError for
    one that can't be read, that asks for what can't be honoured, or that nobody knows."""
    by_kind: dict[str, list[str]] = {}
    for path in paths:
        by_kind.setdefault(kind_of(path), []).append(path)
    found: list[Library] = []
    if locks := by_kind.get(NODE):
        if len(locks) > 1:
            raise UsageError(f"libraries: a step has one {npm_locks.NAME}, and {locks[0]} and {locks[1]} are two")
        found.append(npm_locks.read(locks[0]))
    if own := by_kind.get(R):
        found.append(r_packages.read(own))
    return tuple(found)


def kind_of(path: str) -> str:
    """Whose file it is. Raises UsageError where nobody knows."""
    name = os.path.basename(path)
    if name == npm_locks.NAME:
        return NODE
    if name == r_packages.NAME or name.endswith(r_packages.ARCHIVES):
        return R
    raise UsageError(
        f"libraries: {path} is none of those that are known: {npm_locks.NAME} (Node), {r_packages.NAME} or archives of "
        "packages, NAME_VERSION.tar.gz (R); packages of Python are asked for with packages=[...]"
    )
