"""The table of verbs, and how errors become exit codes."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest

from penstock.cli import run, start_run, verbs
from penstock.cli.choices import Choices
from penstock.cli.main import main
from penstock.cli.verbs import VERBS
from penstock.errors import StoreError


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help_with_examples(verb: str, capsys: pytest.CaptureFixture[str]):
    assert main([verb, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: penstock {verb}")
    assert "Examples:" in shown
    assert f"penstock {verb}" in shown.partition("Examples:")[2]


def test_the_table_is_what_is_listed(capsys: pytest.CaptureFixture[str]):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(verb in shown for verb in VERBS)


def test_the_version(capsys: pytest.CaptureFixture[str]):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("penstock ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rnu"], "penstock: there is no verb 'rnu'; did you mean run?"),
        (["run"], "penstock: missing argument 'FILE[:FLOW]'. See `penstock run --help`"),
        (
            ["run", "--inlin", "f.py"],
            "penstock: no such option '--inlin'. Did you mean '--inline'? See `penstock run --help`",
        ),
        (["run", "missing.py"], "penstock: there is no file missing.py"),
        (["ls", "--xyz"], "penstock: no such option '--xyz'. See `penstock ls --help`"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    assert main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[0].startswith(message)


def test_no_words_at_all_are_answered_by_the_help(capsys: pytest.CaptureFixture[str]):
    assert main([]) in (0, 2)  # the second from click 8.2 on
    told = capsys.readouterr()
    shown = told.out or told.err
    assert shown.startswith("Usage: penstock [OPTIONS]")
    assert shown.rstrip().endswith("look inside")


def test_a_debugged_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PENSTOCK_DEBUG", "1")
    with pytest.raises(Exception, match="there is no file"):
        main(["run", "missing.py"])


def test_listing_the_verbs_imports_none_of_them():
    code = "import sys; from penstock.cli.main import main; main(['--help']); print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(shown.splitlines()[-1].split())
    assert not {f"penstock.cli.{verb}" for verb in VERBS} & loaded
    assert not {"rich", "msgspec", "numpy", "sqlite3", "asyncio"} & loaded


@pytest.mark.parametrize("words", [("hello.py",), ("hello.py", "--rows", "5", "--", "--json")])
def test_a_run_without_options_of_ours_is_what_click_makes_of_it(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
):
    asked: list[tuple[str, tuple[str, ...], Choices]] = []

    def start(target: str, words: tuple[str, ...], choices: Choices) -> int:
        asked.append((target, words, choices))
        return 7

    monkeypatch.setattr(start_run, "start", start)
    monkeypatch.setattr(run, "start", start)
    assert [main(["run", *words]), verbs.call(["run", *words])] == [7, 7]
    assert asked == [("hello.py", words[1:], Choices())] * 2


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "\n"),
        (OSError(errno.EPIPE, "Broken pipe"), 1, ""),
        (OSError(errno.ENOSPC, "No space left on device", "x"), 1, "penstock: x: No space left on device\n"),
        (StoreError("no store"), 1, "penstock: no store\n"),
    ],
)
def test_what_ends_such_a_run_is_told_as_of_any_verb(raised: BaseException, code: int, told: str):
    given = (
        f"OSError({raised.errno!r}, {raised.strerror!r}, {raised.filename!r})"
        if isinstance(raised, OSError) and raised.errno
        else repr(raised)
    )
    begun = (
        "import sys, penstock.cli.start_run as it, penstock.cli.run as run; from penstock.errors import StoreError\n"
    )
    body = f"def start(*given): raise {given}\nit.start = run.start = start\n"
    ended = "from penstock.cli import main, verbs; sys.exit(main.main(sys.argv[1:]))"
    for options in ([], ["--no-cache"]):
        command = [sys.executable, "-c", begun + body + ended, "run", *options, "hello.py"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (code, "", told)
