"""What steps and flows have in common: which functions can be decorated, what these are called, how types are kept.

Imported with the first line of every flow's file, so it imports next to nothing: what calls need comes with the first.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar

from penstock.artifacts import names
from penstock.errors import UsageError
from penstock.model.texts import fault_of_name

R = TypeVar("R")
_GENERATOR = 0x20 | 0x200  # CO_GENERATOR, CO_ASYNC_GENERATOR
_COROUTINE = 0x80 | 0x100  # CO_COROUTINE, CO_ITERABLE_COROUTINE
if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    from penstock.sdk.binding import Binder

    P = ParamSpec("P")

    class Typed(Generic[P, R]):
        """Keeps the signature of the decorated function."""

else:

    class Typed:
        """Stands for `Generic[P, R]` where the interpreter has no ParamSpec."""

        def __class_getitem__(cls, item: Any) -> Any:
            return cls


class DecoratedFunction(Typed["P", R]):
    """A step or a flow, as `_word` says."""

    _word: str

    def __init__(self, fn: Callable[P, R], name: str) -> None:
        check_function(fn, self._word)
        wrapper: Any = self
        functools.update_wrapper(wrapper, fn)
        self.fn = fn
        self.name = name

    @functools.cached_property
    def _calling(self) -> Any:
        """What calls need and declarations don't: imported with the first call."""
        from penstock.sdk import calling

        return calling

    @functools.cached_property
    def binder(self) -> Binder:
        """Binds arguments to the function's parameters."""
        from penstock.sdk.binding import Binder

        return Binder(self.fn)

    @functools.cached_property
    def qualified_name(self) -> str:
        """`module.qualname`, where a `__main__` that is a file is named after it."""
        module = names.main_name() if self.fn.__module__ == "__main__" else self.fn.__module__
        return f"{module or '__main__'}.{self.fn.__qualname__}"

    def __repr__(self) -> str:
        return f"<{self._word} {self.qualified_name}>"


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
