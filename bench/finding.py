"""What a case found: one row of the table. Knows nothing of how it was measured."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Unit = Literal["s", "/s", "bytes", ""]
Judged = Literal["ratio", "difference", "value"]


@dataclass(frozen=True)
class Must:
    """What has to hold of a finding: of its value, its ratio to the floor, or how much it is above the floor."""

    limit: float
    of: Judged = "ratio"
    at_least: bool = False

    def holds(self, judged: float) -> bool:
        """Whether the judged number is within the limit."""
        return judged >= self.limit if self.at_least else judged <= self.limit


@dataclass(frozen=True)
class Finding:
    """One figure. `floor` empty: there is none; `must` None: nothing is asked of it, it is only told."""

    what: str
    samples: Sequence[float]
    unit: Unit
    floor: Sequence[float] = ()
    floor_is: str = ""
    must: Must | None = None

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.samples)

    @property
    def floor_value(self) -> float | None:
        """The floor's median; None: there is no floor."""
        return statistics.median(self.floor) if self.floor else None

    @property
    def ratio(self) -> float | None:
        """The value over the floor; None: there is no floor, or it is 0."""
        return self.value / self.floor_value if self.floor_value else None

    @property
    def ok(self) -> bool | None:
        """Whether the must holds; None: there is none."""
        if self.must is None:
            return None
        judged = {"value": self.value, "ratio": self.ratio, "difference": self.value - (self.floor_value or 0.0)}
        number = judged[self.must.of]
        return number is not None and self.must.holds(number)
