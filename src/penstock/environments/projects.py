"""Reads another project's pyproject.toml and uv.lock, as far as they say what is needed. What uv itself honours of its
table when it resolves is left to uv; what counts when a lock is installed must stand in the lock, or is refused.
"""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

from penstock.environments import indexes, requirement_files
from penstock.errors import UsageError
from penstock.model.tuples import NamedTuple

_OF_BUILDS = (
    *("config-settings", "config-settings-package", "build-constraint-dependencies", "extra-build-dependencies"),
    *("extra-build-variables", "no-build-isolation", "no-build-isolation-package"),
)
_BOUND = re.compile(r"(===?|~=|!=|<=|>=|<|>)\s*([\d.]+(?:\.\*)?)")
_COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Bound(NamedTuple):
    """A bound of the Python that a project runs under."""

    place: str  # "pyproject.toml: requires-python = '>=3.12'"
    relation: str  # ">="
    version: str  # "3.12", "3.*"

    def allows(self, python: str) -> bool:
        """Whether a Python, "3.12.1", is within it. What can't be read is left to uv, and allowed."""
        if not all(part.isdecimal() for part in (*python.split("."), *self.version.removesuffix(".*").split("."))):
            return True
        found, bound = (_numbers(text) for text in (python, self.version.removesuffix(".*")))
        if self.relation == "~=":
            return found >= bound and found[: len(bound) - 1] == bound[:-1]
        if self.version.endswith(".*"):
            return (found[: len(bound)] == bound) == (self.relation == "==")
        return _COMPARE[self.relation](_padded(found), _padded(bound))


class Pyproject(NamedTuple):
    """What is needed of one."""

    digested: tuple[str, ...]  # of what counts in it
    options: tuple[str, ...]  # as lines of a requirements file
    explicit: tuple[str, ...]  # of indexes that are for single packages
    pyproject: str  # its pyproject.toml; "": it has a uv.lock
    locked: str  # its folder, if it has a uv.lock
    bounds: tuple[Bound, ...] = ()


NONE = Pyproject((), (), (), "", "")


def read(folder: str) -> Pyproject:
    """A folder's project; other tools' settings in it don't count. Raises UsageError for one that can't be read or
    honoured."""
    import tomllib

    from blake3 import blake3

    path, lock = os.path.join(folder, "pyproject.toml"), os.path.join(folder, "uv.lock")
    file = path
    try:
        with open(path, "rb") as opened:
            content = tomllib.loads(opened.read().decode("utf-8-sig"))
        uv = content.get("tool", {}).get("uv", {})
        options, explicit = tuple(_options(uv, folder)), tuple(_explicit(uv, folder))
        _refuse_builds(path, uv)
        bounds = tuple(_bounds(path, str(content.get("project", {}).get("requires-python", ""))))
        if not os.path.exists(file := lock):
            return Pyproject((repr((content.get("project", {}), uv)),), options, explicit, path, "", bounds)
        with open(lock, "rb") as opened:
            text = opened.read()
        _refuse_stale(path, content, tomllib.loads(text.decode("utf-8-sig")))
    except OSError as error:
        raise UsageError(f"the environment's {error.filename}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the environment's {file} is not TOML: {error}") from error
    return Pyproject((blake3(text).hexdigest(),), options, explicit, "", folder, bounds)


def _bounds(path: str, asked: str) -> Iterator[Bound]:
    for part in asked.split(","):
        if found := _BOUND.fullmatch(part.strip()):
            yield Bound(f"{path}: requires-python = {asked!r}", "==" if found[1] == "===" else found[1], found[2])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _padded(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return (*numbers, 0, 0, 0)[:3]


def _options(settings: dict[str, Any], folder: str) -> Iterator[str]:
    """Of the indexes that are for all packages, and of which archives of a package are taken."""
    for index in settings.get("index", ()):
        if not index.get("explicit"):
            yield _line(index, folder)
    if url := settings.get("index-url"):
        yield f"{indexes.DEFAULT} {_absolute(str(url), folder)}"
    yield from (f"{indexes.EXTRA} {_absolute(str(url), folder)}" for url in settings.get("extra-index-url", ()))
    yield from (f"{indexes.LINKS} {_absolute(str(place), folder)}" for place in settings.get("find-links", ()))
    yield from indexes.selecting(settings)


def _explicit(settings: dict[str, Any], folder: str) -> Iterator[str]:
    """Of the indexes that are kept for single packages."""
    return (_line(index, folder) for index in settings.get("index", ()) if index.get("explicit"))


def _line(index: dict[str, Any], folder: str) -> str:
    return (
        f"{indexes.DEFAULT if index.get('default') else indexes.EXTRA} {_absolute(str(index.get('url', '')), folder)}"
    )


def _absolute(place: str, folder: str) -> str:
    return place if "://" in place else os.path.normpath(os.path.join(folder, place))


def _refuse_builds(path: str, settings: dict[str, Any]) -> None:
    for key in _OF_BUILDS:
        if settings.get(key):
            raise UsageError(
                f"{path}: can't honour {key} of [tool.uv]: a lock doesn't say how archives are built. Build wheels, as "
                "with `uv build --wheel`, and name their folder in find_links"
            )


def _refuse_stale(path: str, project: dict[str, Any], lock: dict[str, Any]) -> None:
    """A lock that was made before an edit of the dependencies would drop what was edited."""
    name = requirement_files.normal(str(project.get("project", {}).get("name", "")))
    locked = next((one for one in lock.get("package", ()) if one.get("name") == name), None)
    asked = project.get("project", {}).get("dependencies")
    if locked is None or asked is None:
        return  # its dependencies are found by its build alone
    known = locked.get("metadata", {}).get("requires-dist", ())
    before = {_plain(one["name"], one.get("specifier", "")) for one in known if "extra ==" not in one.get("marker", "")}
    now = {_plain(*_split(line)) for line in asked}
    if news := sorted(now ^ before):
        raise UsageError(
            f"{path} asks for {_words(now & set(news) or news)}, and its uv.lock is older: run `uv lock` there"
        )


def _split(line: str) -> tuple[str, str]:
    """Name and specifiers of a requirement."""
    requirement = line.partition(";")[0].partition("@")[0].strip()
    name = re.match(r"[\w.-]+", requirement)
    end = name.end() if name else 0
    return requirement[:end], re.sub(r"^\s*\[[^\]]*\]", "", requirement[end:]).strip(" ()")


def _plain(name: str, specifiers: str) -> tuple[str, str]:
    parts = sorted(re.sub(r"\s", "", part) for part in specifiers.split(",") if part.strip())
    return requirement_files.normal(name), ",".join(parts)


def _words(found: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name}{specifiers}" for name, specifiers in sorted(found))
