"""The command that starts a fresh interpreter of ours. Light: it is wanted before anything else is imported."""

from __future__ import annotations

import os
import sys
from typing import List, Union

_PROGRAM = (
    "import sys; sys.path[:] = [p for p in sys.path if p] + [{root!r}]; "
    "from penstock.worker import {module}; {module}.main({given!r})"
)


def kit_root() -> str:
    """What must be on the path of an interpreter that is to find Penstock."""
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def bootstrap(python: str, module: str, given: Union[int, str], root: str = "") -> List[str]:
    """The command of a fresh interpreter that runs `main(given)` of a module of this package.

    `root`: where it finds Penstock, the kit's folder; "": where this process has it.

    The working directory is not on its path yet: a user's file named like a standard module would be imported.
    """
    flags = [f"-W{option}" for option in sys.warnoptions] + ["-O"] * sys.flags.optimize
    return [python, *flags, "-c", _PROGRAM.format(root=root or kit_root(), module=module, given=given)]
