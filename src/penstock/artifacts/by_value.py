"""Functions that travel by value, from a notebook or out of another function: byte code belongs to one Python."""

from __future__ import annotations

import importlib
import sys
from types import CodeType
from typing import Any, Tuple

from penstock.artifacts import rebuild


def this_python() -> str:
    """ "cpython 3.11": what byte code is good for."""
    return f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"


def reduce_code(obj: CodeType) -> Any:
    """Code as cloudpickle writes it, with the Python that it is for."""
    module: Any = importlib.import_module("cloudpickle.cloudpickle")
    return rebuild.code, (this_python(), *module._code_reduce(obj))


def code(python: str, make: Any, args: Tuple[Any, ...]) -> Any:
    """The code again; raises TypeError where it is another Python's."""
    if python != this_python():
        raise TypeError(
            f"a function that goes by value (a lambda, or one from a notebook or out of another function) is code for "
            f"{python} and can't run in {this_python()}: write it in a module"
        )
    return make(*args)
