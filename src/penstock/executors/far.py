"""The executor `far`: attempts run at agents on other machines, and outlive their driver.

Owns the thread that performs what `far_book` and `far_fleet` decide: it lists and writes letters, sends blobs up before
the letters that need them, and learns of the engine what was committed. A second thread talks to the site, which may
take its time. It knows the site and the tier by their ports alone.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from penstock.errors import DamagedError, PenstockError, StoreError
from penstock.executors import far_files, far_logs
from penstock.executors.far_book import Book
from penstock.executors.far_fleet import Fleet, FleetLimits
from penstock.executors.far_seats import Standing
from penstock.executors.needed_blobs import blobs_of_attempt, blobs_of_run
from penstock.executors.site_port import Site
from penstock.executors.site_thread import SiteThread
from penstock.model import mail, wire
from penstock.model.agents import AgentRequest, AgentSight
from penstock.model.environments import Environment
from penstock.model.events import Ended, ExecutorEvent, Lane, Notice, Profile, Recalled
from penstock.model.luggage import LogPiece
from penstock.model.outcomes import failed
from penstock.model.specs import Attempt, Places, RunSpec
from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.engine.ports import Mailbox
    from penstock.tiers.port import Tier
    from penstock.tiers.uploads import Uploads

FAST_S = 0.025
"""Letters are looked for so often while some are expected."""
CALM_S = 0.1
"""Likewise, while all agents have enough to do."""
SLOW_S = 2.0
SETTLING_S = 0.2
"""Likewise while agents are about to answer, or to be found gone."""
SLOWER = 1.3
RETRY_S = 1.0
LOOK_S = 2.0
"""The site is asked so often while agents are on their way."""
CLOSE_S = 10.0
TIDY_S = 1.0
"""Letters that have served are deleted so often, many at a time."""
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
        self._held: dict[str, tuple[Attempt, Lane]] = {}  # their blobs are on their way, or those of one before them
        self._ready: set[str] = set()
        self._environments: dict[Environment | None, Any] = {}
        self._told: set[tuple[str, str, Environment | None]] = set()  # which of them each agent knows
        self._private: Mapping[str, str] = {}
        self._is_refused = False
        self._own_down: set[str] = set()
        self._look_at = self._pause_s = self._tidy_at = 0.0
        self._has_begun = False  # there is a book, a fleet, and who asks the site
        self._broken = ""  # why it can't go on
        self._is_untidy = False  # letters were read since some were deleted last
        self._is_failing = False  # the tier can't be reached
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
        self._site_at = 0.0
        self._has_begun = True
        for name in self._insist(lambda: self._tier.list(mail.heart_prefix(self._spec.nonce))):
            seat = name.rpartition("/")[2]
            if self._fleet.has(mail.agent_of(seat)):
                self._book.meet(seat, now)
        if self._book.seats or self._token >= 2 * TOKENS:
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
            self._tell(f"{self._name}: {error}; it is tried again")

    def _turn(self) -> None:
        self._take_orders()
        now = time.monotonic()
        try:
            if now >= self._look_at:
                self._poll()
            self._decide(now)
            self._flush()
            self._is_failing = False
        except StoreError as error:
            self._tell_of_failing(error)
            self._look_at = now + RETRY_S

    def _take_orders(self) -> None:
        with self._changed:
            orders, self._orders = list(self._orders), deque()
            committed = self._committed
        if orders:
            self._expect()
        for order in orders:
            order()
        self._book.committed(committed)

    def _expect(self) -> None:
        self._pause_s = self._first_s
        self._look_at = min(self._look_at, time.monotonic() + self._pause_s)

    @property
    def _first_s(self) -> float:
        return CALM_S if self._book.is_fed else FAST_S

    def _wait(self) -> None:
        with self._changed:
            due = min(self._look_at, self._site_at) - time.monotonic()
            news = self._orders or self._closing or self._committed > self._book_committed
            if due > 0 and not news:
                self._changed.wait(due)

    @property
    def _book_committed(self) -> int:
        return self._book.committed_to

    def _poll(self) -> None:
        book, now = self._book, time.monotonic()
        book.listing_begins(now)
        all_up = map(mail.numbers_of, self._tier.list(mail.up_prefix(self._spec.nonce)))
        listed = [(seat, number) for seat, number in all_up if self._fleet.has(mail.agent_of(seat))]
        found = False
        for seat, number in list(book.unread(listed)):
            data = self._tier.get(mail.up_name(self._spec.nonce, seat, number))
            if data is not None:
                found = True
                self._read(seat, number, data, now)
        for seat in book.silent(now, self._limits.partition_s / 6):
            began_at = time.monotonic()
            book.beat(seat, self._tier.get(mail.heart_name(self._spec.nonce, seat.name)) or b"", began_at)
        book.listing_ends()
        slowest_s = SETTLING_S if book.is_settling else SLOW_S
        self._keep_logs()
        self._pause_s = self._first_s if found else min(slowest_s, self._pause_s * SLOWER)
        self._look_at = time.monotonic() + self._pause_s
        self._is_untidy = self._is_untidy or found
        if self._is_untidy and now >= self._tidy_at:
            self._delete()

    def _read(self, seat: str, number: int, data: bytes, now: float) -> None:
        try:
            self._book.heard(seat, number, mail.read_up(data), now)
        except (mail.Foreign, wire.MalformedError) as error:
            self._book.heard(seat, number, mail.Up(0, 0, ()), now)
            self._book.ended(mail.agent_of(seat), Cause.LOST, f"a letter of its agent can't be read: {error}")
            self._tell(f"{self._name}: a letter of the agent {seat} can't be read: {error}")

    def _keep_logs(self) -> None:
        """Before the outcomes are told that refer to them."""
        logs, self._book.logs = self._book.logs, []
        for seat, letter in logs:
            try:
                far_logs.keep(self._places.logs, [LogPiece(*piece) for piece in letter.pieces])
            except (StoreError, wire.MalformedError, TypeError) as error:
                self._tell(f"{self._name}: what the agent {seat} has logged is not kept: {error}")

    def _decide(self, now: float) -> None:
        for seat in self._book.seats.values():
            agent = mail.agent_of(seat.name)
            if seat.standing is Standing.SETTLED:
                self._fleet.up(agent, now)
            elif not seat.is_live:
                self._fleet.gone(agent, now, seat.why)
        lacking = self._book.place(now)
        requests = self._fleet.wants(lacking, now)
        if requests:
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
        for outgoing in self._book.mail():
            self._write(outgoing.agent, outgoing.number, self._with_environments(outgoing.agent, outgoing.envelope))
        events = self._book.events()
        if events:
            self._post(events)

    def _with_environments(self, agent: str, envelope: mail.Down) -> mail.Down:
        """The same; what the agent does not know yet of an environment goes with the first attempt in it."""
        letters: list[mail.DownLetter] = []
        for letter in envelope.letters:
            if isinstance(letter, mail.Launch):
                wanted = dict.fromkeys((agent, envelope.to, lane.environment) for _, lane in letter.launches)
                news = [one for one in wanted if one not in self._told and one[2] in self._environments]
                self._told.update(news)
                letter = letter._replace(
                    environments=tuple(self._environments[environment] for _, _, environment in news)
                )
            letters.append(letter)
        return envelope._replace(letters=tuple(letters))

    def _write(self, agent: str, number: int, envelope: mail.Down) -> None:
        name = mail.down_name(self._spec.nonce, agent, self._token, number)
        data = mail.pack_down(envelope)
        self._own_down.add(name)
        self._insist(lambda: self._tier.put(name, data))
        self._expect()

    def _post(self, events: Sequence[ExecutorEvent]) -> None:
        for event in events:
            self._mailbox.post(self._with_mend(event) if type(event) is Ended else event)
        with self._changed:
            self._posted = self._book.posted
            self._ring()

    def _with_mend(self, event: Ended) -> Ended:
        """The same; a file that was missed there and lies here is told with what brings it."""
        error = event.outcome.error
        if error is None or not (mend := far_files.mend(error, self._places.cwd, self._root)):
            return event
        self._tell(f"{event.attempt}: {mend}")
        return event._replace(outcome=event.outcome._replace(error=error._replace(message=f"{error.message}: {mend}")))

    def _tell(self, text: str) -> None:
        self._mailbox.post(Notice(text))

    def _delete(self) -> None:
        up, down = self._book.deletable()
        names = [mail.up_name(self._spec.nonce, *key) for key in up]
        own = [mail.down_name(self._spec.nonce, agent, self._token, number) for agent, number in down]
        self._own_down.difference_update(own)
        if names or own:
            self._tier.delete(names + own)
        self._is_untidy, self._tidy_at = False, time.monotonic() + TIDY_S

    # Orders, in the thread.

    def _hold(self, launches: Sequence[tuple[Attempt, Lane]]) -> None:
        """Send up what attempts need; each goes on once that is there, behind those that were before it in its lane."""
        if self._broken:
            self._refuse([attempt.id for attempt, _ in launches])
            return
        for attempt, lane in launches:
            self._held[attempt.id] = attempt, lane
            self._send_up(attempt)
        self._release()

    def _send_up(self, attempt: Attempt) -> None:
        def done(error: Exception | None) -> None:
            self._order(lambda: self._uploaded(attempt, error))

        blobs = blobs_of_attempt(attempt)
        if not blobs or self._uploads.send(blobs, done):
            self._ready.add(attempt.id)

    def _uploaded(self, attempt: Attempt, error: Exception | None) -> None:
        if attempt.id not in self._held:
            return
        if error is None:
            self._ready.add(attempt.id)
        elif isinstance(error, DamagedError):
            del self._held[attempt.id]
            self._mailbox.post(Ended(attempt.id, failed(Cause.DAMAGED, str(error))))
        else:
            again = threading.Timer(RETRY_S, self._order, (lambda: self._send_again(attempt),))
            again.daemon = True
            again.start()
        self._release()

    def _send_again(self, attempt: Attempt) -> None:
        if attempt.id in self._held:
            self._hold([self._held[attempt.id]])

    def _release(self) -> None:
        lanes = set[int]()
        for id_, (attempt, lane) in list(self._held.items()):
            if id_ in self._ready and lane.number not in lanes:
                del self._held[id_]
                self._ready.discard(id_)
                self._book.start([(attempt, lane)])
            else:
                lanes.add(lane.number)

    def _recall(self, attempts: tuple[str, ...]) -> None:
        for attempt in attempts:
            if self._held.pop(attempt, None) is not None:
                self._mailbox.post(Recalled(attempt))
        if not self._broken:
            self._book.recall(attempts)

    def _adopt(self, attempt: Attempt, handle: str) -> None:
        if self._broken:
            self._refuse([attempt.id])
        else:
            self._book.adopt(attempt, handle, time.monotonic())

    def _cancel(self, attempt: str, cause: Cause) -> None:
        if self._held.pop(attempt, None) is not None:
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
                self._tell(f"{self._name}: {handles}")
            else:
                self._fleet.placed(requests, handles)
            self._site_at = 0.0

        self._site_thread.ask(lambda site: site.place(requests, private), answered)

    def _found(self, handles: Any) -> None:
        if not isinstance(handles, PenstockError):
            self._fleet.found(handles, time.monotonic())
            self._site_at = 0.0

    def _seen(self, sights: Any) -> None:
        if isinstance(sights, PenstockError):
            return
        for agent, sight in self._fleet.sights(sights, time.monotonic()):
            self._book.ended(agent, _cause_of(sight), f"its agent has ended: {sight.why}")
        if words := self._fleet.waiting():
            self._tell(f"{self._name}: {words}")

    def _refuse_waiting(self) -> None:
        self._book.refuse_waiting(Cause.UNPLACED, f"it could not be placed at {self._name}: {self._fleet.why_not}")
        if not self._is_refused:
            self._is_refused = True
            self._tell(f"{self._name}: nothing more can be placed: {self._fleet.why_not}")

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
                self._poll()
                self._flush()
                time.sleep(FAST_S)
            hearts = [
                mail.heart_name(self._spec.nonce, seat.name) for seat in self._book.seats.values() if not seat.is_live
            ]
            self._delete()
            self._tier.delete([*self._own_down, *hearts])
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
        self._tell(f"{self._name}: it can't go on: {what}")
        self._broken = what
        self._refuse(self._held)
        self._held.clear()
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
