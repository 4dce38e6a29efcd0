"""Where packages are looked for: lines of a requirements file, and settings of uv. Pure.

A lock is stored with each run and shown to whoever looks at it: no line here may hold a secret. `${NAME}` in its place
is read from the process's environment whenever uv runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from penstock.errors import UsageError

DEFAULT, EXTRA, LINKS = "--index-url", "--extra-index-url", "--find-links"
_SHORT = {"-i": DEFAULT, "-f": LINKS, "--pypi-url": DEFAULT}
NO_INDEX = "--no-index"
SELECTING = ("--no-binary", "--only-binary")  # what says which archives of a package may be taken
_KEPT = (DEFAULT, EXTRA, LINKS, NO_INDEX, *SELECTING)
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
_CREDENTIALS = re.compile(r"://([^/@\s]*)@")
_NAMES = frozenset({"git", "aws", "oauth2accesstoken", "VssSessionToken", "__token__"})  # users that are no secrets


def lines(indexes: Iterable[str], find_links: Iterable[str]) -> list[str]:
    """The options of a requirements file for what an environment names."""
    found = [f"{EXTRA if at else DEFAULT} {url}" for at, url in enumerate(indexes)]
    return [*found, *(f"{LINKS} {place}" for place in find_links)]


def option(line: str) -> str | None:
    """An option line of a requirements file as a lock keeps it; None for other lines, and options of no concern."""
    name, separator, value = line.replace("=", " ", 1).partition(" ") if line.startswith("--") else line.partition(" ")
    name = _SHORT.get(name, name)
    return f"{name}{separator}{value.strip()}" if name in _KEPT else None


def selecting(table: Mapping[str, Any]) -> Iterator[str]:
    """The options of a requirements file for a table of uv's that says which archives of a package are taken."""
    for key, option in (("no-binary", "--no-binary"), ("no-build", "--only-binary")):
        names = [":all:"] if table.get(key) is True else table.get(f"{key}-package", ())
        yield from (f"{option} {name}" for name in names)


def refuse_secrets(text: str) -> None:
    """Raises UsageError where a URL holds a password in clear."""
    for found in _CREDENTIALS.finditer(text):
        user, has_password, password = found[1].partition(":")
        secret = password if has_password else user
        if secret and secret not in _NAMES and not _VARIABLE.search(secret):
            address = text[found.end() :].split(None, 1)[0]
            raise UsageError(
                f"the address of {address} holds a password, which would be stored with each run: "
                f"write ${{NAME}} in its place, the name of an environment variable"
            )


def settings(options: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Settings for uv's process that make it look where the options say first, then where the user's own do.

    As settings, not options of a file: those come after what the user has set.
    """
    options = list(options)
    found: dict[str, list[str]] = {DEFAULT: [], EXTRA: [], LINKS: []}
    for line in options:
        name, _, value = line.partition(" ")
        if name in found:
            found[name].append(filled(value, environ))
    result: dict[str, str] = {"UV_NO_INDEX": "1"} if NO_INDEX in options else {}
    if found[DEFAULT]:
        result["UV_DEFAULT_INDEX"] = found[DEFAULT][0]
    if extra := [*found[DEFAULT][1:], *found[EXTRA]]:
        result["UV_INDEX"] = " ".join([*extra, *environ.get("UV_INDEX", "").split()])
    if found[LINKS]:
        result["UV_FIND_LINKS"] = ",".join([*found[LINKS], *filter(None, environ.get("UV_FIND_LINKS", "").split(","))])
    return result


def variables(text: str, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """The variables that a text names, `${NAME}`, each with a digest of its value, which may be a secret."""
    from blake3 import blake3

    return [(name, blake3(environ.get(name, "").encode()).hexdigest()) for name in _VARIABLE.findall(text)]


def filled(address: str, environ: Mapping[str, str]) -> str:
    """An address with the variables that it names. Raises UsageError for one that is not set."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in environ:
            raise UsageError(f"{address} names the environment variable {found[1]}, which is not set")
        return environ[found[1]]

    return _VARIABLE.sub(value, address)
