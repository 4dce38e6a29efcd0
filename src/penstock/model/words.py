"""How times, durations, sizes and counts are shown to a person. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def count_of(done: int, total: int | None) -> str:
    """`3 of 1,000`, or `3` where nobody knows how many there will be (None)."""
    return f"{done:,}" if total is None else f"{done:,} of {total:,}"


def duration(seconds: float | None) -> str:
    """`84 ms`, `2.5 s`, `12 min 4 s`, `3 h 2 min`, `2 d 5 h`; "" for None."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def how_long(seconds: float | None, *, is_over: bool) -> str:
    """`for 2.5 s`, and `after 2.5 s` once it is over; "" for None."""
    return f"{'after' if is_over else 'for'} {duration(seconds)}" if seconds is not None else ""


def size(count: float) -> str:
    """`512 B`, `3.4 MiB`."""
    amount, unit = float(count), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit else f"{count:.0f} B"


def when(at: datetime, now: datetime | None = None) -> str:
    """`10:42:07` today, `yesterday 10:42`, else `2026-03-01 10:42`; the reader's own time zone."""
    from datetime import datetime, timezone

    local = at.astimezone()
    today = (now or datetime.now(timezone.utc)).astimezone().date()
    days = (today - local.date()).days
    if days == 0:
        return f"{local:%H:%M:%S}"
    return f"yesterday {local:%H:%M}" if days == 1 else f"{local:%Y-%m-%d %H:%M}"


def utc(seconds: float) -> datetime:
    """Seconds since the epoch as a time."""
    from datetime import datetime, timezone  # what a run shows has none

    return datetime.fromtimestamp(seconds, timezone.utc)


def number(value: float) -> str:
    """Six significant digits, without trailing zeros: `0.953125`, `12`, `1e-07`, `nan`."""
    return f"{value:.6g}"


def one_line(text: str, width: int = 80) -> str:
    """A text on one line, at most `width` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def packages(found: Sequence[tuple[str, str]]) -> str:
    """The first three of them: `numpy 2.2.6, pandas 2.3.0, six 1.16.0 and 4 more`."""
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(f"{name} {version}" for name, version in found[:3]) + more


def plural(count: int, noun: str) -> str:
    """`1 task`, `1,200 tasks`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
