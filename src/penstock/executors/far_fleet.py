"""How many agents a driver has placed, and when it wants more, fewer or none. Pure: the clock is an argument."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Mapping

from penstock.model.agents import AgentRequest, AgentSight, AgentSize
from penstock.model.events import Lane
from penstock.model.slotted import Slotted
from penstock.model.tuples import NamedTuple

FIRST_BATCH = 4
"""So many agents are placed at first; then as many as there are already."""
FAILURES = 3
"""After so many in a row that ended before they had done anything, none is placed any more."""
REFUSALS = 6
"""After so many of the site in a row neither: it may be out of reach for a minute."""
BACKOFF_S = 1.0
BACKOFF_MOST_S = 30.0


class FleetLimits(NamedTuple):
    """What an `[executors.NAME]` table says of its agents."""

    max_agents: int | None = None  # None: as many as lanes are wanted
    size: AgentSize | None = None  # None: of the lane for which it is placed
    linger_s: float = 60.0  # an agent without attempts goes after it
    max_agent_hours: float | None = None  # of one run; None: without bounds
    look_s: float = 10.0  # how often its site is asked how agents are, while none is on its way
    partition_s: float = 360.0  # an agent that was not heard of for so long is lost


class PlacedAgent(Slotted):
    """An agent that was placed, or is about to be."""

    request: AgentRequest | None  # None: an earlier driver has placed it
    placed_at: float
    handle: str = ""  # "": its site has not said it yet
    is_up: bool = False  # it obeys
    is_over: bool = False
    ended_at: float = 0.0
    sight: AgentSight = AgentSight("unknown")
    unknown_since: float = 0.0  # its site has said so since then; 0.0: it has not

    @property
    def is_missed(self) -> bool:
        """Whether this driver has asked for it, and it has never come: an earlier one's may have done its work."""
        return self.request is not None and not self.is_up


