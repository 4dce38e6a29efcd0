"""A site that is made when it is used first: that may need the tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from penstock.executors.site_port import Site
from penstock.model.agents import AgentRequest, AgentSight


class LateSite:
    """Does all as the site does. Implements `site_port.Site`."""

    def __init__(self, make: Callable[[], Site]) -> None:
        self._make = make

    @cached_property
    def _site(self) -> Site:
        return self._make()

    def place(self, agents: Sequence[AgentRequest], private: Mapping[str, str]) -> tuple[str, ...]:
        """As the site does."""
        return self._site.place(agents, private)

    def look(self, handles: Sequence[str]) -> Mapping[str, AgentSight]:
        """As the site does."""
        return self._site.look(handles)

    def end(self, handles: Sequence[str]) -> None:
        """As the site does."""
        self._site.end(handles)

    def find(self, run: str) -> Mapping[str, str]:
        """As the site does."""
        return self._site.find(run)

    def refresh(self, handles: Sequence[str], private: Mapping[str, str]) -> None:
        """As the site does."""
        self._site.refresh(handles, private)
