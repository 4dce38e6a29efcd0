"""What steps and flows have in common. Imports what calls need with the first call."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from penstock.artifacts import names
from penstock.sdk.functions import Typed, check_function

R = TypeVar("R")
if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    from penstock.sdk.binding import Binder

    P = ParamSpec("P")


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
