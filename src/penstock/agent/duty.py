"""What an agent owes its driver: letters in, orders to its own executor and letters out. Pure.

Whom it obeys, what it holds, what it tells and when it goes is decided here; clock and ids are arguments. It knows
nothing of where letters lie, nor how attempts run.
"""

from __future__ import annotations

from collections.abc import Iterable

from penstock.agent.held_attempts import HeldAttempts
from penstock.agent.untold import Untold
from penstock.model import mail
from penstock.model.agents import CUT_S, has_time
from penstock.model.events import Adopted, Began, Ended, ExecutorEvent, Lacking, Lane, Placed, Recalled
from penstock.model.outcomes import failed
from penstock.model.specs import Attempt, RunSpec
from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple

CUT_OFF = 2 / 3
"""Of the time after which its driver calls it lost: what is left has to suffice to end its attempts."""


UNASKED_S = 600.0
"""So long it waits for a driver's first letter."""

HAND_BACK_S = 0.5
"""It looks so often at what would not come to its end any more."""

PACE_S = 0.4
"""Between letters that nobody waits for."""
LOW_PACE_S = 0.05
"""While a lane will soon have nothing to run, of which it was not told yet, or so many have ended since."""
MANY = 32
EMPTY_PACE_S = 0.01
"""While one has nothing to run."""


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


