"""An edge: a value that is named by the task that makes it."""

from __future__ import annotations

from typing import Any, Tuple

from penstock.model.tuples import NamedTuple

Part = Tuple[Tuple[str, Any], ...]
"""How to get from a result to the part that is meant: `("item", key)` and `("attr", name)` steps, outermost first."""


class Ref(NamedTuple):
    """A reference to another task's result, within one run."""

    task: int  # the producer's number within its run
    part: Part = ()


class Edge:
    """Base of futures. Encoders write an edge as a reference and never look inside."""

    __slots__ = ()

    def edge_identity(self) -> bytes:
        """What the edge counts as in a task's identity: the producer's key and the part, known at once."""
        raise NotImplementedError

    def edge_ref(self) -> Ref:
        """The reference that is written in the place of the value."""
        raise NotImplementedError


def take(value: Any, part: Part) -> Any:
    """The part of a value that `part` names; raises what the value's own indexing raises."""
    for kind, name in part:
        value = value[name] if kind == "item" else getattr(value, name)
    return value
