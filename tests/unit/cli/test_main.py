"""The table of verbs, and how errors become exit codes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from penstock.cli.main import VERBS, main


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
