"""The executor `far`: attempts run at agents on other machines, and outlive their driver.

Owns the thread that performs what `far_book` and `far_fleet` decide, and learns of the engine what was committed. Where
letters lie is the business of `driver_mail`, what attempts need that of `sent_inputs`. A second thread talks to the
site, which may take its time. It knows the site and the tier by their ports alone.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from penstock.errors import DamagedError, PenstockError, StoreError
from penstock.executors import far_clocks, far_files
from penstock.executors.driver_mail import FAST_S, DriverMail
from penstock.executors.far_book import Book
from penstock.executors.far_fleet import Fleet, FleetLimits
from penstock.executors.needed_blobs import blobs_of_run
from penstock.executors.sent_inputs import SentInputs
from penstock.executors.site_port import Site
from penstock.executors.site_thread import SiteThread
from penstock.model import mail
from penstock.model.agents import AgentRequest, AgentSight
from penstock.model.environments import Environment
from penstock.model.events import Ended, ExecutorEvent, Lacking, Lane, Notice, Placed, Profile, Recalled
from penstock.model.outcomes import Error, failed
from penstock.model.specs import Attempt, Places, RunSpec
from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.engine.ports import Mailbox
    from penstock.tiers.port import Tier
    from penstock.tiers.uploads import Uploads

RETRY_S = 1.0
LOOK_S = 2.0
"""The site is asked so often while agents are on their way."""
CLOSE_S = 10.0
TOKENS = 10_000
"""Bodies that are called again under one driver have tokens of their own."""


class Packing(NamedTuple):
    """What makes a run ready to travel."""

    packed: Callable[[RunSpec, Places], RunSpec]  # blocks; raises PenstockError
    code_of: Callable[[str, RunSpec], str]  # the join code of an agent
    private: Callable[[], Mapping[str, str]]  # what is told to agents alone
    environment: Callable[[Environment | None, str], Any] | None = (
        None  # of a step, as plain data; None: there are none
    )
    over: Callable[[RunSpec], None] | None = None  # removes what `packed` has put there for agents; blocks


class FarExecutor:
    """Agents at a site. Implements `engine.ports.Executor`."""

    def __init__(
        self,
        *,
        name: str,
        site: Site,
        tier: Tier,
        uploads: Uploads,
        packing: Packing,
        profile: Profile,
        limits: FleetLimits,
        root: str = "",
    ) -> None:
        """`root`: the project's folder."""
        self._root = root
        self.profile = profile
        self._name = name
        self._site, self._tier, self._uploads = site, tier, uploads
        self._packing, self._limits = packing, limits
        self._changed = threading.Condition()
        self._orders: deque[Callable[[], None]] = deque()
        self._posted = self._heard = self._committed = 0
        self._closing = ""  # "leave" or "end"
        self._sent_at: dict[str, float] = {}  # UTC, by this machine's clock
        self._inputs = SentInputs(uploads, self._order, self._go_on, self._refuse_damaged)
        self._environments: dict[Environment | None, Any] = {}
        self._private: Mapping[str, str] = {}
        self._is_refused = False
        self._is_finding = False  # what earlier drivers have placed, before which nothing is placed
        self._has_begun = False  # there is a book, a fleet, mail, and who asks the site
        self._broken = ""  # why it can't go on
        self._is_failing = False  # the tier can't be reached
        self._lacking = ""  # what attempts without a seat were last said to wait for
        self._bells: tuple[int, int] | None = None  # a pipe that calls for a turn
        self._thread: threading.Thread | None = None

    def open(self, mailbox: Mailbox, spec: RunSpec, places: Places) -> None:
        self._mailbox, self._spec, self._places = mailbox, spec, places
        driver, _, again = spec.driver.partition("-")
        self._token = int(driver) * TOKENS + int(again or 0)
        self._bells = os.pipe()
        for bell in self._bells:
            os.set_blocking(bell, False)
        mailbox.watch(self._bells[0], self._rung)
        if int(driver) > 1:  # the one before may have left something
            self._thread = self._started()

    def _started(self) -> threading.Thread:
        thread = threading.Thread(target=self._work, name=f"penstock-{self._name}", daemon=True)
        thread.start()
        return thread

    def ready(self, environment: Environment | None, step: str) -> None:
        """They are built there; here they are locked."""
        if self._packing.environment is not None and environment not in self._environments:
            self._environments[environment] = self._packing.environment(environment, step)
            self._order(self._refresh)

    def assist(self, timeout_s: float) -> bool:
        return False

    def start(self, launches: Sequence[tuple[Attempt, tuple[Lane, ...]]]) -> None:
        started = [(attempt, lanes[0]) for attempt, lanes in launches]
        if not self._has_begun:  # nothing runs while the tier can't be reached, say
            for attempt, _ in started:
                self._mailbox.post(Placed(attempt.id))
        now = time.time()
        self._sent_at.update((attempt.id, now) for attempt, _ in started)
        self._order(lambda: self._hold(started))

    def recall(self, attempts: Collection[str]) -> None:
        wanted = tuple(attempts)
        self._order(lambda: self._recall(wanted))

    def cancel(self, attempt: str, cause: Cause) -> None:
        self._order(lambda: self._cancel(attempt, cause))

    def adopt(self, attempt: Attempt, handle: str) -> None:
        self._order(lambda: self._adopt(attempt, handle))

    def close(self, *, leave: bool = False) -> None:
        """Blocks until all agents have gone, or for some seconds; what stands in the tier of outcomes that nobody has
        asked for stays."""
        if self._bells is None or self._closing:
            return
        with self._changed:
            self._closing = "leave" if leave else "end"
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        self._mailbox.unwatch(self._bells[0])
        for bell in self._bells:
            os.close(bell)

    # In turns of the driver.

    def _order(self, order: Callable[[], None]) -> None:
        """The first one begins the thread: a run that sends nothing here asks neither tier nor site."""
        with self._changed:
            self._orders.append(order)
            self._changed.notify()
            if self._thread is None and self._bells is not None and not self._closing:
                self._thread = self._started()

    def _rung(self) -> None:
        """What had been posted before the turn that heard of it last is committed once another turn begins."""
        assert self._bells is not None
        os.read(self._bells[0], 4096)
        with self._changed:
            self._committed, self._heard = self._heard, self._posted
            if self._heard > self._committed:
                self._ring()
            self._changed.notify()

    def _ring(self) -> None:
        assert self._bells is not None
        try:
            os.write(self._bells[1], b"!")
        except BlockingIOError:
            pass  # it rings already

    # In the thread.

    def _work(self) -> None:
        try:
            self._begin()
            while not self._closing:
                self._turn()
                self._wait()
            if self._closing == "end":
                self._end_all()
        except Exception as error:  # noqa: BLE001  the run must hear of it: whoever waits would wait for ever
            self._refuse_all(error)

    def _begin(self) -> None:
        now = time.monotonic()
        self._site_thread = SiteThread(self._site, self._order)
        self._fleet = Fleet(
            self._limits,
            self._spec.nonce,
            self._name,
            self._token,
            lambda agent: self._packing.code_of(agent, self._spec),
            now,
        )
        spec = self._insist(lambda: self._packing.packed(self._spec, self._places))
        self._insist(lambda: self._uploads.send_now(blobs_of_run(spec)))
        self._book = Book(mail.Obey(self._token, spec, self._limits.partition_s, self._limits.linger_s))
        self._mail = DriverMail(
            self._tier,
            self._book,
            self._spec.nonce,
            self._limits.partition_s,
            is_own=self._fleet.has,
            environments=self._environments,
            logs=self._places.logs,
            tell=self._tell,
        )
        self._site_at = 0.0
        self._has_begun = True
        for seat in self._insist(self._mail.seats):
            self._book.meet(seat, now)
        if self._book.seats or self._token >= 2 * TOKENS:
            self._is_finding = True
            self._site_thread.ask(lambda site: site.find(self._spec.nonce), self._found)

    def _insist(self, action: Callable[[], Any]) -> Any:
        """Try again while the tier can't be reached."""
        while True:
            try:
                return action()
            except StoreError as error:
                if self._closing:
                    raise
                self._tell_of_failing(error)
                with self._changed:
                    self._changed.wait(RETRY_S)

    def _tell_of_failing(self, error: StoreError) -> None:
        if not self._is_failing:
            self._is_failing = True
            self._tell(f"{error}; it is tried again")
            self._tell_lacking(str(error))

    def _turn(self) -> None:
        self._take_orders()
        now = time.monotonic()
        try:
            if now >= self._mail.look_at:
                self._mail.read()
            self._decide(now)
            self._flush()
            if self._is_failing:
                self._is_failing = False
                self._tell_lacking(self._fleet.pending)
        except StoreError as error:
            self._tell_of_failing(error)
            self._mail.look_at = now + RETRY_S

    def _take_orders(self) -> None:
        with self._changed:
            orders, self._orders = list(self._orders), deque()
            committed = self._committed
        for order in orders:  # what they make of letters says itself that others are expected
            order()
        self._book.committed(committed)

    def _wait(self) -> None:
        with self._changed:
            due = min(self._mail.look_at, self._site_at) - time.monotonic()
            news = self._orders or self._closing or self._committed > self._book.committed_to
            if due > 0 and not news:
                self._changed.wait(due)

    def _decide(self, now: float) -> None:
        for seat in self._book.seats.values():
            agent = mail.agent_of(seat.name)
            if seat.takes_lanes:
                self._fleet.up(agent, now)
            elif not seat.is_live:
                self._fleet.gone(agent, now, seat.why)
        lacking = self._book.place(now)
        if not self._is_finding and (requests := self._fleet.wants(lacking, now)):
            self._place(requests)
        if lacking and self._fleet.why_not and not any(seat.takes_lanes for seat in self._book.seats.values()):
            self._refuse_waiting()
        if now >= self._site_at:
            self._site_at = now + (LOOK_S if self._fleet.awaits else self._limits.look_s)
            handles = self._fleet.to_look_at()
            if handles:
                self._site_thread.ask(lambda site: site.look(handles), self._seen)

    def _flush(self) -> None:
        """Events to the engine, letters to agents."""
        letters = self._book.mail()
        for outgoing in letters:
            self._insist(partial(self._mail.write, outgoing))
        if letters:
            self._mail.expect(time.monotonic())
        events = self._book.events()
        if events:
            self._post(events)

    def _post(self, events: Sequence[ExecutorEvent]) -> None:
        for event in events:
            self._mailbox.post(self._as_here(event) if type(event) is Ended else event)
        with self._changed:
            self._posted = self._book.posted
            self._ring()

    def _as_here(self, event: Ended) -> Ended:
        outcome = event.outcome
        usage = far_clocks.told_here(outcome.usage, self._sent_at.pop(event.attempt, 0.0), time.time())
        if usage is not outcome.usage:
            event = event._replace(outcome=outcome._replace(usage=usage))
        return event if outcome.error is None else self._with_mend(event, outcome.error)

    def _with_mend(self, event: Ended, error: Error) -> Ended:
        """The same; a file that was missed there and lies here is told with what brings it."""
        if not (mend := far_files.mend(error, self._places.cwd, self._root)):
            return event
        self._mailbox.post(Notice(f"{event.attempt}: {mend}"))
        return event._replace(outcome=event.outcome._replace(error=error._replace(message=f"{error.message}: {mend}")))

    def _tell(self, text: str) -> None:
        self._mailbox.post(Notice(f"{self._name}: {text}"))

    # Orders, in the thread.

    def _hold(self, launches: Sequence[tuple[Attempt, Lane]]) -> None:
        """Each goes on once what it needs is there, behind those that were before it in its lane."""
        if self._broken:
            self._refuse([attempt.id for attempt, _ in launches])
            return
        self._inputs.send(launches)

    def _go_on(self, launches: Sequence[tuple[Attempt, Lane]]) -> None:
        self._book.start(launches)

    def _refuse_damaged(self, attempt: str, error: DamagedError) -> None:
        self._mailbox.post(Ended(attempt, failed(Cause.DAMAGED, str(error))))

    def _recall(self, attempts: tuple[str, ...]) -> None:
        for attempt in attempts:
            if self._inputs.take_out(attempt):
                self._mailbox.post(Recalled(attempt))
        if not self._broken:
            self._book.recall(attempts)

    def _adopt(self, attempt: Attempt, handle: str) -> None:
        if self._broken:
            self._refuse([attempt.id])
            return
        now = time.monotonic()
        if handle and handle not in self._book.seats and not self._mail.has_heart(handle):
            self._book.swept(handle, now)
        self._book.adopt(attempt, handle, now)

    def _cancel(self, attempt: str, cause: Cause) -> None:
        if self._inputs.take_out(attempt):
            self._mailbox.post(Recalled(attempt))
        elif not self._broken:
            self._book.cancel(attempt, cause)

    # The site.

    def _refresh(self) -> None:
        """A step has named a secret since agents were placed: they wait for it."""
        private = self._packing.private()
        if private == self._private or self._broken:
            return
        self._private = private
        if handles := self._fleet.to_look_at():
            self._site_thread.ask(lambda site: site.refresh(handles, private), lambda _: None)

    def _place(self, requests: list[AgentRequest]) -> None:
        private = self._private = self._packing.private()

        def answered(handles: Any) -> None:
            if isinstance(handles, PenstockError):
                self._fleet.refused(requests, str(handles), time.monotonic())
                self._tell(str(handles))
                self._tell_lacking(str(handles))
            else:
                self._fleet.placed(requests, handles)
            self._site_at = 0.0

        self._site_thread.ask(lambda site: site.place(requests, private), answered)

    def _found(self, handles: Any) -> None:
        self._is_finding = False
        if not isinstance(handles, PenstockError):
            self._fleet.found(handles, time.monotonic())
            self._site_at = 0.0

    def _seen(self, sights: Any) -> None:
        if isinstance(sights, PenstockError):
            return
        for agent, sight in self._fleet.sights(sights, time.monotonic()):
            self._book.ended(agent, _cause_of(sight), f"its agent has ended: {sight.why}")
        if words := self._fleet.waiting():
            self._tell(words)
        self._tell_lacking(self._fleet.pending)

    def _tell_lacking(self, why: str) -> None:
        """Say to who asks for an attempt that has no seat what it waits for."""
        what = f"an agent: {why}" if why else ""
        if what != self._lacking:
            self._lacking = what
            self._mailbox.post(Lacking(self._name, what))

    def _refuse_waiting(self) -> None:
        self._book.refuse_waiting(Cause.UNPLACED, f"it could not be placed at {self._name}: {self._fleet.why_not}")
        if not self._is_refused:
            self._is_refused = True
            self._tell(f"nothing more can be placed: {self._fleet.why_not}")

    # The end.

    def _end_all(self) -> None:
        """Have all agents go, and wait for them; what they leave is removed."""
        until = time.monotonic() + CLOSE_S
        self._take_orders()
        self._book.leave(list(self._book.seats.values()), "the run is over")
        handles = self._fleet.to_look_at()
        up = {mail.agent_of(seat.name) for seat in self._book.seats.values() if seat.is_live}
        early = [
            agent.handle for name, agent in self._fleet.agents.items() if agent.handle in handles and name not in up
        ]
        if early:
            self._site_thread.ask(lambda site: site.end(early), lambda _: None)
        try:
            self._flush()
            while not self._book.is_quiet and time.monotonic() < until:
                self._mail.read()
                self._flush()
                time.sleep(FAST_S)
            self._mail.delete_rest()
            if self._packing.over is not None:
                self._packing.over(self._spec)
        except StoreError:
            pass  # the site ends them
        if handles:
            self._site_thread.ask(lambda site: site.end(handles), lambda _: None)
        self._site_thread.close(max(1.0, until - time.monotonic()))

    def _refuse_all(self, error: Exception) -> None:
        """It can't go on: what it was given is answered, and what it will be given, until the run ends."""
        what = str(error) if isinstance(error, PenstockError) else f"{type(error).__name__}: {error}"
        self._tell(f"it can't go on: {what}")
        self._broken = what
        self._refuse(self._inputs.clear())
        if self._has_begun:
            self._book.refuse_all(Cause.PLATFORM, what)
            for event in self._book.events():
                self._mailbox.post(event)
        while not self._closing:
            with self._changed:
                while not self._orders and not self._closing:
                    self._changed.wait()
                orders, self._orders = list(self._orders), deque()
            for order in orders:
                order()
        if self._has_begun:
            self._site_thread.close(1.0)

    def _refuse(self, attempts: Iterable[str]) -> None:
        for attempt in attempts:
            self._mailbox.post(Ended(attempt, failed(Cause.PLATFORM, self._broken)))


def _cause_of(sight: AgentSight) -> Cause:
    return sight.cause or Cause.LOST
