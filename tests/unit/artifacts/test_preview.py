"""Previews are short, quick and never fail."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import importlib
import json
import signal
import sys
import threading
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from penstock.artifacts import masking
from penstock.artifacts.codec import encode
from penstock.artifacts.folder import FolderStore
from penstock.artifacts.preview import preview
from tests.unit.artifacts import samples
from tests.unit.artifacts.test_canonical import values


def shown(value: Any, size: int = 0) -> dict[str, Any]:
    text = preview(value, size)
    assert len(text.encode()) <= 2048
    return json.loads(text)


def test_what_json_has_not_is_left_out(monkeypatch: pytest.MonkeyPatch):
    """A tensor's length may be a symbol."""
    monkeypatch.setattr("penstock.artifacts.preview._facts", lambda value: {"text": "a", "shape": [object()]})
    assert shown(samples.Plain()) == {"type": "tests.unit.artifacts.samples.Plain", "text": ""}


@given(values)
def test_any_value_has_one(value: Any):
    facts = shown(value, 7)
    assert facts["size"] == 7
    assert len(facts["text"]) <= 200


@pytest.mark.parametrize("name", [*samples.make(), *samples.make_arrays()])
def test_every_kind_has_one(name: str):
    assert shown({**samples.make(), **samples.make_arrays()}[name])["type"]


@pytest.mark.parametrize(
    ("value", "facts"),
    [
        (5, {"type": "int", "text": "5"}),
        (True, {"type": "bool", "text": "True"}),
        (None, {"type": "NoneType", "text": "None"}),
        (float("nan"), {"type": "float", "text": "nan"}),
        ('a "b"\n', {"type": "str", "text": 'a "b"\n', "length": 6}),
        ([1, "a"], {"type": "list", "text": "[1, 'a']", "length": 2}),
        (list(range(99)), {"type": "list", "text": "[0, 1, 2, 3, 4, 5, 6, 7, …]", "length": 99}),
        ({"a": {1}}, {"type": "dict", "text": "{'a': {1}}", "length": 1}),
        (set(), {"type": "set", "text": "{}", "length": 0}),
        (samples.Point(1, [2]), {"type": "tests.unit.artifacts.samples.Point", "text": "Point(x=1, y=[2])"}),
        (
            samples.Plain(),
            {"type": "tests.unit.artifacts.samples.Plain", "text": "<tests.unit.artifacts.samples.Plain>"},
        ),
        (1 << 10_000, {"type": "int", "text": "an integer of 10001 bits"}),
        (
            np.arange(20.0).reshape(4, 5),
            {
                "type": "numpy.ndarray",
                "text": "array 4x5 float64: 0.0, 1.0, 2.0, 3.0, 4.0, …",
                "shape": [4, 5],
                "dtype": "float64",
            },
        ),
        (np.zeros((0, 3)), {"type": "numpy.ndarray", "text": "array 0x3 float64", "shape": [0, 3], "dtype": "float64"}),
    ],
)
def test_what_it_says(value: Any, facts: dict[str, Any]):
    assert shown(value) == facts


class Raising:
    def __repr__(self) -> str:
        raise RuntimeError


class Endless(dict[str, Any]):
    def __repr__(self) -> str:
        raise AssertionError("never asked: it may be huge")


def test_a_repr_that_fails_is_no_failure():
    assert shown(Raising())["text"] == ""
    assert shown([Raising()])["type"] == "list"


def test_containers_are_not_written_out():
    assert shown(Endless(a=1))["text"] == "Endless{'a': 1}"


def test_a_value_inside_itself_ends():
    value: list[Any] = [1]
    value.append(value)
    assert shown(value)["text"] == "[1, [1, [1, […]]]]"


