"""Signatures whose further keywords are those that are known; each has a default that only the program knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Collection, Sequence

from penstock.model import nearest

if TYPE_CHECKING:
    import inspect


def closed_signature(parameters: Sequence[inspect.Parameter], known: Collection[str]) -> inspect.Signature:
    """One that binds as any other, and raises TypeError where its last parameter, which takes further keywords, is
    given one that is none of `known`."""
    import inspect

    class ClosedSignature(inspect.Signature):
        """Takes these alone."""

        def bind(self, /, *args: Any, **kwargs: Any) -> inspect.BoundArguments:
            bound = super().bind(*args, **kwargs)
            for name in bound.arguments.get(parameters[-1].name, ()):
                if name not in known:
                    raise TypeError(f"got an unexpected keyword argument {name!r}{hint(name, known)}")
            return bound

    return ClosedSignature(parameters)


def hint(name: str, known: Collection[str]) -> str:
    """What is said beside a name that is none of those which are known."""
    there = f"; its parameters are {', '.join(known)}" if known else "; it has no parameters"
    return nearest.hint(name, known, there)
