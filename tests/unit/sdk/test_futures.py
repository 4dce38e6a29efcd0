"""Futures by themselves, without a run's engine behind them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from penstock.artifacts import codec
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError, Suspension
from penstock.model.outcomes import Stored
from penstock.sdk.futures import Future, Futures
from penstock.sdk.session import Run


@pytest.fixture
def run() -> Run:
    engine: Any = SimpleNamespace(in_process=False)
    store: Any = None
    return Run("digits/1", engine, store, "")


@pytest.fixture
def damaged(tmp_path: Path) -> tuple[FolderStore, Stored]:
    store = FolderStore(tmp_path / "store")
    stored = codec.encode(bytearray(200_000), store).stored
    assert store.delete(stored.blobs[0])
    return store, stored


def test_waiting_in_vain_says_for_what(run: Run) -> None:
    run.engine.attend = lambda *_: False  # type: ignore[method-assign]
    waited = Futures([Future[int](run, b"a"), Future[int](run, b"b"), Future[int](run, b"c")])
    for number, future in enumerate(waited, 1):
        future.task = f"digits/1/train/{number}"
    with pytest.raises(TimeoutError, match="3 tasks have not ended after 0 s of waiting"):
        waited.result(timeout=0)
    with pytest.raises(TimeoutError, match="digits/1/train/2 has not ended after 0 s of waiting"):
        waited[1].result(timeout=0)


def test_a_damaged_result_of_this_driver_is_an_error(run: Run, damaged: tuple[FolderStore, Stored]) -> None:
    run.store, stored = damaged
    future = Future[bytearray](run, b"key")
    future.settle(stored, None, False, 1)
    with pytest.raises(DamagedError, match="is gone"):
        future.result()
    assert future.done()


def test_a_damaged_result_of_an_earlier_driver_is_made_anew(run: Run, damaged: tuple[FolderStore, Stored]) -> None:
    run.store, stored = damaged
    future = Future[bytearray](run, b"key")

    def make_anew(task: int) -> None:
        future.settle(codec.encode(bytearray(b"new"), run.store).stored, None, False, 2)

    run.engine.reproduce = make_anew  # type: ignore[method-assign]
    future.settle(stored, None, True, 1)
    assert future.result() == b"new"


def test_a_callback_that_asks_for_the_result_of_a_stopped_run_stops_nobody_else(run: Run) -> None:
    seen: list[str] = []
    future = Future(run, b"key")
    future.add_done_callback(lambda done: seen.append(done.result()))
    future.add_done_callback(lambda done: seen.append("second"))
    future.suspend(Suspension("over"))
    assert seen == ["second"]
    with pytest.raises(Suspension, match="over"):
        future.result()
