"""Reads requirements files as far as Penstock must: which files they are, where they look, what they pin and demand.

What they require is for uv to understand. A line that neither uv nor a lock would honour is refused, with its place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from penstock.environments import indexes
from penstock.errors import UsageError
from penstock.model.tuples import NamedTuple

_COMMENT = re.compile(r"(^|\s)#.*$")
_OTHER = re.compile(r"(-r|-c|--requirement|--constraint)[\s=]*(.+)")
_NAME = re.compile(r"([A-Za-z0-9][\w.-]*)")
_ADDRESSED = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*@\s*(\S.*)")
_PINNED = re.compile(r"(?<![<>!~=])===?\s*([^\s,*)]+)\s*(?=[,)]|$)")
_ARCHIVE = re.compile(r".*?([^/]+?)-([^/-]+)(?:-[^/]*\.whl|\.tar\.gz|\.zip)")
_RELEASE = re.compile(r"v?(\d+(?:\.\d+)*)")
_HASH = re.compile(r"--hash[=\s]\s*(\S+)")
_OPTION = re.compile(r"(?:^|\s)(--?[A-Za-z][\w-]*)")
_MENDS = {
    "-e": "build a wheel of it, as with `uv build --wheel`, and name the wheel's folder with --find-links",
    "-r": "hashes and options on a page would not count: keep a copy of it",
    "--trusted-host": "set UV_INSECURE_HOST for it",
}
_NO_OTHER = "remove it, or put what it says into the requirements themselves"


class Pin(NamedTuple):
    """An exact version that the user asks for."""

    version: str
    place: str  # "requirements.txt:3"
    is_asked_for: bool  # False: a constraint, which bounds what others ask for


@dataclass
class Requirements:
    """What the requirements say that a user writes himself, in files and all that these include."""

    contents: list[bytes] = field(default_factory=list[bytes])
    options: list[str] = field(default_factory=list[str])  # where packages are looked for; paths are absolute
    archives: list[str] = field(default_factory=list[str])  # on this disk, that it names: absolute paths
    hashes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])  # by name; one without is not there
    pins: dict[str, Pin] = field(default_factory=dict[str, Pin])  # by name; of lines without a marker
    requires_hashes: str = ""  # the place of `--require-hashes`; "": nothing says so
    allows_prereleases: bool = False


def read(path: str, role: str, found: Requirements) -> None:
    """Add what a file says, and those that it includes. `role`: "requirements" or "constraints". Blocks for the reading
    of some small files. Raises UsageError where one can't be read, and with its line for what can't be honoured."""
    seen: set[str] = set()
    left = [(os.path.abspath(path), f"the environment's {role} file", role == "requirements")]
    while left:
        file, name, is_asked_for = left.pop(0)
        if file in seen:
            continue
        seen.add(file)
        content = _content(file, name)
        found.contents.append(content)
        for number, line in _numbered(content.decode("utf-8-sig", "replace")):
            other = _OTHER.fullmatch(line)
            if other and "://" not in other[2]:
                place = os.path.join(os.path.dirname(file), other[2].strip())
                left.append((os.path.normpath(place), f"{file} includes", is_asked_for and "-r" in other[1]))
            elif not other or "-r" in other[1]:  # the bounds of a page are asked for by uv when it resolves
                _take(found, line, file, number, is_asked_for)


def _take(found: Requirements, line: str, file: str, number: int, is_asked_for: bool) -> None:
    """A line that includes no other file."""
    if not line.startswith("-"):
        take_requirement(found, line, f"{file}:{number}", is_asked_for=is_asked_for)
    elif kept := _absolute(indexes.option(line), file):
        found.options.append(kept)
    elif line == "--pre":
        found.allows_prereleases = True
    elif line == "--require-hashes":
        found.requires_hashes = f"{file}:{number}"
    else:
        option = line.replace("=", " ").split()[0]
        mend = _MENDS.get({"--editable": "-e", "--requirement": "-r"}.get(option, option), _NO_OTHER)
        raise UsageError(f"{file}:{number}: can't honour {line!r}: {mend}")


def take_requirement(found: Requirements, line: str, place: str, *, is_asked_for: bool) -> None:
    """What a requirement pins and demands. `place` stands in errors; a path in it is relative to the working directory,
    for pip and uv alike. Raises UsageError for an option of it that can't be honoured."""
    requirement = line.partition(" --")[0].strip()
    if other := next((option for option in _OPTION.findall(line[len(requirement) :]) if option != "--hash"), ""):
        raise UsageError(f"{place}: can't honour {other} in {line!r}: {_NO_OTHER}")
    name, version = named(requirement)
    if hashes := demanded(line):
        found.hashes.setdefault(normal(name), []).extend(hashes)
    if version and ";" not in requirement and "/" not in requirement:
        found.pins.setdefault(normal(name), Pin(version, place, is_asked_for))
    if archive := archive_of(requirement):
        found.archives.append(os.path.abspath(archive))


def archive_of(requirement: str) -> str:
    """The path of the archive on this disk that a requirement names; "": it names none."""
    at = requirement.partition(";")[0].strip()
    at = at.partition(" @ ")[2].strip() or at
    if at.startswith("file://"):
        import urllib.parse

        return urllib.parse.unquote(at[len("file://") :].partition("#")[0])
    return at if "://" not in at and _ARCHIVE.fullmatch(at) else ""


def logical_lines(text: str) -> Iterator[str]:
    """Lines without comments, joined where they end in a backslash."""
    return (line for _, line in _numbered(text))


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines, each with the number of its first one, from 1 on."""
    first, parts = 0, list[str]()
    for number, line in enumerate([*text.splitlines(), ""], 1):
        first = first if parts else number
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        joined, parts = " ".join([*parts, line]), []
        if stripped := _COMMENT.sub("", joined).strip():
            yield first, stripped


def demanded(line: str) -> list[str]:
    """The hashes of a requirement, "sha256:ab"."""
    return _HASH.findall(line)


def named(requirement: str) -> tuple[str, str]:
    """A requirement's name, and the version where it is an exact one or an archive; else ""."""
    at = requirement.partition(";")[0].strip()
    addressed = _ADDRESSED.fullmatch(at)
    name, address = addressed.groups() if addressed else ("", at)
    if archive := _ARCHIVE.fullmatch(address.partition("#")[0]):
        return name or archive[1], archive[2]
    if "/" in address:
        return name or address, address
    found = _NAME.match(at)
    pinned = _PINNED.search(at)
    return found[1] if found else at, pinned[1] if pinned else ""


def normal(name: str) -> str:
    """A package's name as it is compared: "scikit_learn" and "Scikit-Learn" are one."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_another_version(asked: str, found: str) -> bool:
    """Whether a version is another one than was asked for. Versions with letters in them are left to uv."""
    one, other = (_RELEASE.fullmatch(version) for version in (asked, found.partition("+")[0]))
    return one is not None and other is not None and _numbers(one[1]) != _numbers(other[1])


def _numbers(release: str) -> tuple[int, ...]:
    numbers = [int(part) for part in release.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


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
