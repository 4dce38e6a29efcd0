"""What a route's function is called with: the project that is served, and what the request names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any

from penstock.errors import NotFoundError
from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.rows import InFlight
from penstock.model.tuples import NamedTuple
from penstock.reading import targets
from penstock.reading.artifact_places import UNSTABLE
from penstock.reading.attempt_logs import KnownLogs
from penstock.reading.reader import JournalReader
from penstock.server.actions import Actions
from penstock.server.event_hub import EventHub
from penstock.server.routing import Router
from penstock.server.site_watch import SiteWatch
from penstock.server.tokens import Keyring


class Served(NamedTuple):
    """A project, and how it is served."""

    reader: JournalReader
    keyring: Keyring
    hosts: frozenset[str]  # that are answered to, with the port
    actions: Actions
    logs: KnownLogs
    events: EventHub
    sites: SiteWatch


class ApiCall:
    """One request of the API. The names in its path stand for what they name."""

    def __init__(
        self,
        served: Served,
        router: Router,
        path: Mapping[str, str],
        headers: Mapping[str, str],
        in_thread: Callable[..., Awaitable[Any]],
    ) -> None:
        self.served = served
        self.router = router
        self.reader = served.reader
        self.path = path  # by the names of the route's path, decoded
        self.headers = headers  # by their names in lower case
        self.in_thread = in_thread  # performs a function for a coroutine, and gives what that gives

    @property
    def has_digest(self) -> bool:
        """Whether its path names a value by a digest: that will never be another one."""
        return self.path.get("digest", UNSTABLE) != UNSTABLE

    @cached_property
    def run(self) -> RunRow:
        """`{flow}/{number}`; raises NotFoundError."""
        return queries.run_by_number(self.reader.journal, self.path["flow"], int(self.path["number"]))

    @cached_property
    def task(self) -> TaskRow:
        """`{flow}/{number}/tasks/{step}/{task}`; raises NotFoundError."""
        return targets.find_task(self.reader, self.run, self.path["step"], int(self.path["task"]))

    @cached_property
    def flight(self) -> InFlight | None:
        """The same as its driver noted it last; None: it has settled, or the driver knows of none such."""
        called = f"{self.path['step']}/{int(self.path['task'])}"
        found = (one for one in queries.in_flight(self.reader.journal, self.run.id) if one.name == called)
        return next(found, None)

    @cached_property
    def step(self) -> str:
        """The short name of `{step}`; raises NotFoundError."""
        step = targets.find_step(self.reader, self.run, self.path["step"])
        if step != self.path["step"]:
            raise NotFoundError(f"{self.run.run_id} has no step {self.path['step']!r}; did you mean {step}?")
        return step
