"""Futures by themselves, without a run's engine behind them."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from penstock.artifacts import codec
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError, Suspension, UsageError
from penstock.model.outcomes import Stored
from penstock.sdk.concurrent_futures import Future, finished
from penstock.sdk.futures import Futures
from penstock.sdk.mends import explain
from penstock.sdk.session import RunSession


@pytest.fixture
def run() -> RunSession:
    engine: Any = SimpleNamespace(assist=lambda *_: False)
    store: Any = None
    return RunSession("digits/1", engine, store, "")


@pytest.fixture
def damaged(tmp_path: Path) -> tuple[FolderStore, Stored]:
    store = FolderStore(tmp_path / "store")
    stored = codec.encode(bytearray(200_000), store).stored
    assert store.delete(stored.blobs[0])
    return store, stored


def test_waiting_in_vain_says_for_what(run: RunSession) -> None:
    run.engine.attend = lambda *_: False  # type: ignore[method-assign]
    waited = Futures([Future[int](run, b"a"), Future[int](run, b"b"), Future[int](run, b"c")])
    for number, future in enumerate(waited, 1):
        future.task = f"digits/1/train/{number}"
    with pytest.raises(TimeoutError, match="3 tasks have not ended after 0 s of waiting"):
        waited.result(timeout=0)
    with pytest.raises(TimeoutError, match="digits/1/train/2 has not ended after 0 s of waiting"):
        waited[1].result(timeout=0)


def test_a_damaged_result_of_this_driver_is_an_error(run: RunSession, damaged: tuple[FolderStore, Stored]) -> None:
    run.store, stored = damaged
    future = Future[bytearray](run, b"key")
    future.settle(stored, None, False, 1)
    with pytest.raises(DamagedError, match="is gone"):
        future.result()
    assert future.done()


def test_a_damaged_result_of_an_earlier_driver_is_made_anew(
    run: RunSession, damaged: tuple[FolderStore, Stored]
) -> None:
    run.store, stored = damaged
    future = Future[bytearray](run, b"key")

    def make_anew(task: int) -> None:
        future.settle(codec.encode(bytearray(b"new"), run.store).stored, None, False, 2)

    run.engine.reproduce = make_anew  # type: ignore[method-assign]
    future.settle(stored, None, True, 1)
    assert future.result() == b"new"


def test_a_callback_that_asks_for_the_result_of_a_stopped_run_stops_nobody_else(run: RunSession) -> None:
    seen: list[str] = []
    future = Future(run, b"key")
    future.add_done_callback(lambda done: seen.append(done.result()))
    future.add_done_callback(lambda done: seen.append("second"))
    future.suspend(Suspension("over"))
    assert seen == ["second"]
    with pytest.raises(Suspension, match="over"):
        future.result()


def every_kind(run: RunSession) -> list[Any]:
    """What stands for a value: unfinished and finished, whole and in part."""
    unfinished, settled = Future[Any](run, b"unfinished"), Future[Any](run, b"finished")
    settled.settle(None, None, False, 1)
    return [unfinished, settled, unfinished["x"], unfinished.part("x"), finished(int, ("3",), {})]


SILENT: dict[str, Callable[[Any], Any]] = {
    "if": lambda future: 1 if future else 2,
    "not": lambda future: not future,
    "and": lambda future: future and 1,
    "or": lambda future: future or 1,
    "bool": bool,
    "all": lambda future: all([future]),
    "==": lambda future: future == 3,
    "== on the right": lambda future: "a" == future,  # noqa: SIM300
    "!=": lambda future: future != 3,
    "== None": lambda future: future == None,  # noqa: E711
    "among others": lambda future: 3 in [future],
    "in": lambda future: 3 in future,
    "iter": iter,
    "unpacking": lambda future: [*future],
    "f-string": lambda future: f"{future}",
    "with a width": lambda future: f"{future:>10}",
    "str.format": "{}".format,
}
REFUSED: dict[str, Callable[[Any], Any]] = {
    "len": len,
    "int": int,
    "float": float,
    "<": lambda future: future < 3,
    "+": lambda future: future + 1,
    "text +": lambda future: "a" + future,
    "join": lambda future: ", ".join([future]),
    "sqrt": math.sqrt,
    "range": range,
    "round": round,
    "reversed": reversed,
    "call": lambda future: future(),
    "attribute": lambda future: future.shape,
    "path": open,
}


@pytest.mark.parametrize("ask", SILENT.values(), ids=SILENT)
def test_a_future_that_is_taken_for_its_value_says_so(run: RunSession, ask: Callable[[Any], Any]) -> None:
    for future in every_kind(run):
        with pytest.raises(UsageError, match=r"^A future .*\.result\(\)"):
            ask(future)


@pytest.mark.parametrize("ask", REFUSED.values(), ids=REFUSED)
def test_what_python_refuses_of_a_future_gets_the_mend(run: RunSession, ask: Callable[[Any], Any]) -> None:
    for future in every_kind(run):
        with pytest.raises((TypeError, AttributeError)) as caught:
            ask(future)
        explain(caught.value)
        assert "call its .result()" in caught.value.__notes__[0]


def test_futures_are_told_apart_from_one_another(run: RunSession) -> None:
    kinds = every_kind(run)
    for index, future in enumerate(kinds):
        assert [other == future for other in kinds] == [other is future for other in kinds]
        assert kinds.index(future) == index
        assert {kind: place for place, kind in enumerate(kinds)}[future] == index
        assert future in set(kinds)
        assert f"{future!r}" == repr(future) == str(future)
    done: list[Any] = [future for future in kinds if isinstance(future, futures.Future) and future.done()]
    assert len(done) == 2
    assert set(futures.as_completed(done)) == set(done) == futures.wait(done)[0]
    assert Futures(kinds)
    assert not Futures()
