"""What reaches a terminal can colour, and nothing else; in each verb."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.cli import main, output, screen
from penstock.model.outcomes import Error
from penstock.model.rows import Batch, RunEnd
from penstock.model.visible import in_json, on_one_line, visible
from tests.journal_records import point
from tests.recorded import BEGAN, Recorded, line, outcome, task, value

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u200e\u200f\ud800-\udfff]")
HOSTILE = (
    "\x1b]0;OWNED\x07 \x1b]52;c;Y2xpcA==\x1b\\ \x1b]8;;http://x\x07link \x1b[2J\x1b[1A \x9b2J \x9d0;T\x9c "
    "a\rb \u202egnp.exe \u2066 \x7f \x08\x08 \x0c \udc9b \ud800"
)
TELLING = "\x1b[31mred\x1b[0m"


class Terminal:
    """A stream that says it is one."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return True


@given(st.text(st.characters()) | st.text(st.sampled_from("\x1b[]31;m\r\n\x9b\x07a5")))
def test_nothing_is_left_but_text_and_colours(text: str):
    assert _ODD.search(visible(text)) is None
    coloured = visible(text, colours=True)
    assert _ODD.search(_COLOUR.sub("", coloured)) is None
    assert visible(visible(text)) == visible(text)
    assert "\n" not in on_one_line(text)


@given(st.text(st.characters()))
def test_a_document_says_what_it_said(text: str):
    document = in_json(json.dumps([text], ensure_ascii=False))
    assert json.loads(document) == [text]
    assert _ODD.search(document) is None


@pytest.mark.parametrize(
    ("text", "coloured", "plain"),
    [
        ("\x1b[31mred", "\x1b[31mred\x1b[0m", "red"),
        ("\x1b[1;38;5;8mgrey\x1b[0m", "\x1b[1;38;5;8mgrey\x1b[0m", "grey"),
        ("\x1b[38;2;5;6;8mx\x1b[m", "\x1b[38;2;5;6;8mx\x1b[m", "x"),
        ("\x1b[8;31mhidden", "\x1b[31mhidden\x1b[0m", "hidden"),
        ("\x1b[08mhidden", "hidden", "hidden"),
        ("\x1b[31ma\nb\x1b[0m", "\x1b[31ma\x1b[0m\nb\x1b[0m", "a\nb"),
        ("a\r\nb\tc", "a\nb\tc", "a\nb\tc"),
        ("10%\r20%", "10%\\r20%", "10%\\r20%"),
        ("\x1b]0;T\x07", "\\x1b]0;T\\x07", "\\x1b]0;T\\x07"),
        ("\x9b2J", "\\x9b2J", "\\x9b2J"),
        ("\u202egnp", "\\u202egnp", "\\u202egnp"),
        ("\U000e0041", "\\U000e0041", "\\U000e0041"),
        ("häßlich 漢字 👩‍🔬", "häßlich 漢字 👩‍🔬", "häßlich 漢字 👩‍🔬"),
    ],
)
def test_what_is_shown(text: str, coloured: str, plain: str):
    assert visible(text, colours=True) == coloured
    assert visible(text) == plain


@pytest.mark.parametrize(("name", "shown"), [("", TELLING), ("NO_COLOR", "red"), ("TERM", "red")])
def test_colours_go_to_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, shown: str
):
    screen.out(TELLING)
    assert capsys.readouterr().out == "red\n"
    terminal = Terminal()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", terminal)
        patch.setenv("TERM", "dumb" if name == "TERM" else "xterm")
        patch.setenv("NO_COLOR", "1" if name == "NO_COLOR" else "")
        screen.out(TELLING)
    assert terminal.text == f"{shown}\n"


def test_a_table_keeps_its_lines_and_columns(capsys: pytest.CaptureFixture[str]):
    output.table(("name", "value"), [("a\x1b[31m", "1\ndone"), ("\x1b]0;T\x07", "2")])
    output.facts([("tag", "x\nstatus  done")])
    assert capsys.readouterr().out == (
        "name          value\na             1 done\n\\x1b]0;T\\x07  2\n  tag  x\\nstatus  done\n"
    )


