"""`--against COMMIT`: this source against that of an earlier commit, by the CPU time of the same flows.

CPU time, since a machine that does something else too makes the clock on the wall say nothing. Old and new are run in
turn, and take turns at being first: what drifts meets both.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench import sides, subjects
from bench.report import aligned, number
from bench.workplace import Workplace

_COLUMNS = ("CPU time of", "old", "new", "new / old", "quartiles", "")


@dataclass(frozen=True)
class Compared:
    """A subject's CPU seconds on both sides, pair by pair."""

    subject: str
    old: Sequence[float]
    new: Sequence[float]
    allowed: float | None  # how much slower the new one may be, in percent; None: nothing is asked of it

    @property
    def ratios(self) -> list[float]:
        """New over old, pair by pair."""
        return [new / old for old, new in zip(self.old, self.new, strict=True)]

    @property
    def ratio(self) -> float:
        """Their median."""
        return statistics.median(self.ratios)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Between these lies the middle half of the ratios."""
        if len(self.ratios) == 1:
            return self.ratio, self.ratio
        first, _, third = statistics.quantiles(self.ratios, n=4, method="inclusive")
        return first, third

    @property
    def ok(self) -> bool | None:
        """Whether the new one is as fast as it must be; None: nothing is asked of it."""
        return None if self.allowed is None else self.ratio <= 1 + self.allowed / 100


def compare(
    commit: str, names: Sequence[str], workplace: Workplace, allowed: float | None
) -> tuple[str, list[Compared]]:
    """Measure the subjects, and tell of each as it comes: what was compared, and how. Raises LookupError for a commit
    that isn't there or can't be run here."""
    old = sides.of_commit(commit, workplace.folder / "old")
    new = sides.of_working_tree(workplace.folder / "new")
    title = f"{new.name} (new) against {old.name} (old), {workplace.scale.times} pairs"
    print(title, flush=True)
    found: list[Compared] = []
    for name in names or subjects.SUBJECTS:
        began = time.monotonic()
        samples = [subjects.SUBJECTS[name](workplace, side) for side in (old, new)]
        found.append(Compared(name, *in_pairs(samples, workplace.scale.warm_ups, workplace.scale.times), allowed))
        print("  ".join(filter(None, row(found[-1]))), flush=True)
        print(f"  [{name}: {time.monotonic() - began:.0f} s]", file=sys.stderr, flush=True)
    return title, found


def in_pairs(samples: Sequence[subjects.Sample], warm_ups: int, pairs: int) -> tuple[list[float], list[float]]:
    """What the old and the new sample give, pair by pair; every other pair begins with the new one."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for pair in range(-warm_ups, pairs):
        for side in (0, 1) if pair % 2 == 0 else (1, 0):
            value = samples[side]()
            if pair >= 0:
                seconds[side].append(value)
    return seconds


def row(one: Compared) -> tuple[str, ...]:
    """A comparison as the cells of the table."""
    first, third = one.quartiles
    verdict = {None: "", True: "ok", False: f"SLOWER by more than {one.allowed} %"}[one.ok]
    return (
        one.subject,
        number(statistics.median(one.old), "s"),
        number(statistics.median(one.new), "s"),
        f"{one.ratio:.3f}",
        f"{first:.3f} to {third:.3f}",
        verdict,
    )


def table(found: Iterable[Compared]) -> str:
    """The comparisons, a line for each."""
    return aligned([_COLUMNS, *map(row, found)])


def as_json(title: str, found: Iterable[Compared]) -> dict[str, Any]:
    """All there is to keep of them, beside what `bench.report.surroundings` says."""
    return {
        "against": title,
        "subjects": {
            one.subject: {
                "old_s": list(one.old),
                "new_s": list(one.new),
                "ratio": one.ratio,
                "quartiles": list(one.quartiles),
                "allowed_percent": one.allowed,
                "ok": one.ok,
            }
            for one in found
        },
    }
