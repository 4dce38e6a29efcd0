"""Reads all that an environment's wish names, and says in one digest what it comes to. Runs nothing."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from penstock.environments import indexes, interpreters, requirement_files
from penstock.errors import UsageError
from penstock.model.environments import Environment

_ARCHIVES = (".whl", ".tar.gz", ".zip")
_FILE_URL = re.compile(r"file://(/[^\s;#]+)")


class Wish(NamedTuple):
    """An environment's wish, read and ready to be resolved."""

    digest: str  # 64 hex digits; equal wishes have equal ones, wherever their files lie
    asked: str  # likewise, whatever lies in the folders that are searched: what a run that goes on asks for again
    python: str
    lines: tuple[str, ...]  # of the requirements file that says it; (): nothing is asked for
    options: tuple[str, ...]  # where packages are looked for
    explicit: tuple[str, ...] = ()  # indexes for the packages alone that are assigned to them
    pyproject: str = ""  # a pyproject.toml whose dependencies are asked for; "": none, or it has a uv.lock
    locked: str = ""  # a folder whose uv.lock is asked for
    hashes: Mapping[tuple[str, str], list[str]] = {}  # that the user demands himself, by name and version


def read(environment: Environment) -> Wish:
    """Blocks for the reading of some small files. Raises UsageError for one that can't be read, and for a password."""
    from blake3 import blake3

    packages = [_package(line) for line in environment.packages]
    lines = [line for line, _ in packages]
    options = indexes.lines(environment.indexes, environment.find_links)
    contents: list[object] = [signature for _, signature in packages]
    demanded: dict[tuple[str, str], list[str]] = {}
    for role, path in _files(environment):
        found = requirement_files.read(path, f"{role} file")
        lines.append(f"{'-c' if role == 'constraints' else '-r'} {path}")
        contents.extend((role, blake3(content).hexdigest()) for content in found.contents)
        options.extend(found.options)
        demanded.update(found.hashes)
    project = _Project.read(environment.pyproject) if environment.pyproject else _Project((), (), (), "", "")
    options.extend(project.options)
    for text in (*lines, *options, *project.explicit):
        indexes.refuse_secrets(text)
    python = interpreters.asked(environment.python)
    system = os.uname()
    contents += [python, sys.implementation.name, system.sysname, system.machine, environment.packages, options]
    contents.append(project.digested)
    return Wish(
        digest=blake3(repr([*contents, *_archives(options)]).encode()).hexdigest(),
        asked=blake3(repr(contents).encode()).hexdigest(),
        python=python,
        lines=tuple(lines),
        options=tuple(dict.fromkeys(options)),
        explicit=project.explicit,
        pyproject=project.pyproject,
        locked=project.locked,
        hashes=demanded,
    )


class _Project(NamedTuple):
    digested: tuple[str, ...]
    options: tuple[str, ...]
    explicit: tuple[str, ...]
    pyproject: str
    locked: str

    @classmethod
    def read(cls, folder: str) -> _Project:
        """A folder's pyproject.toml, as far as it says what is needed; other tools' settings in it don't count."""
        import tomllib

        from blake3 import blake3

        path = os.path.join(folder, "pyproject.toml")
        try:
            with open(path, "rb") as file:
                content = tomllib.load(file)
            uv = content.get("tool", {}).get("uv", {})
            options, explicit = _of_uv(uv, folder)
            lock = os.path.join(folder, "uv.lock")
            if os.path.exists(lock):
                with open(lock, "rb") as file:
                    return cls((blake3(file.read()).hexdigest(),), options, explicit, "", folder)
        except OSError as error:
            raise UsageError(f"the environment's {error.filename}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"the environment's {path} is not TOML: {error}") from error
        needed = (content.get("project", {}), uv)
        return cls((repr(needed),), options, explicit, path, "")


def _of_uv(settings: dict[str, Any], folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Option lines for the indexes that `[tool.uv]` names, and for those that it keeps for single packages."""
    options: list[str] = []
    explicit: list[str] = []
    for index in settings.get("index", ()):
        url = _absolute(str(index.get("url", "")), folder)
        where = explicit if index.get("explicit") else options
        where.append(f"{indexes.DEFAULT if index.get('default') else indexes.EXTRA} {url}")
    if url := settings.get("index-url"):
        options.append(f"{indexes.DEFAULT} {_absolute(str(url), folder)}")
    options.extend(f"{indexes.EXTRA} {_absolute(str(url), folder)}" for url in settings.get("extra-index-url", ()))
    options.extend(f"{indexes.LINKS} {_absolute(str(place), folder)}" for place in settings.get("find-links", ()))
    return tuple(options), tuple(explicit)


def _absolute(place: str, folder: str) -> str:
    return place if "://" in place else os.path.normpath(os.path.join(folder, place))


def _files(environment: Environment) -> Iterator[tuple[str, str]]:
    if environment.requirements:
        yield "requirements", environment.requirements
    for path in environment.constraints:
        yield "constraints", path


def _package(line: str) -> tuple[str, object]:
    """A requirement, and what its archive is like where it is one on this disk: a wheel that was built anew counts."""
    if os.sep in line and "://" not in line and os.path.isfile(line.strip()):
        line = os.path.abspath(line.strip())
        return line, _signature(line)
    if url := _FILE_URL.search(line):
        import urllib.parse

        return line, _signature(urllib.parse.unquote(url[1]))
    return line, None


def _archives(options: list[str]) -> Iterator[object]:
    """What lies in the folders that are searched: a wheel that was built anew under its old version counts."""
    for line in options:
        name, _, place = line.partition(" ")
        if name == indexes.LINKS and (folder := place.removeprefix("file://")).startswith("/"):
            folder = indexes.filled(folder, os.environ)
            try:
                names = sorted(file for file in os.listdir(folder) if file.endswith(_ARCHIVES))
            except OSError as error:
                raise UsageError(f"the environment's folder of archives {folder}: {error.strerror}") from error
            yield [(file, _signature(os.path.join(folder, file))) for file in names]


def _signature(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
