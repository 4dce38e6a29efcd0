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
    ended: int = 0  # since the last envelope


class HeldAttempts:
    """`gpus`: values for CUDA_VISIBLE_DEVICES."""

    def __init__(self, gpus: tuple[str, ...]) -> None:
        self._free_gpus = list(gpus)
        self._lanes: dict[tuple[int, int], LaneHere] = {}  # by the token and number that the driver has for them
        self._by_id: dict[str, AttemptHere] = {}
        self._numbers = 0
        self.run_dry = False  # a lane has less than half of what has ended in it since the last envelope

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
        return opened.lane

    def ready(self, attempt: str) -> str | None:
        """One has all that it needs; gives the attempt that begins by it."""
        held = self._by_id[attempt]
        held.is_ready = True
        return self._begun(held.lane)

    def drop(self, attempt: str) -> str | None:
        """One is over, or was handed back; gives the attempt that begins by it."""
        held = self._by_id.pop(attempt)
        opened = held.lane
        opened.attempts.remove(held)
        opened.ended += 1
        self.run_dry = self.run_dry or opened.ended >= 2 * len(opened.attempts)
        if opened.attempts:
            return self._begun(opened)
        del self._lanes[opened.key]
        self._free_gpus.extend(opened.lane.gpus)
        return None

    def _begun(self, opened: LaneHere) -> str | None:
        head = opened.attempts[0]
        if head.began or not head.is_ready:
            return None
        head.began = True
        return head.id

    def envelope_made(self) -> None:
        """All that has ended is about to be told."""
        self.run_dry = False
        for opened in self._lanes.values():
            opened.ended = 0

    def told(self) -> Iterable[mail.HeldAttempt]:
        """What a driver is told of them."""
        for opened in self._lanes.values():
            lane = opened.lane
            for held in opened.attempts:
                yield mail.HeldAttempt(held.id, held.began, lane.cpu, lane.memory_bytes, len(lane.gpus), lane.number)
