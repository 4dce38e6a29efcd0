"""Tables in a terminal and in a pipe."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.cli import output

ROWS = [("digits/1", "done", "12", ""), ("w/2", "failed", "7", "")]
HEADERS = ("run", "status", "done", "tags")


def test_a_plain_table_is_aligned_and_leaves_out_empty_columns(capsys: pytest.CaptureFixture[str]):
    output.table(HEADERS, ROWS, right=("done",))
    assert capsys.readouterr().out == "run       status  done\ndigits/1  done      12\nw/2       failed     7\n"


def test_a_cell_stays_on_its_line():
    assert output.aligned(("a",), [("x\ny",)]) == ["a", "x y"]


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", "ä \\ud800"), ("ascii", r"\xe4 \ud800")])
def test_what_stdout_can_not_encode_is_escaped(encoding: str, shown: str, monkeypatch: pytest.MonkeyPatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    output.line("ä \ud800")
    sys.stdout.flush()
    assert written.getvalue().decode(encoding) == f"{shown}\n"


def test_a_table_in_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(output, "_in_terminal", lambda: True)
    output.table(HEADERS, ROWS, right=("done",))
    out = capsys.readouterr().out
    assert "digits/1" in out
    assert "──" in out
    assert "tags" not in out


def test_a_pipe_needs_no_rich(project_folder: Path):
    unwanted = "print(sorted({'rich', 'numpy'} & set(sys.modules)))"
    code = f"import sys; from penstock.cli.main import main; main(['ls']); {unwanted}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
