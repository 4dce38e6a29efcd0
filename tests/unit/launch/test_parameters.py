"""What a flow that is called from Python takes."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypedDict, TypeVar

import numpy as np
import pytest

from penstock.errors import ParameterError
from penstock.launch.parameters import parameters_of
from penstock.sdk.flows import flow

T = TypeVar("T")


class Kind(enum.Enum):
    ONE = 1


class Loader(Protocol):
    def load(self) -> int: ...


class Row(TypedDict):
    n: int


def check(annotation: Any, value: Any) -> None:
    def taken(it: Any) -> None: ...

    taken.__annotations__ = {"it": annotation}
    parameters_of(flow(taken)).check({"it": value})


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, 3),
        (int, np.int64(3)),
        (float, 3),
        (float, np.float32(3)),
        (bool, True),
        (bool, np.bool_(True)),
        (str, np.str_("a")),
        (Path, Path("a")),
        ("int", 3),
        ("Unknown", "anything"),
        (Any, object()),
        (T, 3),
        (int | None, None),
        (int | str, "a"),
        (list[int], [1, 2]),
        (list, ["a", 1]),
        (tuple[int, str], (1, "a")),
        (tuple[int, ...], (1, 2, 3)),
        (dict[str, float], {"a": 1}),
        (Sequence[int], (1, 2)),
        (Mapping[str, int], {"a": 1}),
        (Iterable[str], {"a"}),
        (Literal["a", 1], 1),
        (Kind, Kind.ONE),
        (Row, {"n": 1}),
        (Loader, object()),
        (np.ndarray, np.zeros(3)),
        (Callable[[int], int], abs),
        (type[int], int),
        (None, None),
    ],
)
def test_a_value_of_the_type_passes(annotation: Any, value: Any) -> None:
    check(annotation, value)


@pytest.mark.parametrize(
    ("annotation", "value", "told"),
    [
        (int, "many", "it: expected int, got str 'many'"),
        (int, "3", "it: expected int, got str '3'"),
        (int, 3.5, "it: expected int, got float 3.5"),
        (int, True, "it: expected int, got bool True"),
        (int, None, "it: expected int, got NoneType None"),
        ("int", "3", "it: expected int, got str '3'"),
        (float, "0.5", "it: expected float, got str '0.5'"),
        (str, 3, "it: expected str, got int 3"),
        (Path, "a.csv", "it: expected path, got str 'a.csv'"),
        (list[float], [1.0, "b"], "it[1]: expected float, got str 'b'"),
        (list[list[int]], [[1], ["b"]], "it[1][0]: expected int, got str 'b'"),
        (list[int], 3, "it: expected list[int], got int 3"),
        (dict[str, int], {"a": "b"}, "it['a']: expected int, got str 'b'"),
        (dict[str, int], {1: 2}, "a key of it: expected str, got int 1"),
        (int | None, "3", "it: expected int, got str '3'"),
        (int | float, "3", "it: expected int | float, got str '3'"),
        (Literal["a", "b"], "c", "it: expected one of a, b, got str 'c'"),
        (Kind, 2, "it: expected one of ONE, got int 2"),
        (np.ndarray, [1], "it: expected ndarray, got list [1]"),
    ],
)
def test_another_is_refused_with_its_place(annotation: Any, value: Any, told: str) -> None:
    with pytest.raises(ParameterError) as raised:
        check(annotation, value)
    assert str(raised.value) == f"taken: {told}"


def test_a_default_passes_whatever_its_type_is_and_more_arguments_are_looked_at() -> None:
    @flow
    def taken(n: int = None, *rest: int, **more: int) -> None: ...  # type: ignore[assignment]  # noqa: RUF013

    parameters_of(taken).check({"n": None, "rest": (1, 2), "more": {"a": 1}})
    with pytest.raises(ParameterError, match=r"\*rest\[1\]: expected int, got str 'b'"):
        parameters_of(taken).check({"n": None, "rest": (1, "b"), "more": {}})
    with pytest.raises(ParameterError, match="taken: a: expected int, got str 'b'"):
        parameters_of(taken).check({"n": None, "rest": (), "more": {"a": "b"}})
