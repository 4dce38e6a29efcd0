"""A body sees its futures settle in one order, whenever it looks, and whether they settle now or have long settled."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, as_completed, wait
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.artifacts.digests import digest
from penstock.sdk.concurrent_futures import Future
from penstock.sdk.session import RunSession

SIZE = 6
Body = Callable[["Flow"], None]


class Flow:
    """A run whose engine settles what was called at once (a replay), or whenever `settle` is called."""

    def __init__(self, places: dict[bytes, int], *, at_once: bool) -> None:
        engine: Any = SimpleNamespace(assist=lambda *_: False, attend=lambda *_: False)
        store: Any = None
        self.run = RunSession("d/1", engine, store, "")
        self.places = places
        self.at_once = at_once
        self.calls: list[str] = []
        self.futures: dict[bytes, Future[Any]] = {}

    def submit(self, name: str) -> Future[Any]:
        key = digest(name.encode())
        future = self.futures[key] = Future(self.run, key)
        future.task = name
        self.calls.append(name)
        if self.at_once and key in self.places:
            future.settle(None, None, True, self.places[key])
        return future

    def settle(self, name: str) -> None:
        """The task settles now, as the next of its run."""
        key = digest(name.encode())
        self.places[key] = len(self.places) + 1
        self.futures[key].settle(None, None, False, self.places[key])


def follow_up(flow: Flow, finished: Iterator[Future[Any]]) -> None:
    """Each call names all that was seen before it: one in another order would be another one."""
    seen = ""
    for future in finished:
        seen += future.task
        flow.submit(f"<{seen}>")


def with_as_completed(flow: Flow) -> None:
    follow_up(flow, as_completed([flow.submit(f"{number}") for number in range(SIZE)]))


def with_first_completed(flow: Flow) -> None:
    def one_by_one() -> Iterator[Future[Any]]:
        pending = {flow.submit(f"{number}") for number in range(SIZE)}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            yield from done

    follow_up(flow, one_by_one())


def with_some_results_first(flow: Flow) -> None:
    futures = [flow.submit(f"{number}") for number in range(SIZE)]
    _ = futures[2].exception()
    follow_up(flow, as_completed(futures))


def with_all_completed(flow: Flow) -> None:
    futures = [flow.submit(f"{number}") for number in range(SIZE)]
    done, _ = wait(futures[:3], return_when=ALL_COMPLETED)
    follow_up(flow, iter(done))
    follow_up(flow, as_completed(futures))


BODIES = [with_as_completed, with_first_completed, with_some_results_first, with_all_completed]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BODIES), st.permutations(range(SIZE)), st.integers(0, SIZE))
def test_a_replay_makes_the_calls_that_were_made_before(body: Body, order: list[int], early: int) -> None:
    """`early` of the tasks settle before the body begins to look, the others while it waits or later."""
    places: dict[bytes, int] = {}
    first = Flow(places, at_once=False)
    called = threading.Event()
    submit = first.submit

    def noticed(name: str) -> Future[Any]:
        future = submit(name)
        if len(first.calls) == SIZE:
            for number in order[:early]:
                first.settle(f"{number}")
            called.set()
        return future

    first.submit = noticed  # type: ignore[method-assign]
    thread = threading.Thread(target=body, args=(first,), daemon=True)
    thread.start()
    assert called.wait(10)
    for number in order[early:]:
        first.settle(f"{number}")
    thread.join(10)
    assert not thread.is_alive(), "somebody waits for what has settled"

    again = Flow(places, at_once=True)
    body(again)
    assert again.calls == first.calls


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BODIES), st.permutations(range(SIZE)), st.sets(st.integers(0, SIZE - 1)), st.randoms())
def test_nested_flows_that_go_on_again_are_seen_where_they_were_seen_before(
    body: Body, order: list[int], late: set[int], random: random.Random
) -> None:
    """A replay settles tasks at once; the bodies of nested flows come to their ends a moment later, in any order."""
    places = {digest(f"{number}".encode()): place for place, number in enumerate(order, 1)}
    first = Flow(places, at_once=True)
    body(first)

    again = Flow(places, at_once=True)
    left = {f"{number}" for number in late}
    called = threading.Event()
    submit = again.submit

    def beside(name: str) -> Future[Any]:
        again.at_once = name not in left
        future = submit(name)
        if name in left:
            again.run.arrivals.expect(future, places[digest(name.encode())])
        if len(again.calls) == SIZE:
            called.set()
        return future

    again.submit = beside  # type: ignore[method-assign]
    thread = threading.Thread(target=body, args=(again,), daemon=True)
    thread.start()
    assert called.wait(10)
    for number in random.sample(sorted(late), len(late)):
        key = digest(f"{number}".encode())
        again.futures[key].settle(None, None, False, places[key])
    thread.join(10)
    assert not thread.is_alive(), "somebody waits for what has settled"
    assert again.calls == first.calls


def test_a_nested_flow_that_does_something_new_keeps_nothing_back() -> None:
    flow = Flow({digest(b"task"): 2}, at_once=True)
    nested, task = flow.submit("nested"), None
    flow.run.arrivals.expect(nested, 1)
    beside = flow.run.beside(1, lambda: flow.run.arrivals.expect_no_more(nested))
    task = flow.submit("task")
    assert not task.done()
    for place, is_new in ((1, False), (7, True)):
        own = Future[Any](beside, digest(f"own {place}".encode()))
        own.settle(None, None, not is_new, place)
        assert task.done() == is_new
    assert not nested.done()


def test_who_polls_sees_what_has_settled() -> None:
    flow = Flow({}, at_once=False)
    one, two = flow.submit("1"), flow.submit("2")
    flow.settle("2")
    assert not one.done()
    assert two.done()
    assert not two.cancel()
    flow.settle("1")
    assert one.done()


def test_what_is_looked_at_is_seen_after_all_that_settled_before_it() -> None:
    flow = Flow({}, at_once=False)
    futures = [flow.submit(name) for name in "abc"]
    order: list[str] = []
    for name in "bac":
        flow.settle(name)
    futures[0].add_done_callback(lambda future: order.append(future.task))
    assert [future._state for future in futures] == ["FINISHED", "FINISHED", "PENDING"]
    assert order == ["a"]


def test_of_what_has_settled_wait_gives_one_at_a_time() -> None:
    flow = Flow({}, at_once=False)
    pending = {flow.submit(name) for name in "abc"}
    for name in "cab":
        flow.settle(name)
    seen: list[list[str]] = []
    while pending:
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        seen.append([future.task for future in done])
    assert seen == [["c"], ["a"], ["b"]]


@pytest.mark.parametrize("look", ["one by one", "as_completed"])
def test_looking_at_many_that_have_settled_asks_each_a_few_times(monkeypatch: pytest.MonkeyPatch, look: str) -> None:
    """Nothing is quadratic in the number of tasks: neither for who looks at each, nor beside many that nobody sees."""
    asked = 0
    wanted = Future.wanted

    def counted(future: Future[Any]) -> bool:
        nonlocal asked
        asked += 1
        return wanted(future)

    monkeypatch.setattr(Future, "wanted", counted)
    flow = Flow({}, at_once=False)
    futures = [flow.submit(f"{number}") for number in range(500)]
    for number in reversed(range(500)):
        flow.settle(f"{number}")
    seen = list(as_completed(futures)) if look == "as_completed" else [future.exception() for future in futures]
    assert len(seen) == 500
    assert asked <= 4 * 500
