"""A seat as the driver's book has it: how far it obeys, what it has room for, and what of it was read. Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from penstock.model import mail
from penstock.model.agents import has_time
from penstock.model.events import Lane
from penstock.model.slotted import Slotted
from penstock.model.specs import Attempt
from penstock.model.states import Cause

_SLACK = 1e-6
_SURE = 0.7
"""Of the time until something is expected, for which nothing is."""


class Standing(enum.Enum):
    """How a seat stands to this driver."""

    ASKED = "asked"  # it was told to obey
    ANSWERED = "answered"  # it obeys; what it wrote before it said so may not have been read yet
    SETTLED = "settled"  # all of that is read: what it has no word of never began there
    LEAVING = "leaving"  # it was told to go, or is said to be gone: nothing new is sent there
    OVER = "over"  # nothing runs there any more, all is read, and nothing more is taken from it


class Seat(Slotted):
    """One life of an agent."""

    name: str
    seen_at: float  # when it was last seen to live
    looked_at: float  # when its heart was last looked at
    read: set[int]  # numbers of its letters
    lanes: dict[int, tuple[Lane, dict[str, None]]]  # of this driver: with the attempts that are there, in order
    held: dict[str, mail.HeldAttempt]  # of earlier drivers
    asked: dict[str, Attempt]  # of earlier drivers, of which nothing is known yet
    given_back: dict[str, int]  # until it is settled: attempts, and in which letter it said so last
    over: set[str]  # until it is settled: attempts whose outcomes were read
    standing: Standing = Standing.ASKED
    since_listing: int = 0  # the number of the listing during which it answered, or was said to be gone
    is_gone: bool = False  # it is said to be: by itself, its site, or one that has taken its place
    said_bye: bool = False  # what it has no word of never began there
    cause: Cause = Cause.LOST  # of what ran there, where it is gone
    why: str = ""
    hello: mail.Hello | None = None
    goes_at: float = float("inf")  # by this driver's clock, its allocation ends at the latest
    is_used: bool = False  # it has had attempts
    beat: bytes = b""
    has_read: int = 0  # of this driver's letters, up to which number
    told_at: float = 0.0  # when ends were read last, or it was given something after it had nothing
    each_s: float = 0.0  # about how long an attempt takes; 0.0: it is not known
    obeyed_in: int = 0  # the number of the letter that says what it holds

    @property
    def is_live(self) -> bool:
        return self.standing is not Standing.OVER

    @property
    def takes_lanes(self) -> bool:
        return self.standing is Standing.SETTLED and not self.is_gone

    def has_room(self, lane: Lane) -> bool:
        """Whether it can have another lane like this one."""
        hello = self.hello
        if hello is None:
            return False
        old = {held.lane: held for held in self.held.values()}.values()
        cpu = hello.cpu - sum(held.cpu for held in old) - sum(one.cpu for one, _ in self.lanes.values())
        gpus = hello.gpus - sum(held.gpus for held in old) - sum(one.unnamed_gpus for one, _ in self.lanes.values())
        if lane.cpu > cpu + _SLACK or lane.unnamed_gpus > gpus:
            return False
        if hello.memory_bytes is None or lane.memory_bytes is None:
            return True
        used = sum(held.memory_bytes or 0 for held in old) + sum(
            one.memory_bytes or 0 for one, _ in self.lanes.values()
        )
        return lane.memory_bytes <= hello.memory_bytes - used

    def has_time(self, timeout_s: float | None, now: float) -> bool:
        """Whether an attempt with this timeout is begun there. To one that has had none all may go."""
        lasts_s = self.hello.lasts_s if self.hello is not None else None
        return not self.is_used or has_time(timeout_s, lasts_s, self.goes_at - now)

    def ended(self, took_s: Sequence[float], now: float) -> None:
        """It was read that attempts have ended, which took so long each. How long it is since others ended says
        nothing: it may have had none to run."""
        if took_s:
            mean_s = sum(took_s) / len(took_s)
            self.each_s = (self.each_s + mean_s) / 2 if self.each_s else mean_s
            self.told_at = now

    def tells_in(self, now: float) -> float:
        """About how long it tells of no ends, since all its lanes have enough to do; 0.0 and less: it may any time."""
        return self.told_at + _SURE * min(mail.FED_PACE_S, self.waits_s - mail.LOW_S) - now

    @property
    def waits_s(self) -> float:
        """About how long all its lanes have something to run."""
        waiting = min((len(attempts) - 1 for _, attempts in self.lanes.values()), default=0)
        return waiting * self.each_s

    @property
    def is_idle(self) -> bool:
        return not (self.lanes or self.held or self.asked)

    def drop(self, attempt: str) -> None:
        """Nothing of an attempt is there any more."""
        self.held.pop(attempt, None)
        for number, (_, attempts) in list(self.lanes.items()):
            if attempt in attempts:
                del attempts[attempt]
                if not attempts:
                    del self.lanes[number]

    def is_head(self, attempt: str) -> bool:
        """Whether it was the next to run in its lane."""
        return any(next(iter(attempts)) == attempt for _, attempts in self.lanes.values())


def new_seat(name: str, now: float) -> Seat:
    """One that was just heard or told of."""
    return Seat(name, now, now, read=set(), lanes={}, held={}, asked={}, given_back={}, over=set())
