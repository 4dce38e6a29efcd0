"""What an agent is told by its site alone: the values of secrets, which never go by mail."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, cast

from penstock.errors import PlatformError
from penstock.model.agents import PRIVATE


class Private:
    """The values that an agent's site has brought: JSON of names and values in a file of mode 0600, which it replaces
    when what it holds is about to expire. `environ`: the agent's own."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._path = environ.get(PRIVATE, "")
        self._seen: tuple[int, int, int] | None = None
        self._values: dict[str, str] = {}

    def values(self) -> Mapping[str, str]:
        """By name, as they are now; nothing where the site has brought none yet. Raises PlatformError where they can't
        be read."""
        if not self._path:
            return {}
        try:
            status = os.stat(self._path)
            seen = status.st_ino, status.st_mtime_ns, status.st_size
            if seen != self._seen:
                with open(self._path, "rb") as file:
                    self._values = _read(file.read())
                self._seen = seen
        except FileNotFoundError:  # the first secret may be named after this agent was placed
            return self._values
        except (OSError, ValueError) as error:
            raise PlatformError(f"can't read what is private to this agent, {self._path}: {error}") from None
        return self._values


def _read(data: bytes) -> dict[str, str]:
    import json

    found: Any = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("it is no table of names and values")
    return {str(name): str(value) for name, value in cast("dict[Any, Any]", found).items()}
