"""Where in a value files lie that were brought for it, and go when the one who asked for it has ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from penstock.model.edges import Part

_DEEPEST = 20


def first_file(value: Any, folder: Path) -> Part | None:
    """Which part of a value is the first file in a folder; (): the value itself is one; None: none is."""
    if not os.listdir(folder):
        return None
    return next(_files(value, folder, ()), None)


def _files(value: Any, folder: Path, part: Part) -> Iterator[Part]:
    if isinstance(value, Path):
        if value.is_relative_to(folder):
            yield part
    elif len(part) < _DEEPEST:
        for step, inner in _parts(value):
            yield from _files(inner, folder, (*part, step))


def _parts(value: Any) -> Iterator[tuple[tuple[str, Any], Any]]:
    if isinstance(value, dict):
        for name, inner in cast("dict[Any, Any]", value).items():
            yield ("item", name), inner
    elif isinstance(value, (list, tuple)):
        for at, inner in enumerate(cast("list[Any]", value)):
            yield ("item", at), inner
    elif isinstance(attributes := getattr(value, "__dict__", None), dict):
        for name, inner in cast("dict[str, Any]", attributes).items():
            yield ("attr", name), inner
