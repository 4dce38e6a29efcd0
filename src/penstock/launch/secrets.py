"""Secrets by name: from the environment, the project's `.env`, or a mounted file. Their values stay in memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from penstock.errors import UsageError

if TYPE_CHECKING:
    from penstock.launch import dotenv

MOUNTED = "/run/secrets"


class Secrets:
    """Finds the values of secrets. `root`: the project's folder, whose `.env` is read when it is first needed."""

    def __init__(
        self, root: str | os.PathLike[str], environ: Mapping[str, str], mounted: str | os.PathLike[str] = MOUNTED
    ) -> None:
        self._root = root
        self._environ = environ
        self._mounted = mounted
        self._file: dotenv.DotEnv | None = None

    def values(self, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Name and value of each. Raises UsageError that names the places where one was looked for."""
        return tuple((name, self._value(name)) for name in names)

    def _value(self, name: str) -> str:
        for found in (self._environ.get(name), self._from_file(name), self._from_mount(name)):
            if found:
                return found
        unread = self._file.unread if self._file else ()
        raise UsageError(
            f"the secret {name} is not set: export it, write it to {os.path.join(self._root, '.env')}, or mount it as "
            f"{os.path.join(self._mounted, name)}"
            + (f". (Line {unread[0]} of that .env can't be read: write NAME=value)" if unread else "")
        )

    def _from_file(self, name: str) -> str | None:
        if self._file is None:
            self._file = _read(os.path.join(self._root, ".env"), self._environ)
        return self._file.values.get(name)

    def _from_mount(self, name: str) -> str | None:
        file = os.path.join(self._mounted, name)
        try:
            with open(file, encoding="utf-8-sig") as opened:
                return opened.read().rstrip("\n")
        except OSError:
            return None
        except UnicodeDecodeError as error:
            raise UsageError(f"the secret {name} can't be read from {file}: {error}") from None


def _read(file: str, environ: Mapping[str, str]) -> dotenv.DotEnv:
    from penstock.launch import dotenv

    try:
        with open(file, encoding="utf-8-sig") as opened:
            return dotenv.parse(opened.read(), environ)
    except FileNotFoundError:
        return dotenv.DotEnv({})
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} can't be read: {error}") from error