@pytest.mark.parametrize(
    ("library", "make", "text"),
    [
        ("pandas", "DataFrame({'a': [1], 'b': [0.5]})", "1 rows x 2 columns: a, b"),
        ("pandas", "Series([1, 2])", "Series of 2 int64: 1, 2"),
        ("polars", "DataFrame({'a': [1], 'b': ['x']})", "1 rows x 2 columns: a, b"),
        ("polars", "Series([1, 2])", "Series of 2 Int64: 1, 2"),
        ("pyarrow", "table({'a': [1]})", "1 rows x 1 columns: a"),
        ("pyarrow", "array([1, 2])", "Int64Array of 2 int64"),
        ("torch", "zeros(2, 3)", "tensor 2x3 torch.float32 on cpu"),
    ],
)
def test_each_library_shows_its_values(require: Callable[[str], None], library: str, make: str, text: str):
    require(library)
    value = eval(f"library.{make}", {"library": importlib.import_module(library)})
    assert shown(value)["text"] == text


def test_wide_tables_stay_short(require: Callable[[str], None]):
    require("pandas")
    import pandas as pd

    frame = pd.DataFrame(np.zeros((2, 500)), columns=[f"a long name of a column {n}" for n in range(500)])
    facts = shown(frame)
    assert facts["shape"] == [2, 500]
    assert facts["text"].startswith("2 rows x 500 columns: a long name of a column 0, ")


def _forever(self: Any) -> str:
    while True:
        try:
            time.sleep(1000)
        except Exception:
            pass


def _catching(self: Any) -> str:
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def _exits(self: Any) -> str:
    raise SystemExit


def _deep(self: Any) -> str:
    return repr(self)


@pytest.mark.parametrize("own", [_forever, _catching, _exits, _deep])
def test_a_repr_that_never_ends_or_exits_is_no_failure(own: Callable[[Any], str]):
    kind = type("Odd", (), {"__repr__": own, "__module__": "odd"})
    assert shown(kind()) == {"type": "odd.Odd", "text": ""}
    assert shown([kind(), kind(), 3])["text"] == "[<odd.Odd>, <odd.Odd>, 3]"
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_repr_that_prints_is_not_heard(capsys: pytest.CaptureFixture[str]):
    class Loud:
        def __repr__(self) -> str:
            print("loud")
            sys.stderr.write("louder")
            return "<loud>"

    out, err = sys.stdout, sys.stderr
    assert shown(Loud())["text"] == "<loud>"
    assert (sys.stdout, sys.stderr) == (out, err)
    assert capsys.readouterr() == ("", "")


def test_the_timer_of_the_step_is_left_alone():
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        assert shown(samples.Said("a"))["text"] == ""
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 900
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert shown(samples.Said("a"))["text"] == "<said a>"


def test_beside_the_main_thread_only_known_code_is_asked():
    found: list[str] = []
    values = (datetime.date(2026, 1, 2), samples.Said("a"), np.zeros(2), [samples.Said("b")])
    thread = threading.Thread(target=lambda: found.extend(shown(value)["text"] for value in values))
    thread.start()
    thread.join()
    assert found == [
        "datetime.date(2026, 1, 2)",
        "",
        "array 2 float64: 0.0, 0.0",
        "[<tests.unit.artifacts.samples.Said>]",
    ]


class Counting:
    """Says how often it was asked."""

    asked = 0

    def __repr__(self) -> str:
        Counting.asked += 1
        return "<counted>"


@pytest.mark.parametrize(
    "many",
    [
        lambda item: deque([item] * 100_000),
        lambda item: [[[item] * 1000] * 1000] * 1000,
        lambda item: OrderedDict.fromkeys(range(100_000), item),
        lambda item: defaultdict(list, {n: [item] * 100 for n in range(1000)}),
        lambda item: type("Mine", (list,), {"__iter__": None, "__len__": None, "__getitem__": None})([item] * 100_000),
        lambda item: type("Lazy", (dict,), {"items": None, "__len__": None, "keys": None})({1: item}),
    ],
)
def test_a_container_is_asked_for_its_head_alone(many: Callable[[Any], Any]):
    Counting.asked = 0
    value = many(Counting())
    assert "<counted>" in shown(value)["text"]
    assert Counting.asked <= 100


