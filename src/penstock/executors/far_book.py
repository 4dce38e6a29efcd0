"""The driver's book of what it has far away: which attempt is where, whom to ask, and whom to call lost. Pure.

Orders of the engine and letters of agents go in; events for the engine and letters for agents come out. Clock, ids and
what was committed are arguments. It knows nothing of where letters lie, nor of how agents are placed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from penstock.executors.far_seats import Seat, Standing, new_seat
from penstock.model import mail
from penstock.model.events import Adopted, Began, Ended, ExecutorEvent, Hint, Lane, Notice, Placed, Recalled
from penstock.model.outcomes import Outcome, failed
from penstock.model.slotted import Slotted
from penstock.model.specs import Attempt
from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple

ENOUGH_S = 0.4
"""What waits in a lane takes longer than to tell of ends, and to be given more."""


class _Flight(Slotted):
    """An attempt that the engine has started or adopted, and that is not answered."""

    attempt: Attempt
    lane: Lane | None  # None: an earlier driver's
    seat: str = ""  # to which it goes or went; "": it waits for one
    placed_at: int = 0  # how many events had been posted when its seat was told
    is_sent: bool = False
    began: bool = False
    is_told: bool = False  # that it waits


class Outgoing(NamedTuple):
    """A letter for an agent."""

    agent: str
    number: int
    envelope: mail.Down


class Book:
    """The state of one driver at one executor. `obey`: the first letter for each seat, which has this driver's token,
    and says after how long a seat that is silent is lost."""

    def __init__(self, obey: mail.Obey) -> None:
        self.token = obey.token
        self.seats: dict[str, Seat] = {}
        self.logs: list[tuple[str, mail.Logs]] = []  # that came, by seat
        self._obey = obey
        self._flights: dict[str, _Flight] = {}  # in the order in which they were started
        self._seatless: dict[str, _Flight] = {}  # of these, those that wait for a seat, in that order
        self._unsent: dict[str, _Flight] = {}  # those that have one and were not sent, as they got it
        self._outcomes: dict[tuple[str, str], Outcome] = {}  # by seat and attempt: of those that nobody has asked for
        self._unwanted: dict[str, str] = {}  # attempts of earlier drivers that are to end, and the causes
        self._events: list[ExecutorEvent] = []
        self._posted = 0
        self._committed = 0
        self._listing = 0
        self._listing_began_at = 0.0
        self._letters: dict[str, list[mail.DownLetter]] = {}  # to be sent, by seat
        self._numbers: dict[str, int] = {}  # of the last letter, by agent
        self._deleted: dict[str, int] = {}  # up to which letter, by agent
        self._unkept: dict[tuple[str, int], tuple[int, tuple[str, ...]]] = {}  # letters: events posted, outcomes

    # Orders of the engine.

    def start(self, launches: Iterable[tuple[Attempt, Lane]]) -> None:
        for attempt, lane in launches:
            self._unwanted.pop(attempt.id, None)
            self._flights[attempt.id] = self._seatless[attempt.id] = _Flight(attempt, lane)

    def recall(self, attempts: Collection[str]) -> None:
        by_seat: dict[str, list[str]] = {}
        for attempt in attempts:
            flight = self._flights.get(attempt)
            if flight is None:
                continue
            if flight.is_sent:
                by_seat.setdefault(flight.seat, []).append(attempt)
            else:
                self._take_back(flight)
        for seat, wanted in by_seat.items():
            self._send(seat, mail.GiveBack(tuple(wanted)))

    def cancel(self, attempt: str, cause: Cause) -> None:
        flight = self._flights.get(attempt)
        if flight is not None and not flight.is_sent:
            self._take_back(flight)
        elif flight is not None:
            self._send(flight.seat, mail.Cancel(attempt, cause.value))
        elif attempt not in self._unwanted:
            self._unwanted[attempt] = cause.value
            for seat in self.seats.values():
                self._send(seat.name, mail.Cancel(attempt, cause.value))

    def adopt(self, attempt: Attempt, handle: str, now: float) -> None:
        """`handle`: its seat; "": none was committed, and so it was never sent anywhere."""
        outcome = self._outcomes.pop((handle, attempt.id), None)
        if outcome is not None:
            self._post(Ended(attempt.id, outcome))
            return
        seat = self.meet(handle, now) if handle else None
        if seat is None or not seat.is_live:
            self._post(Adopted(attempt.id, False))
            return
        seat.asked[attempt.id] = attempt
        if seat.standing is Standing.SETTLED:
            self._answer_asked(seat)

    def leave(self, seats: Iterable[Seat], why: str) -> None:
        """Have agents end all that they have, and go."""
        for seat in seats:
            if seat.is_live and seat.standing is not Standing.LEAVING:
                self._send(seat.name, mail.Leave(why))
                seat.standing = Standing.LEAVING

    def _take_back(self, flight: _Flight) -> None:
        self._land(flight)
        self._post(Recalled(flight.attempt.id))

    def _land(self, flight: _Flight) -> None:
        id_ = flight.attempt.id
        del self._flights[id_]
        self._seatless.pop(id_, None)
        self._unsent.pop(id_, None)
        if flight.seat:
            self.seats[flight.seat].drop(id_)

    # What comes from agents, or is said of them.

    def meet(self, name: str, now: float) -> Seat:
        """A seat that was heard or told of; it is told to obey."""
        seat = self.seats.get(name)
        if seat is None:
            seat = self.seats[name] = new_seat(name, now)
            self._send(name, self._obey)
            for attempt, cause in self._unwanted.items():
                self._send(name, mail.Cancel(attempt, cause))
        return seat

    def listing_begins(self, now: float) -> None:
        """All that agents have written is about to be listed."""
        self._listing += 1
        self._listing_began_at = now

    def unread(self, listed: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
        """Those of the letters (seat, number) that are to be read. In what order listings show them does not matter."""
        for name, number in sorted(listed):
            seat = self.seats.get(name)
            if seat is None or number not in seat.read:
                yield name, number

    def heard(self, name: str, number: int, envelope: mail.Up, now: float) -> None:
        """Take in an agent's letter, which was listed."""
        seat = self.meet(name, now)
        if number in seat.read:
            return
        seat.read.add(number)
        if seat.is_live:
            seat.seen_at = now
            if envelope.token == self.token:
                seat.has_read = max(seat.has_read, envelope.read)
            ends = [letter.outcome.usage for letter in envelope.letters if isinstance(letter, Ended)]
            seat.ended([usage.wall_s for usage in ends if usage.began_at], now)
            for letter in envelope.letters:
                self._take(seat, number, letter)
        elif not seat.said_bye:  # it was called lost, and lives: whatever it does is for nobody
            seat.said_bye = True
            self._letters.setdefault(name, []).append(mail.Leave("its driver has called it lost"))
        kept = tuple([each.attempt for each in envelope.letters if isinstance(each, Ended)])
        self._unkept[name, number] = self._posted, tuple([each for each in kept if (name, each) in self._outcomes])

    def listing_ends(self) -> None:
        """All that was listed is read."""
        for seat in list(self.seats.values()):
            if seat.standing is Standing.ANSWERED and seat.since_listing < self._listing:
                self._settle(seat)
            if seat.is_live and seat.is_gone and seat.since_listing + 1 < self._listing:  # the first may miss a letter
                self._bury(seat)
            looked_at = min(self._listing_began_at, seat.looked_at)
            if seat.is_live and looked_at - seat.seen_at >= self._obey.partition_s:
                self._call_gone(seat, Cause.LOST, f"nothing was heard of its agent for {self._obey.partition_s:g} s")
                self._bury(seat)

    def silent(self, now: float, for_s: float) -> list[Seat]:
        """Seats of which nothing new was seen for so long, and whose hearts were not looked at meanwhile."""
        return [
            seat
            for seat in self.seats.values()
            if seat.is_live and now - seat.seen_at >= for_s and now - seat.looked_at >= for_s / 2
        ]

    def beat(self, seat: Seat, beat: bytes, now: float) -> None:
        """Its heart was looked at, beginning now."""
        seat.looked_at = now
        if beat and beat != seat.beat:
            seat.beat, seat.seen_at = beat, now

    def ended(self, agent: str, cause: Cause, why: str) -> None:
        """Its site says that an agent has ended. What it had written before is read first."""
        for seat in self.seats.values():
            if mail.agent_of(seat.name) == agent and seat.is_live:
                self._call_gone(seat, cause, why)

    def swept(self, name: str, now: float) -> None:
        """Its heart is no more, which an earlier driver removes once it is gone."""
        self._call_gone(self.meet(name, now), Cause.LOST, "its agent has gone")

    def _call_gone(self, seat: Seat, cause: Cause, why: str) -> None:
        if not seat.is_gone:
            seat.is_gone, seat.since_listing, seat.cause, seat.why = True, self._listing, cause, why

    def _take(self, seat: Seat, number: int, letter: mail.UpLetter) -> None:
        if isinstance(letter, (Ended, Recalled)):
            self._take_end(seat, number, letter)
        elif isinstance(letter, Began):
            flight = self._at(seat, letter.attempt)
            if flight is not None and not flight.began:
                flight.began = True
                self._post(letter)
        elif isinstance(letter, Hint):
            if self._at(seat, letter.attempt) is not None:
                self._post(letter)
        elif isinstance(letter, Notice):
            self._post(letter)
        elif isinstance(letter, mail.Logs):
            self.logs.append((seat.name, letter))
        elif isinstance(letter, mail.Hello):
            self._greet(seat, letter)
        elif isinstance(letter, mail.Obeying):
            self._take_obeying(seat, number, letter)
        else:
            seat.said_bye = True
            self._call_gone(seat, Cause.LOST, letter.why)

    def _at(self, seat: Seat, attempt: str) -> _Flight | None:
        flight = self._flights.get(attempt)
        return flight if flight is not None and flight.is_sent and flight.seat == seat.name else None

    def _take_end(self, seat: Seat, number: int, event: Ended | Recalled) -> None:
        attempt = event.attempt
        flight = self._at(seat, attempt)
        if flight is not None:
            self._land(flight)
            self._post(event)
        elif isinstance(event, Recalled):
            if seat.standing in (Standing.ASKED, Standing.ANSWERED):  # it may have been started there once more since
                seat.given_back[attempt] = max(number, seat.given_back.get(attempt, 0))
        elif attempt in seat.asked:
            self._post(event)
        else:
            self._outcomes[seat.name, attempt] = event.outcome
        if isinstance(event, Ended):
            seat.asked.pop(attempt, None)
            if seat.standing in (Standing.ASKED, Standing.ANSWERED):
                seat.over.add(attempt)
        if isinstance(event, Ended) or number >= seat.obeyed_in:
            seat.drop(attempt)

    def _greet(self, seat: Seat, hello: mail.Hello) -> None:
        seat.hello = hello
        if hello.left_s is not None:  # a letter that was read late says too much: an earlier one may know better
            seat.goes_at = min(seat.goes_at, seat.seen_at + hello.left_s)
        own = mail.incarnation_of(seat.name)
        for other in self.seats.values():
            if other is seat or not other.is_live or mail.agent_of(other.name) != mail.agent_of(seat.name):
                continue
            if mail.replaces(own, mail.incarnation_of(other.name)):
                self._call_gone(other, Cause.PREEMPTED, "its agent was started anew by its site")
            elif mail.replaces(mail.incarnation_of(other.name), own):
                self._call_gone(seat, Cause.PREEMPTED, "its agent was started anew by its site")

    def _take_obeying(self, seat: Seat, number: int, letter: mail.Obeying) -> None:
        if letter.token != self.token or seat.standing is not Standing.ASKED:
            return
        self._greet(seat, letter.hello)
        seat.obeyed_in = number
        since = {attempt for attempt, at in seat.given_back.items() if at > number} | seat.over
        seat.held = {held.attempt: held for held in letter.holds if held.attempt not in since}
        seat.is_used = seat.is_used or bool(letter.holds)
        seat.standing, seat.since_listing = Standing.ANSWERED, self._listing

    def _settle(self, seat: Seat) -> None:
        seat.standing = Standing.SETTLED
        seat.given_back, seat.over = {}, set()
        self._answer_asked(seat)
        agent = mail.agent_of(seat.name)
        twins = [one for one in self.seats.values() if one is not seat and mail.agent_of(one.name) == agent]
        if seat.is_idle and any(one.takes_lanes for one in twins):
            self.leave([seat], "another agent was started with the same code before it")

    def _answer_asked(self, seat: Seat) -> None:
        asked, seat.asked = seat.asked, {}
        for id_, held in seat.held.items() if asked else ():  # in the order of its lanes
            if (attempt := asked.pop(id_, None)) is None:
                continue
            self._flights[id_] = _Flight(attempt, None, seat.name, is_sent=True, began=held.began)
            self._post(Adopted(id_, True, f"{seat.name}/{held.lane}" if held.lane else ""))
            if held.began:
                self._post(Began(id_))
        for id_ in asked:
            self._post(Adopted(id_, False))

    def _bury(self, seat: Seat) -> None:
        """Nothing runs there any more, as far as its agent keeps its rules, and all that it told is read."""
        seat.standing = Standing.OVER
        for id_ in seat.asked:
            self._post(Adopted(id_, False))
        flights = [flight for flight in self._flights.values() if flight.seat == seat.name]
        heads = [flight for flight in flights if flight.is_sent and self._may_have_begun(seat, flight)]
        for flight in flights:
            if flight in heads:
                del self._flights[flight.attempt.id]
                self._post(Ended(flight.attempt.id, failed(seat.cause, seat.why, worker=seat.name)))
            else:  # another seat gets it, under the same name: whatever this one may still say is not heard
                flight.seat, flight.is_sent, flight.is_told = "", False, False
        self._seatless = {id_: flight for id_, flight in self._flights.items() if not flight.seat}
        self._unsent = {id_: flight for id_, flight in self._unsent.items() if flight.seat}
        seat.asked, seat.held, seat.lanes, seat.over = {}, {}, {}, set()
        self._letters.pop(seat.name, None)

    def _may_have_begun(self, seat: Seat, flight: _Flight) -> bool:
        if seat.said_bye:
            return flight.began
        return flight.began or flight.lane is None or seat.is_head(flight.attempt.id)

    # What comes of it.

    def committed(self, posted: int) -> None:
        """The engine has committed what came of the first so many events."""
        self._committed = max(self._committed, posted)

    @property
    def committed_to(self) -> int:
        """The number of events of which it is known that they are committed."""
        return self._committed

    def refuse_waiting(self, cause: Cause, why: str) -> None:
        """What has no seat gets none."""
        self._refuse(list(self._seatless.values()), cause, why)

    def refuse_all(self, cause: Cause, why: str) -> None:
        """Nothing is known any more of what is far away."""
        self._refuse(list(self._flights.values()), cause, why)

    def _refuse(self, flights: list[_Flight], cause: Cause, why: str) -> None:
        for flight in flights:
            self._land(flight)
            self._post(Ended(flight.attempt.id, failed(cause, why)))

    def place(self, now: float) -> list[Lane]:
        """Give waiting attempts their seats, as far as there is room; gives the lanes for which there is none."""
        if not self._seatless:
            return []
        lacking: dict[int, Lane] = {}
        open_to: dict[tuple[object, ...], list[Seat]] = {}  # by what a lane needs
        late: list[tuple[Lane, float | None]] = []
        seat_of = {number: seat for seat in self.seats.values() for number in seat.lanes}
        for id_, flight in list(self._seatless.items()):
            lane = flight.lane
            assert lane is not None  # which an adopted one alone has not, and that has a seat
            seat, timeout_s = seat_of.get(lane.number), flight.attempt.timeout_s
            if seat is None and lane.number not in lacking:
                seat = self._seat_for(lane, timeout_s, now, open_to)
            if seat is not None and seat.takes_lanes and seat.has_time(timeout_s, now):
                seat_of[lane.number] = seat
                seat.told_at = seat.told_at if seat.lanes else now
                seat.lanes.setdefault(lane.number, (lane, {}))[1][id_] = None
                seat.is_used = True
                flight.seat, flight.is_told = seat.name, True
                self._post(Placed(id_, seat.name))
                flight.placed_at = self._posted
                self._unsent[id_] = flight
                del self._seatless[id_]
                continue
            lacking[lane.number] = lane
            late.append((lane, timeout_s))
            if not flight.is_told:
                flight.is_told = True
                self._post(Placed(id_))
        self._let_go(late, now)
        return list(lacking.values())

    def _seat_for(
        self, lane: Lane, timeout_s: float | None, now: float, open_to: dict[tuple[object, ...], list[Seat]]
    ) -> Seat | None:
        """The first seat with room and time. `open_to`: seats that may have room for such lanes, the first one last."""
        needs = lane.cpu, lane.memory_bytes, lane.unnamed_gpus
        if needs not in open_to:
            open_to[needs] = [seat for seat in reversed(self.seats.values()) if seat.takes_lanes]
        seats = open_to[needs]
        while seats and not seats[-1].has_room(lane):
            seats.pop()
        timely = (seat for seat in reversed(seats) if seat.has_time(timeout_s, now))
        return next((seat for seat in timely if seat.has_room(lane)), None)

    def _let_go(self, waiting: list[tuple[Lane, float | None]], now: float) -> None:
        """Of idle seats those whose time alone is too short for what waits: others get their places."""
        idle = [seat for seat in self.seats.values() if seat.takes_lanes and seat.is_idle]
        for seat in idle if waiting else ():
            if any(seat.has_room(lane) and not seat.has_time(timeout_s, now) for lane, timeout_s in waiting):
                self.leave([seat], "what waits does not fit into what is left of its allocation")

    @property
    def awaits_commit(self) -> bool:
        """Whether something is to be done once more is committed."""
        return bool(self._unsent)

    def mail(self) -> list[Outgoing]:
        """The letters that are to be written now, in order."""
        launches: dict[str, list[tuple[Attempt, Lane]]] = {}
        for id_, flight in list(self._unsent.items()):
            if flight.placed_at > self._committed:
                break
            assert flight.lane is not None
            flight.is_sent = True
            launches.setdefault(flight.seat, []).append((flight.attempt, flight.lane))
            del self._unsent[id_]
        for seat, started in launches.items():
            self._send(seat, mail.Launch(tuple(started)))
        letters, self._letters = self._letters, {}
        return [self._outgoing(seat, tuple(of_seat)) for seat, of_seat in letters.items()]

    def _outgoing(self, seat: str, letters: tuple[mail.DownLetter, ...]) -> Outgoing:
        agent = mail.agent_of(seat)
        number = self._numbers[agent] = self._numbers.get(agent, 0) + 1
        return Outgoing(agent, number, mail.Down(mail.incarnation_of(seat), letters))

    def _send(self, seat: str, letter: mail.DownLetter) -> None:
        if self.seats[seat].is_live:
            self._letters.setdefault(seat, []).append(letter)

    def deletable(self) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        """Letters that have served: of agents (seat, number), and of this driver (agent, number)."""
        up: list[tuple[str, int]] = []
        for key, (posted, outcomes) in list(self._unkept.items()):
            if posted <= self._committed and not any((key[0], attempt) in self._outcomes for attempt in outcomes):
                up.append(key)
                del self._unkept[key]
        down: list[tuple[str, int]] = []
        has_read: dict[str, int] = {}
        for seat in self.seats.values():
            agent = mail.agent_of(seat.name)
            read = seat.has_read if seat.is_live else self._numbers.get(agent, 0)
            has_read[agent] = min(read, has_read.get(agent, read))
        for agent, read in has_read.items():
            deleted = self._deleted.get(agent, 0)
            down += [(agent, number) for number in range(deleted + 1, read + 1)]
            self._deleted[agent] = max(deleted, read)
        return up, down

    def events(self) -> Sequence[ExecutorEvent]:
        """Those that are to be posted now. `posted` counts them."""
        events, self._events = self._events, []
        return events

    @property
    def posted(self) -> int:
        return self._posted

    @property
    def awaits_ends(self) -> bool:
        """Whether attempts are started or adopted and not answered."""
        return bool(self._flights)

    @property
    def is_fed(self) -> bool:
        """Whether all lanes that run something have enough to do for a while."""
        busy = [seat for seat in self.seats.values() if seat.lanes]
        return bool(busy) and all(seat.waits_s >= ENOUGH_S for seat in busy)

    def tells_in(self, now: float) -> float:
        """About how long no ends are to be expected, since all lanes have enough to do; 0.0: some may come any time."""
        busy = [seat.tells_in(now) for seat in self.seats.values() if seat.lanes]
        return 0.0 if self.is_settling else max(0.0, min(busy, default=0.0))

    @property
    def is_settling(self) -> bool:
        """Whether seats are about to answer, or to be found gone."""
        return any(seat.is_live and seat.standing is not Standing.SETTLED for seat in self.seats.values())

    @property
    def is_quiet(self) -> bool:
        """Whether no agent has anything any more, or is there."""
        return not any(seat.is_live for seat in self.seats.values())

    def _post(self, event: ExecutorEvent) -> None:
        self._events.append(event)
        self._posted += 1
