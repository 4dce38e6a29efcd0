"""Which numbers of a task's attempts count."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from penstock.client.metrics import Metrics
from penstock.reading.structs import MetricPoint

AT = datetime(2026, 3, 1, tzinfo=UTC)


def logged(
    *points: tuple[int, int | None, float], name: str = "loss", task: str = "digits/1/train/1"
) -> list[MetricPoint]:
    """(attempt, step, value)"""
    return [MetricPoint(task, attempt, name, value, step, AT) for attempt, step, value in points]


@pytest.mark.parametrize(
    ("points", "counted"),
    [
        ([], []),
        ([(1, 0, 9.0), (1, 1, 8.0)], [(0, 9.0), (1, 8.0)]),
        ([(1, 0, 9.0), (1, 1, 8.0), (2, 0, 5.0), (2, 1, 4.0)], [(0, 5.0), (1, 4.0)]),  # from the beginning
        ([(1, 0, 9.0), (1, 1, 8.0), (1, 2, 7.0), (2, 0, 5.0)], [(0, 5.0)]),  # and sooner at its end
        ([(1, 0, 9.0), (1, 1, 8.0), (1, 2, 7.0), (2, 2, 5.0), (2, 3, 4.0)], [(0, 9.0), (1, 8.0), (2, 5.0), (3, 4.0)]),
        ([(1, 0, 9.0), (1, 1, 8.0), (2, 1, 7.0), (3, 2, 5.0)], [(0, 9.0), (1, 7.0), (2, 5.0)]),  # two checkpoints
        ([(1, 0, 9.0), (1, 1, 8.0), (2, 3, 7.0), (3, 0, 5.0)], [(0, 5.0)]),
        ([(1, None, 9.0), (2, None, 8.0), (2, None, 7.0)], [(None, 8.0), (None, 7.0)]),
        ([(1, None, 9.0), (1, 0, 9.0), (2, 0, 7.0)], [(None, 9.0), (0, 7.0)]),
        ([(0, 3, 1.0), (0, 1, 2.0)], [(3, 1.0), (1, 2.0)]),  # a flow's own body, as it logged
    ],
)
def test_a_retry_takes_the_place_of_what_was_before(
    points: list[tuple[int, int | None, float]], counted: list[tuple[int | None, float]]
) -> None:
    assert Metrics(tuple(logged(*points))).history("loss") == counted


def test_tasks_and_names_are_counted_apart() -> None:
    points = logged((1, 0, 9.0), (2, 0, 8.0)) + logged((1, 0, 7.0), name="other")
    metrics = Metrics(tuple(points + logged((1, 0, 6.0), task="digits/1/train/2")))
    assert metrics.history("loss") == [(0, 8.0), (0, 6.0)]
    assert metrics.history("other") == [(0, 7.0)]
    assert metrics.history("loss", attempt=1) == [(0, 9.0), (0, 6.0)]
    assert metrics.history("loss", attempt=3) == []
