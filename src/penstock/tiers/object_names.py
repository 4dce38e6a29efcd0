"""What an object of a tier may be called. Names come from other machines: none leads out of the tier's folder."""

from __future__ import annotations

import functools
import re

from penstock.errors import StoreError

RESERVED = ("blobs", "tmp")
"""Folders beside the objects, where a tier is a folder."""

_NAME = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*", re.ASCII)
_PREFIX = re.compile(r"(?:[\w-][\w.-]*/)+", re.ASCII)


@functools.lru_cache(maxsize=4096)
def checked(name: str) -> str:
    """The name; raises StoreError where it is none."""
    return _checked(name, _NAME)


@functools.lru_cache(maxsize=256)
def checked_prefix(prefix: str) -> str:
    """The prefix, which ends in "/"; raises StoreError where it is none."""
    return _checked(prefix, _PREFIX)


def _checked(name: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(name) or name.partition("/")[0] in RESERVED:
        raise StoreError(f"{name!r} is no name of an object in a tier")
    return name
