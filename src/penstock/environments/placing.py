"""Puts what is built into its place, once, however many ask for it at the same time.

It is built where it stays, since what is installed names its own place. It is whole when its mark is there; without one
it is rubbish, and the next who needs it clears it away. Who builds holds the lock beside it, and so does what he has
started: what a killed builder left running ends before the next one begins.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from penstock.environments import locking, marks
from penstock.environments.uv import Tell
from penstock.errors import PenstockError, PlatformError
from penstock.model.tuples import NamedTuple


class Placing(NamedTuple):
    """What is to be built, and where."""

    place: Path
    name: str  # "environment 79a9b32ace1f"
    content: str  # "Python 3.11 with 2 packages"
    lack: Callable[[], str | None]  # what one that lies there lacks; "": it is whole, None: there is none
    build: Callable[[Tell, int, bool], None]  # takes where progress goes, a descriptor that what it starts keeps open,
    # and whether one that was damaged lay there


def placed(order: Placing, tell: Tell, *, again: bool = False) -> Path:
    """Its place, where it lies whole: built unless it lay there. `again`: built even then.

    One that is damaged is built anew, with a line that says so. Blocks for as long as another process builds it. Raises
    what `build` raises, PlatformError where the machine fails; then nothing is left of it.
    """
    place, name = order.place, order.name
    if not again and order.lack() == "":
        return _used(place)
    beside = place.with_name(f"{place.name}.lock")
    with locking.alone(beside, lambda: tell(f"{name}: waits for another process that builds it")) as held:
        lack = "is built again" if again else order.lack()
        if lack == "":
            return _used(place)
        if (again or marks.noted(place)) and locking.is_shared(place / marks.NAME):
            tell(f"{name}: {lack}, and a run uses it: it stays as it is until none does")
            return _used(place)
        if lack:
            tell(f"{name}: {lack}: builds it anew")
        tell(f"{name}: builds {order.content}")
        try:
            afresh = marks.noted(place) != ""
            shutil.rmtree(place, ignore_errors=True)
            order.build(lambda line: tell(f"{name}: {line}"), held, afresh)
        except OSError as error:
            shutil.rmtree(place, ignore_errors=True)
            raise PlatformError(f"can't build the {name} in {place}: {error.strerror}") from error
        except PenstockError:
            shutil.rmtree(place, ignore_errors=True)  # gives its space back
            raise
    return _used(place)


def _used(place: Path) -> Path:
    marks.touch(place)
    return place
