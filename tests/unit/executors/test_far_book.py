"""Single rules of the driver's book and of an agent's duty, which long histories meet seldom."""

from __future__ import annotations

from penstock.agent.duty import Duty, End, RunAttempts
from penstock.executors.far_book import Book
from penstock.model import mail
from penstock.model.events import Adopted, Began, Ended, Lane, Placed, Recalled
from penstock.model.outcomes import Outcome
from penstock.model.specs import RunSpec
from penstock.model.states import Cause
from tests.unit.executors.far_world import attempt_id, attempt_of

SEAT = "a.0000-aa"
HELLO = mail.Hello(2.0, None, 0, "1", "here")
SPEC = RunSpec("digits/3", nonce="5f0c")
ONE, TWO, THREE = (attempt_of(attempt_id(task, 1)) for task in (1, 2, 3))
DONE = Outcome("done")


def obey(token: int) -> mail.Obey:
    return mail.Obey(token, SPEC, 60.0, 600.0)


def hear(book: Book, number: int, *letters: mail.UpLetter, now: float = 1.0, ends: bool = True) -> None:
    book.listing_begins(now)
    book.heard(SEAT, number, mail.Up(book.token, 1, letters), now)
    if ends:
        book.listing_ends()


def settled(book: Book, *holds: mail.HeldAttempt, number: int = 1) -> None:
    hear(book, number, mail.Obeying(book.token, HELLO, holds))
    book.listing_begins(1.0)
    book.listing_ends()


def mailed(book: Book) -> list[mail.DownLetter]:
    return [letter for outgoing in book.mail() for letter in outgoing.envelope.letters]


def test_nothing_is_mailed_before_its_seat_is_committed() -> None:
    book = Book(obey(1))
    settled(book)
    book.start([(ONE, Lane(1))])
    assert book.place(1.0) == []
    assert mailed(book) == [obey(1)]
    assert book.events() == [Placed(ONE.id, SEAT)]
    book.committed(book.posted)
    assert mailed(book) == [mail.Launch(((ONE, Lane(1)),))]


def test_unknown_is_not_said_before_another_listing_has_been_read() -> None:
    book = Book(obey(2))
    for attempt in (ONE, TWO):
        book.adopt(attempt, SEAT, 0.0)
    hear(book, 5, mail.Obeying(2, HELLO, ()))
    assert book.events() == []
    hear(book, 4, Ended(ONE.id, DONE))
    assert book.events() == [Ended(ONE.id, DONE), Adopted(TWO.id, False)]


def test_what_was_given_back_and_started_again_is_not_taken_for_unknown() -> None:
    book = Book(obey(2))
    book.adopt(ONE, SEAT, 0.0)
    hear(book, 3, Recalled(ONE.id))
    settled(book, mail.HeldAttempt(ONE.id, False, 1.0, None, 0), number=4)
    assert book.events() == [Adopted(ONE.id, True)]
    hear(book, 5, Recalled(ONE.id))
    assert book.events() == [Recalled(ONE.id)]


def test_what_is_adopted_is_told_of_in_the_order_of_its_lanes() -> None:
    book = Book(obey(2))
    for attempt in (ONE, TWO, THREE):
        book.adopt(attempt, SEAT, 0.0)
    held = [mail.HeldAttempt(attempt.id, attempt is TWO, 1.0, None, 0, 7) for attempt in (TWO, ONE)]
    settled(book, *held)
    lane = f"{SEAT}/7"
    found = [Adopted(TWO.id, True, lane), Began(TWO.id), Adopted(ONE.id, True, lane)]
    assert book.events() == [*found, Adopted(THREE.id, False)]


def test_what_never_had_a_seat_is_unknown_at_once() -> None:
    book = Book(obey(2))
    book.adopt(ONE, "", 0.0)
    assert book.events() == [Adopted(ONE.id, False)]


def test_a_seat_that_was_called_lost_is_not_heard_and_is_told_to_go() -> None:
    book = Book(obey(1))
    settled(book)
    book.start([(ONE, Lane(1))])
    book.place(1.0)
    book.committed(book.posted)
    mailed(book)
    seat = book.seats[SEAT]
    book.beat(seat, b"7", 2.0)
    book.listing_begins(62.0)
    book.listing_ends()
    assert [type(event) for event in book.events()] == [Placed]  # its heart was not looked at since
    book.beat(seat, b"7", 62.5)
    book.listing_begins(63.0)
    book.listing_ends()
    (ended,) = book.events()
    assert isinstance(ended, Ended)
    assert ended.outcome.error is not None
    assert ended.outcome.error.cause == Cause.LOST
    hear(book, 2, Ended(ONE.id, DONE))
    assert book.events() == []
    assert [type(letter) for letter in mailed(book)] == [mail.Leave]


def test_a_letter_stays_while_somebody_may_ask_for_an_outcome_in_it() -> None:
    book = Book(obey(2))
    hear(book, 1, Ended(ONE.id, DONE))
    book.committed(book.posted)
    assert book.deletable()[0] == []
    book.adopt(ONE, SEAT, 1.0)
    assert book.events() == [Ended(ONE.id, DONE)]
    book.committed(book.posted)
    assert book.deletable()[0] == [(SEAT, 1)]


