"""Reads requirements files as far as Penstock must: which files they are, where they look, which hashes they demand.

What they require is for uv to understand.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from penstock.environments import indexes
from penstock.errors import UsageError

_COMMENT = re.compile(r"(^|\s)#.*$")
_OTHER = re.compile(r"(?:-r|-c|--requirement|--constraint)[\s=]*(.+)")
_PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*===?\s*([^\s;\\]+)")
_HASH = re.compile(r"--hash[=\s]\s*(\S+)")


class Requirements(NamedTuple):
    """A requirements file and all that it includes."""

    contents: tuple[bytes, ...]
    options: tuple[str, ...]  # where packages are looked for; paths are absolute
    hashes: dict[tuple[str, str], list[str]]  # by name and version: what is allowed for it; one without is not there


def read(path: str, role: str) -> Requirements:
    """Blocks for the reading of some small files. Raises UsageError, with the file's role, where one can't be read."""
    found = Requirements((), (), {})
    seen: set[str] = set()
    left = [(os.path.abspath(path), f"the environment's {role}")]
    while left:
        file, name = left.pop(0)
        if file in seen:
            continue
        seen.add(file)
        content = _content(file, name)
        options = list(found.options)
        for line in logical_lines(content.decode("utf-8", "replace")):
            if other := _OTHER.fullmatch(line):
                if "://" not in other[1]:
                    place = os.path.join(os.path.dirname(file), other[1].strip())
                    left.append((os.path.normpath(place), f"{file} includes"))
            elif line.startswith("-"):
                options.extend(filter(None, [_absolute(indexes.option(line), file)]))
            else:
                found.hashes.update(hashes(line))
        found = found._replace(contents=(*found.contents, content), options=tuple(options))
    return found


def logical_lines(text: str) -> Iterator[str]:
    """Lines without comments, joined where they end in a backslash."""
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        if stripped := _COMMENT.sub("", line).strip():
            yield stripped


def hashes(line: str) -> dict[tuple[str, str], list[str]]:
    """The hashes that a requirement demands, under its normal name and its version; {} where it demands none."""
    pinned, demanded = _PINNED.match(line), _HASH.findall(line)
    return {(normal(pinned[1]), pinned[2]): demanded} if pinned and demanded else {}


def normal(name: str) -> str:
    """A package's name as it is compared: "scikit_learn" and "Scikit-Learn" are one."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _content(file: str, name: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError as error:
        raise UsageError(f"{name} {file}: {error.strerror}") from error


def _absolute(option: str | None, file: str) -> str | None:
    """Folders in an option are relative to its file."""
    name, _, value = (option or "").partition(" ")
    if name not in (indexes.DEFAULT, indexes.EXTRA, indexes.LINKS) or "://" in value or os.path.isabs(value):
        return option
    return f"{name} {os.path.normpath(os.path.join(os.path.dirname(file), value))}"
