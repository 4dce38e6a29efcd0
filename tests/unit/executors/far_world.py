"""A world for the protocol of driver and agents: a tier that loses nothing but delays, a journal, drivers that die,
sleep and wake, agents that freeze, are cut off, die and are started anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from penstock.agent import duty as duties
from penstock.agent.duty import Duty
from penstock.executors.far_book import Book
from penstock.executors.far_seats import Standing
from penstock.model import mail
from penstock.model.events import Adopted, Began, Ended, ExecutorEvent, Lane, Placed, Recalled
from penstock.model.outcomes import Outcome, failed
from penstock.model.specs import Attempt, Function, RunSpec
from penstock.model.states import Cause

NONCE = "5f0c9a1e"
PARTITION_S = 60.0
LOOK_S = 4.0
"""Agents that keep their rules look so often whether they are cut off."""

BEAT_S = 5.0
TIMEOUTS_S = (None, 6.0, 20.0, 60.0)


@dataclass
class Execution:
    """One time that a task was run."""

    task: int
    attempt: str
    seat: str
    state: str = "runs"  # "finished", "killed"


@dataclass
class Row:
    """A task in the journal."""

    attempt: int = 0
    is_open: bool = False
    handle: str = ""
    is_done: bool = False


class Agent:
    """One life of an agent: its duty, and an executor that runs the heads of lanes. `left_s`: of its allocation; None:
    that has no end."""

    def __init__(self, world: World, name: str, incarnation: str, size: int, left_s: float | None = None) -> None:
        self.world, self.name, self.seat = world, name, mail.seat_of(name, incarnation)
        self.duty = Duty(incarnation, mail.Hello(float(size), None, 0, "1", "here"), (), world.now, left_s)
        self.lasts_s = left_s
        self.first_at = float("inf")  # it has begun something: whatever had come before that might begin
        self.ends_at = world.now + (left_s or float("inf"))
        self.staged: deque[tuple[str, int]] = deque()  # what attempts need, in its lanes, is brought in their order
        self.lanes: dict[int, list[str]] = {}
        self.runs: dict[str, Execution] = {}
        self.said: list[ExecutorEvent] = []
        self.in_flight: tuple[float, bytes] | None = None
        self.written = self.beats = 0
        self.highest = 0, 0  # token and number of what it has read
        self.is_frozen = self.was_frozen = self.is_cut = self.is_dead = self.is_gone = False
        self.beat_at = -BEAT_S

    @property
    def acts(self) -> bool:
        return not (self.is_frozen or self.is_dead or self.is_gone)

    def look(self) -> None:
        """What it does though nobody can be reached."""
        self.duty.look(self.world.now)
        self.obey()

    def read(self) -> None:
        """Read the letters of the highest token that it can see."""
        if self.is_cut:
            return
        prefix = mail.down_prefix(NONCE, self.name)
        found = sorted(name for name in self.world.tier if name.startswith(prefix))
        for name in found:
            token, number = (int(part) for part in name.split("/")[-2:])
            key = token, number
            if key <= (self.duty.token, self.duty.read) and self.world.now % 2:  # others are read again
                continue
            had_news = self.duty.has_news
            self.duty.take(token, number, mail.read_down(self.world.tier[name]), self.world.now)
            if key <= self.highest:
                assert self.duty.orders() == [], "a letter counted twice, or one of a fenced driver"
                assert self.duty.has_news == had_news
            self.highest = max(self.highest, key)
            self.obey()

    def obey(self) -> None:
        for order in self.duty.orders():
            if isinstance(order, duties.RunAttempts):
                self.staged += [(attempt.id, lane.number) for attempt, lane in order.launches]
            elif isinstance(order, duties.End):
                self._end(order.attempt, failed(order.cause, "ended"))
            elif isinstance(order, duties.TakeBack):
                for attempt in order.attempts:
                    self._end(attempt, None)
        for event in self.said:
            self.duty.said(event, self.world.now)
        self.said.clear()

    def bring(self) -> None:
        """What the next attempt needs is there."""
        attempt, lane = self.staged.popleft()
        self.said.append(Began(attempt))
        self.lanes.setdefault(lane, []).append(attempt)
        if self.lanes[lane] == [attempt]:
            self._begin(attempt)
        self.obey()

    def _begin(self, attempt: str) -> None:
        self.runs[attempt] = self.world.begin(self, attempt)

    def _end(self, attempt: str, outcome: Outcome | None) -> None:
        """What waits is taken back, what runs ends with the outcome (None: it goes on)."""
        if early := [one for one in self.staged if one[0] == attempt]:
            self.staged.remove(early[0])
            self.said.append(Recalled(attempt))
        for number, lane in list(self.lanes.items()):
            if attempt not in lane or (lane[0] == attempt and outcome is None):
                continue
            if lane[0] == attempt:
                self.runs.pop(attempt).state = "killed"
                self.world.ended(self)
                assert outcome is not None
                self.said.append(Ended(attempt, outcome))
            else:
                self.said.append(Recalled(attempt))
            self._leave_lane(number, attempt)

    def _leave_lane(self, number: int, attempt: str) -> None:
        lane = self.lanes[number]
        was_head = lane[0] == attempt
        lane.remove(attempt)
        if not lane:
            del self.lanes[number]
        elif was_head:
            self._begin(lane[0])

    def finish(self, attempt: str) -> None:
        self.runs.pop(attempt).state = "finished"
        number = next(number for number, lane in self.lanes.items() if lane[0] == attempt)
        self._leave_lane(number, attempt)
        self.said.append(Ended(attempt, Outcome("done", worker=self.seat)))
        self.obey()

    def write(self) -> None:
        """Begin to write its next letter, unless one is on its way. Its heart comes first: by that it is found where
        its letters are read and deleted."""
        self.beat()
        if self.beats and self.in_flight is None and (envelope := self.duty.envelope()) is not None:
            self.in_flight = self.world.now, mail.pack_up(envelope)

    def land(self) -> None:
        """What it has written is there."""
        if self.is_cut or self.in_flight is None:
            return
        began_at, data = self.in_flight
        self.in_flight = None
        self.written += 1
        self.world.tier[mail.up_name(NONCE, self.seat, self.written)] = data
        self.world.landed(self.seat, mail.read_up(data))
        self.duty.wrote(began_at)
        if any(isinstance(letter, mail.Bye) for letter in mail.read_up(data).letters):
            self.is_gone = True

    def beat(self) -> None:
        if not self.is_cut and self.world.now - self.beat_at >= BEAT_S:
            self.beats, self.beat_at = self.beats + 1, self.world.now
            self.world.tier[mail.heart_name(NONCE, self.seat)] = str(self.beats).encode()
            self.duty.wrote(self.world.now)

    def die(self) -> None:
        self.is_dead = True
        for execution in self.runs.values():
            execution.state = "killed"


@dataclass
class World:
    """What is there beside drivers. `tasks`: how many there are to do; `lanes`: how many run at once."""

    tasks: int
    lanes: int = 2
    now: float = 1000.0
    tier: dict[str, bytes] = field(default_factory=dict[str, bytes])
    agents: list[Agent] = field(default_factory=list[Agent])
    rows: dict[int, Row] = field(default_factory=dict[int, Row])
    executions: list[Execution] = field(default_factory=list[Execution])
    told: set[tuple[int, str]] = field(default_factory=set[tuple[int, str]])  # tasks whose good ends were told, seats
    drivers: list[Driver] = field(default_factory=list["Driver"])
    owner: int = 0

    def begin(self, agent: Agent, attempt: str) -> Execution:
        task = task_of(attempt)
        for other in self.executions:
            if other.task == task and other.state == "runs":
                at = self.agent(other.seat)
                assert at.was_frozen or agent.was_frozen, f"{attempt} begins at {agent.seat}, and runs at {other.seat}"
        timeout_s = timeout_of(task)
        agent.first_at = min(self.now, agent.first_at)
        if agent.lasts_s and not agent.was_frozen and self.now > agent.first_at + LOOK_S:
            fits = timeout_s is None or self.now + timeout_s <= agent.ends_at + LOOK_S or timeout_s > agent.lasts_s / 2
            assert fits, f"{attempt} begins at {agent.seat}, and won't come to its end"
        if not agent.was_frozen:
            assert not any(done == task for done, _ in self.told), f"{attempt} had finished, and was told"
        self.executions.append(Execution(task, attempt, agent.seat))
        return self.executions[-1]

    def ended(self, agent: Agent) -> None:
        """An attempt there was ended."""
        assert agent.was_frozen or self.now <= agent.ends_at + LOOK_S, (
            f"{agent.seat} was cut by the end of its allocation"
        )

    def landed(self, seat: str, envelope: mail.Up) -> None:
        if any(driver.calls_over(seat) for driver in self.drivers):
            return
        for letter in envelope.letters:
            if isinstance(letter, Ended) and letter.outcome.error is None:
                self.told.add((task_of(letter.attempt), seat))

    def agent(self, seat: str) -> Agent:
        return next(agent for agent in self.agents if agent.seat == seat)

    def place(self, name: str, restarts: int = 0, left_s: float | None = None) -> Agent:
        chance = f"{len(self.agents):08x}"
        self.agents.append(Agent(self, name, mail.incarnation(restarts, chance), 2, left_s))
        return self.agents[-1]

    def take_over(self) -> Driver:
        self.owner += 1
        self.drivers.append(Driver(self, self.owner))
        return self.drivers[-1]

    def pass_time(self, seconds: float) -> None:
        """Agents that keep their rules look often meanwhile."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + LOOK_S)
            for agent in self.agents:
                if agent.acts:
                    agent.look()
                    agent.beat()