def limited(book: Book, left_s: float, *holds: mail.HeldAttempt) -> None:
    """Its only seat has an allocation of 1,000 s, and so much is left of it at second 1."""
    hear(book, 1, mail.Obeying(book.token, HELLO._replace(lasts_s=1000.0, left_s=left_s), holds))
    book.listing_begins(1.0)
    book.listing_ends()


def placed(book: Book, now: float) -> list[Lane]:
    lacking = book.place(now)
    book.committed(book.posted)
    return lacking


HELD = mail.HeldAttempt(attempt_id(9, 1), True, 1.0, None, 0, 9)
LONG = ONE._replace(timeout_s=300.0)


def test_an_agent_gets_nothing_that_does_not_fit_into_what_is_left_of_its_allocation() -> None:
    book = Book(obey(2))
    limited(book, 350.0, HELD)
    book.start([(LONG, Lane(1))])
    assert placed(book, 100.0) == [Lane(1)]
    book.start([(TWO, Lane(2))])
    assert placed(book, 101.0) == [Lane(1)]
    assert mailed(book)[1:] == [mail.Launch(((TWO, Lane(2)),))]


def test_what_its_agent_hands_back_for_want_of_time_goes_there_no_more() -> None:
    book = Book(obey(2))
    limited(book, 1000.0, HELD)  # as it was when its letter was written
    book.start([(LONG, Lane(1))])
    assert placed(book, 2.0) == []
    mailed(book)
    hear(book, 2, HELLO._replace(lasts_s=1000.0, left_s=50.0), Recalled(LONG.id), now=3.0)
    book.start([(LONG, Lane(1))])
    assert placed(book, 3.0) == [Lane(1)]


def test_an_agent_that_has_had_nothing_gets_what_nobody_has_more_time_for() -> None:
    book = Book(obey(2))
    limited(book, 100.0)
    book.start([(LONG, Lane(1))])
    assert placed(book, 2.0) == []


def test_an_idle_agent_goes_where_its_time_is_too_short_for_what_waits() -> None:
    book = Book(obey(2))
    limited(book, 350.0, HELD)
    book.start([(LONG, Lane(1))])
    placed(book, 100.0)
    assert [type(letter) for letter in mailed(book)] == [mail.Obey]
    hear(book, 2, Ended(HELD.attempt, DONE), now=101.0)
    placed(book, 101.0)
    assert [type(letter) for letter in mailed(book)] == [mail.Leave]
    assert not book.seats[SEAT].takes_lanes


def test_an_idle_agent_stays_where_it_is_too_small_for_what_waits() -> None:
    book = Book(obey(2))
    limited(book, 350.0, HELD)
    hear(book, 2, Ended(HELD.attempt, DONE), now=2.0)
    book.start([(LONG, Lane(1, cpu=8.0))])
    assert placed(book, 100.0) == [Lane(1, cpu=8.0)]
    assert [type(letter) for letter in mailed(book)] == [mail.Obey]


def duty() -> Duty:
    found = Duty("0000-aa", HELLO, (), 0.0)
    found.take(2, 1, mail.Down("0000-aa", (obey(2),)), 0.0)
    found.orders()
    found.envelope()
    return found


def test_an_agent_obeys_no_lower_token() -> None:
    agent = duty()
    agent.take(1, 9, mail.Down("0000-aa", (mail.Launch(((ONE, Lane(1)),)),)), 1.0)
    assert agent.orders() == []


def test_an_attempt_that_is_to_start_twice_starts_once() -> None:
    agent = duty()
    for number in (2, 3):
        agent.take(2, number, mail.Down("0000-aa", (mail.Launch(((ONE, Lane(1)),)),)), 1.0)
    assert [order for order in agent.orders() if isinstance(order, RunAttempts)] == [RunAttempts(((ONE, Lane(1)),), ())]


def test_what_is_cancelled_before_it_comes_is_refused() -> None:
    agent = duty()
    agent.take(2, 2, mail.Down("0000-aa", (mail.Cancel(ONE.id, Cause.TIMEOUT.value),)), 1.0)
    agent.take(2, 3, mail.Down("0000-aa", (mail.Launch(((ONE, Lane(1)),)),)), 1.0)
    assert agent.orders() == []
    envelope = agent.envelope()
    assert envelope is not None
    (ended,) = envelope.letters
    assert isinstance(ended, Ended)


def test_an_agent_that_could_not_write_ends_its_attempts_and_a_late_write_mends_nothing() -> None:
    agent = duty()
    agent.wrote(1.0)
    agent.take(2, 2, mail.Down("0000-aa", (mail.Launch(((ONE, Lane(1)),)),)), 1.0)
    agent.orders()
    agent.look(40.0)
    assert agent.orders() == []
    agent.wrote(41.5)
    assert agent.orders() == [End(ONE.id, Cause.LOST)]


def test_an_agent_goes_where_its_site_has_started_another_in_its_place() -> None:
    agent = duty()
    agent.take(2, 2, mail.Down("0000-bb", (obey(2),)), 1.0)
    assert not agent.going
    agent.take(2, 3, mail.Down("0001-aa", (obey(2),)), 1.0)
    assert agent.going