def test_what_loads_when_it_is_touched_is_not_touched():
    class Loading:
        @property
        def __class__(self) -> Any:  # as lazy proxies have it
            raise AssertionError

        @property
        def rows(self) -> Any:
            raise AssertionError

        def __getattr__(self, name: str) -> Any:
            raise AssertionError

        def __len__(self) -> int:
            raise AssertionError

    @dataclasses.dataclass
    class Holding:
        held: int
        secret: str = dataclasses.field(default="", repr=False)

        def __getattribute__(self, name: str) -> Any:
            raise AssertionError

    assert shown([Loading()])["text"].startswith("[<")
    made = object.__new__(Holding)
    object.__setattr__(made, "held", 3)
    assert shown(made)["text"] == "Holding(held=3)"


def test_a_frame_of_a_million_columns_is_looked_at_by_its_head(require: Callable[[str], None]):
    require("pandas")
    import pandas as pd

    facts = shown(pd.DataFrame(np.zeros((1, 1_000_000))))
    assert facts["text"].startswith("1 rows x 1000000 columns: 0, 1, 2, ")
    assert len(facts["schema"]) == 24
    times = pd.Series([pd.Timestamp("2026-01-02")])
    assert "Timestamp('2026-01-02 00:00:00')" in shown(times)["text"]


def test_what_a_mask_hides_is_not_shown():
    facts = shown(np.ma.array([1.0, -9999.0, 3.0], mask=[False, True, False]))
    assert facts["text"] == "array 3 float64: 1.0, --, 3.0"


def test_numpy_values_that_are_their_own_items_end():
    assert shown(np.longdouble("0.5"))["text"] == "0.5"
    assert shown(np.dtype([(f"f{n}", "i4") for n in range(1000)]))["text"] == "dtype a record of 1000 fields"


class Colour(enum.Enum):
    hunter22x = 1


def test_no_part_of_a_preview_holds_a_secret(monkeypatch: pytest.MonkeyPatch, require: Callable[[str], None]):
    require("pandas")
    require("pyarrow")
    import pandas as pd
    import pyarrow as pa

    monkeypatch.setattr(masking, "_forms", {})
    monkeypatch.setattr(masking, "_texts", None)
    monkeypatch.setattr(masking, "_bytes", None)
    masking.hide(["hunter22x", "77771"])
    kind = type("hunter22x", (), {})
    values: list[Any] = [
        Colour.hunter22x,
        [Colour.hunter22x],
        np.zeros(1, [("hunter22x", "i4")]),
        np.zeros((77771, 1)),
        [0] * 77771,
        pd.DataFrame({"a hunter22x": [1]}),
        pd.DataFrame({("x", "hunter22x"): [1]}),
        pa.table({"a": pa.array([{"hunter22x": 1}])}),
        kind(),
        kind,
        {"hunter22x": 1},
        samples.Said("hunter22x"),
        deque(["hunter22x"]),
    ]
    for value in values:
        text = preview(value)
        assert "hunter22x" not in text
        assert "77771" not in text
        json.loads(text)


def test_a_path_to_what_is_unstable_holds_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(masking, "_forms", {})
    monkeypatch.setattr(masking, "_texts", None)
    monkeypatch.setattr(masking, "_bytes", None)
    masking.hide(["hunter22x"])
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]
    stored = encode({"hunter22x": deep}, FolderStore(tmp_path)).stored
    assert stored.culprit.startswith("result['***']")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(0.1), "0.1"),
        (np.array(0.1, np.float16), "0.1"),
        ({"a": np.float32(0.1), "b": np.int8(3), "c": np.bool_(True)}, "{'a': 0.1, 'b': 3, 'c': True}"),
        ([np.float64("nan"), np.complex64(1 + 2j)], "[nan, (1+2j)]"),
        ((np.str_("x"), np.datetime64("2020-01-01")), "('x', datetime.date(2020, 1, 1))"),
        ([np.zeros(1, np.int8)], "[<array 1 int8: 0>]"),
        (np.array([0.1, 2], np.float32), "array 2 float32: 0.1, 2.0"),
    ],
)
def test_numbers_of_numpy_read_as_numbers(value: object, text: str):
    assert json.loads(preview(value))["text"] == text