class Driver:
    """A book, and as much of an engine as it takes: it starts each task until it is done."""

    def __init__(self, world: World, token: int) -> None:
        self.world, self.token = world, token
        self.book = Book(mail.Obey(token, RunSpec("digits/3", nonce=NONCE), PARTITION_S, 1e9))
        self.in_flight: dict[str, int] = {}
        self.inbox: list[ExecutorEvent] = []
        self.outbox: list[tuple[str, bytes]] = []
        self.lanes: dict[int, list[str]] = {number: [] for number in range(1, world.lanes + 1)}
        self.listable: set[str] = set()  # letters that were there before a listing: none misses them
        self.is_fenced = False
        for task in range(1, world.tasks + 1):
            row = world.rows.setdefault(task, Row())
            if row.is_open:
                id_ = attempt_id(task, row.attempt)
                self.in_flight[id_] = task
                self.book.adopt(attempt_of(id_), row.handle, world.now)
        for name in [name for name in world.tier if name.startswith(mail.heart_prefix(NONCE))]:
            self.book.meet(name.rpartition("/")[2], world.now)
        self._start_more()

    def calls_over(self, seat: str) -> bool:
        known = self.book.seats.get(seat)
        return known is not None and known.standing is Standing.OVER

    def poll(
        self, order: Callable[[list[str]], list[str]] = list, hides: Callable[[str], bool] = lambda _: False
    ) -> None:
        """List and read all that agents have written. `hides`: what a listing misses, since it was just written."""
        world, book = self.world, self.book
        book.listing_begins(world.now)
        names = [name for name in world.tier if name.startswith(mail.up_prefix(NONCE))]
        seen = order([name for name in names if name in self.listable or not hides(name)])
        self.listable.update(names)
        for seat, number in book.unread(mail.numbers_of(name) for name in seen):
            data = world.tier.get(mail.up_name(NONCE, seat, number))
            if data is not None:
                book.heard(seat, number, mail.read_up(data), world.now)
        for seat in book.silent(world.now, PARTITION_S / 6):
            book.beat(seat, world.tier.get(mail.heart_name(NONCE, seat.name), b""), world.now)
        book.listing_ends()
        self._hand_over()

    def _hand_over(self) -> None:
        self.book.place(self.world.now)
        self.inbox += self.book.events()
        for agent, number, envelope in self.book.mail():
            self.outbox.append((mail.down_name(NONCE, agent, self.token, number), mail.pack_down(envelope)))

    def turn(self) -> None:
        """The engine takes in and commits what was posted; a driver that has lost the run can't."""
        if self.is_fenced:
            return
        posted, events, self.inbox = self.book.posted, self.inbox, []
        if self.token != self.world.owner:
            self.is_fenced = True
            return
        for event in events:
            self._take(event)
        self._start_more()
        self.book.committed(posted)
        self._hand_over()

    def _take(self, event: ExecutorEvent) -> None:
        if isinstance(event, Placed):
            if event.attempt in self.in_flight:
                self.world.rows[self.in_flight[event.attempt]].handle = event.handle
        elif isinstance(event, (Ended, Recalled, Adopted)):
            task = self.in_flight.get(event.attempt)
            assert task is not None, f"{event} answers what is not in flight"
            if isinstance(event, Adopted) and event.running:
                return
            del self.in_flight[event.attempt]
            for lane in self.lanes.values():
                if event.attempt in lane:
                    lane.remove(event.attempt)
            row = self.world.rows[task]
            row.is_open = False
            if isinstance(event, Ended):
                row.is_done = event.outcome.error is None
            else:
                row.attempt -= 1

    def _start_more(self) -> None:
        if self.token != self.world.owner:
            return
        for task, row in self.world.rows.items():
            number, lane = min(self.lanes.items(), key=lambda item: len(item[1]))
            if row.is_done or row.is_open or len(lane) >= 3:
                continue
            row.attempt, row.is_open, row.handle = row.attempt + 1, True, ""
            id_ = attempt_id(task, row.attempt)
            lane.append(id_)
            self.in_flight[id_] = task
            self.book.start([(attempt_of(id_), Lane(number))])

    def recall(self, attempt: str) -> None:
        if not self.is_fenced and attempt in self.in_flight:
            self.book.recall([attempt])
            self._hand_over()

    def cancel(self, attempt: str) -> None:
        if not self.is_fenced and attempt in self.in_flight:
            self.book.cancel(attempt, Cause.TIMEOUT)
            self._hand_over()

    def send(self) -> None:
        """Its oldest letter lands."""
        if self.outbox:
            name, data = self.outbox.pop(0)
            self.world.tier[name] = data

    def delete(self) -> None:
        """What has served goes."""
        up, down = self.book.deletable()
        for seat, number in up:
            self.world.tier.pop(mail.up_name(NONCE, seat, number), None)
        for agent, number in down:
            self.world.tier.pop(mail.down_name(NONCE, agent, self.token, number), None)


def attempt_id(task: int, attempt: int) -> str:
    return f"digits/3/step/{task}#{attempt}"


def task_of(attempt: str) -> int:
    return int(attempt.partition("#")[0].rpartition("/")[2])


def attempt_of(id_: str) -> Attempt:
    return Attempt(id_, b"k", Function("m", "step"), (), None, False, timeout_s=timeout_of(task_of(id_)))


def timeout_of(task: int) -> float | None:
    return TIMEOUTS_S[task % len(TIMEOUTS_S)]
