"""Futures by themselves, without a run's engine behind them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from penstock.errors import Suspension
from penstock.sdk.futures import Future
from penstock.sdk.session import Run


@pytest.fixture
def run() -> Run:
    engine: Any = SimpleNamespace(in_process=False)
    store: Any = None
    return Run("digits/1", engine, store, "")


def test_a_callback_that_asks_for_the_result_of_a_stopped_run_stops_nobody_else(run: Run) -> None:
    seen: list[str] = []
    future = Future(run, b"key")
    future.add_done_callback(lambda done: seen.append(done.result()))
    future.add_done_callback(lambda done: seen.append("second"))
    future.suspend(Suspension("over"))
    assert seen == ["second"]
    with pytest.raises(Suspension, match="over"):
        future.result()
