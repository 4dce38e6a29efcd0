"""`script` and `command`: what they take, what they refuse, and with which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock import command, script
from penstock.errors import UsageError
from penstock.sdk.languages import first_line, interpreter_of
from penstock.sdk.program_words import fault, filled, placeholders

HERE = Path(__file__).name


def test_placeholders_are_names_in_braces() -> None:
    words = ["cp {text} {{text}} ${text}", "{text}", "{print $1}", "{}", "{number}"]
    assert placeholders(words) == ("text", "number")
    assert filled(words, {"text": "/t", "number": "1"}) == ("cp /t {text} ${text}", "/t", "{print $1}", "{}", "1")
    assert filled(["{other}"], {}) == ("{other}",)


def test_a_placeholder_that_names_nothing_has_a_fault() -> None:
    assert fault(["{text}", "{n}"], ["text"], [], False) == ""
    assert fault(["{txet}"], ["text"], [], False) == "{txet} names nothing; did you mean {text}?"
    assert fault(["{text}", "{texts}"], ["text"], [], False) == ""  # the file is named already
    assert fault(["{n}"], ["text"], ["m"], True) == "{n} names nothing; inputs, outputs and parameters are text, m"
    assert "{1} in '{1}' names nothing" in fault(["{1}"], [], [], False)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"#!/usr/bin/env perl -w\nx", ("perl", "-w")),
        (b"#!/usr/bin/env -S A=1 node --test\n", ("node", "--test")),
        (b"#! /bin/sh", ("/bin/sh",)),
        (b"# comment", ()),
        (b"", ()),
    ],
)
def test_the_first_line_says_what_runs_a_script(line: bytes, command: tuple[str, ...]) -> None:
    assert first_line(line) == command


def test_what_runs_a_script_is_said_by_its_first_line_then_by_its_suffix() -> None:
    assert interpreter_of("fit.R", b"x <- 1") == ("Rscript", "{script}")
    assert interpreter_of("fit.R", b"#!/usr/bin/env perl\n") == ("perl", "{script}")
    assert interpreter_of("fit.py", b"#!/usr/bin/env python3\n") == ("python", "{script}")
    assert interpreter_of("fit", b"\x7fELF") == ("{script}",)
    assert interpreter_of("fit.zz", b"") == ()


def test_what_is_given_by_name_is_bound_to_inputs_and_parameters() -> None:
    fit = script("fit.R", inputs={"table": "csv"}, outputs=["model"], parameters={"depth": 2})
    assert fit.name == "fit"
    assert fit.binder.bind((1,), {"depth": 3}) == {"table": 1, "depth": 3}
    with pytest.raises(TypeError, match="fit"):
        fit.binder.bind((1,), {"width": 3})
    free = script("fit-it.R", inputs=["table"])
    assert free.name == "script"
    assert free.binder.bind((), {"table": 1, "width": 3}) == {"table": 1, "**parameters": {"width": 3}}
    head = command(["head", "-n", "{lines}", "{text}"], inputs={"text": "text"})
    assert head.name == "head"
    with pytest.raises(TypeError, match="missing a required argument: 'lines'"):
        head.binder.bind((1,), {})


def test_a_call_that_lacks_what_only_a_placeholder_names_is_told_where_that_stands_and_that_it_may_be_a_slip() -> None:
    print_all = command(["awk", "{print}", "{text}"], inputs={"text": "text"}, outputs=["lines"])
    for call in (lambda: print_all.binder.bind((1,), {}), lambda: print_all.fn(1)):
        with pytest.raises(TypeError) as error:
            call()
        assert f"{{print}} in command ({HERE}:" in str(error.value)
        assert (
            "is a parameter, since its inputs and outputs are text, lines: give print=..., mend its name, or write"
            in (str(error.value))
        )
        assert "{{print}} for the word {print}" in str(error.value)
    with pytest.raises(TypeError) as error:
        print_all.binder.bind((), {"print": 1})
    assert str(error.value) == "awk() missing a required argument: 'text'"


def test_an_input_may_be_called_parameters() -> None:
    fit = script("fit.R", inputs=["parameters"])
    assert fit.binder.bind((1,), {"width": 3}) == {"parameters": 1, "**other_parameters": {"width": 3}}
    assert script("fit.R").binder.bind((), {"parameters": 1}) == {"**parameters": {"parameters": 1}}
    assert command(["x", "{class}"], outputs=["class"]).name == "x"


def test_how_a_file_ends_is_a_format_too() -> None:
    endings = (
        "html svg pdf jpg jpeg gif webp txt tex md xml yaml toml tsv jsonl ndjson xlsx h5 rds RData pkl tar.gz zip onnx"
    )
    assert command(["x"], outputs={f"o{at}": kind for at, kind in enumerate(endings.split())}).name == "x"


WRONG: list[tuple[Any, str]] = [
    (lambda: command([]), "expected a list of texts, the first of them a program"),
    (lambda: command([1]), "expected a list of texts"),
    (lambda: command(["x", "{txet}"], inputs={"text": "text"}), "{txet} names nothing; did you mean {text}?"),
    (lambda: command(["x", "{n}"], parameters=[]), "{n} names nothing; inputs, outputs and parameters are none at all"),
    (
        lambda: command(["x"], inputs={"a": "jsn"}),
        "inputs 'a' has the format 'jsn', which is none; did you mean 'json'?",
    ),
    (
        lambda: command(["x"], inputs={"a": "CSV"}),
        "inputs 'a' has the format 'CSV', which is none; did you mean 'csv'?",
    ),
    (lambda: command(["x"], inputs={"a-b": "json"}), "inputs names 'a-b': expected a name as Python has them"),
    (lambda: command(["x"], inputs={"class": "json"}), "inputs names 'class': expected a name as Python has them"),
    (lambda: command(["x"], parameters=["if"]), "parameters names 'if': expected a name as Python has them"),
    (
        lambda: command(["awk", "{if}"]),
        "{if} names nothing, and no parameter can be called so; {{if}} is the word {if}",
    ),
    (lambda: command(["x"], inputs="table"), 'inputs=\'table\': expected {"name": "format"}'),
    (lambda: command(["x"], inputs={"a": "json"}, outputs=["a"]), "'a' has two meanings"),
    (lambda: command(["x"], outputs=["a", "a"]), "outputs names 'a' twice"),
    (lambda: command(["x"], parameters={"a": float("nan")}), "the default of a is nothing that JSON can hold"),
    (lambda: script("fit.R", inputs=["script"]), "'script' has two meanings"),
    (lambda: script("folder/"), "expected the path of a script"),
    (lambda: script("fit.R", retires=1), "has no option 'retires'; did you mean 'retries'?"),
]


@pytest.mark.parametrize("at", range(len(WRONG)))
def test_what_can_t_be_meant_is_refused_with_its_file_and_line(at: int) -> None:
    call, told = WRONG[at]
    with pytest.raises(UsageError) as error:
        call()
    assert told in str(error.value)
    assert f"({HERE}:" in str(error.value)
