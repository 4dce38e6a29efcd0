"""Agents that somebody starts by hand, on any machine that sees the tier: the user is told how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from penstock.model.agents import AgentRequest, AgentSight


class ByHand:
    """A site that is whoever reads what is said."""

    def __init__(self, command: Sequence[str], tell: Callable[[str], None]) -> None:
        """`command`: what starts an agent; its join code is added. `tell` says a line to the user."""
        self._command = " ".join(command)
        self._tell = tell
        self._asked: set[str] = set()

    def place(self, agents: Sequence[AgentRequest], private: Mapping[str, str]) -> tuple[str, ...]:
        """Say how to start each."""
        for agent in agents:
            if agent.name not in self._asked:
                self._asked.add(agent.name)
                self._tell(f"start an agent, with {_words(agent)}: {self._command} {agent.code}")
        if agents and private:
            names = ", ".join(sorted(private))
            self._tell(f"set {names} for it: what is private does not go by way of the tier")
        return tuple(agent.name for agent in agents)

    def look(self, handles: Sequence[str]) -> Mapping[str, AgentSight]:
        """They wait to be started, as far as is known here."""
        return {name: AgentSight("pending", "somebody has to start it, as was said") for name in handles}

    def end(self, handles: Sequence[str]) -> None:
        """Nobody is asked any more."""
        self._asked.difference_update(handles)

    def find(self, run: str) -> Mapping[str, str]:
        """Those that were started say so by mail."""
        return {}

    def refresh(self, handles: Sequence[str], private: Mapping[str, str]) -> None:
        """What is private is not known to go there."""


def _words(agent: AgentRequest) -> str:
    size = agent.size
    memory = "" if size.memory_bytes is None else f", {size.memory_bytes / (1 << 30):.3g} GiB"
    gpus = f", GPUs: {size.gpus}" if size.gpus else ""
    return f"CPUs: {size.cpu:g}{memory}{gpus}"
