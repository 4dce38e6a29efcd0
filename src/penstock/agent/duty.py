"""What an agent owes its driver: letters in, orders to its own executor and letters out. Pure.

Whom it obeys, what it holds, what it tells and when it goes is decided here; clock and ids are arguments. It knows
nothing of where letters lie, nor how attempts run.
"""

from __future__ import annotations

from collections.abc import Iterable

from penstock.model import mail
from penstock.model.events import Adopted, Began, Ended, ExecutorEvent, Lane, Placed, Recalled
from penstock.model.outcomes import failed
from penstock.model.slotted import Slotted
from penstock.model.specs import Attempt, RunSpec
from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple

CUT_OFF = 2 / 3
"""Of the time after which its driver calls it lost: what is left has to suffice to end its attempts."""


UNASKED_S = 600.0
"""So long it waits for a driver's first letter."""


class Open(NamedTuple):
    """Get ready for the attempts of a run: its first driver has said what it is, or a later one has other code."""

    spec: RunSpec


class RunAttempts(NamedTuple):
    """Start attempts, each in a lane of the agent's own numbering, with GPUs by name."""

    launches: tuple[tuple[Attempt, Lane], ...]
    environments: tuple[object, ...]  # as the letter had them


class End(NamedTuple):
    """End an attempt, or take it back."""

    attempt: str
    cause: Cause


class TakeBack(NamedTuple):
    """Take back those that have not begun."""

    attempts: tuple[str, ...]


Order = Open | RunAttempts | End | TakeBack


class _OpenLane(Slotted):
    """A lane that has attempts; the first one runs."""

    key: tuple[int, int]
    lane: Lane
    attempts: list[str]


