# ruff: noqa: UP007, UP045  users write both spellings
"""A flow's signature as options, and words of the command line as its parameters."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict, Union

import pytest

from penstock.cli import fork
from penstock.cli.flow_words import parse
from penstock.errors import ParameterError
from penstock.launch.parameters import REQUIRED, Parameters


class Kernel(enum.Enum):
    LINEAR = "lin"
    RADIAL = "rbf"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Optimizer:
    rate: float = 0.1
    momentum: float | None = None


@dataclass
class Config:
    depth: int
    optimizer: Optimizer = field(default_factory=Optimizer)
    names: list[str] = field(default_factory=list)
    when: datetime.date | None = None
    file: Path | None = None


@dataclass
class Positive:
    value: int

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError("value must not be negative")


class Pair(NamedTuple):
    left: int
    right: int = 0


class Table(TypedDict):
    rows: int


Epochs = NewType("Epochs", int)


def value_of(annotation: Any, *words: str) -> Any:
    """What `--it WORDS` gives for a parameter of this annotation."""

    def flow(it): ...

    flow.__annotations__ = {"it": annotation}
    return parse(Parameters(flow, "digits"), ["--it", *words])["it"]


def refused(annotation: Any, *words: str) -> str:
    with pytest.raises(ParameterError) as caught:
        value_of(annotation, *words)
    return str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "word", "value"),
    [
        (int, "12", 12),
        (int, "-3", -3),
        (float, "0.5", 0.5),
        (float, "1", 1.0),
        (float, "1e-3", 0.001),
        (float, "inf", float("inf")),
        (str, "a b", "a b"),
        (str, "", ""),
        (str, "7", "7"),
        (str, "none", "none"),
        (Path, "data/x.csv", Path("data/x.csv")),
        (datetime.date, "2026-07-31", datetime.date(2026, 7, 31)),
        (datetime.datetime, "2026-07-31T12:30", datetime.datetime(2026, 7, 31, 12, 30)),
        (datetime.time, "12:30", datetime.time(12, 30)),
        (datetime.timedelta, "1h30m", datetime.timedelta(minutes=90)),
        (Kernel, "RADIAL", Kernel.RADIAL),
        (Kernel, "rbf", Kernel.RADIAL),
        (Level, "2", Level.HIGH),
        (Literal["mean", "max"], "max", "max"),
        (Literal[1, "auto"], "1", 1),
        (Optional[int], "3", 3),
        (Optional[int], "none", None),
        (Optional[str], "null", None),
        (Optional[Kernel], "LINEAR", Kernel.LINEAR),
        (Union[int, str], "3", 3),
        (Union[int, str], "three", "three"),
        (Union[str, float], "0.5", 0.5),
        (int | None, "none", None),
        (Epochs, "5", 5),
        (Annotated[int, "how often"], "5", 5),
        (list[int], "[1, 2]", [1, 2]),
        (list, '[1, "a"]', [1, "a"]),
        (list[float], "[1, 2.5]", [1.0, 2.5]),
        (list[Kernel], '["RADIAL", "lin"]', [Kernel.RADIAL, Kernel.LINEAR]),
        (list[Path], '["a", "b"]', [Path("a"), Path("b")]),
        (list[datetime.date], '["2026-07-31"]', [datetime.date(2026, 7, 31)]),
        (Optional[list[int]], "[1]", [1]),
        (Optional[list[int]], "none", None),
        (tuple[int, ...], "[1, 2]", (1, 2)),
        (tuple[int, str], '[1, "a"]', (1, "a")),
        (set[int], "[1, 1]", {1}),
        (dict[str, float], '{"a": 1}', {"a": 1.0}),
        (dict[int, str], '{"1": "a"}', {1: "a"}),
        (dict, '{"a": [1]}', {"a": [1]}),
        (Config, '{"depth": 3}', Config(3)),
        (
            Config,
            (
                '{"depth": 3, "optimizer": {"rate": 1, "momentum": 0.5}, "names": ["x"], "when": "2026-07-31",'
                ' "file": "f"}'
            ),
            Config(3, Optimizer(1.0, 0.5), ["x"], datetime.date(2026, 7, 31), Path("f")),
        ),
        (list[Optimizer], '[{"rate": 1}, {}]', [Optimizer(1.0), Optimizer()]),
        (Pair, '{"left": 1}', Pair(1)),
        (Table, '{"rows": 1}', {"rows": 1}),
        (Any, "7", 7),
        (Any, "seven", "seven"),
        (Any, "[1]", [1]),
    ],
)
def test_a_word_becomes_what_the_annotation_says(annotation: Any, word: str, value: Any):
    found = value_of(annotation, word)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "word", "message"),
    [
        (int, "x", "--it: expected int, got 'x'"),
        (int, "1.5", "--it: expected int, got '1.5'"),
        (float, "x", "--it: expected float, got 'x'"),
        (Kernel, "cubic", "--it: expected one of LINEAR, RADIAL, got 'cubic'"),
        (Literal["mean", "max"], "min", "--it: expected one of mean, max, got 'min'"),
        (datetime.date, "soon", "--it: expected a date such as 2026-07-31, got 'soon'"),
        (Optional[int], "x", "--it: expected int, got 'x'"),
        (Union[int, float], "x", "--it: expected int | float, got 'x'"),
        (list[int], "1,2", "--it: expected list[int] as JSON, such as '[1]', got '1,2'"),
        (list[int], "7", "--it: expected list[int] as JSON, such as '[1]', got 7"),
        (list[int], '[1, "a"]', "--it: [1]: expected int, got 'a'"),
        (list[int], "[true]", "--it: [0]: expected int, got true"),
        (dict[str, int], '{"a": "b"}', "--it: ['a']: expected int, got 'b'"),
        (tuple[int, int], "[1]", "--it: expected tuple[int, int], 2 items, got [1]"),
        (Config, "{}", "--it: expected Config with depth, got {}"),
        (Config, '{"depth": "3"}', "--it: depth: expected int, got '3'"),
        (Config, '{"depth": 3, "optimizer": {"rate": null}}', "--it: optimizer.rate: expected float, got null"),
        (Optimizer, '{"rte": 1}', "--it: expected Optimizer with the fields rate, momentum, got 'rte'"),
        (Positive, '{"value": -1}', '--it: expected Positive (value must not be negative), got {"value": -1}'),
        (
            object.__class__,
            "x",
            "--it: expected type, which no command line can hold: call the flow from Python, got 'x'",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(annotation: Any, word: str, message: str):
    assert refused(annotation, word) == message


def test_long_values_are_cut_in_messages():
    assert len(refused(int, "x" * 500)) < 130


def digits(
    rows: int = 1797,
    depths: list[int] = [2, 4],  # noqa: B006
    shuffle: bool = True,
    *,
    target_accuracy: float,
    cached: bool | None = None,
) -> None: ...


OPTIONS = Parameters(digits, "digits")


def test_options_follow_the_signature():
    assert [option.word for option in OPTIONS.named] == [
        *("--rows", "--depths", "--shuffle", "--target-accuracy", "--cached")
    ]
    assert [option.default is REQUIRED for option in OPTIONS.named] == [False, False, False, True, False]
    assert [option.is_flag for option in OPTIONS.named] == [False, False, True, False, True]


def test_only_what_is_given_is_returned():
    assert parse(OPTIONS, ["--target-accuracy", "1"]) == {"target_accuracy": 1.0}


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["--target-accuracy=0.5", "--rows=3"], {"target_accuracy": 0.5, "rows": 3}),
        (["--target_accuracy", "0.5"], {"target_accuracy": 0.5}),
        (["--target-accuracy", "-1"], {"target_accuracy": -1.0}),
        (["--no-shuffle", "--target-accuracy", "1"], {"shuffle": False, "target_accuracy": 1.0}),
        (["--shuffle", "--target-accuracy", "1"], {"shuffle": True, "target_accuracy": 1.0}),
        (["--shuffle=no", "--target-accuracy", "1"], {"shuffle": False, "target_accuracy": 1.0}),
        (["--cached", "--target-accuracy", "1"], {"cached": True, "target_accuracy": 1.0}),
        (["--cached=none", "--target-accuracy", "1"], {"cached": None, "target_accuracy": 1.0}),
    ],
)
def test_the_ways_to_write_an_option(words: list[str], given: dict[str, Any]):
    assert parse(OPTIONS, words) == given


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "digits needs --target-accuracy (float)"),
        (["--row", "3"], "digits has no parameter --row; did you mean --rows?"),
        (["--inline"], "digits has no parameter --inline; --inline is Penstock's own: write it before the file"),
        (["--only", "a"], "digits has no parameter --only; --only is an option of `penstock fork`"),
        (["--changed"], "digits has no parameter --changed; --changed is an option of `penstock resume`"),
        (["--rows", "3", "--rows", "4"], "--rows is given twice; several values are written as one list of JSON"),
        (["--shuffle", "--no-shuffle"], "--shuffle is given twice; several values are written as one list of JSON"),
        (["--rows"], "--rows needs a value: int"),
        (["--no-shuffle=yes"], "--no-shuffle takes no value"),
        (["--shuffle=maybe"], "--shuffle: expected true or false, got 'maybe'"),
        (["5"], "'5' belongs to no parameter; write --name value, as in --rows 5"),
        (
            ["--shuffle", "false"],
            "'false' belongs to no parameter; --shuffle takes no value: write --shuffle or --no-shuffle",
        ),
        (["--rows", "@missing.txt"], "--rows @missing.txt: No such file or directory"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(words: list[str], message: str):
    with pytest.raises(ParameterError) as caught:
        parse(OPTIONS, words)
    assert str(caught.value) == message


def test_all_missing_ones_are_named_at_once():
    def flow(a: int, b: str, c: int = 1) -> None: ...

    with pytest.raises(ParameterError, match=r"^flow needs --a \(int\), --b \(str\)$"):
        parse(Parameters(flow, "flow"), ["--c", "2"])


def test_an_unknown_option_far_from_all_lists_what_there_is():
    with pytest.raises(ParameterError, match=r"no parameter --xyz; there are --rows, --depths, --shuffle, "):
        parse(OPTIONS, ["--xyz", "1"])


def test_a_file_gives_any_value(tmp_path: Path):
    file = tmp_path / "value"
    file.write_text('{"depth": 3}\n')
    assert value_of(Config, f"@{file}") == Config(3)
    file.write_text("7\n", encoding="utf-8-sig")
    assert value_of(int, f"@{file}") == 7
    file.write_text("two\nlines\n")
    assert value_of(str, f"@{file}") == "two\nlines"
    assert refused(int, f"@{file}") == f"--it: expected int, got 'two\\nlines' (@{file})"


def test_a_text_that_begins_with_an_at_sign_is_written_with_two():
    assert value_of(str, "@@home") == "@home"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    file = tmp_path / "value"
    file.write_bytes(b"\xff\xfe\x00")
    assert refused(str, f"@{file}") == f"--it @{file}: expected text in UTF-8"


def test_defaults_tell_the_kind_where_there_is_no_annotation():
    def flow(
        rows=3, rate=0.5, shuffle=False, kernel=Kernel.LINEAR, file=Path("x"), day=datetime.date.min, cfg=None
    ): ...

    options = Parameters(flow, "flow")
    words = ["--rows", "4", "--rate", "1", "--shuffle", "--kernel", "rbf", "--file", "y", "--day", "2026-07-31"]
    assert parse(options, [*words, "--cfg", '{"a": 1}']) == {
        "rows": 4,
        "rate": 1.0,
        "shuffle": True,
        "kernel": Kernel.RADIAL,
        "file": Path("y"),
        "day": datetime.date(2026, 7, 31),
        "cfg": {"a": 1},
    }
    with pytest.raises(ParameterError, match="--rows: expected int"):
        parse(options, ["--rows", "x"])


def test_an_annotation_that_only_type_checkers_know_counts_as_none():
    def flow(rows: Unknown = 3): ...  # type: ignore[name-defined]  # noqa: F821

    assert parse(Parameters(flow, "flow"), ["--rows", "4"]) == {"rows": 4}


def test_variadic_parameters_take_the_rest():
    def flow(first: int = 0, *files: Path, **more: float): ...

    options = Parameters(flow, "flow")
    given = parse(options, ["a", "--first", "1", "b", "--rate", "0.5"])
    assert given == {"first": 1, "files": (Path("a"), Path("b")), "more": {"rate": 0.5}}
    assert options.filled({}) == {"first": 0, "files": (), "more": {}}


def test_defaults_fill_what_is_not_given():
    assert OPTIONS.filled({"target_accuracy": 1.0, "rows": 5}) == {
        "rows": 5,
        "depths": [2, 4],
        "shuffle": True,
        "target_accuracy": 1.0,
        "cached": None,
    }


@pytest.mark.parametrize("word", ["--only", "--dry-run", "--file"])
def test_an_option_of_fork_behind_its_run_is_to_stand_before_that(word: str):
    with pytest.raises(ParameterError, match=f"{word} is Penstock's own: write it before the run$"):
        parse(OPTIONS, [word], partial=True)
    assert word in (option for param in fork.command.params for option in param.opts)


def flow_of_json(rate: float, note: str = "", depths: tuple[int, ...] = (), *files: Path, **more: float) -> None: ...


OF_JSON = Parameters(flow_of_json, "flow")


def test_an_object_of_json_gives_what_words_can_not_say_apart():
    given = parse(OF_JSON, [], '{"rate": 1, "note": "@home", "depths": [2, 4], "files": ["a"], "more": {"x": 0.5}}')
    assert given == {"rate": 1.0, "note": "@home", "depths": (2, 4), "files": (Path("a"),), "more": {"x": 0.5}}


def test_words_add_to_an_object_of_json(tmp_path: Path):
    (tmp_path / "all.json").write_text('{"rate": 0.5}')
    assert parse(OF_JSON, ["--note", "no"], f"@{tmp_path}/all.json") == {"rate": 0.5, "note": "no"}


@pytest.mark.parametrize(
    ("words", "document", "message"),
    [
        ([], "{", "--params is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ([], "[" * 100_000, "--params is no JSON: maximum recursion depth exceeded"),
        ([], "[]", "--params: expected an object of JSON, with the names of parameters and their values"),
        ([], '{"note": ""}', "flow needs --rate (float)"),
        ([], '{"rat": 1}', "flow has no parameter rat; did you mean rate?"),
        ([], '{"rate": "1"}', "rate: expected float, got '1'"),
        ([], '{"depths": [1, "x"]}', "depths: [1]: expected int, got 'x'"),
        (["--rate", "1"], '{"rate": 1}', "--rate is given twice; several values are written as one list of JSON"),
        (["a"], '{"rate": 1, "files": []}', "files is given twice: in --params and by words"),
        ([], "@nowhere.json", "--params @nowhere.json: No such file or directory"),
    ],
)
def test_a_wrong_object_of_json_is_told_in_one_line(words: list[str], document: str, message: str):
    with pytest.raises(ParameterError) as caught:
        parse(OF_JSON, words, document)
    assert str(caught.value).startswith(message)
