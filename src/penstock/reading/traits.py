"""What runs have under a name, each run its own, so that it is told what of it differs. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from penstock.model.tuples import NamedTuple
from penstock.reading.comparison_structs import DifferenceInfo


class Held(NamedTuple):
    """What one run has."""

    content: Hashable  # equal where it is the same
    text: str  # as it is shown
    number: float | None = None


class Trait(NamedTuple):
    """What runs have under a name."""

    kind: str  # as in `DifferenceInfo`
    name: str
    held: dict[int, Held]  # by `RunRow.id`; a run that has none is not in it

    @property
    def texts(self) -> dict[int, str]:
        return {run: held.text for run, held in self.held.items()}

    def is_same(self, runs: Sequence[int]) -> bool:
        """Whether all runs have it, and the same."""
        return len(self.held) == len(runs) and len({held.content for held in self.held.values()}) == 1

    def difference(self, runs: Sequence[int]) -> DifferenceInfo:
        """As it is told of these runs, in their order."""
        found = [self.held.get(run) for run in runs]
        values = tuple(None if held is None else held.text for held in _distinct(found))
        numbers = tuple(None if held is None else held.number for held in found)
        are_all = all((held is None) == (number is None) for held, number in zip(found, numbers, strict=True))
        return DifferenceInfo(self.kind, self.name, values, numbers if are_all else None)


def _distinct(found: Sequence[Held | None]) -> Iterable[Held | None]:
    """Texts that are the same though the content is not get a number: (1), (2)."""
    contents: dict[str, list[Hashable]] = {}
    for held in found:
        if held is not None and held.content not in contents.setdefault(held.text, []):
            contents[held.text].append(held.content)
    for held in found:
        if held is None or len(contents[held.text]) == 1:
            yield held
        else:
            yield held._replace(text=f"{held.text} ({contents[held.text].index(held.content) + 1})")


class Traits:
    """Collects what runs have, in the order in which it is told of."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], dict[int, Held]] = {}

    def add(self, run: int, kind: str, name: str, held: Held) -> None:
        self._found.setdefault((kind, name), {})[run] = held

    def all(self) -> list[Trait]:
        return [Trait(kind, name, held) for (kind, name), held in self._found.items()]
