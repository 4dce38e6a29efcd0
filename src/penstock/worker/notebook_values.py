"""What a tagged cell of a notebook gives, as a file. Runs in the notebook's kernel, right after the cell."""

from __future__ import annotations

import os
from typing import Any

from penstock.sdk.file_formats import extension
from penstock.worker import value_files


class NoValueError(ValueError):
    """There is nothing to give, or its format can't hold it; the text goes on from which cell it is."""


def save(shell: Any, name: str, kind: str, path: str) -> None:
    """Write the value of the last expression of the cell that has just run, else of the variable `name`. `shell`:
    IPython's; `path`: of the output's file. Raises NoValueError."""
    value = shell.last_execution_result.result
    if value is None:
        if name not in shell.user_ns:
            raise NoValueError(f"it ends in no expression that has a value, and there is no variable {name}")
        value = shell.user_ns[name]
    if hasattr(value, "__fspath__") and os.path.realpath(value) == os.path.realpath(path):
        return
    try:
        value_files.write(value, kind, path[: len(path) - len(extension(kind))])
    except value_files.UnfitError as error:
        raise NoValueError(f"its value {error}") from error
