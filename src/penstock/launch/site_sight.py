"""What is seen of the agent that a trial of a site places: a site and a tier that note it, and do else as before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from penstock.errors import PenstockError
from penstock.executors.late_site import LateSite
from penstock.executors.site_port import Site
from penstock.model import mail, wire
from penstock.model.agents import AgentRequest, AgentSight
from penstock.model.slotted import Slotted
from penstock.tiers.port import FarBlobs, Tier


class Sightings(Slotted):
    """When what was seen first, by the monotonic clock; 0.0: not yet."""

    ordered_at: float = 0.0  # its site was asked to place it
    placed_at: float = 0.0  # its site has it
    running_at: float = 0.0  # its site says that it runs
    hello_at: float = 0.0  # it has written
    seat_at: float = 0.0  # it takes attempts
    handle: str = ""
    name: str = ""
    refused: str = ""  # why its site did not take it
    pending: str = ""  # why it waits
    end: AgentSight | None = None  # it has ended
    hello: mail.Hello | None = None
    bye: str = ""  # why it goes, in its own words


class WatchedSite(LateSite):
    """Notes when an agent is placed, and how it is. Implements `executors.site_port.Site`."""

    def __init__(self, site: Site, seen: Sightings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(lambda: site)
        self._seen, self._clock = seen, clock

    def place(self, agents: Sequence[AgentRequest], private: Mapping[str, str]) -> tuple[str, ...]:
        """As the site does."""
        seen = self._seen
        seen.ordered_at = seen.ordered_at or self._clock()
        try:
            handles = super().place(agents, private)
        except PenstockError as error:
            seen.refused = str(error)
            raise
        if agents and not seen.placed_at:
            seen.placed_at, seen.name, seen.handle = self._clock(), agents[0].name, handles[0]
        return handles

    def look(self, handles: Sequence[str]) -> Mapping[str, AgentSight]:
        """As the site does."""
        sights = super().look(handles)
        sight = sights.get(self._seen.handle)
        if sight is not None:
            self._note(sight)
        return sights

    def _note(self, sight: AgentSight) -> None:
        seen = self._seen
        if sight.state == "running" or (sight.state == "pending" and not sight.why):  # it is just being started
            seen.running_at = seen.running_at or self._clock()
        elif sight.state == "ended":
            seen.end = seen.end or sight
        seen.pending = sight.why if sight.state in ("pending", "unknown") else ""


class WatchedTier:
    """Notes what an agent writes of itself. Implements `tiers.port.Tier`."""

    def __init__(self, tier: Tier, seen: Sightings, clock: Callable[[], float] = time.monotonic) -> None:
        self._tier, self._seen, self._clock = tier, seen, clock

    @property
    def url(self) -> str:
        return self._tier.url

    @property
    def project(self) -> str:
        return self._tier.project

    @property
    def blobs(self) -> FarBlobs:
        return self._tier.blobs

    def put(self, name: str, data: bytes) -> None:
        self._tier.put(name, data)

    def get(self, name: str) -> bytes | None:
        data = self._tier.get(name)
        if data is not None and "/up/" in name:
            self._read(data)
        return data

    def _read(self, data: bytes) -> None:
        seen = self._seen
        seen.hello_at = seen.hello_at or self._clock()
        try:
            letters = mail.read_up(data).letters
        except (mail.Foreign, wire.MalformedError) as error:
            seen.bye = f"what it has written can't be read here: {error}"
            return
        for letter in letters:
            if isinstance(letter, mail.Hello):
                seen.hello = letter
            elif isinstance(letter, mail.Bye):
                seen.bye = letter.why

    def list(self, prefix: str) -> list[str]:
        return self._tier.list(prefix)

    def delete(self, names: Iterable[str]) -> None:
        self._tier.delete(names)

    def close(self) -> None:
        self._tier.close()
