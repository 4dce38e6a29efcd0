"""What explains a metric, and what nothing can be said of."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.reading.comparison_structs import DifferenceInfo, InfluenceInfo
from penstock.reading.influence import BY_CHANCE, by_groups, by_order, influences, ranks


def varied(name: str, *values: float | str | None) -> DifferenceInfo:
    words = tuple(None if value is None else str(value) for value in values)
    numbers = tuple(value if isinstance(value, (int, float)) else None for value in values)
    are_all = all((word is None) == (number is None) for word, number in zip(words, numbers, strict=True))
    return DifferenceInfo("parameter", name, words, numbers if are_all else None)


def told(found: list[InfluenceInfo]) -> dict[str, str]:
    return {one.name: one.how for one in found if one.chance <= BY_CHANCE}


def grid() -> tuple[list[DifferenceInfo], list[float]]:
    """36 runs, in which depth matters most, then the name, and the rate not at all."""
    chance = random.Random(1)
    runs = [(depth, name, rate) for depth in (1, 4, 8) for name in ("adam", "sgd", "lion") for rate in range(4)]
    metric = [depth + (2 if name == "adam" else 0) + chance.random() for depth, name, _ in runs]
    columns = zip(*runs, strict=True)
    return [varied(name, *column) for name, column in zip(("depth", "name", "rate"), columns, strict=True)], metric


def test_the_strongest_comes_first_and_a_weaker_one_explains_what_it_leaves():
    differences, metric = grid()
    found = influences(metric, reversed(differences))
    assert told(found) == {"depth": "larger is better", "name": "adam"}
    assert [one.name for one in found] == ["depth", "name", "rate"]
    assert found[0].explained > 0.7
    assert found[2].chance > BY_CHANCE


def test_smaller_may_be_better_and_the_middle_too():
    differences, metric = grid()
    found = influences([-value for value in metric], differences)
    assert told(found)["depth"] == "smaller is better"
    places = [place % 5 for place in range(30)]
    found = influences([-abs(place - 2) + number / 100 for number, place in enumerate(places)], [varied("x", *places)])
    assert told(found) == {"x": "2"}


def test_what_differs_between_the_same_runs_can_not_be_told_apart():
    differences, metric = grid()
    twin = varied("twin", *(str(value) for value in differences[1].values))
    (*_, found, _) = influences(metric, [*differences, twin])
    assert (found.name, found.alike) == ("name", ("twin",))


@pytest.mark.parametrize(
    "difference",
    [
        varied("few", *[1, 2, 3, 4], *[None] * 8),
        varied("one value", *[3] * 12),
        varied("a text of its own for each", *map(str, "abcdefghijkl")),
    ],
    ids=lambda difference: difference.name,
)
def test_nothing_is_said_where_nothing_can_be(difference: DifferenceInfo):
    assert influences([float(run) for run in range(12)], [difference]) == []


def test_runs_without_the_metric_do_not_count():
    differences, metric = grid()
    found = influences([None, None, *metric[2:]], differences)
    assert {one.runs for one in found} == {34}
    assert influences([None] * 36, differences) == []
    assert [one.explained for one in influences([1.0] * 36, differences)] == [0, 0, 0]


def test_chance_is_taken_for_more_as_seldom_as_is_said():
    chance = random.Random(2)
    taken = 0
    for _ in range(100):
        metric, noise = ([chance.random() for _ in range(10)] for _ in range(2))
        (found,) = influences(metric, [varied("noise", *noise)])
        taken += found.chance <= BY_CHANCE
    assert 1 <= taken <= 10


NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=30)


@given(NUMBERS, st.randoms(use_true_random=False))
def test_laws(values: list[float], chance: random.Random):
    order = ranks(values)
    assert sum(order) == pytest.approx(sum(range(len(values))))
    assert ranks([value * 2 for value in order]) == order
    places = list(range(len(values)))
    chance.shuffle(places)
    other = [chance.random() for _ in values]
    moved, same = [order[place] for place in places], [other[place] for place in places]
    assert by_order(order, other) == pytest.approx(by_order(moved, same), abs=1e-6)
    assert by_order(order, other) == pytest.approx(by_order([-rank for rank in order], other), abs=1e-6)
    if len(set(order)) > 1:
        assert by_order(order, order) == pytest.approx(1)
    labels = [round(rank) % 3 for rank in order]
    renamed = [{0: 5, 1: 0, 2: 9}[label] for label in labels]
    assert by_groups(labels, other) == pytest.approx(by_groups(renamed, other), abs=1e-6)
    assert 0 <= by_groups(labels, other) <= 1
