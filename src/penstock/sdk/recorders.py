"""Where what is recorded on purpose goes to: the attempt, or the flow's body, whose code asks."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, Any, Optional

from penstock.model.outcomes import Recorded
from penstock.model.tuples import NamedTuple
from penstock.sdk.attempts import attempt_here
from penstock.sdk.session import place_of_flow

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore
    from penstock.sdk.record_list import Records


class Recorder(NamedTuple):
    """What this code records into."""

    records: Records
    store: BlobStore
    is_body: bool

    def put(self, kind: str, name: str, step: Optional[int] = None, data: str = "{}", values: Any = ()) -> None:
        """Record something now."""
        self.records.put(Recorded(kind, name, step, time(), data, values))


def recorder_here() -> Optional[Recorder]:
    """Of the attempt, or the flow's body, whose code this is; None: it is of neither, and nothing is kept."""
    here = attempt_here()
    if here is not None:
        return Recorder(here.recorded(), here.store, False)
    place = place_of_flow()
    if place is None:
        return None
    return Recorder(place.run.recorded(place.number), place.run.store, True)
