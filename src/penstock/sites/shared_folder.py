"""A folder that all nodes of a cluster share, as a shell that sees it is told to use it. Pure, but for reading files of
this room."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources


def script(folder: str, calls: Iterable[tuple[str, ...]], *files: str) -> str:
    """Calls of functions that `shared.sh` and other files of this room have, in that folder. They stand in a function:
    a shell whose input is cut off in the middle of it does nothing."""
    lines = [shlex.join(call) for call in calls]
    main = ["main() {", f"enter {shlex.quote(folder)}", *lines, "true", "}", "main", ""]
    return "".join(map(library, ("shared.sh", *files))) + "\n".join(main)


def keeping(names: Sequence[str], private: Mapping[str, str]) -> tuple[str, ...]:
    """The call that writes down the private values of agents."""
    return ("keep", json.dumps(private), *names)


@cache
def library(file: str) -> str:
    """The text of a file of this room."""
    return (resources.files(__package__ or "") / file).read_text(encoding="utf-8")