class Fleet:
    """The agents of one driver at one executor. `code_of`: gives the join code for a name."""

    def __init__(
        self, limits: FleetLimits, nonce: str, executor: str, token: int, code_of: Callable[[str], str], now: float
    ) -> None:
        self.agents: dict[str, PlacedAgent] = {}
        self.why_not = ""  # why no more is placed; "": more may be
        self._limits = limits
        self._whose = whose(nonce, executor)
        self._prefix = f"{self._whose}-{token}-"
        self._code_of = code_of
        self._began_at = now
        self._numbers = 0
        self._failures = 0
        self._wait_until = 0.0
        self._told = ""

    def wants(self, lacking: Iterable[Lane], now: float) -> list[AgentRequest]:
        """The agents to be placed now, so that these lanes have a seat."""
        lanes = self._unserved(list(lacking))
        if not lanes or self.why_not or now < self._wait_until:
            return []
        spent_h = self.agent_hours(now)
        if self._limits.max_agent_hours is not None and spent_h >= self._limits.max_agent_hours:
            self.why_not = (
                f"its agents have had {spent_h:.1f} hours, and may have max_agent_hours = "
                f"{self._limits.max_agent_hours:g} in a run"
            )
            return []
        live = [agent for agent in self.agents.values() if not agent.is_over]
        coming = [agent for agent in live if not agent.is_up]
        room = max(FIRST_BATCH, len(live) - len(coming)) - len(coming)
        if self._limits.max_agents is not None:
            room = min(room, self._limits.max_agents - len(live))
        requests = [self._request(size) for size in self._sizes(lanes)[: max(0, room)]]
        for request in requests:
            self.agents[request.name] = PlacedAgent(request, now)
        return requests

    def _unserved(self, lanes: list[Lane]) -> list[Lane]:
        """The lanes that have no room at the agents that are on their way."""
        free = [
            agent.request.size
            for agent in self.agents.values()
            if agent.request and not agent.is_up and not agent.is_over
        ]
        for size in free:
            lanes = _packed(lanes, size)
        return lanes

    def _sizes(self, lanes: list[Lane]) -> list[AgentSize]:
        sizes: list[AgentSize] = []
        while lanes:
            size = self._limits.size or size_of(lanes[0])
            left = _packed(lanes, size)
            if len(left) == len(lanes):  # it fits into none: the engine knows what there is, and asked for less
                left = lanes[1:]
            lanes = left
            sizes.append(size)
        return sizes

    def _request(self, size: AgentSize) -> AgentRequest:
        self._numbers += 1
        name = f"{self._prefix}{self._numbers}"
        return AgentRequest(name, self._code_of(name), size)

    def has(self, agent: str) -> bool:
        """Whether an agent is this executor's, whichever driver has placed it: others of the run may share its tier."""
        return is_agent_of(agent, self._whose)

    def found(self, handles: Mapping[str, str], now: float) -> None:
        """What earlier drivers have placed."""
        for name, handle in handles.items():
            if self.has(name):
                self.agents.setdefault(name, PlacedAgent(None, now)).handle = handle

    def placed(self, requests: Iterable[AgentRequest], handles: Iterable[str]) -> None:
        """Their site has them."""
        for request, handle in zip(requests, handles, strict=True):
            self.agents[request.name].handle = handle

    def refused(self, requests: Iterable[AgentRequest], why: str, now: float) -> None:
        """Their site has not taken them."""
        for request in requests:
            self._over(self.agents[request.name], now)
        self._failed(why, now, REFUSALS)

    def up(self, name: str, now: float) -> None:
        """An agent obeys."""
        agent = self.agents.setdefault(name, PlacedAgent(None, now))
        agent.is_up = True
        self._failures = 0

    def gone(self, name: str, now: float, why: str = "") -> None:
        """All lives of an agent are over. One that has never obeyed, and says why, has failed to come up."""
        agent = self.agents.get(name)
        if agent is None or agent.is_over:
            return
        self._over(agent, now)
        if why and agent.is_missed:
            self._failed(why, now)

    def sights(self, seen: Mapping[str, AgentSight], now: float) -> list[tuple[str, AgentSight]]:
        """Take in what the site sees, by handles; gives the agents that have ended since."""
        ended: list[tuple[str, AgentSight]] = []
        for name, agent in self.agents.items():
            sight = seen.get(agent.handle)
            if sight is None or agent.is_over:
                continue
            agent.sight = sight
            if self._is_unknown_for_long(agent, now):
                self._over(agent, now)
                if agent.is_missed:
                    self._failed(sight.why, now)
            elif sight.state == "ended":
                self._over(agent, now)
                ended.append((name, sight))
                if agent.is_missed:
                    self._failed(f"{sight.why}; it had printed:\n{sight.words}" if sight.words else sight.why, now)
        return ended

    def _is_unknown_for_long(self, agent: PlacedAgent, now: float) -> bool:
        """Whether it can be expected no more: it never came, and its site knows nothing of it. Of one that was heard of
        its seat's silence says more."""
        if agent.sight.state != "unknown" or agent.sight.is_silent or agent.is_up:
            agent.unknown_since = 0.0
            return False
        agent.unknown_since = agent.unknown_since or now
        return now - agent.unknown_since >= self._limits.partition_s

    def _failed(self, why: str, now: float, most: int = FAILURES) -> None:
        self._failures += 1
        self._wait_until = now + min(BACKOFF_MOST_S, BACKOFF_S * 4 ** (self._failures - 1))
        if self._failures >= most:
            self.why_not = f"no agent has come up, {self._failures} times in a row: {why}"

    def _over(self, agent: PlacedAgent, now: float) -> None:
        if not agent.is_over:
            agent.is_over, agent.ended_at = True, now

    def agent_hours(self, now: float) -> float:
        """How long all agents have run for this driver."""
        return sum((one.ended_at if one.is_over else now) - one.placed_at for one in self.agents.values()) / 3600

    def to_look_at(self) -> list[str]:
        """Handles of those that have not ended, as far as is known."""
        return [agent.handle for agent in self.agents.values() if agent.handle and not agent.is_over]

    @property
    def awaits(self) -> bool:
        """Whether agents are on their way."""
        return any(not agent.is_up and not agent.is_over for agent in self.agents.values())

    def waiting(self) -> str:
        """Why agents are not there yet, where it is another reason than when this was asked last; "": nothing new."""
        words = self.pending
        if words == self._told:
            return ""
        self._told = words
        return words

    @property
    def pending(self) -> str:
        """Why agents are not there yet; "": none is on its way."""
        whys: dict[str, int] = {}
        for agent in self.agents.values():
            if agent.sight.state == "pending" and not agent.is_over and not agent.is_up:
                why = agent.sight.why or "they wait for their turn"
                whys[why] = whys.get(why, 0) + 1
        return "; ".join(f"{count} agent{'s' if count > 1 else ''} pending: {why}" for why, count in whys.items())


def whose(nonce: str, executor: str) -> str:
    """What the names of an executor's agents in a run begin with, before the driver's token and their number."""
    word = re.sub("[^a-z0-9]+", "-", executor.lower()).strip("-")[:20]
    return f"{nonce}-{word}" if word == executor else f"{nonce}-{word}-{zlib.crc32(executor.encode()):08x}"


def is_agent_of(agent: str, whose: str) -> bool:
    """Whether a name is that of an agent of this beginning."""
    return agent.rsplit("-", 2)[0] == whose


def size_of(lane: Lane) -> AgentSize:
    """An agent for one lane."""
    return AgentSize(max(lane.cpu, 0.01), lane.memory_bytes, lane.unnamed_gpus + len(lane.gpus))


def _packed(lanes: list[Lane], size: AgentSize) -> list[Lane]:
    """What is left of the lanes where an agent of this size takes as many as fit."""
    cpu, memory_bytes, gpus = size.cpu + 1e-6, size.memory_bytes, size.gpus
    left: list[Lane] = []
    for lane in lanes:
        takes_bytes = lane.memory_bytes or 0
        if lane.cpu <= cpu and lane.unnamed_gpus <= gpus and (memory_bytes is None or takes_bytes <= memory_bytes):
            cpu, gpus = cpu - lane.cpu, gpus - lane.unnamed_gpus
            memory_bytes = None if memory_bytes is None else memory_bytes - takes_bytes
        else:
            left.append(lane)
    return left
