"""Secrets by name: from the environment, the project's `.env`, or a mounted file. Their values stay in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from penstock.errors import UsageError

MOUNTED = Path("/run/secrets")
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)")
_QUOTED = re.compile(r"""(["'])(.*?)\1\s*(?:#.*)?""")


class Secrets:
    """Finds the values of secrets. `root`: the project's folder, whose `.env` is read when it is first needed."""

    def __init__(self, root: Path, environ: Mapping[str, str], mounted: Path = MOUNTED) -> None:
        self._root = root
        self._environ = environ
        self._mounted = mounted
        self._file: dict[str, str] | None = None

    def values(self, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Name and value of each. Raises UsageError that names the places where one was looked for."""
        return tuple((name, self._value(name)) for name in names)

    def _value(self, name: str) -> str:
        for found in (self._environ.get(name), self._from_file(name), self._from_mount(name)):
            if found:
                return found
        raise UsageError(
            f"the secret {name} is not set: export it, write it to {self._root / '.env'}, or mount it as "
            f"{self._mounted / name}"
        )

    def _from_file(self, name: str) -> str | None:
        if self._file is None:
            self._file = _read(self._root / ".env")
        return self._file.get(name)

    def _from_mount(self, name: str) -> str | None:
        file = self._mounted / name
        try:
            return file.read_text(encoding="utf-8").rstrip("\n")
        except OSError:
            return None
        except UnicodeDecodeError as error:
            raise UsageError(f"the secret {name} can't be read from {file}: {error}") from None


def _read(file: Path) -> dict[str, str]:
    """`NAME=value` a line, as shells and other tools have it: `export`, quotes and comments are understood."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} can't be read: {error}") from error
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise UsageError(f"{file}, line {number}: write it as NAME=value")
        found[match[1]] = _unquoted(match[2])
    return found


def _unquoted(value: str) -> str:
    quoted = _QUOTED.fullmatch(value)
    return quoted[2] if quoted else value.partition(" #")[0].rstrip()
