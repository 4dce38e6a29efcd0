"""What a future refuses, since it is not its value: Python would answer for the future itself, in silence."""

from __future__ import annotations

from typing import Any, NoReturn

from penstock.errors import UsageError
from penstock.model.edges import Edge


class NoValue(Edge):
    """An edge of the flow's body. It says so where its value is meant; two of them are equal that are the same."""

    __slots__ = ()

    def __bool__(self) -> NoReturn:
        raise UsageError(
            "A future is neither true nor false: test its .result(), its .done() for whether that is there, or "
            "`is not None`"
        )

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Edge):
            return self is other
        raise UsageError(f"A future equals no {type(other).__name__}, whatever its value: compare its .result()")

    __hash__ = object.__hash__

    def __iter__(self) -> Any:
        raise UsageError("A future can't be iterated, nor looked into with `in`: use its .result()")

    def __format__(self, spec: str) -> NoReturn:
        raise UsageError("A future has no text of its value: format its .result(), or the future itself with !r")
