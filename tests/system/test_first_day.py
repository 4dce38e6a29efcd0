"""The slips of a first day, as the command line tells them: what it was, where, and the mend."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = "from penstock import flow, step\n"


def penstock(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "penstock", *words]
    return subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", env={**os.environ, **more})


def python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("@step(retry=3)", "step work has no option 'retry'; did you mean 'retries'?"),
        ("@step(mem='2GiB')", "step work has no option 'mem'; did you mean 'memory'?"),
        ("@step(timeout='soon')", "step work: timeout='soon': "),
        ("@flow(retries=3)", "flow work has no option 'retries': it is a step's, as in @step(retries=...)"),
    ],
)
def test_what_is_declared_wrongly_is_told_with_file_and_line(project_folder: Path, line: str, told: str):
    Path("slip.py").write_text(f"{HEAD}\n{line}\ndef work(): ...\n")
    ended = penstock("run", "slip.py")
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"penstock: {told}")
    assert f"\n  at slip.py:3, in <module>: {line}\n" in ended.stderr
    assert len(ended.stderr.splitlines()) == 2
    assert not Path(".penstock").exists()


@pytest.mark.parametrize(
    ("body", "mend"),
    [
        ("plain.map([1])", "plain is a plain function: put @step above it (slip.py, line 3)"),
        ("plain.submit(1)", "plain is a plain function: put @step above it (slip.py, line 3)"),
        ("same.submit(1) + 1", "call its .result()"),
        ("sum(same.map([1, 2]))", "call its .result()"),
        ("same.submit(1) > 0", "call its .result()"),
        ("len(same.submit([]))", "call its .result()"),
        ("same.submit(1).shape", "call its .result()"),
    ],
)
def test_what_is_forgotten_in_a_body_is_told_with_its_line(project_folder: Path, body: str, mend: str):
    functions = "def plain(x): return x\n@step\ndef same(x): return x\n"
    Path("slip.py").write_text(f"{HEAD}\n{functions}@flow\ndef slip():\n    return {body}\n")
    ended = penstock("run", "slip.py")
    assert ended.returncode == 1
    assert 'slip.py", line 8, in slip' in ended.stderr
    assert mend in ended.stderr
