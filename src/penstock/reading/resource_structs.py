"""What `resources` gives, and what `penstock show --resources --json` prints. Of the same kind as `structs`."""

from __future__ import annotations

import msgspec


class SpreadInfo(msgspec.Struct, frozen=True):
    """A number over several attempts. Each is one that was measured: nothing is interpolated."""

    median: float
    p95: float  # nineteen of twenty attempts have at most this; of fewer than twenty, all
    highest: float


class SuggestionInfo(msgspec.Struct, frozen=True):
    """What a step should ask for. None: its history is too short to tell."""

    text: str  # '@step(cpu=2, memory="1.5GiB", timeout="10m")'; "" where there is nothing to suggest
    cpu: int | None = None
    memory_bytes: int | None = None
    grow_to_bytes: int | None = None  # the memory should grow so far; None: it should stay as it is
    timeout_s: int | None = None
    notes: tuple[str, ...] = ()  # why there is no more, or why so much


class StepResourcesInfo(msgspec.Struct, frozen=True):
    """What the attempts of a step have used: those that ran and have ended, what was reused not among them."""

    step: str  # short name
    step_path: str  # module-qualified name
    attempts: int  # the latest 10,000 at most, and as many of those that were tried again
    done: int  # of these; the numbers below are theirs
    out_of_memory: int  # ended so
    timeouts: int  # ended so
    wall_s: SpreadInfo | None  # None, here and below: none of them was measured
    cores: SpreadInfo | None  # seconds of CPU for each second, of attempts of at least 0.1 s
    peak_bytes: SpreadInfo | None
    read_bytes: SpreadInfo | None
    written_bytes: SpreadInfo | None
    suggestion: SuggestionInfo


class ResourcesInfo(msgspec.Struct, frozen=True):
    """What the steps of a flow have used, over all its runs or in one of them."""

    of: str  # "digits", "digits/3"
    flow: str
    steps: tuple[StepResourcesInfo, ...]  # empty: no attempt has ended
