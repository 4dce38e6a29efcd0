"""Reads the named statements of .sql files. Knows nothing of what they do."""

from __future__ import annotations

import functools
import os
import sqlite3
from collections.abc import Iterator, Mapping

_MARK = "-- name: "


@functools.cache
def load(name: str) -> Mapping[str, str]:
    """The statements of `NAME.sql` beside this module."""
    return read(os.path.join(os.path.dirname(__file__), f"{name}.sql"))


def read(file: str | os.PathLike[str]) -> Mapping[str, str]:
    """The statements of a file by their names; each stands below a line `-- name: NAME`."""
    statements: dict[str, str] = {}
    for part in text_of(file).split(_MARK)[1:]:
        title, _, body = part.partition("\n")
        statements[title.strip()] = _without_comments(body)
    return statements


def text_of(file: str | os.PathLike[str]) -> str:
    """What is written there."""
    with open(file, encoding="utf-8") as opened:
        return opened.read()


def statement(file: str, name: str) -> str:
    """One of them."""
    return load(file)[name]


def split(script: str) -> Iterator[str]:
    """The statements of a migration, one by one, so that they can run inside one transaction."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if ";" in line and sqlite3.complete_statement(pending):  # it reads all of it again
            yield pending
            pending = ""
    if _without_comments(pending):
        raise ValueError(f"the script ends within a statement: {pending.strip()!r}")


def _without_comments(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().rstrip(";")
