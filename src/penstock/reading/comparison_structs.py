"""What a comparison of runs says: as `--json` prints it, and Python and the API give it. Rules as in `structs`."""

from __future__ import annotations

from datetime import datetime

import msgspec


class ComparedRunInfo(msgspec.Struct, frozen=True):
    """One of the runs that are compared."""

    id: str  # "digits/3"
    flow: str
    status: str
    created_at: datetime
    duration_s: float | None  # None: it died before any sign of life
    tags: tuple[str, ...]
    error: str = ""  # what ended it, on one line; "": nothing did


class DifferenceInfo(msgspec.Struct, frozen=True):
    """What is not the same in all of the runs."""

    kind: str  # "parameter", "seed", "code", "package", "input", "metric" or "result"
    name: str  # "depth"; "depth of train/1"; "train/1": the result of that task; "the flow": its own result
    values: tuple[str | None, ...]  # of each run, in words; None: it has none. Of code: "version 1", and so on
    numbers: tuple[float | None, ...] | None = None  # the same, where all of them are numbers


class CodeDifferenceInfo(msgspec.Struct, frozen=True):
    """How the code of some of the runs differs from that of the first."""

    run: str  # whose code is shown
    base: str  # the first run
    runs: tuple[str, ...]  # all that have the same code as `run`
    steps: tuple[str, ...]  # whose code is different; "digits()": the flow's own body
    changes: tuple[str, ...]  # "clean() in features.py changed", nearest to the steps first
    diff: str = ""  # a unified diff of what changed; "": its sources are not kept, or are the same


class InfluenceInfo(msgspec.Struct, frozen=True):
    """How well what differs among the runs explains a metric. That is no proof that it is the cause."""

    kind: str  # as in `DifferenceInfo`
    name: str
    explained: float  # the share of the variance of the metric's ranks that those before it leave: 0 to 1, corrected
    # for the number of runs
    chance: float  # how often as much comes of shuffled runs
    how: str  # "larger is better", "smaller is better", or the best of its values: "adam"
    runs: int  # that have the metric, and this
    alike: tuple[str, ...] = ()  # what differs between the same runs, so that these can't be told apart


class RankedMetricInfo(msgspec.Struct, frozen=True):
    """The metric by which the runs are judged."""

    name: str
    values: tuple[float | None, ...]  # of each run; None: it has none
    best: str = ""  # a run; "": none has it
    worst: str = ""
    is_minimized: bool = False  # the smallest is the best
    influences: tuple[InfluenceInfo, ...] = ()  # what explains most first, then what explains most of the rest
    note: str = ""  # why there are none, or what can't be told


class ComparisonInfo(msgspec.Struct, frozen=True):
    """What differs between runs, and what does not."""

    runs: tuple[ComparedRunInfo, ...]
    differences: tuple[DifferenceInfo, ...]
    same: dict[str, tuple[str, ...]]  # by kind: the names of what is the same in all runs
    code: tuple[CodeDifferenceInfo, ...] = ()
    metric: RankedMetricInfo | None = None  # None: none was asked for
    notes: tuple[str, ...] = ()  # what was not compared
