"""An attempt starts when all that it needs is there, and what it leaves is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from penstock.agent.preparation import Preparation
from penstock.errors import PenstockError, StoreError, UsageError
from penstock.model.environments import Environment
from penstock.model.events import Lane
from penstock.model.specs import Attempt, Function

OTHER = Environment(packages=["lib"])


class World:
    """Fakes of what a preparation asks, which note that."""

    def __init__(self) -> None:
        self.noted: list[Any] = []
        self.fails: dict[str, Exception] = {}
        self.waiting: list[Callable[[PenstockError | None], None]] = []
        self.changed = threading.Event()
        self.lack: set[str] = set()
        self.unseen: set[str] = set()
        self.preparation = Preparation(
            lambda attempt: attempt.id in self.lack,
            self.values,
            self,
            self,
            self.prepared,
            lambda text: self.note("failed", text),
        )

    def note(self, *what: Any) -> None:
        self.noted.append(what)
        self.changed.set()

    def await_note(self, *what: Any) -> None:
        while what not in self.noted:
            assert self.changed.wait(60), self.noted
            self.changed.clear()

    def _called(self, name: str, *what: Any) -> None:
        self.note(name, *what)
        if name in self.fails:
            raise self.fails[name]

    def values(self, attempt: Attempt) -> None:
        self._called("values", attempt.id)

    def may_bring(self, attempt: Attempt) -> bool:
        return attempt.number > 1

    def watch(self, attempts: Iterable[Attempt]) -> None:
        self._called("watch", [attempt.id for attempt in attempts])

    def forget(self, attempt: Attempt) -> bool:
        return attempt.id in self.unseen

    def bring(self, attempt: Attempt) -> None:
        self._called("bring", attempt.id)

    def over(self, attempt: Attempt, *, is_done: bool, now: float) -> None:
        self._called("over", attempt.id, is_done)

    def look(self, now: float) -> None:
        self._called("look")

    def flush(self, now: float) -> None:
        self._called("flush")

    def is_ready(self, environment: Environment | None) -> bool:
        return environment is None

    def ready_soon(self, environment: Environment | None, step: str, done: Any) -> None:
        self.waiting.append(done)
        self.note("wanted", step)

    def prepared(self, attempt: str, error: PenstockError | None) -> None:
        self.note("prepared", attempt, str(error or ""))


def attempt(number: int) -> Attempt:
    return Attempt(f"digits/3/train/{number}#1", b"k", Function("digits", "train"), (), None, False)


FIRST, SECOND = (f"digits/3/train/{number}#1" for number in (1, 2))


def test_values_and_checkpoints_come_before_it_starts_and_what_it_leaves_is_sent_at_the_end():
    world = World()
    world.preparation.start(attempt(1), Lane(1))
    world.await_note("prepared", FIRST, "")
    world.preparation.over(attempt(1), is_done=True)
    world.preparation.close()
    steps = [note for note in world.noted if note != ("look",)]
    assert steps == [("values", FIRST), ("bring", FIRST), ("prepared", FIRST, ""), ("over", FIRST, True), ("flush",)]


def test_who_waits_for_an_environment_holds_up_nobody_else():
    world = World()
    world.preparation.start(attempt(1), Lane(1, environment=OTHER))
    world.preparation.start(attempt(2), Lane(2))
    world.await_note("prepared", SECOND, "")
    assert ("wanted", "train") in world.noted
    assert ("prepared", FIRST, "") not in world.noted
    (done,) = world.waiting
    done(UsageError("there is no lib"))
    assert world.noted[-1] == ("prepared", FIRST, "there is no lib")
    world.preparation.close()


def test_what_cant_be_had_is_told_and_the_next_goes_on():
    for place in ("values", "bring"):
        world = World()
        world.fails[place] = StoreError("gone")
        world.preparation.start(attempt(1), Lane(1))
        world.await_note("prepared", FIRST, "gone")
        world.fails.clear()
        world.preparation.start(attempt(2), Lane(2))
        world.await_note("prepared", SECOND, "")
        world.preparation.close()


def test_what_nobody_foresaw_is_told_too_and_the_next_goes_on():
    world = World()
    world.fails["values"] = OSError("no such device")
    world.preparation.start(attempt(1), Lane(1))
    world.await_note("prepared", "digits/3/train/1#1", "OSError: no such device")
    world.fails = {"over": ZeroDivisionError("division by zero")}
    world.preparation.over(attempt(1), is_done=False)
    world.await_note("failed", "ZeroDivisionError: division by zero")
    world.preparation.start(attempt(2), Lane(1))
    world.await_note("prepared", "digits/3/train/2#1", "")
    world.preparation.close()


def test_checkpoints_are_looked_at_while_something_runs_and_a_tier_that_is_gone_is_told_once():
    world = World()
    world.fails["look"] = StoreError("can't be reached")
    world.preparation.start(attempt(1), Lane(1))
    while world.noted.count(("look",)) < 2:
        assert world.changed.wait(60)
        world.changed.clear()
    world.preparation.close()
    assert world.noted.count(("failed", "can't be reached")) == 1


def test_one_that_was_never_asked_has_no_thread():
    World().preparation.close()


def test_what_has_all_that_it_needs_is_not_prepared_and_nothing_overtakes_what_has_not():
    world = World()
    three = [(attempt(number), Lane(number)) for number in (1, 2, 3)]
    world.lack = {SECOND}
    assert world.preparation.skip(three) == 1
    assert ("watch", [FIRST]) in world.noted
    assert (
        world.preparation.skip([(attempt(1)._replace(id="digits/3/train/1#2"), Lane(1))]) == 0
    )  # something may have been left
    assert world.preparation.skip([(attempt(1), Lane(1, environment=OTHER))]) == 0
    assert world.preparation.skip([three[0], three[2]]) == 2
    world.await_note("look")
    world.preparation.close()


def test_of_one_that_is_done_before_anything_was_looked_at_nothing_is_sent():
    world = World()
    world.unseen = {FIRST}
    assert world.preparation.skip([(attempt(1), Lane(1)), (attempt(2), Lane(2))]) == 2
    world.preparation.over(attempt(1), is_done=True)
    world.preparation.over(attempt(2), is_done=True)
    world.await_note("over", SECOND, True)
    world.preparation.over(attempt(1), is_done=False)
    world.await_note("over", FIRST, False)
    world.preparation.close()
    assert ("over", FIRST, True) not in world.noted
