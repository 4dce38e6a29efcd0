"""Flows in the cells of a notebook, in a real kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SCRIPT = Path(__file__).with_name("notebook.py")
DEFINED = """\
@step
def train(n):
    def inverse(n):
        return 1 / n

    return inverse(n)


@flow
def digits(n: int = 0):
    return train(n)
"""
TOLD = """Traceback (most recent call last):
  Cell In[2], line 6, in train
    return inverse(n)
{}  Cell In[2], line 4, in inverse
    return 1 / n
{}ZeroDivisionError: division by zero
"""


def cells(folder: Path, *sources: str) -> list[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    words = [sys.executable, "-P", str(SCRIPT), *sources]
    done = subprocess.run(words, cwd=folder, env=kept, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def told() -> str:
    """How this Python tells where the example fails."""
    if sys.version_info >= (3, 13):
        return TOLD.format("           ~~~~~~~^^^\n", "           ~~^~~\n")
    return TOLD.format("           ^^^^^^^^^^\n", "           ~~^~~\n")


def test_a_failure_is_told_by_cell_line_and_source(project_folder: Path, require: Callable[[str], None]) -> None:
    require("ipykernel")
    shown = cells(
        project_folder,
        "from penstock import flow, run, step",
        DEFINED,
        "digits()",
        "print(run('digits/1').task('train').error.traceback)",
        "print(run('digits/1').error.traceback)",
        DEFINED.replace("1 / n", "2 / n").replace("@flow", "\n\n@flow"),
        "digits()",
        "digits(n=2)",
    )
    assert shown[3] == told() + "\n"
    assert told() in shown[2]  # as the cause of the exception that IPython shows
    assert "Cell In[3], line 1\n----> 1 digits()" in shown[2]
    assert shown[4].startswith(told())
    assert "  Cell In[2], line 11, in digits\n    return train(n)\n" in shown[4]
    assert "  Cell In[6], line 4, in inverse\n    return 2 / n\n" in shown[6]  # the cell as it was run last
    assert "digits/3 done" in shown[7]
    assert "dynamic-code" not in "".join(shown)
