"""How a run is driven, and who looks on meanwhile. None of it belongs to what the run is."""

from __future__ import annotations

from penstock.engine.driver import Driver
from penstock.engine.reuse import ReusePolicy
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple


class Watcher:
    """Whoever looks on while a run goes. This one says nothing."""

    def began(self, run_id: str, driver: Driver) -> None:
        """The run has its id; its driver is about to start: its second one, where the body is called once more."""

    def said(self, text: str) -> None:
        """Something is done in another way than asked, and why."""

    def first(self, home: str) -> None:
        """It is the first run of its project, which keeps all in the folder `home`."""

    def building(self, text: str) -> None:
        """A line of progress while an environment is locked or built, perhaps before the run has begun."""
        self.said(text)

    def unkept(self, text: str) -> None:
        """The run is done, but its result is not stored, and why."""
        self.said(text)

    def interrupted(self, again: bool) -> None:
        """Ctrl-C: once, what is in flight finishes; again, it is stopped."""

    def ended(self, run_id: str, status: RunStatus, go_on: str) -> None:
        """The run is over, and its journal is closed. `go_on`: what to type to go on with it."""


class Driving(NamedTuple):
    """How a run is driven. None of it belongs to what the run is."""

    max_workers: int | None = None  # None: as the settings say
    inline: bool = False  # everything in the flow's own process
    keep_going: bool = False  # when the body fails, finish all that was submitted
    tags: tuple[str, ...] = ()
    watcher: Watcher = Watcher()
    policy: ReusePolicy = ReusePolicy()  # what may be reused
    name: str = ""  # what a new run is called; "": nothing