def record_hostile(recorded: Recorded) -> str:
    shown = HOSTILE.encode("utf-8", "replace").decode()
    run = recorded.begin("odd", tags=(shown[:60],), text=shown)
    log = recorded.log(run.run_id, "w1.log", line(f"{TELLING} {shown}") + b"raw \x1b]0;T\x07 \x9b\xff\r more\n")
    metric = point(shown, 0.5, None, BEGAN)
    broken = Error("raised", "ValueError", shown, f"Traceback\n{shown}\nValueError: {shown}\n")
    done = outcome(recorded.stored({shown: shown}), log=log, metrics=(metric,))
    given = value(shown[:20], recorded.stored(shown))
    run.commit(Batch((task(1, "odd.step", 1, done, given), task(2, "odd.step", 2, outcome(error=broken), given))))
    run.end(RunEnd("failed", None, broken, (2,)))
    run.close()
    return run.run_id


VERBS = (
    "ls", "show {}", "show {}/step", "show {}/step/1", "show {}/step/2", "logs {}", "logs {}/step/1", "logs -n 1 {}",
    "get {} text", "get {}/step/1", "get {} nothing\x1b]0;T\x07", "why {}/step/1", "why -v {}/step/1",
    "tag {} \x1b]0;T\x07", "du", "du {}", "gc", "show \x1b]0;T\x07", "\x9b2J", "show --resources {}",
    "rm \x1b]0;T\x07", "cancel {}", "env ls", "doctor", "get {}/step/1 -o /\x1b]0;T\x07/x.json", "run \x1b]0;T\x07.py",
)  # fmt: skip


@pytest.mark.parametrize("words", VERBS)
def test_each_verb(recorded: Recorded, monkeypatch: pytest.MonkeyPatch, words: str):
    run_id = record_hostile(recorded)
    out, err = Terminal(), Terminal()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        patch.setenv("TERM", "xterm")
        main.main([word.format(run_id) for word in words.split(" ")])
    shown = out.text + err.text
    assert shown
    assert _ODD.search(_COLOUR.sub("", shown)) is None


@pytest.mark.parametrize(
    "words", ["ls", "show {}", "show {}/step", "show {}/step/1", "logs {}", "get {}/step/1", "why {}/step/1", "du {}"]
)
def test_each_document(recorded: Recorded, capsys: pytest.CaptureFixture[str], words: str):
    run_id = record_hostile(recorded)
    capsys.readouterr()
    assert main.main([*words.format(run_id).split(" "), "--json"]) == 0
    text = capsys.readouterr().out
    assert _ODD.search(text) is None
    json.loads(text)


def test_names_that_are_no_text_stand_in_documents(recorded: Recorded, capsys: pytest.CaptureFixture[str]):
    run_id = record_hostile(recorded)
    assert main.main(["get", run_id, "text\udcff", "--json"]) == 2
    assert main.main(["init", "made\udcff", "--json"]) == 0
    json.loads(capsys.readouterr().out)


def test_a_value_s_text_goes_to_another_program_as_it_is(recorded: Recorded, capsysbinary: Any):
    run = recorded.begin("odd", text="\x1b[31ma\r\nb\x9b\n")
    run.end(RunEnd("done"))
    run.close()
    assert main.main(["get", run.run_id, "text"]) == 0
    assert capsysbinary.readouterr().out == b"\x1b[31ma\r\nb\xc2\x9b\n"


WRITING = ("print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write")


def test_no_other_file_writes():
    for file in Path(screen.__file__).parent.glob("*.py"):
        if file.name == "screen.py":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            assert called not in ("print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"), (
                file.name
            )


def test_what_python_calls_printable_is_left_as_it_is():
    odd = [number for number in range(0x110000) if visible(f"\n{chr(number)}") != f"\n{chr(number)}"]
    assert len(odd) > 2_000
    assert [number for number in odd if chr(number).isprintable()] == []
