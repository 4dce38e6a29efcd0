"""What ran after what, where no value tells: by when things began and were over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec


class Span(msgspec.Struct):
    """From when on something ran, and up to when; seconds on any clock."""

    began: float
    ended: float  # inf: it still runs

    def widen(self, began: float, ended: float) -> None:
        self.began, self.ended = min(self.began, began), max(self.ended, ended)


def precedents(spans: Mapping[str, Span], of: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(before, after): of each of these what was over when it began, but for what was over when another of those began.

    Of tasks that may run at once one may still wait for a place among them: then this tells of the machine rather than
    of the flow. So it is asked only for what no value leads to.
    """
    for name in of:
        span = spans.get(name)
        if span is None:
            continue
        over = {other: one for other, one in spans.items() if one.ended <= span.began > one.began}
        latest = max((one.began for one in over.values()), default=0.0)
        yield from ((other, name) for other, one in over.items() if one.ended > latest or one.began == latest)
