"""Packages of other languages that a step's programs find: what one library consists of, and the variables that lead to
it. Pure."""

from __future__ import annotations

import os
from typing import Dict, Iterable, Mapping, Tuple

from penstock.model.tuples import NamedTuple

NODE, R = "node", "R"

Leads = Tuple[Tuple[str, str], ...]
"""Environment variables, and what stands in front of all that is there: name and text."""

_BY_SPACES = ("NODE_OPTIONS",)


class Library(NamedTuple):
    """The packages of one language that a step asks for, ready to be built."""

    kind: str  # `NODE`, `R`
    digest: str  # "b3-..." of its kind and its files
    files: Tuple[Tuple[str, bytes], ...]  # name and content: a lock with what belongs to it, or archives
    packages: Tuple[Tuple[str, str, str], ...]  # name, version and build, sorted; another build has other content


def led(environ: Mapping[str, str], leads: Iterable[Tuple[str, str]]) -> Dict[str, str]:
    """The variables with what leads to libraries in front; of two for one variable the later one is first."""
    found = dict(environ)
    for name, text in leads:
        separator = " " if name in _BY_SPACES else os.pathsep
        found[name] = separator.join(filter(None, (text, found.get(name, ""))))
    return found
