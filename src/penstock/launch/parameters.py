"""The parameters of a flow, as its signature has them: `run`, `resume`, `fork` and calls in Python go by them alike."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from penstock.errors import ParameterError
from penstock.launch import annotations
from penstock.model.tuples import NamedTuple
from penstock.sdk.flows import Flow
from penstock.sdk.signatures import (
    KEYWORD_ONLY,
    NOTHING,
    VAR_KEYWORD,
    VAR_POSITIONAL,
    SignatureParameter,
    parameters_of_function,
)

REQUIRED = NOTHING
_REST: dict[str, Any] = {VAR_POSITIONAL: (), VAR_KEYWORD: {}}
_GUESSED = (bool, int, float, str, list, dict, tuple, set, frozenset)


class Parameter(NamedTuple):
    """One of them."""

    name: str
    annotation: Any  # where there is none, what the default tells; `Any` where that tells nothing
    default: Any = REQUIRED  # of what takes the rest: what that is when nothing is left
    kind: str = KEYWORD_ONLY  # as `sdk.signatures` has it
    declared: bool = True  # whether the annotation is the signature's own

    @property
    def word(self) -> str:
        """`--some-name` for some_name."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def no_word(self) -> str:
        """`--no-some-name`."""
        return f"--no-{self.name.replace('_', '-')}"

    @property
    def is_flag(self) -> bool:
        return annotations.is_flag(self.annotation)


class Parameters:
    """All of a flow."""

    def __init__(self, fn: Callable[..., Any], flow: str) -> None:
        self.flow = flow
        self.every = [_parameter(fn, one) for one in parameters_of_function(fn)]
        self.named = [one for one in self.every if one.kind not in _REST]
        self.rest = next((one for one in self.every if one.kind == VAR_POSITIONAL), None)  # `*args`
        self.more = next((one for one in self.every if one.kind == VAR_KEYWORD), None)  # `**kwargs`

    def missing(self, given: Mapping[str, Any]) -> list[Parameter]:
        """Those that must be given, and are not."""
        return [one for one in self.every if one.default is REQUIRED and one.name not in given]

    def filled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All by name: what is given, the defaults of the others."""
        return {one.name: given.get(one.name, one.default) for one in self.every}

    def check(self, given: Mapping[str, Any]) -> None:
        """Raise ParameterError for the first value that is of another type than its annotation says. A default always
        passes."""
        asked = [one for one in self.every if one.declared and given.get(one.name, one.default) is not one.default]
        if not asked:
            return
        from penstock.launch.conversion import PYTHON, Mismatch

        for one in asked:
            for place, value in self._values(one, given[one.name]):
                try:
                    PYTHON.fit(one.annotation, value, place)
                except Mismatch as error:
                    raise ParameterError(f"{self.flow}: {error}") from None

    def _values(self, one: Parameter, value: Any) -> Iterator[tuple[str, Any]]:
        if one is self.rest:
            yield from ((f"*{one.name}[{at}]", item) for at, item in enumerate(value))
        elif one is self.more:
            yield from cast("dict[str, Any]", value).items()
        else:
            yield one.name, value


def parameters_of(flow: Flow[Any, Any]) -> Parameters:
    """The parameters of a flow."""
    return Parameters(flow.fn, flow.name)


def _parameter(fn: Callable[..., Any], known: SignatureParameter) -> Parameter:
    found = None if known.annotation is NOTHING else annotations.resolved(fn, known.annotation)
    annotation = _guessed(known.default) if found is None else found
    return Parameter(known.name, annotation, _REST.get(known.kind, known.default), known.kind, found is not None)


def _guessed(default: Any) -> Any:
    """What the default tells, where there is no annotation."""
    if default is REQUIRED or default is None:
        return Any
    from pathlib import Path

    if isinstance(default, Path):
        return Path
    kind = cast("Any", type(default))
    known = kind in _GUESSED or isinstance(default, enum.Enum) or kind.__module__ == "datetime"
    return kind if known or annotations.is_record(kind) else Any
