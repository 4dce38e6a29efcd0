"""What `penstock watch` draws: it fits, it says first what is wrong, and it does nothing to a terminal."""

from __future__ import annotations

import math
import re
import time
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from penstock.cli.watch_picture import allotted, picture, sparkline
from penstock.model.outcomes import Error
from penstock.model.rows import StepCount
from penstock.model.visible import on_one_line
from penstock.reading.structs import InFlightInfo, LogLine, LoopInfo
from penstock.reading.watched_runs import LatestMetric, SeenRun
from tests.seen_runs import SEEN, failed, seen


def _lines(seen: SeenRun, width: int = 80, height: int = 24, **more: bool | str) -> list[str]:
    return [line.plain.rstrip() for line in picture(seen, width, height, **more)]  # type: ignore[arg-type]


@given(SEEN, st.integers(20, 200), st.integers(4, 60), st.booleans(), st.sampled_from(["", "q leave"]))
def test_whatever_it_is_it_fits_and_steers_no_terminal(
    seen: SeenRun, width: int, height: int, log_alone: bool, foot: str
) -> None:
    lines = picture(seen, width, height, foot=foot, log_alone=log_alone)
    assert len(lines) <= height
    assert all(line.cell_len <= width for line in lines)
    assert all(line.plain == on_one_line(line.plain) for line in lines)
    assert lines[0].plain.startswith("digits/3  ")
    if foot:
        assert len(lines) == height
        assert lines[-1].plain == foot
    if seen.failures and not log_alone and height >= 8:
        first = "  its process" if seen.row.status == "crashed" else "✗ train/"
        assert any(line.plain.startswith(first) for line in lines[:4])


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=6), st.integers(-5, 60))
def test_lines_are_allotted_to_the_first_and_none_is_left_over(sections: list[tuple[int, int]], room: int) -> None:
    wanted, least = [want for want, _ in sections], [few for _, few in sections]
    given_ = allotted(wanted, least, room)
    assert sum(given_) == max(0, min(room, sum(wanted)))
    assert all(0 <= got <= want for got, want in zip(given_, wanted, strict=True))
    if sum(map(min, wanted, least)) <= room:
        assert all(got >= min(want, few) for got, want, few in zip(given_, wanted, least, strict=True))


@given(st.lists(st.floats(), max_size=300), st.integers(-1, 80))
def test_a_line_of_bars_is_a_curve_s_shape(numbers: list[float], width: int) -> None:
    bars = sparkline(numbers, width)
    finite = [number for number in numbers if math.isfinite(number)]
    assert len(bars) in (0, min(len(numbers), max(0, width)))
    assert set(bars) <= set(" ▁▂▃▄▅▆▇█")
    if len(numbers) <= width and finite:
        assert [bar == " " for bar in bars] == [not math.isfinite(number) for number in numbers]
        shown = [bar for bar in bars if bar != " "]
        assert shown[finite.index(min(finite))] == "▁"
        assert [bar for _, bar in sorted(zip(finite, shown, strict=True))] == sorted(shown)


def test_bars_follow_what_they_stand_for() -> None:
    assert sparkline([1.0, 2.0, 4.0, 8.0], 10) == "▁▂▄█"
    assert sparkline([-1e308, 0.0, 1e308, math.nan, math.inf], 10) == "▁▅█  "
    assert sparkline([3.0, 3.0], 10) == "▁▁"
    assert sparkline([float(n) for n in range(100)], 5)[-1] == "█"
    assert sparkline([math.nan], 10) == sparkline([], 10) == sparkline([1.0], 0) == ""


def test_what_is_wrong_comes_first_with_what_to_do() -> None:
    counts = (StepCount("train", done=3, failed=7, running=1),)
    lines = _lines(seen(counts=counts, failures=(failed(4, "bad depth 99"), failed(5, "worse", survived=True))))
    assert re.fullmatch(r"digits/3  running  for \d\d s  10 of 11 tasks  a", lines[0])
    assert lines[2:7] == [
        "Failures",
        "✗ train/4  ValueError: bad depth 99",
        "  penstock show digits/3/train/4",
        "✗ train/5  ValueError: worse  (the flow went on)",
        "  and 5 more",
    ]
    ended = _lines(
        seen("failed", counts, (failed(4, "bad depth 99"),), error=Error("raised", "ValueError", "bad depth 99"))
    )
    assert ended.count("✗ train/4  ValueError: bad depth 99") == 1
    assert "  penstock resume digits/3" in ended
    crashed = _lines(seen("crashed"))
    assert crashed[2:5] == ["Failures", "  its process 4321 on here has died", "  penstock resume digits/3"]


def test_what_runs_is_shown_with_its_loops() -> None:
    began = datetime.fromtimestamp(time.time() - 65, UTC)
    loops = (LoopInfo("epochs", 3, 6), LoopInfo("rows", 2_000, None))
    running = InFlightInfo("digits/3/train/1", "running", began, 2, "process", "", loops)
    waiting = InFlightInfo("digits/3/train/2", "waiting", began)
    lines = _lines(seen(in_flight=(running, waiting)), width=60)
    assert re.fullmatch(r"▸ train/1  1 min \d+ s  process  attempt 2", lines[3])
    assert lines[4:] == [
        f"    epochs  {'━' * 28}  3 of 6",
        "    rows    2,000",
    ]
    assert _lines(seen("crashed", in_flight=(running,)))[-1].startswith("▸ train/1  process  attempt 2")


def test_what_has_no_room_is_counted() -> None:
    counts = tuple(StepCount(f"step{n}", done=n) for n in range(1, 31))
    lines = _lines(seen(counts=counts, metrics=(LatestMetric("loss", 0.25, (1.0, 0.25)),)), height=12)
    assert lines[1] == "Steps"
    assert lines[-3:] == ["  and 23 more", "Metrics", "  loss          0.25  █▁"]
    assert len(lines) == 12


def test_the_log_alone_has_its_last_lines() -> None:
    log = tuple(LogLine("digits/3/train/1", 1, None, "", "stdout", f"line {n}") for n in range(100))
    watched = seen(log=log, counts=(StepCount("train", running=1),))
    alone = _lines(watched, height=10, log_alone=True, foot="q")
    assert alone[1:] == ["", "Log", *(f"  train/1  line {n}" for n in range(94, 100)), "q"]
    assert _lines(watched, height=12, foot="q")[-2:] == ["  train/1  line 99", "q"]
