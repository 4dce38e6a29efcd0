"""What a worker is told of the containers that its programs run in, where an image has no Python. Pure."""

from __future__ import annotations

from typing import Any, Optional, Tuple, cast

from penstock.model import wire
from penstock.model.containers import Container
from penstock.model.tuples import NamedTuple


class ProgramContainer(NamedTuple):
    """What each program of a worker gets one of."""

    container: Container
    variables: Tuple[str, ...] = ()  # names of variables of the worker's that a program finds, too
    gpus: Optional[Tuple[str, ...]] = None  # which it sees; None: those of the container

    def plain(self) -> Tuple[Any, ...]:
        """Plain data of it."""
        return _plain(self)


def of_plain(data: Tuple[Any, ...]) -> Optional[ProgramContainer]:
    """What `plain` gave; None for ()."""
    return wire.shaped(ProgramContainer, data) if data else None


def _plain(data: Any) -> Any:
    return tuple(map(_plain, cast("Tuple[Any, ...]", data))) if isinstance(data, tuple) else data
