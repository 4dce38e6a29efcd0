"""Thousands of small tasks: how sure is a correlation? Ask bootstrap resamples of a real table.

    penstock run examples/wide.py --resamples 5000

The table has 442 patients with diabetes; scikit-learn carries it. Each task draws patients with replacement from the
global random numbers of numpy. That is right only if no two tasks have the same ones: Penstock seeds them from the
task's identity, so that all tasks differ, and the same flow gives the same interval again, resumed or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atanh, sqrt, tanh

import numpy as np
from sklearn.datasets import load_diabetes

from penstock import flow, step


@dataclass(frozen=True)
class Resample:
    patients: tuple[int, ...]  # the first that were drawn: tells resamples apart
    correlation: float


@dataclass(frozen=True)
class Interval:
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.3f} .. {self.high:.3f}"


@dataclass(frozen=True)
class Answer:
    correlation: float
    bootstrap: Interval
    analytic: Interval
    different: int  # how many resamples are like no other


@step
def load() -> np.ndarray:
    """Body mass index and the disease's progress a year later: 442 x 2."""
    table = load_diabetes(as_frame=True, scaled=False).frame
    return table[["bmi", "target"]].to_numpy()


@step
def resample(number: int, table: np.ndarray) -> Resample:
    """One bootstrap resample: as many patients as there are, with replacement."""
    patients = np.random.randint(0, len(table), len(table))
    return Resample(tuple(patients[:8].tolist()), correlation(table[patients]))


def correlation(table: np.ndarray) -> float:
    return float(np.corrcoef(table, rowvar=False)[0, 1])


def bootstrap_interval(resamples: list[Resample]) -> Interval:
    """The middle 95 % of the resamples."""
    return Interval(*np.percentile([one.correlation for one in resamples], [2.5, 97.5]).tolist())


def analytic_interval(r: float, n: int) -> Interval:
    """95 % by Fisher's transformation (Fisher 1921): atanh(r) is close to normal, with deviation 1 / sqrt(n - 3)."""
    spread = 1.96 / sqrt(n - 3)
    return Interval(tanh(atanh(r) - spread), tanh(atanh(r) + spread))


@flow
def wide(resamples: int = 2000) -> Answer:
    """The correlation of body mass index and progress of diabetes, with its interval.

    resamples: how many tasks
    """
    table = load()
    drawn = resample.map(range(resamples), table=table).result()  # the table is stored once, and mapped by each task
    r = correlation(table)
    answer = Answer(
        r, bootstrap_interval(drawn), analytic_interval(r, len(table)), len({one.patients for one in drawn})
    )
    print(f"correlation {r:.3f}, 95 % interval {answer.bootstrap}; by Fisher's formula {answer.analytic}")
    print(f"{answer.different} of {resamples} resamples are different")
    return answer


if __name__ == "__main__":
    wide()
