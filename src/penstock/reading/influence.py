"""How well what differs between runs explains a metric of theirs, and how often chance alone would do as well. Pure.

Ranks are explained rather than values, so that one odd run counts once: by the order of numbers (the square of their
correlation: Spearman's rho) and by groups of equal values (eta squared), both corrected for the number of runs and of
groups as an adjusted R squared is. What explains most is taken first; what is left by it is what all others have to
explain, so that a weaker parameter is seen beside a strong one. How often as much comes by chance is counted over
shuffled runs.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Sequence

from penstock.model.tuples import NamedTuple
from penstock.reading.comparison_structs import DifferenceInfo, InfluenceInfo

LEAST_RUNS = 5
"""Of fewer nothing is said: of 4 runs each order comes by chance once in 24 times."""

BY_CHANCE = 0.05
"""What comes by chance more often than that is not taken to explain anything."""

_SHUFFLES = 199
_CANDIDATES = 3  # the strongest, which are tried before no more is taken
_CLEARER = 0.1  # groups explain so much more than an order, or the order is what is told


class _Varied(NamedTuple):
    """What differs between those of the runs that have both it and the metric."""

    difference: DifferenceInfo
    where: tuple[int, ...]  # the runs
    labels: tuple[int, ...]  # equal where the values are
    order: tuple[float, ...] | None  # their ranks; None: they are no numbers

    @property
    def partition(self) -> tuple[object, ...]:
        """The same for what differs between the same runs, in the same order."""
        return self.where, self.labels, self.order

    def strength(self, left: dict[int, float], fitted: int) -> float:
        """How much it explains of what is left to explain of each run."""
        of = [left[run] for run in self.where]
        return max(self._by_order(of, fitted), self._by_groups(of, fitted))

    def _by_order(self, of: Sequence[float], fitted: int) -> float:
        return 0.0 if self.order is None else by_order(self.order, of, fitted)

    def _by_groups(self, of: Sequence[float], fitted: int) -> float:
        """Not where hardly two runs have the same."""
        return by_groups(self.labels, of, fitted) if max(self.labels) < len(self.labels) // 2 else 0.0

    def _is_told_by_order(self, of: Sequence[float], fitted: int) -> bool:
        return self.order is not None and self._by_order(of, fitted) >= self._by_groups(of, fitted) - _CLEARER

    def how(self, left: dict[int, float], fitted: int) -> str:
        """What is better, as `InfluenceInfo` has it."""
        of = [left[run] for run in self.where]
        if self.order is not None and self._is_told_by_order(of, fitted):
            return f"{'larger' if _covariance(self.order, of) >= 0 else 'smaller'} is better"
        means = _means(self.labels, of)
        best = max(means, key=means.__getitem__)
        return self.difference.values[self.where[self.labels.index(best)]] or ""

    def take_from(self, left: dict[int, float]) -> int:
        """Leave of each run what this does not explain; how many degrees of freedom that takes."""
        of = [left[run] for run in self.where]
        if self.order is not None and self._is_told_by_order(of, 1):
            slope = _covariance(self.order, of) / _covariance(self.order, self.order)
            center, taken = sum(self.order) / len(self.order), 1
            explained = [slope * (place - center) for place in self.order]
        else:
            means, middle = _means(self.labels, of), sum(of) / len(of)
            explained, taken = [means[label] - middle for label in self.labels], len(means) - 1
        for run, part in zip(self.where, explained, strict=True):
            left[run] -= part
        return taken


def influences(metric: Sequence[float | None], differences: Iterable[DifferenceInfo]) -> list[InfluenceInfo]:
    """What explains most first, then what explains most of the rest. `metric`: of each run; the larger the better."""
    known = [run for run, value in enumerate(metric) if value is not None]
    left = dict(zip(known, ranks([value for value in metric if value is not None]), strict=True))
    alike: dict[tuple[object, ...], list[_Varied]] = {}
    for difference in differences:
        varied = _varied(metric, difference)
        if varied is not None:
            alike.setdefault(varied.partition, []).append(varied)
    waiting, found, fitted = list(alike.values()), list[InfluenceInfo](), 1
    while waiting:
        waiting.sort(key=lambda several: -several[0].strength(left, fitted))
        told = ((several, _influence(several, left, fitted)) for several in waiting[:_CANDIDATES])
        best = next((one for one in told if one[1].chance <= BY_CHANCE), None)
        if best is None:
            break
        several, info = best
        waiting.remove(several)
        found.append(info)
        fitted += several[0].take_from(left)
    return found + [_influence(several, left, fitted) for several in waiting]


def _varied(metric: Sequence[float | None], difference: DifferenceInfo) -> _Varied | None:
    """None where nothing can be said: too few runs, one value, or other words in nearly each run."""
    where = tuple(run for run, value in enumerate(difference.values) if value is not None and metric[run] is not None)
    values = [difference.values[run] for run in where]
    if len(where) < LEAST_RUNS or len(set(values)) < 2:
        return None
    numbers = [number for run in where if difference.numbers and (number := difference.numbers[run]) is not None]
    order = tuple(ranks(numbers)) if len(numbers) == len(where) else None
    if order is None and len(set(values)) > len(values) // 2:
        return None
    return _Varied(difference, where, _labels(values), order)


def _labels(values: Iterable[Hashable]) -> tuple[int, ...]:
    numbers: dict[Hashable, int] = {}
    return tuple(numbers.setdefault(value, len(numbers)) for value in values)


def _influence(alike: list[_Varied], left: dict[int, float], fitted: int) -> InfluenceInfo:
    first, chance, beaten = alike[0], random.Random(0), 0
    explained = first.strength(left, fitted)
    shuffled = [left[run] for run in first.where]
    for _ in range(_SHUFFLES):
        chance.shuffle(shuffled)
        beaten += first.strength(dict(zip(first.where, shuffled, strict=True)), fitted) >= explained
    names = tuple(other.difference.name for other in alike[1:])
    share = (beaten + 1) / (_SHUFFLES + 1)
    name = first.difference.name
    return InfluenceInfo(
        first.difference.kind, name, explained, share, first.how(left, fitted), len(first.where), names
    )


def ranks(values: Sequence[float]) -> list[float]:
    """The place of each in their order, from 0; equal ones share the middle of theirs."""
    by_value = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(by_value):
        end = start
        while end < len(by_value) and values[by_value[end]] == values[by_value[start]]:
            end += 1
        for place in by_value[start:end]:
            found[place] = (start + end - 1) / 2
        start = end
    return found


def by_order(order: Sequence[float], of: Sequence[float], fitted: int = 1) -> float:
    """How much of numbers goes with an order: their correlation, squared and corrected; 0 to 1. `fitted`: how many of
    their degrees of freedom are used up already."""
    spread = _covariance(order, order) * _covariance(of, of)
    share = _covariance(order, of) ** 2 / spread if spread > _NOTHING else 0.0
    return _corrected(share, len(of), fitted, 1)


def by_groups(labels: Sequence[int], of: Sequence[float], fitted: int = 1) -> float:
    """How much of numbers it tells which group they are of: eta squared, corrected; 0 to 1. `fitted`: as above."""
    middle, spread = sum(of) / len(of), _covariance(of, of)
    means = _means(labels, of)
    between = sum((means[label] - middle) ** 2 for label in labels)
    return _corrected(between / spread if spread > _NOTHING else 0.0, len(of), fitted, len(means) - 1)


_NOTHING = 1e-9
"""What rounding leaves of a spread that is none; ranks differ by halves."""


def _means(labels: Sequence[int], of: Sequence[float]) -> dict[int, float]:
    groups: dict[int, list[float]] = {}
    for label, value in zip(labels, of, strict=True):
        groups.setdefault(label, []).append(value)
    return {label: sum(values) / len(values) for label, values in groups.items()}


def _covariance(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two rows of numbers, not divided by their length."""
    middle, another = sum(one) / len(one), sum(other) / len(other)
    return sum((a - middle) * (b - another) for a, b in zip(one, other, strict=True))


def _corrected(share: float, count: int, fitted: int, more: int) -> float:
    if count <= fitted + more:
        return 0.0
    return max(0.0, min(1.0, 1 - (1 - share) * (count - fitted) / (count - fitted - more)))
