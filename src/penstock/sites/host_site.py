"""A site of hosts with a shell each: agents are processes there, dealt out to those that have room.

A handle is the agent's name, and which host has it is asked of all: so nothing is known here that dies with a driver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from penstock.errors import PlatformError
from penstock.model.agents import AgentRequest, AgentSight, AgentSize
from penstock.model.tuples import NamedTuple
from penstock.sites import host_script
from penstock.sites.shells import Shell

_MOST_AT_ONCE = 16
_STATES = ("unknown", "pending", "ended", "running")  # what one host says counts for more than what another does

T = TypeVar("T")
R = TypeVar("R")


class HostRoom(NamedTuple):
    """What a host has for agents. None: nobody counts it."""

    cpu: float | None = None
    memory_bytes: int | None = None
    gpus: int | None = None

    def agents(self, size: AgentSize) -> int:
        """How many of a size fit: one where nothing is counted."""
        fits: list[float] = []
        if self.cpu is not None:
            fits.append(self.cpu / size.cpu)
        if self.memory_bytes is not None and size.memory_bytes:
            fits.append(self.memory_bytes / size.memory_bytes)
        if size.gpus:
            fits.append((self.gpus or 0) / size.gpus)
        return int(min(fits, default=1))


class AgentHost(NamedTuple):
    """One host of a site."""

    shell: Shell
    room: HostRoom | None = None  # None: without bounds
    home: str = ""  # where agents keep their things; "": as the host has it


class HostSite:
    """Several hosts; one is asked in a thread of its own."""

    def __init__(self, command: Sequence[str], hosts: Sequence[AgentHost], grace_s: float = 10.0) -> None:
        """`command`: what starts an agent; its join code is added. `grace_s`: how long one that is ended may take."""
        self._command = tuple(command)
        self._hosts = tuple(hosts)
        self._grace_s = grace_s
        self._waiting: dict[str, tuple[AgentRequest, Mapping[str, str]]] = {}

    def place(self, agents: Sequence[AgentRequest], private: Mapping[str, str]) -> tuple[str, ...]:
        """Start those that no host has. What finds no room waits, and is tried again at each look."""
        known = self._known([agent.name for agent in agents])
        new = [agent for agent in agents if known[agent.name].state == "unknown"]
        for agent in self._dealt(new, private):
            self._waiting[agent.name] = (agent, private)
        return tuple(agent.name for agent in agents)

    def look(self, handles: Sequence[str]) -> Mapping[str, AgentSight]:
        """How each is."""
        self._try_again()
        sights = self._known(handles)
        room = AgentSight("pending", f"no host has room: {', '.join(host.shell.place for host in self._hosts)}")
        return sights | {name: room for name in handles if name in self._waiting}

    def end(self, handles: Sequence[str]) -> None:
        """Tell them to go."""
        for name in handles:
            self._waiting.pop(name, None)
        self._tell(lambda host: host_script.ending(handles, self._grace_s, host.home))

    def find(self, run: str) -> Mapping[str, str]:
        """What was placed for a run, on hosts that answer. Raises PlatformError where none does."""
        printed, silent = self._tell(lambda host: host_script.finding(run, host.home))
        if len(silent) == len(self._hosts):
            raise silent[0]
        return {name: name for text in printed for name in host_script.found(text)}

    def refresh(self, handles: Sequence[str], private: Mapping[str, str]) -> None:
        """Give them other private values."""
        for name in [name for name in handles if name in self._waiting]:
            self._waiting[name] = (self._waiting[name][0], private)
        _, silent = self._tell(lambda host: host_script.refreshing(handles, private, host.home))
        if silent:
            raise silent[0]

    def _known(self, names: Sequence[str]) -> dict[str, AgentSight]:
        """What the hosts say; of one that nobody knows, that a host does not answer."""
        if not names:
            return {}
        printed, silent = self._tell(lambda host: host_script.looking(names, host.home))
        best = {
            name: AgentSight("unknown", str(silent[0]), is_silent=True) if silent else host_script.unknown()
            for name in names
        }
        for name, sight in (item for text in printed for item in host_script.sights(text).items()):
            if _STATES.index(sight.state) > _STATES.index(best[name].state):
                best[name] = sight
        return best

    def _dealt(self, agents: Sequence[AgentRequest], private: Mapping[str, str]) -> list[AgentRequest]:
        """Start agents in turn on the hosts that have room and answer; what is left over. Raises PlatformError where no
        host answers."""
        left, silent = list(agents), list[PlatformError]()
        hosts = able = [host for host in self._hosts if host.room is None or all(map(host.room.agents, _sizes(left)))]
        if not able:
            raise PlatformError("no host is as large as an agent: lower the agents' size, or correct that of the hosts")
        while left and hosts:
            shares = [(host, left[number :: len(hosts)]) for number, host in enumerate(hosts)]
            left, hosts = list[AgentRequest](), list[AgentHost]()
            for (host, share), started in zip(shares, _each(partial(self._start, private), shares), strict=True):
                if isinstance(started, PlatformError):
                    silent.append(started)
                    left += share
                elif missing := [agent for agent in share if agent.name not in started]:
                    left += missing
                else:
                    hosts.append(host)
        if left and len(silent) == len(able):
            raise silent[0]
        return left

    def _start(self, private: Mapping[str, str], share: tuple[AgentHost, Sequence[AgentRequest]]) -> set[str]:
        """The names of those that a host has now."""
        host, agents = share
        if not agents:
            return set()
        slots = min(map(host.room.agents, _sizes(agents))) if host.room else 0
        script = host_script.placing(agents, private, self._command, host.home, slots)
        return host_script.placed(host.shell.tell(script))

    def _try_again(self) -> None:
        waiting = list(self._waiting.values())
        if waiting:
            left = {agent.name for agent in self._dealt([agent for agent, _ in waiting], waiting[-1][1])}
            self._waiting = {name: item for name, item in self._waiting.items() if name in left}

    def _tell(self, script: Callable[[AgentHost], str]) -> tuple[list[str], list[PlatformError]]:
        """What the hosts print, and what those raise that can't be asked."""
        results = _each(lambda host: host.shell.tell(script(host)), self._hosts)
        printed = [result for result in results if isinstance(result, str)]
        return printed, [result for result in results if isinstance(result, PlatformError)]


def _sizes(agents: Sequence[AgentRequest]) -> list[AgentSize]:
    return list(dict.fromkeys(agent.size for agent in agents))


def _each(ask: Callable[[T], R], items: Sequence[T]) -> list[R | PlatformError]:
    """What is answered for each, in their order."""

    def asked(item: T) -> R | PlatformError:
        try:
            return ask(item)
        except PlatformError as error:
            return error

    if len(items) == 1:
        return [asked(items[0])]
    with ThreadPoolExecutor(min(len(items), _MOST_AT_ONCE)) as pool:
        return list(pool.map(asked, items))
