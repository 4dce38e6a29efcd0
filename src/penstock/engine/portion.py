"""What a run may use of a machine that other runs use too, and what it does use.

Without a bound it has all that its executors' profiles say, and nothing is counted. With one, a lane that would go
beyond it is noted as lacking, and lanes that are beyond it already end with the attempts that run in them.
"""

from __future__ import annotations

from penstock.model.shares import Amount, Weight

_LACKS = 4
"""So many kinds of call are told at most, the oldest first."""


class Portion:
    """The part of one run, over all executors whose resources are the machine's own."""

    __slots__ = ("_missed", "bound", "cpu_millionths", "gpus", "memory_bytes", "peak", "total")

    def __init__(self, total: Amount | None) -> None:
        """`total` None: nobody else is asked, and there is never a bound. Else there is nothing before the first offer:
        a run that opens no lane asks nobody."""
        self.total = total
        self.bound = None if total is None else Amount()
        self.clear()
        self._missed: dict[Weight, None] = {}  # the lanes that were lacking, oldest call first

    def clear(self) -> None:
        self.cpu_millionths = 0
        self.memory_bytes = 0
        self.gpus: list[str] = []
        self.peak = (0, 0)  # the most of cpu and memory since somebody asked for it

    def weight(self, cpu_millionths: int, memory_bytes: int, gpu: int, of: tuple[str, ...]) -> Weight | None:
        """What a lane takes: never more than the machine has, since a run may be told to take it for larger than it is.
        None: nothing."""
        total = self.total
        if total is None or not (cpu_millionths or memory_bytes or gpu):
            return None
        cpu_millionths, memory_bytes = min(cpu_millionths, total.cpu_millionths), min(memory_bytes, total.memory_bytes)
        return Weight(cpu_millionths, memory_bytes, gpu, of if gpu else ())

    def fits(self, weight: Weight | None) -> bool:
        return not self.missing(weight)

    def missing(self, weight: Weight | None) -> str:
        """What is missing for such a lane: "gpu", else "cpu" (or memory); "": it is within the bound."""
        bound = self.bound
        if bound is None or weight is None:
            return ""
        if weight.gpu and len(self.pick(weight)) < weight.gpu:
            return "gpu"
        cpu_fits = not weight.cpu_millionths or self.cpu_millionths + weight.cpu_millionths <= bound.cpu_millionths
        memory_fits = not weight.memory_bytes or self.memory_bytes + weight.memory_bytes <= bound.memory_bytes
        return "" if cpu_fits and memory_fits else "cpu"

    def note_missing(self, weight: Weight | None) -> None:
        """Such a lane would be opened, and is not within the bound."""
        if weight is not None:
            self._missed[weight] = None

    def pick(self, weight: Weight) -> tuple[str, ...]:
        """The GPUs that such a lane gets; too few: there are no more."""
        bound = weight.of if self.bound is None else self.bound.gpus
        return tuple(name for name in weight.of if name in bound and name not in self.gpus)[: weight.gpu]

    def take(self, weight: Weight, gpus: tuple[str, ...]) -> None:
        """A lane is opened."""
        self.cpu_millionths += weight.cpu_millionths
        self.memory_bytes += weight.memory_bytes
        self.gpus += gpus
        peak_cpu, peak_memory = self.peak
        if self.cpu_millionths > peak_cpu or self.memory_bytes > peak_memory:
            self.peak = max(self.cpu_millionths, peak_cpu), max(self.memory_bytes, peak_memory)

    def put_back(self, weight: Weight, gpus: tuple[str, ...]) -> None:
        """A lane is closed. A GPU goes back to all: an attempt with one takes long, and asking anew costs little."""
        self.cpu_millionths -= weight.cpu_millionths
        self.memory_bytes -= weight.memory_bytes
        for name in gpus:
            self.gpus.remove(name)
        if gpus and self.bound is not None:
            self.bound = self.bound._replace(gpus=tuple(name for name in self.bound.gpus if name not in gpus))

    @property
    def used(self) -> Amount:
        return Amount(self.cpu_millionths, self.memory_bytes, tuple(self.gpus))

    @property
    def excess(self) -> tuple[int, int]:
        """How much cpu and memory is taken beyond the bound."""
        bound = self.bound or self.used
        return max(0, self.cpu_millionths - bound.cpu_millionths), max(0, self.memory_bytes - bound.memory_bytes)

    @property
    def is_exceeded(self) -> bool:
        return self.bound is not None and self.excess != (0, 0)

    def new_lacks(self) -> tuple[Weight, ...]:
        """The lanes that were lacking since the last call."""
        if not self._missed:
            return ()
        missed, self._missed = self._missed, {}
        return tuple(missed)[:_LACKS]

    def new_peak(self) -> tuple[int, int]:
        """The most since the last call."""
        peak, self.peak = self.peak, (self.cpu_millionths, self.memory_bytes)
        return peak
