"""What is known of each of a run's tasks, by its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_ABSENT: Any = object()
_ROOM = 256
"""For so many numbers there is room at once: then most are set as fast as in a dict."""


class ByNumber(Generic[T]):
    """Used as a dict is. Numbers are dealt without gaps, and there may be 200,000: a list takes a sixth
    of the memory."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: list[T] = []

    def __setitem__(self, number: int, value: T) -> None:
        try:
            self._values[number] = value
        except IndexError:
            self._values.extend([_ABSENT] * (number + _ROOM - len(self._values)))
            self._values[number] = value

    def __contains__(self, number: int) -> bool:
        return number < len(self._values) and self._values[number] is not _ABSENT

    def __getitem__(self, number: int) -> T:
        value = self._values[number] if number < len(self._values) else _ABSENT
        if value is _ABSENT:
            raise KeyError(number)
        return value

    def of(self, numbers: Sequence[int]) -> list[T]:
        """The values of several."""
        values = self._values
        found = [values[number] if number < len(values) else _ABSENT for number in numbers]
        if _ABSENT in found:
            raise KeyError(next(number for number in numbers if number not in self))
        return found

    def get(self, number: int) -> T | None:
        """The value; None where there is none."""
        value = self._values[number] if number < len(self._values) else _ABSENT
        return None if value is _ABSENT else value

    def __delitem__(self, number: int) -> None:
        if number not in self:
            raise KeyError(number)
        self._values[number] = _ABSENT

    def __repr__(self) -> str:
        return repr({number: value for number, value in enumerate(self._values) if value is not _ABSENT})