class Duty:
    """The state of one seat. `gpus`: values for CUDA_VISIBLE_DEVICES; `left_s`: after which its allocation ends; None:
    never."""

    def __init__(
        self, incarnation: str, hello: mail.Hello, gpus: tuple[str, ...], now: float, left_s: float | None = None
    ) -> None:
        self.token = 0  # of the driver that it obeys; 0: of none yet
        self.read = 0  # the last of that driver's letters that it has taken in
        self.going = ""  # why it goes; "": it stays
        self._incarnation = incarnation
        self._hello = hello
        self._goes_at = float("inf") if left_s is None else now + left_s - min(CUT_S, left_s / 10)
        self._lasts_s = None if left_s is None else self._goes_at - now
        self._spec: RunSpec | None = None  # as the last driver has it
        self._partition_s, self._linger_s = float("inf"), UNASKED_S
        self._held = HeldAttempts(gpus)
        self._has_begun = False  # any
        self._refused = set[str]()  # were cancelled before they came
        self._orders: list[Order] = []
        self._letters = Untold()
        self._letters.add(self._hello_of(now))
        self._wrote_at = self._busy_at = self._hand_back_at = now

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
            self._take(letter, now)

    def _take(self, letter: mail.DownLetter, now: float) -> None:
        if isinstance(letter, mail.Obey):
            if self._spec is None or self._spec._replace(driver="") != letter.spec._replace(driver=""):
                self._orders.append(Open(letter.spec))
            self._spec = letter.spec
            self._partition_s, self._linger_s = letter.partition_s, letter.linger_s
            self._letters.add(mail.Obeying(self.token, self._hello_of(now), tuple(self._held.told())))
        elif isinstance(letter, mail.Launch):
            self._start(letter, now)
        elif isinstance(letter, mail.Cancel):
            if letter.attempt in self._held:
                self._orders.append(End(letter.attempt, Cause(letter.cause)))
            else:
                self._refused.add(letter.attempt)
        elif isinstance(letter, mail.GiveBack):
            held = tuple([attempt for attempt in letter.attempts if attempt in self._held])
            self._orders.extend([TakeBack(held)] if held else [])
        else:
            self.leave(Cause.CANCELLED, letter.why or "its driver needs it no more")

    def _hello_of(self, now: float) -> mail.Hello:
        left_s = None if self._lasts_s is None else self._goes_at - now
        return self._hello._replace(lasts_s=self._lasts_s, left_s=left_s)

    def _fits(self, timeout_s: float | None, now: float) -> bool:
        """Whether an attempt may begin. To one that has done nothing yet all may come: nowhere else is more left."""
        return not self._has_begun or has_time(timeout_s, self._lasts_s, self._goes_at - now)

    def _start(self, letter: mail.Launch, now: float) -> None:
        launches: list[tuple[Attempt, Lane]] = []
        for attempt, lane in letter.launches:
            if attempt.id in self._held:
                continue
            if attempt.id in self._refused:
                self._letters.add(Ended(attempt.id, failed(Cause.CANCELLED, "cancelled before it came")))
                continue
            if not self._fits(attempt.timeout_s, now):
                self._letters.extend((self._hello_of(now), Recalled(attempt.id)))
                continue
            launches.append((attempt, self._held.add(self.token, attempt, lane)))
        if launches:
            self._orders.append(RunAttempts(tuple(launches), letter.environments))

    def said(self, event: ExecutorEvent, now: float) -> None:
        """Take in what its executor says; `Began`: it has an attempt with all that it needs, and runs it in its turn.
        What an attempt says that is not held changes nothing."""
        attempt = getattr(event, "attempt", None)
        if attempt is not None and attempt not in self._held:
            return
        self._busy_at = now
        if isinstance(event, Began):
            self._begins(self._held.ready(event.attempt, now))
        elif isinstance(event, (Ended, Recalled)):
            self._letters.add(event)
            self._begins(self._held.drop(event.attempt, now))
        elif not isinstance(event, (Placed, Adopted, Lacking)):  # which an executor of this machine doesn't say
            self._letters.add(event)

    def _begins(self, attempt: str | None) -> None:
        if attempt is not None:
            self._has_begun = True
            self._letters.add(Began(attempt))

    def leave(self, cause: Cause, why: str) -> None:
        """End everything, and go once the outcomes are told. Without a cause of another's, what runs is cancelled."""
        if not self.going:
            self.going = why
            self._orders += [End(held.id, cause) for held in self._held]

    def look(self, now: float) -> None:
        """Time has passed."""
        if now - self._wrote_at >= CUT_OFF * self._partition_s:
            self.leave(Cause.LOST, "it could not write for too long, and its driver takes it for lost")
        elif now >= self._goes_at:
            self.leave(Cause.PREEMPTED, "its allocation ends")
        elif not self._held and not self._letters and now - self._busy_at >= self._linger_s:
            self.leave(Cause.CANCELLED, "it had nothing to do")
        elif self._lasts_s is not None and not self.going and now >= self._hand_back_at:
            self._hand_back_at = now + HAND_BACK_S
            self._hand_back(now)

    def _hand_back(self, now: float) -> None:
        """What waits and would not come to its end any more."""
        late = [held for held in self._held if not (held.began or held.is_wanted_back)]
        late = [held for held in late if not self._fits(held.timeout_s, now)]
        for held in late:
            held.is_wanted_back = True
        if late:
            self._letters.add(self._hello_of(now))
            self._orders.append(TakeBack(tuple([held.id for held in late])))

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
        return bool(self._held)

    @property
    def is_over(self) -> bool:
        """Whether it goes and nothing runs any more."""
        return bool(self.going) and not self._held

    @property
    def partition_s(self) -> float:
        """After how long its driver calls it lost."""
        return self._partition_s

    @property
    def has_ends(self) -> bool:
        """Whether it is about to tell how attempts ended."""
        return self._letters.ends > 0

    @property
    def has_more_than_begun(self) -> bool:
        """Whether something is to be told that somebody waits for."""
        return self._letters.has_more_than_begun or self.is_over

    @property
    def pace_s(self) -> float:
        """How long after the last letter what is to be told is told: short attempts end by the hundred in a second, and
        each letter costs both ends as much as some of them."""
        if self.is_over or self._letters.has_answers:
            return 0.0
        if self._held.has_emptied:
            return EMPTY_PACE_S
        waits_s = self.waits_s
        if self._held.runs_low or (self._letters.ends >= MANY and waits_s <= mail.LOW_S):
            return LOW_PACE_S
        return mail.FED_PACE_S if waits_s else PACE_S

    @property
    def waits_s(self) -> float:
        """About how long all its lanes have enough to do; 0.0: one has not, or it has none."""
        return self._held.waits_s

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
            self._letters.add(mail.Bye(self.going))
        self._held.envelope_made()
        letters = self._letters.take()
        return mail.Up(self.token, self.read, letters) if letters else None
