"""An agent's own loop: letters in, attempts by the process executor, outcomes out.

Performs what `duty` decides. Blobs come down before an attempt is started, and go up before its outcome is told. Where
letters lie is the postman's business.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from penstock.agent import duty as duties
from penstock.agent.duty import Duty
from penstock.agent.log_shipping import LogShipper
from penstock.agent.postman import Postman
from penstock.agent.private import Private
from penstock.agent.workplace import Around, PreparedAttempt, Workplace
from penstock.engine.mailbox import Inbox
from penstock.errors import DamagedError, PenstockError, StoreError
from penstock.executors.needed_blobs import Blobs, blobs_of_outcome
from penstock.model import mail
from penstock.model.events import Began, Ended, ExecutorEvent, Notice, Recalled
from penstock.model.outcomes import failed
from penstock.model.specs import RunSpec
from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple
from penstock.tiers.port import Tier
from penstock.tiers.tiered_store import TieredStore
from penstock.tiers.uploads import Uploads

LOOK_S = 0.5
OPEN_S, RETRY_S = 30.0, 1.0
SHIP_S = 0.5
PIECES_BYTES = 4 << 20
GOING_S = 20.0
"""So long an agent that goes waits for its attempts to end, and for its last letter to be written."""
BEATS = 12
"""Of the heart within the time after which a seat is called lost."""
SHOWN_S = 10.0
"""The heart says how the machine is, to who looks at it: not later than so."""
LINGER_FOR_END_S = 0.05
"""Of an attempt that has begun is told a moment later: most are short, and their end says all."""


class _Letter(NamedTuple):
    token: int
    number: int
    envelope: mail.Down


class _Wrote(NamedTuple):
    began_at: float
    is_letter: bool


class _Published(NamedTuple):
    event: Ended


class Agent:
    """One life of an agent. `terminated`: a descriptor that can be read once it is told to go."""

    def __init__(
        self,
        tier: Tier,
        store: TieredStore,
        *,
        nonce: str,
        seat: str,
        hello: mail.Hello,
        gpus: tuple[str, ...],
        home: Path,
        terminated: int = -1,
        left_s: float | None = None,
    ) -> None:
        """`left_s`: after which its allocation ends; None: never."""
        self._hello = hello
        self._duty = Duty(mail.incarnation_of(seat), hello, gpus, time.monotonic(), left_s)
        self._inbox = Inbox()
        self._uploads = Uploads(store, tier)
        self._postman = Postman(tier, nonce, seat, self._take_letter, self._take_wrote, self._refuse, self._pulse)
        say = self._say
        self._around = Around(tier, store, seat, home, hello, gpus, Private(os.environ), self._inbox, say)
        self._workplaces: list[Workplace] = []  # the last one is of the newest code
        self._shipper: LogShipper | None = None
        self._ship_at = 0.0
        self._why_not = ""  # it could not get ready for the run
        self._is_writing = self._said_bye = False
        self._hasten_at = 0.0  # when what is to be told is told at the latest; 0.0: nothing is
        self._told_at = 0.0
        self._go_at = 0.0
        if terminated >= 0:
            self._inbox.watch(terminated, self._terminated)
        self._terminated_fd = terminated

    def run(self) -> str:
        """Do its duty to its end; gives why it went."""
        self._postman.start()
        try:
            while not self._is_done():
                self._inbox.wait(self._pause())
                self._inbox.hear()
                for item in self._inbox.take():
                    self._take(item)
                self._duty.look(time.monotonic())
                self._perform()
                self._tell()
        finally:
            self._close()
        return self._duty.going

    def _pause(self) -> float:
        if self._hasten_at:
            return max(0.0, self._hasten_at - time.monotonic())
        return LOOK_S

    def _is_done(self) -> bool:
        if not self._duty.going:
            return False
        now = time.monotonic()
        self._go_at = self._go_at or now + GOING_S
        has_told = self._duty.is_over and self._said_bye and not self._is_writing
        return has_told or now >= self._go_at

    def _take(self, item: Any) -> None:
        now = time.monotonic()
        if isinstance(item, _Letter):
            self._duty.take(item.token, item.number, item.envelope, now)
        elif isinstance(item, _Wrote):
            self._duty.wrote(item.began_at)
            self._is_writing = self._is_writing and not item.is_letter
        elif isinstance(item, _Published):
            self._duty.said(item.event, now)
        elif isinstance(item, Notice):
            self._duty.tell([item])
        elif isinstance(item, PreparedAttempt):
            self._prepared(item.place.prepared(item))
        elif isinstance(item, str):  # the letters that it can't read are for nobody else
            self._duty.leave(Cause.PLATFORM, item)
        else:
            self._heard(item)

    def _prepared(self, event: Began | Ended | None) -> None:
        if isinstance(event, Began):
            self._duty.said(event, time.monotonic())
        else:
            self._over(event)

    def _over(self, event: Ended | Recalled | None) -> None:
        """An attempt is over before it began."""
        if event is not None:
            self._left(event)
            self._duty.said(event, time.monotonic())

    def _left(self, event: Ended | Recalled) -> None:
        place = self._place_of(event.attempt)
        if place is not None:
            place.over(event)
            if place.is_idle and place is not self._workplaces[-1]:
                self._workplaces.remove(place)
                place.close()

    def _place_of(self, attempt: str) -> Workplace | None:
        return next((place for place in self._workplaces if place.holds(attempt)), None)

    def _heard(self, event: ExecutorEvent) -> None:
        """What an executor says; an outcome is told once all that it refers to is in the tier."""
        if isinstance(event, (Ended, Recalled)):
            self._left(event)
        if isinstance(event, Ended):
            self._publish(event, blobs_of_outcome(event.outcome))
        else:
            self._duty.said(event, time.monotonic())

    def _publish(self, event: Ended, blobs: Blobs) -> None:
        def done(error: Exception | None) -> None:
            if error is None:
                self._inbox.post(_Published(event))
            elif isinstance(error, DamagedError):
                self._inbox.post(_Published(Ended(event.attempt, failed(Cause.DAMAGED, str(error)))))
            else:  # it is tried until it succeeds, or its driver takes this agent for lost
                again = threading.Timer(1.0, self._inbox.post, (event,))
                again.daemon = True
                again.start()

        if not blobs or self._uploads.send(blobs, done):
            self._duty.said(event, time.monotonic())

    def _perform(self) -> None:
        while orders := self._duty.orders():
            for order in orders:
                if isinstance(order, duties.Open):
                    self._open(order)
                elif isinstance(order, duties.RunAttempts):
                    self._run(order)
                elif isinstance(order, duties.End):
                    self._end(order)
                else:
                    self._take_back(order)

    def _open(self, order: duties.Open) -> None:
        self._postman.beat_s = min(SHOWN_S, max(0.05, self._duty.partition_s / BEATS))
        for idle in [place for place in self._workplaces if place.is_idle]:
            self._workplaces.remove(idle)
            idle.close()
        place = self._workplace(order.spec)
        if place is not None:
            self._workplaces.append(place)
            self._shipper = self._shipper or LogShipper(place.places.logs)

    def _workplace(self, spec: RunSpec) -> Workplace | None:
        """A new one. Tried for a while: the tier may be gone for a moment. None: it can't be had, so that the agent
        goes."""
        until = time.monotonic() + OPEN_S
        while True:
            try:
                return Workplace(self._around, spec)
            except PenstockError as error:
                if not isinstance(error, StoreError) or isinstance(error, DamagedError) or time.monotonic() > until:
                    self._why_not = f"it can't get ready for the run: {error}"
                    self._duty.leave(Cause.PLATFORM, self._why_not)
                    return None
            time.sleep(RETRY_S)

    def _say(self, text: str) -> None:
        """Tell the user. From any thread."""
        self._inbox.post(Notice(f"{self._hello.host}: {text}"))

    def _run(self, order: duties.RunAttempts) -> None:
        self._ship_at = min(self._ship_at, time.monotonic() + SHIP_S)
        if self._why_not:
            for attempt, _ in order.launches:
                self._duty.said(Ended(attempt.id, failed(Cause.PLATFORM, self._why_not)), time.monotonic())
            return
        place = self._workplaces[-1]
        place.learn(order.environments)
        now = time.monotonic()
        for began in place.start(order.launches):
            self._duty.said(began, now)

    def _end(self, order: duties.End) -> None:
        place = self._place_of(order.attempt)
        if place is not None:
            self._over(place.end(order))

    def _take_back(self, order: duties.TakeBack) -> None:
        for place in list(self._workplaces):
            for event in place.take_back([attempt for attempt in order.attempts if place.holds(attempt)]):
                self._over(event)

    def _tell(self) -> None:
        """Write what there is to tell, unless a letter is being written."""
        if self._is_writing:
            return
        now = time.monotonic()
        if now >= self._ship_at:
            self._ship(now)
        self._hasten_at = self._due(now)
        if not self._hasten_at or now < self._hasten_at:
            return
        if self._duty.has_ends:
            self._ship(now)
        waits_s = self._duty.waits_s
        envelope = self._duty.envelope()
        if envelope is not None:
            self._said_bye = self._said_bye or any(isinstance(letter, mail.Bye) for letter in envelope.letters)
            self._is_writing, self._hasten_at, self._told_at = True, 0.0, now
            self._postman.send(envelope, waits_s)

    def _due(self, now: float) -> float:
        """When what there is to tell is to be told; 0.0: there is nothing."""
        duty = self._duty
        if not (duty.has_news or (duty.is_over and not self._said_bye)):
            return 0.0
        if duty.has_more_than_begun:
            return max(now, self._told_at + duty.pace_s)
        return self._hasten_at or now + LINGER_FOR_END_S

    def _ship(self, now: float) -> None:
        """What was logged goes now and then, and all of it with an attempt's end."""
        if self._shipper is None:
            return
        self._ship_at = now + (SHIP_S if self._duty.holds else float("inf"))
        while pieces := self._shipper.pieces(PIECES_BYTES):
            self._duty.tell([mail.Logs(tuple(map(tuple, pieces)))])
            if not self._duty.has_ends:
                break

    def _take_letter(self, token: int, number: int, envelope: mail.Down) -> None:
        self._inbox.post(_Letter(token, number, envelope))

    def _take_wrote(self, began_at: float, is_letter: bool) -> None:
        self._inbox.post(_Wrote(began_at, is_letter))

    def _refuse(self, why: str) -> None:
        self._inbox.post(why)

    def _pulse(self, beats: int) -> bytes:
        """In the postman's thread."""
        return mail.pack_heart(mail.Heart(beats, self._hello, os.getloadavg()[0]))

    def _terminated(self) -> None:
        os.read(self._terminated_fd, 4096)
        self._duty.leave(Cause.PREEMPTED, "it was told to end by its machine")

    def _close(self) -> None:
        self._postman.stop()
        for place in self._workplaces:
            place.close()
