"""Flows in the cells of a notebook, in a real kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

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
    """What each cell prints."""
    return [found["printed"] for found in outputs(folder, *sources)]


def outputs(folder: Path, *sources: str) -> list[dict[str, Any]]:
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
    found = outputs(
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
    shown = [cell["printed"] for cell in found]
    assert shown[3] == told() + "\n"
    assert told() in shown[2]  # as the cause of the exception that IPython shows
    assert "Cell In[3], line 1\n----> 1 digits()" in shown[2]
    assert shown[4].startswith(told())
    assert "  Cell In[2], line 11, in digits\n    return train(n)\n" in shown[4]
    assert "  Cell In[6], line 4, in inverse\n    return 2 / n\n" in shown[6]  # the cell as it was run last
    assert found[7]["shown"][0]["text/plain"].startswith("digits/3 done")
    assert "dynamic-code" not in "".join(shown)


LOGGED = """\
import time
from penstock import flow, log_metrics, progress, step, run

@step
def load():
    return list(range(100))

@step
def train(data, seconds):
    for epoch in progress(range(int(seconds * 20)), label="epochs"):
        time.sleep(0.05)
        log_metrics({"loss": 1 / (1 + epoch)}, step=epoch)
    return data[int(seconds * 1000)] if seconds > 1.4 else len(data)

@flow
def digits(seconds: float = 1.2):
    return train(load(), seconds)
"""


def test_the_cell_of_a_run_shows_it_as_it_goes(project_folder: Path, require: Callable[[str], None]) -> None:
    require("ipykernel")
    defined, done, failed, submitted = outputs(
        project_folder,
        LOGGED,
        "digits()",
        "digits(1.5)",
        "handle = digits.submit(0.2); handle.result()",
    )
    assert (defined["shown"], defined["drawn"]) == ([], [])
    (picture,), (times,) = done["shown"], done["drawn"]
    assert times > 2, "it is drawn anew while the flow runs"
    root = ElementTree.fromstring(picture["image/svg+xml"])
    words = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"digits/1", "done", "load", "train", "loss"} <= {*words}
    assert 'stroke="#1245a6"' in picture["image/svg+xml"], "a curve"
    assert picture["text/plain"].startswith("digits/1 done")
    assert done["printed"].startswith("the project's first run: ")
    assert len(done["printed"].splitlines()) == 1
    (picture,) = failed["shown"]
    assert "train/1: IndexError: list index out of range" in picture["text/plain"]
    assert "penstock.resume(&quot;digits/2&quot;, flow=digits)" in picture["image/svg+xml"]
    (picture,) = submitted["shown"]
    assert picture["text/plain"].startswith("digits/3 done")
