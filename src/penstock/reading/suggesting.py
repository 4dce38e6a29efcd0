"""From what a step's attempts have used to what the step should ask for. Pure.

Memory is a limit here, beyond which an attempt is ended, and not a share of a machine that others may use: so it is the
highest peak that counts, with headroom, and not a percentile. CPU is a share: nineteen of twenty attempts get what they
can use. A timeout is to end what hangs, not what is slow. All three are rounded up, so that they don't change with each
run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from penstock.model.tuples import NamedTuple
from penstock.model.words import duration, plural, size
from penstock.reading.resource_structs import SpreadInfo, SuggestionInfo

ENOUGH = 3
"""From fewer attempts that are done nothing is concluded."""

_USUAL = 0.8  # the others are tried again: that costs their time, as the memory that nobody needs costs the machine's
_HEADROOM = 1.25  # peaks are looked at every 30 ms, and inputs grow
_MORE = 2.0  # where the amount did not suffice nobody knows what would
_SPARE_CORE = 0.1  # so much of another core is not worth it
_PATIENCE = 3.0  # machines differ, and are shared
_LEAST_BYTES = 64 << 20
_TIMEOUTS_S = [
    *(60 * minutes for minutes in (1, 2, 3, 5, 10, 15, 20, 30, 45)),
    *(3600 * hours for hours in (1, 2, 3, 4, 6, 8, 12, 18)),
]
_DAY_S = 86400


class History(NamedTuple):
    """What is known of a step's attempts."""

    wall_s: Sequence[float]  # of those that are done, as are the next two
    cores: Sequence[float]  # of those that were long enough to tell
    peak_bytes: Sequence[int]  # of those whose memory was measured
    out_of_memory: Sequence[int]  # peaks of those that ran out of it; 0: not measured
    timeouts_s: Sequence[float]  # wall time of those that ran beyond their timeout


def spread(values: Iterable[float]) -> SpreadInfo | None:
    """Median, 95th percentile (both by nearest rank) and maximum; None of nothing."""
    ranked = sorted(values)
    if not ranked:
        return None
    return SpreadInfo(_rank(ranked, 0.5), _rank(ranked, 0.95), ranked[-1])


def _rank(ranked: Sequence[float], share: float) -> float:
    return ranked[math.ceil(share * len(ranked)) - 1]


def suggest(history: History) -> SuggestionInfo:
    """What the step should ask for, as far as its history tells."""
    notes: list[str] = []
    cpu = _cpu(history)
    memory, grow_to = _memory(history, notes)
    timeout = _timeout(history, notes)
    if len(history.wall_s) < ENOUGH:
        few = plural(len(history.wall_s), "attempt") if history.wall_s else "no attempt"
        notes.append(f"{few} done: too few to tell what else to ask for")
    elif unmeasured := len(history.wall_s) - len(history.peak_bytes):
        notes.append(f"the memory of {plural(unmeasured, 'attempt')} was not measured")
    return SuggestionInfo(_text(cpu, memory, grow_to, timeout), cpu, memory, grow_to, timeout, tuple(notes))


def _cpu(history: History) -> int | None:
    found = spread(history.cores)
    if found is None or len(history.cores) < ENOUGH:
        return None
    return max(1, math.ceil(found.p95 - _SPARE_CORE))


def _memory(history: History, notes: list[str]) -> tuple[int | None, int | None]:
    """What to begin with, and how far it should grow; None: it should not."""
    peaks = sorted(history.peak_bytes) if len(history.peak_bytes) >= ENOUGH else []
    short = max(history.out_of_memory, default=0)
    if history.out_of_memory:
        at = f", with up to {size(short)}" if short else ""
        notes.append(f"{plural(len(history.out_of_memory), 'attempt')} ran out of memory{at}")
    if short and short >= max(history.peak_bytes, default=0):
        most = _round_size(short * _MORE)
    elif peaks:
        most = _round_size(peaks[-1] * _HEADROOM)
    else:
        return None, None
    usual = _round_size(_rank(peaks, _USUAL) * _HEADROOM) if peaks else most
    return (usual, most) if 2 * usual <= most else (most, None)


def _timeout(history: History, notes: list[str]) -> int | None:
    longest = max(history.wall_s, default=0.0)
    late = max(history.timeouts_s, default=0.0)
    if history.timeouts_s:
        notes.append(f"{plural(len(history.timeouts_s), 'attempt')} ran into a timeout, after up to {duration(late)}")
    if late > longest:
        return _round_time(late * _MORE)
    return _round_time(longest * _PATIENCE) if len(history.wall_s) >= ENOUGH else None


def _round_size(count: float) -> int:
    """Up to a quarter between two powers of two: 64, 80, 96, 112, 128, 160 MiB, ..., 1, 1.25, 1.5 GiB."""
    whole = max(math.ceil(count), _LEAST_BYTES)
    step = 1 << (whole.bit_length() - 3)
    return -(-whole // step) * step


def _round_time(seconds: float) -> int:
    """Up to a minute, two, three, five, ..., eighteen hours, whole days."""
    days = math.ceil(seconds / _DAY_S) * _DAY_S
    return next((each for each in _TIMEOUTS_S if each >= seconds), days)


def _text(cpu: int | None, memory: int | None, grow_to: int | None, timeout: int | None) -> str:
    amount = None if memory is None else _size_text(memory)
    if amount is not None and grow_to is not None:
        amount = f"grow({amount}, to={_size_text(grow_to)})"
    parts = (
        f"cpu={cpu}" if cpu is not None else "",
        f"memory={amount}" if amount is not None else "",
        f"timeout={_time_text(timeout)}" if timeout is not None else "",
    )
    given = ", ".join(filter(None, parts))
    return f"@step({given})" if given else ""


def _size_text(count: int) -> str:
    return f'"{count / (1 << 30):g}GiB"' if count >= 1 << 30 else f'"{count / (1 << 20):g}MiB"'


def _time_text(seconds: int) -> str:
    for unit, length in (("d", _DAY_S), ("h", 3600)):
        if seconds % length == 0:
            return f'"{seconds // length}{unit}"'
    return f'"{seconds // 60}m"'
