"""What the executor `far` needs of a place where agents run: a site. `sites/` has them; `project` hands one in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from penstock.model.agents import AgentRequest, AgentSight


class Site(Protocol):
    """Places agents, and knows nothing of attempts, values or the engine.

    Promises: names tell agents apart, so that one is placed once under its name, whoever asks, however often; what was
    placed goes on when whoever placed it dies, and another process finds it. All methods block, and are called by one
    thread. They raise PlatformError, whose text names the mend, where the site can't be asked or refuses.
    """

    def place(self, agents: Sequence[AgentRequest], private: Mapping[str, str]) -> tuple[str, ...]:
        """Start them, or have them wait for their turn there; the handles by which they are asked for, in their order.
        `private`: what is known to their owner alone; it stands in no manifest and no list of arguments."""
        ...

    def look(self, handles: Sequence[str]) -> Mapping[str, AgentSight]:
        """How each is. One that the site can't be asked about is unknown, and so is one it doesn't know."""
        ...

    def end(self, handles: Sequence[str]) -> None:
        """End them and all they started: those that wait at once, those that run after a word. Idempotent."""
        ...

    def find(self, run: str) -> Mapping[str, str]:
        """The handles of all agents that were placed for a run (its nonce), by their names, ended ones among them while
        the site knows of them. One listing."""
        ...

    def refresh(self, handles: Sequence[str], private: Mapping[str, str]) -> None:
        """Give those that have not ended other private values, in the place of the earlier ones."""
        ...