class Duty:
    """The state of one seat. `gpus`: values for CUDA_VISIBLE_DEVICES."""

    def __init__(self, incarnation: str, hello: mail.Hello, gpus: tuple[str, ...], now: float) -> None:
        self.token = 0  # of the driver that it obeys; 0: of none yet
        self.read = 0  # the last of that driver's letters that it has taken in
        self.going = ""  # why it goes; "": it stays
        self._incarnation = incarnation
        self._free_gpus = list(gpus)
        self._hello = hello
        self._spec: RunSpec | None = None  # as the last driver has it
        self._partition_s, self._linger_s = float("inf"), UNASKED_S
        self._lanes: dict[tuple[int, int], _OpenLane] = {}  # by the token and number that the driver has for them
        self._lane_of: dict[str, _OpenLane] = {}  # by attempt: what is held
        self._refused = set[str]()  # were cancelled before they came
        self._numbers = 0
        self._orders: list[Order] = []
        self._letters: list[mail.UpLetter] = [hello]
        self._wrote_at = self._busy_at = now

    def take(self, token: int, number: int, envelope: mail.Down, now: float) -> None:
        """Take in a driver's envelope. Envelopes of one token come in their order; again, or of a lower token than one
        that was seen, they change nothing."""
        if token < self.token or self.going:
            return
        if token > self.token:
            self.token, self.read = token, 0
            self._refused.clear()
        if number <= self.read:
            return
        self.read = number
        if envelope.to != self._incarnation:
            if mail.replaces(envelope.to, self._incarnation):
                self.leave(Cause.LOST, "its site has started another one in its place")
            return
        self._busy_at = now
        for letter in envelope.letters:
            self._take(letter)

    def _take(self, letter: mail.DownLetter) -> None:
        if isinstance(letter, mail.Obey):
            if self._spec is None or self._spec._replace(driver="") != letter.spec._replace(driver=""):
                self._orders.append(Open(letter.spec))
            self._spec = letter.spec
            self._partition_s, self._linger_s = letter.partition_s, letter.linger_s
            self._letters.append(mail.Obeying(self.token, self._hello, tuple(self._holds())))
        elif isinstance(letter, mail.Launch):
            self._start(letter)
        elif isinstance(letter, mail.Cancel):
            if letter.attempt in self._lane_of:
                self._orders.append(End(letter.attempt, Cause(letter.cause)))
            else:
                self._refused.add(letter.attempt)
        elif isinstance(letter, mail.GiveBack):
            held = tuple([attempt for attempt in letter.attempts if attempt in self._lane_of])
            self._orders.extend([TakeBack(held)] if held else [])
        else:
            self.leave(Cause.CANCELLED, letter.why or "its driver needs it no more")

    def _holds(self) -> Iterable[mail.HeldAttempt]:
        for opened in self._lanes.values():
            lane = opened.lane
            for place, attempt in enumerate(opened.attempts):
                yield mail.HeldAttempt(attempt, place == 0, lane.cpu, lane.memory_bytes, len(lane.gpus), lane.number)

    def _start(self, letter: mail.Launch) -> None:
        launches: list[tuple[Attempt, Lane]] = []
        for attempt, lane in letter.launches:
            if attempt.id in self._lane_of:
                continue
            if attempt.id in self._refused:
                self._letters.append(Ended(attempt.id, failed(Cause.CANCELLED, "cancelled before it came")))
                continue
            opened = self._opened(lane)
            opened.attempts.append(attempt.id)
            self._lane_of[attempt.id] = opened
            if len(opened.attempts) == 1:
                self._letters.append(Began(attempt.id))
            launches.append((attempt, opened.lane))
        if launches:
            self._orders.append(RunAttempts(tuple(launches), letter.environments))

    def _opened(self, lane: Lane) -> _OpenLane:
        key = self.token, lane.number
        if key not in self._lanes:
            self._numbers += 1
            names, self._free_gpus = self._free_gpus[: lane.unnamed_gpus], self._free_gpus[lane.unnamed_gpus :]
            own = lane._replace(number=self._numbers, gpus=(*lane.gpus, *names), unnamed_gpus=0)
            self._lanes[key] = _OpenLane(key, own, [])
        return self._lanes[key]

    def said(self, event: ExecutorEvent, now: float) -> None:
        """Take in what its executor says. What an attempt says that is not held changes nothing."""
        attempt = getattr(event, "attempt", None)
        if attempt is not None and attempt not in self._lane_of:
            return
        self._busy_at = now
        if isinstance(event, (Ended, Recalled)):
            self._drop_began(event.attempt)
            self._letters.append(event)
            self._advance(event.attempt)
        elif not isinstance(event, (Placed, Adopted)):  # which an executor of this machine doesn't say
            self._letters.append(event)

    def _drop_began(self, attempt: str) -> None:
        """Most attempts are short, and their end says all."""
        for at, letter in enumerate(self._letters):
            if isinstance(letter, Began) and letter.attempt == attempt:
                del self._letters[at]
                return

    def _advance(self, attempt: str) -> None:
        opened = self._lane_of.pop(attempt)
        was_head = opened.attempts[0] == attempt
        opened.attempts.remove(attempt)
        if not opened.attempts:
            del self._lanes[opened.key]
            self._free_gpus.extend(opened.lane.gpus)
        elif was_head:
            self._letters.append(Began(opened.attempts[0]))

    def leave(self, cause: Cause, why: str) -> None:
        """End everything, and go once the outcomes are told. Without a cause of another's, what runs is cancelled."""
        if not self.going:
            self.going = why
            self._orders += [End(attempt, cause) for attempt in self._lane_of]

    def look(self, now: float) -> None:
        """Time has passed."""
        if now - self._wrote_at >= CUT_OFF * self._partition_s:
            self.leave(Cause.LOST, "it could not write for too long, and its driver takes it for lost")
        elif not self._lane_of and not self._letters and now - self._busy_at >= self._linger_s:
            self.leave(Cause.CANCELLED, "it had nothing to do")

    def wrote(self, now: float) -> None:
        """Something that was begun at this time has been written: its driver can see that it lives. That mends nothing
        where it was too long ago before that, as after a freeze."""
        self.look(now)
        self._wrote_at = max(self._wrote_at, now)

    def tell(self, letters: Iterable[mail.UpLetter]) -> None:
        """Have letters of others go with its own."""
        self._letters.extend(letters)

    @property
    def holds(self) -> bool:
        """Whether it has attempts."""
        return bool(self._lane_of)

    @property
    def is_over(self) -> bool:
        """Whether it goes and nothing runs any more."""
        return bool(self.going) and not self._lane_of

    @property
    def partition_s(self) -> float:
        """After how long its driver calls it lost."""
        return self._partition_s

    @property
    def has_ends(self) -> bool:
        """Whether it is about to tell how attempts ended."""
        return any(isinstance(letter, Ended) for letter in self._letters)

    @property
    def has_more_than_begun(self) -> bool:
        """Whether something is to be told that somebody waits for."""
        return any(not isinstance(letter, Began) for letter in self._letters) or self.is_over

    @property
    def has_news(self) -> bool:
        return bool(self._letters)

    def orders(self) -> list[Order]:
        """What its executor is to do now."""
        orders, self._orders = self._orders, []
        return orders

    def envelope(self) -> mail.Up | None:
        """What is to be written next; None: nothing. The last one says goodbye."""
        if self.is_over:
            self._letters.append(mail.Bye(self.going))
        letters, self._letters = tuple(self._letters), []
        return mail.Up(self.token, self.read, letters) if letters else None
