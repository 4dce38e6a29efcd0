"""The attempts that an agent has: in which lane each is, in which order, and what has begun. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from penstock.model import mail
from penstock.model.events import Lane
from penstock.model.slotted import Slotted
from penstock.model.specs import Attempt


class AttemptHere(Slotted):
    """One of them."""

    id: str
    lane: LaneHere
    timeout_s: float | None
    is_ready: bool = False  # it runs once it is the first of its lane; else something is brought or built for it
    began: bool = False
    is_wanted_back: bool = False  # its executor was told to hand it back


class LaneHere(Slotted):
    """A lane that has attempts; the first one runs once it is ready."""

    key: tuple[int, int]
    lane: Lane
    attempts: list[AttemptHere]
    since: float = 0.0  # when the one that runs began
    each_s: float = 0.0  # about how long one takes; 0.0: none has ended yet
    is_told_low: bool = False  # since it was given some last

    @property
    def waits_s(self) -> float:
        """About how long it will take until the last one begins."""
        return max(0, len(self.attempts) - 1) * self.each_s


class HeldAttempts:
    """`gpus`: values for CUDA_VISIBLE_DEVICES."""

    def __init__(self, gpus: tuple[str, ...]) -> None:
        self._free_gpus = list(gpus)
        self._lanes: dict[tuple[int, int], LaneHere] = {}  # by the token and number that the driver has for them
        self._by_id: dict[str, AttemptHere] = {}
        self._numbers = 0
        self.runs_low = False  # a lane has little left, which was not told yet
        self.has_emptied = False  # a lane has nothing any more, likewise

    def __contains__(self, attempt: str) -> bool:
        return attempt in self._by_id

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[AttemptHere]:
        return iter(self._by_id.values())

    def add(self, token: int, attempt: Attempt, lane: Lane) -> Lane:
        """Have one more, behind those of its lane; gives the lane in the agent's own numbering, with GPUs by name."""
        key = token, lane.number
        if key not in self._lanes:
            self._numbers += 1
            names, self._free_gpus = self._free_gpus[: lane.unnamed_gpus], self._free_gpus[lane.unnamed_gpus :]
            own = lane._replace(number=self._numbers, gpus=(*lane.gpus, *names), unnamed_gpus=0)
            self._lanes[key] = LaneHere(key, own, [])
        opened = self._lanes[key]
        held = self._by_id[attempt.id] = AttemptHere(attempt.id, opened, attempt.timeout_s)
        opened.attempts.append(held)
        opened.is_told_low = False
        return opened.lane

    def ready(self, attempt: str, now: float) -> str | None:
        """One has all that it needs; gives the attempt that begins by it."""
        held = self._by_id[attempt]
        held.is_ready = True
        return self._begun(held.lane, now)

    def drop(self, attempt: str, now: float) -> str | None:
        """One is over, or was handed back; gives the attempt that begins by it."""
        held = self._by_id.pop(attempt)
        opened = held.lane
        opened.attempts.remove(held)
        if held.began:
            took_s = now - opened.since
            opened.each_s = 0.8 * opened.each_s + 0.2 * took_s if opened.each_s else took_s
        if not opened.attempts:
            self.has_emptied = self.runs_low = True
            del self._lanes[opened.key]
            self._free_gpus.extend(opened.lane.gpus)
            return None
        self.runs_low = self.runs_low or (opened.waits_s <= mail.LOW_S and not opened.is_told_low)
        return self._begun(opened, now)

    def _begun(self, opened: LaneHere, now: float) -> str | None:
        head = opened.attempts[0]
        if head.began or not head.is_ready:
            return None
        head.began, opened.since = True, now
        return head.id

    @property
    def waits_s(self) -> float:
        """About how long all lanes have enough to do; 0.0: one has not, or there is none."""
        return 0.0 if self.has_emptied else min((opened.waits_s for opened in self._lanes.values()), default=0.0)

    def envelope_made(self) -> None:
        """All that has ended is about to be told."""
        self.runs_low = self.has_emptied = False
        for opened in self._lanes.values():
            if opened.each_s:  # what is low soon counts as told, too: else it would be told again a moment later
                opened.is_told_low = opened.waits_s <= 2 * mail.LOW_S

    def told(self) -> Iterable[mail.HeldAttempt]:
        """What a driver is told of them."""
        for opened in self._lanes.values():
            lane = opened.lane
            for held in opened.attempts:
                yield mail.HeldAttempt(held.id, held.began, lane.cpu, lane.memory_bytes, len(lane.gpus), lane.number)
