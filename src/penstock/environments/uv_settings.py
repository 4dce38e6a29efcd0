"""What the user has set for uv that changes what a request comes to: a lock made under other settings is not his.

Where packages are looked for doesn't count, as for a lock's digest: the same from a mirror are the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from penstock.environments import collect, indexes
from penstock.model.tuples import NamedTuple

_COUNTING = (
    *("UV_EXCLUDE_NEWER", "UV_EXCLUDE_NEWER_PACKAGE", "UV_PRERELEASE", "UV_PRERELEASE_PACKAGE", "UV_RESOLUTION"),
    *("UV_NO_SOURCES", "UV_NO_SOURCES_PACKAGE", "UV_FORK_STRATEGY", "UV_INDEX_STRATEGY", "UV_TORCH_BACKEND"),
    *("UV_CUDA_DRIVER_VERSION", "UV_NO_CONFIG", "UV_PREVIEW", "UV_PREVIEW_FEATURES"),
)
_FILES = ("UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE", "UV_BUILD_CONSTRAINT")  # their content counts
_FLAGS = {"no-binary": "UV_NO_BINARY", "no-build": "UV_NO_BUILD"}
_TRUE = ("1", "true", "yes", "on", "y", "t")


class UvSettings(NamedTuple):
    """Of variables, of the files that these name, and of those that uv looks for by itself."""

    counting: tuple[object, ...]  # plain data: equal where requests come to the same
    selecting: tuple[str, ...]  # which archives of a package are taken, as options: what is installed must heed it too


def read(environ: Mapping[str, str]) -> UvSettings:
    """Blocks for the reading of some small files. What can't be read is left to uv."""
    named = [(name, environ[name]) for name in _COUNTING if environ.get(name)]
    named += [(name, collect.content(path)) for name in _FILES for path in environ.get(name, "").split()]
    tables = list(_tables(environ))
    flags = {key: environ.get(variable, "").lower() in _TRUE for key, variable in _FLAGS.items()}
    packages = {f"{key}-package": environ.get(f"{variable}_PACKAGE", "").split() for key, variable in _FLAGS.items()}
    selecting = [
        line
        for table in ({**packages, **flags}, *tables, *(table.get("pip", {}) for table in tables))
        for line in indexes.selecting(table)
    ]
    return UvSettings((*named, *map(repr, tables)), tuple(dict.fromkeys(selecting)))


def _tables(environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The user's and the machine's, and that of the working directory's project."""
    if environ.get("UV_NO_CONFIG"):
        return
    if file := environ.get("UV_CONFIG_FILE"):
        yield _toml(collect.content(file))
        return
    home = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME", "/"), ".config")
    for file in (os.path.join(home, "uv", "uv.toml"), "/etc/uv/uv.toml"):
        if content := collect.content(file):
            yield _toml(content)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if content := collect.content(folder / "uv.toml"):
            yield _toml(content)
            return
        if table := _toml(collect.content(folder / "pyproject.toml")).get("tool", {}).get("uv"):
            yield table
            return


def _toml(content: bytes) -> dict[str, Any]:
    if not content:  # as in most folders; what reads it takes longer to import than all else here
        return {}
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}  # uv will say what is wrong with it
