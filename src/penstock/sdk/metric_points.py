"""What `log_metrics` takes, checked: names and numbers that can be recorded."""

from __future__ import annotations

import operator
from typing import Any, Iterable, List, Mapping, Tuple

from penstock.artifacts.masking import cut, masked
from penstock.model.texts import LARGEST, fault_of_name


def step_of(step: Any, call: str = "log_metrics") -> int:
    """The step as a whole number; raises TypeError or ValueError, which names the call."""
    try:
        number = operator.index(step)
    except TypeError:
        raise TypeError(f"step={_shown(step)} of {call} is no whole number") from None
    if not -LARGEST <= number <= LARGEST:
        raise ValueError(f"step={_shown(number)} of {call} is beyond 64 bits, and can't be recorded")
    return number


def numbers_of(metrics: Mapping[str, float]) -> List[float]:
    """Its numbers; raises TypeError, ValueError or OverflowError, which names what is none."""
    if not hasattr(metrics, "items"):
        raise TypeError(f'log_metrics got {_shown(metrics)}: give it names and numbers, as in {{"accuracy": 0.9}}')
    return [_number(str(name), value) for name, value in metrics.items()]


def checked_names(names: Iterable[Any]) -> Tuple[str, ...]:
    """The names as they are recorded; raises ValueError for one that can't be."""
    return tuple([_name(name) for name in names])


def _shown(value: Any) -> str:
    try:
        return cut(repr(value), 80)
    except Exception:  # noqa: BLE001  the user's `__repr__`, or a number of more digits than Python prints
        return f"a value of type {type(value).__name__}"


def _name(name: Any) -> str:
    text = masked(str(name))
    fault = fault_of_name(text)
    if fault:
        raise ValueError(f"the name of metric {cut(ascii(text), 80)} {fault}: it can't be recorded")
    return text


def _number(name: str, value: Any) -> float:
    try:
        return float(value) + 0.0  # the journal has no negative zero
    except (TypeError, ValueError, OverflowError) as error:
        raise type(error)(f"metric {name!r} is {_shown(value)}, which is no number: {error}") from None
