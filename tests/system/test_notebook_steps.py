"""Steps that are notebooks: run in a real kernel, shown as executed, cached by their code, ended with their run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import penstock.worker
from tests.system.flows import Project, is_alive, wait_until

FLOW = """
import json
from penstock import notebook

explore = notebook("explore.ipynb", inputs={"words": "json"}, retries=1, cache=True)


@flow
def main(rows=3):
    found = explore(["a", "b"], rows=rows)
    cells = json.loads(found.pop("notebook").read_text())["cells"]
    return {**found, "sources": ["".join(cell["source"]) for cell in cells]}
"""
PARAMETERS = "rows = 1  # how many\nscale = 2.5"
READ = """\
import json, os, sys
words = json.load(open(os.environ["PENSTOCK_INPUTS"] + "/words.json"))
with open(os.environ["PENSTOCK_RECORDS"], "w") as records:
    print('{"metrics": {"loss": 0.5}}', file=records)
print("prints", rows)
print("warns", file=sys.stderr)"""


def cell(source: str, *tags: str, kind: str = "code") -> dict[str, Any]:
    own: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {"tags": list(tags)}, "source": source.splitlines(True), **own}


def write(folder: Path, *cells: dict[str, Any]) -> None:
    found = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (folder / "explore.ipynb").write_text(json.dumps(found))


def exploring(project: Project, last: str, title: str = "# Explore <b>") -> None:
    write(
        project.folder,
        cell(title, kind="markdown"),
        cell(PARAMETERS, "parameters"),
        cell(READ),
        cell("[n * scale for n in range(rows)]", "output:scaled"),
        cell(last, "output:last"),
    )
    project.write(FLOW)


def test_a_notebook_is_run_shown_and_cached_by_its_code(project: Project, require: Callable[[str], None]) -> None:
    require("nbclient")
    exploring(project, "last = words[-1]")
    found = project.run().value()
    assert found["scaled"] == [0, 2.5, 5]
    assert found["last"] == "b"
    assert found["sources"][1:4] == [PARAMETERS, "# Parameters\nrows = 3", READ]
    log = project.penstock("logs", "main/1/explore/1")[1]
    assert "prints 3" in log
    assert "warns" in log
    shown = project.penstock("show", "main/1/explore/1")[1]
    assert "language  Jupyter" in shown
    assert "0.5" in shown
    code, page = project.penstock("get", "main/1/explore/1", "--display", "notebook", "-o", "page.html")
    assert code == 0, page
    text = (project.folder / "page.html").read_text()
    assert "prints 3" in text
    assert "[0.0, 2.5, 5.0]" in text
    assert "&lt;b&gt;" in text

    exploring(project, "last = words[-1]", title="Another title")  # which is no code
    assert project.run().value() == found
    assert "was reused from main/1/explore/1" in project.penstock("why", "main/2/explore/1")[1]
    exploring(project, "last = words[0]")
    assert "explore.ipynb changed since main/1" in project.penstock("run", "--dry-run", "mine.py:main")[1]


def test_a_cell_that_fails_is_told_with_its_line_and_the_notebook_is_kept(
    project: Project, require: Callable[[str], None]
) -> None:
    require("nbclient")
    exploring(project, "first = 1\nlast = words[99]")
    project.write(FLOW.replace("retries=1, ", ""))
    report = project.run()
    told = report.error["traceback"]
    assert "explore.ipynb exited with 1; its last lines:" in told
    assert "cell 5, line 2: last = words[99]\n" in told
    assert "IndexError: list index out of range" in told
    kept = next(iter((project.folder / ".penstock" / "checkpoints").rglob("explore.ipynb")))
    assert f"as far as it came it is kept in {kept}" in told
    executed = json.loads(kept.read_text())["cells"]
    assert executed[4]["outputs"][0]["data"]["text/plain"] == ["[0.0, 2.5, 5.0]"]
    assert executed[5]["outputs"][0]["ename"] == "IndexError"


SLOW = """\
import time
with open(HERE + "/trace", "a") as trace:
    print(os.getpid(), file=trace)
while not os.path.exists(HERE + "/go"):
    time.sleep(0.01)
last = 1"""


def test_a_kernel_dies_with_its_run_which_goes_on(project: Project, require: Callable[[str], None]) -> None:
    require("nbclient")
    exploring(project, SLOW.replace("HERE", repr(os.fspath(project.folder))))
    drive = project.spawn()
    kernel = int(wait_until(project.trace, "for a cell")[0])
    drive.kill()
    wait_until(lambda: not is_alive(kernel), "for the end of the kernel")
    project.await_quiet()
    project.touch("go")
    assert project.run("main/1").value()["last"] == 1


WITHOUT = """\
import sys
sys.modules["nbclient"] = None
from penstock.worker.notebook_run import main
main()"""


def test_a_kernel_ends_with_its_attempt(project: Project, require: Callable[[str], None]) -> None:
    require("nbclient")
    exploring(project, SLOW.replace("HERE", repr(os.fspath(project.folder))))
    drive = project.spawn()
    kernel = int(wait_until(project.trace, "for a cell")[0])
    drive.send(signal.SIGINT)
    assert drive.join().status == "interrupted"
    wait_until(lambda: not is_alive(kernel), "for the end of the kernel")
    project.await_quiet()
    kept = next(iter((project.folder / ".penstock" / "checkpoints").rglob("explore.ipynb")))
    assert "[0.0, 2.5, 5.0]" in kept.read_text()


def test_what_is_missing_is_told_with_its_mend(tmp_path: Path) -> None:
    helpers = Path(penstock.worker.__file__).with_name("helpers")
    environ = {**os.environ, "TMPDIR": str(tmp_path), "PENSTOCK_HELPERS": str(helpers)}
    words = [sys.executable, "-c", WITHOUT, "explore.ipynb", "notebook:ipynb:/nowhere"]
    done = subprocess.run(words, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"a notebook needs nbclient, which {sys.executable} can't import")
    assert 'pip install "penstock[notebook]", or give its step packages=["nbclient", "ipykernel"]' in done.stderr
