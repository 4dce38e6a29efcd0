"""Runs as somebody watches them, whatever is in them."""

from __future__ import annotations

import string
import time
from datetime import UTC, datetime

from hypothesis import strategies as st

from penstock.journal.views import RunDetail, RunRow
from penstock.model.outcomes import Error
from penstock.model.rows import Owner, StepCount
from penstock.reading.structs import AttemptInfo, ErrorInfo, InFlightInfo, LogLine, LoopInfo, TaskInfo
from penstock.reading.watched_runs import LatestMetric, SeenRun

_OWNER = Owner("here", "boot", 4321, "1")
ANY = st.text(max_size=12) | st.sampled_from(
    ["\x1b]52;c;Y2xpcA==\x07", "a\nb\r", "\u202efdp", "日本語の名前", "x" * 300]
)
NAMES = st.text(string.ascii_letters, min_size=1, max_size=40)
COUNTS = st.builds(StepCount, NAMES, *[st.integers(0, 10**6) | st.just(0)] * 7)
_NUMBERS = st.floats()


def failed(number: int, message: str, survived: bool = False) -> TaskInfo:
    path = f"digits/3/train/{number}"
    error = ErrorInfo("raised", "ValueError", message)
    attempt = AttemptInfo(1, "failed", error, None, 1.0, 1.0, 0, 0, 0, "w1")
    return TaskInfo(path, "digits/3", "train", "m.train", number, "failed", attempt, None, error, survived)


def seen(
    status: str = "running",
    counts: tuple[StepCount, ...] = (),
    failures: tuple[TaskInfo, ...] = (),
    in_flight: tuple[InFlightInfo, ...] = (),
    metrics: tuple[LatestMetric, ...] = (),
    log: tuple[LogLine, ...] = (),
    name: str = "",
    error: Error | None = None,
) -> SeenRun:
    now = time.time()
    ended = None if status in ("running", "crashed") else now
    row = RunRow(1, "digits", 3, status, now - 12, now - 12, ended, 1, _OWNER, now, False, counts, ("a",), name=name)
    detail = RunDetail("m", "digits", "/src/m.py", (), None, error, ())
    return SeenRun(row, detail, counts, in_flight, failures, metrics, log)


_LINES = st.builds(
    LogLine, st.just("digits/3/train/1"), st.just(1), st.none(), st.sampled_from(["", "error"]), st.just(""), ANY
)
SEEN = st.builds(
    seen,
    st.sampled_from(["running", "done", "failed", "crashed", "cancelled"]),
    st.lists(COUNTS, max_size=30).map(tuple),
    st.lists(st.builds(failed, st.integers(1, 99), ANY, st.booleans()), max_size=5).map(tuple),
    st.lists(
        st.builds(
            InFlightInfo,
            NAMES.map("digits/3/{}/1".format),
            st.sampled_from(["running", "waiting"]),
            st.just(datetime(2026, 3, 1, tzinfo=UTC)),
            st.integers(1, 3),
            st.just("process"),
            st.just(""),
            st.lists(st.builds(LoopInfo, ANY, st.integers(0, 10**9), st.none() | st.integers(0, 99)), max_size=3),
        ),
        max_size=30,
    ).map(tuple),
    st.lists(st.builds(LatestMetric, ANY, _NUMBERS, st.lists(_NUMBERS, max_size=99).map(tuple)), max_size=30).map(
        tuple
    ),
    st.lists(_LINES, max_size=40).map(tuple),
    ANY,
)
