"""The functions that are decorated: what can be, what they are called, and how their types are kept.

Imported with the first line of every flow's file, so it imports next to nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Generic, Optional, Tuple, TypeVar

from penstock.artifacts import names
from penstock.errors import UsageError
from penstock.model.texts import fault_of_name

R = TypeVar("R")
_GENERATOR = 0x20 | 0x200  # CO_GENERATOR, CO_ASYNC_GENERATOR
_COROUTINE = 0x80 | 0x100  # CO_COROUTINE, CO_ITERABLE_COROUTINE
if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    P = ParamSpec("P")

    class Typed(Generic[P, R]):
        """Keeps the signature of the decorated function."""

else:

    class Typed:
        """Stands for `Generic[P, R]` where the interpreter has no ParamSpec."""

        def __class_getitem__(cls, item: Any) -> Any:
            return cls


def check_function(fn: Any, what: str) -> None:
    """Raise UsageError for what can't be decorated."""
    if isinstance(fn, (Typed, type)) or not callable(fn) or not hasattr(fn, "__qualname__"):
        raise UsageError(f"@{what} takes a function, not {fn!r}")
    if _is_method(fn):
        raise UsageError(f"{what} {fn.__qualname__} is a method: write a function that takes the object as an argument")
    if _flags(fn) & _GENERATOR:
        raise UsageError(f"{what} {fn.__name__} is a generator: return a list, or yield inside a helper function")
    if fault := fault_of_name(f"{fn.__module__}.{fn.__qualname__}"):
        raise UsageError(f"{what} {fn.__qualname__[:20]!r}: the name of its function or module {fault}")


def is_coroutine_function(fn: Any) -> bool:
    """Whether a call of the function gives a coroutine. (`inspect` says the same, and takes 8 ms to import.)"""
    return bool(_flags(fn) & _COROUTINE)


def _flags(fn: Any) -> int:
    while hasattr(fn, "func"):  # functools.partial
        fn = fn.func
    return getattr(getattr(fn, "__code__", None), "co_flags", 0)


def _is_method(fn: Any) -> bool:
    """Whether it is decorated inside a class, and will want the instance or the class as its first argument."""
    within = fn.__qualname__.rpartition(".")[0]
    first = getattr(getattr(fn, "__code__", None), "co_varnames", ())[:1]
    return within != "" and not within.endswith("<locals>") and first in (("self",), ("cls",))


def function_name(fn: Any) -> Optional[Tuple[str, str]]:
    """(module, qualified name) under which a worker finds a decorated function; None where it can't be imported."""
    module = names.module_name(fn.__module__)
    if module is None or "<" in fn.__qualname__:
        return None
    found: Any = sys.modules.get(fn.__module__)
    qualname: str = fn.__qualname__
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return (module, qualname) if fn is found or fn is getattr(found, "fn", None) else None
