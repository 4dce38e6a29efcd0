"""What the readers of all libraries have in common: files as a user names them, and how their contents count."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, cast

from penstock.errors import UsageError
from penstock.model.program_libraries import Library


def content(path: str) -> bytes:
    """A file's. Raises UsageError where it can't be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"libraries: can't read {path}: {error.strerror}") from error


def parsed(path: str, data: bytes) -> dict[str, Any]:
    """The object that a file of JSON holds. Raises UsageError for any other."""
    try:
        found: Any = json.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise UsageError(f"libraries: {path} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"libraries: {path} holds no JSON object, and no lock does without")
    return cast("dict[str, Any]", found)


def library(kind: str, files: Sequence[tuple[str, bytes]], packages: Iterable[tuple[str, str, str]]) -> Library:
    """A library of these files; equal ones have equal digests."""
    from blake3 import blake3

    hasher = blake3(kind.encode())
    for name, data in files:
        hasher.update(f"\0{name}\0{len(data)}\0".encode())
        hasher.update(data)
    return Library(kind, f"b3-{hasher.hexdigest()}", tuple(files), tuple(packages))


def build_of(text: str | bytes) -> str:
    """A short name for what a package consists of."""
    from blake3 import blake3

    return blake3(text.encode() if isinstance(text, str) else text).hexdigest(16)
