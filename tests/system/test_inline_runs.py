"""Steps in the flow's own process, in real runs: what runs beside them sees nothing of theirs, and no fault hangs."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.system.flows import Project, wait_until

TWO_RUNS = """
import json, logging, sys

@step(secrets=["TOKA"], env={"NAME": "a"}, on="inline")
def of_a():
    note("a is in", os.environ["NAME"])
    await_file("end a")
    print("printed by a")
    logging.warning("logged by a")
    return os.environ["TOKA"]

@step(env={"NAME": "b"}, on="inline")
def of_b():
    note("b is in", os.environ["NAME"])
    await_file("end b")
    print("printed by b")
    logging.warning("logged by b")
    return os.environ["NAME"], "TOKA" in os.environ

@flow
def fa():
    return of_a()

@flow
def fb():
    return of_b()

if __name__ == "__main__":
    logging.basicConfig()
    handler = logging.getLogger().handlers[0]
    before = dict(os.environ), os.getcwd(), sys.stdout, sys.stderr, handler.stream
    a = fa.submit()
    await_note("a is in a")
    b = fb.submit()
    await_note("b is in b")
    found = []
    for name, handle in ORDER:
        open("end " + name, "x").close()
        found.append(handle.result(60))
    after = dict(os.environ), os.getcwd(), sys.stdout, sys.stderr, handler.stream
    print(json.dumps([found, after == before, "emit" in vars(handler)]))
"""
AWAIT_NOTE = """
def await_note(line):
    end = time.monotonic() + 60
    while time.monotonic() < end and line not in (open("trace").read() if os.path.exists("trace") else ""):
        time.sleep(0.005)
"""


def script(project: Project, text: str) -> Any:
    """What a script prints as JSON in its last line."""
    project.write(text, "script.py")
    return json.loads(project.python("script.py").splitlines()[-1])


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_two_runs_in_one_process_take_back_what_is_theirs(project: Project, order: str) -> None:
    (project.folder / ".env").write_text("TOKA=token-of-a\n")
    names = ", ".join(f"('{name}', {name})" for name in order)
    found = script(project, AWAIT_NOTE + TWO_RUNS.replace("ORDER", f"[{names}]"))
    of_a, of_b = "token-of-a", ["b", order == "ba"]  # what runs at once shares its variables
    assert found == [[of_a, of_b] if order == "ab" else [of_b, of_a], True, False]
    for name, other in ("ab", "ba"):
        code, output = project.penstock("logs", f"f{name}/1")
        assert code == 0, output
        assert f"printed by {name}" in output
        assert f"logged by {name}" in output
        assert f"by {other}" not in output


@pytest.mark.parametrize("call", ["other.submit().result(60)", "other()"])
def test_a_zygote_that_starts_meanwhile_has_none_of_its_variables(project: Project, call: str) -> None:
    (project.folder / ".env").write_text("TOKA=token-of-a\n")
    found = script(
        project,
        AWAIT_NOTE
        + f"""
import json

@step(secrets=["TOKA"], on="inline")
def secretive():
    os.environ["DERIVED"] = os.environ["TOKA"]
    note("is in")
    await_file("end")

@step
def looks():
    return [name in os.environ for name in ("TOKA", "DERIVED")]

@step(cpu=2)
def looks_elsewhere():
    return [name in os.environ for name in ("TOKA", "DERIVED")]

@flow
def main():
    secretive()

@flow
def other():
    return looks(), looks_elsewhere()

if __name__ == "__main__":
    running = main.submit()
    await_note("is in")
    found = {call}
    open("end", "x").close()
    running.result(60)
    print(json.dumps(found))
""",
    )
    assert found == [[False, False], [False, False]]


REMOVES = """
import shutil

@step(on="inline")
def removes():
    os.makedirs("{folder}/inside", exist_ok=True)
    shutil.rmtree(os.getcwd())
    open("{folder}/removed", "x").close()
    if {waits}:
        time.sleep(60)

@flow
def main():
    os.makedirs("{folder}/inside", exist_ok=True)
    os.chdir("{folder}/inside")
    removes()
"""


def test_a_step_that_removes_its_directory_fails_with_a_word(project: Project, tmp_path: Path) -> None:
    project.write(REMOVES.format(folder=tmp_path / "work", waits=False))
    code, output = project.penstock("run", "mine.py")
    assert code == 1
    assert (
        f"the flow's working directory can't be gone back to after it: [Errno 2] No such file or directory: '{tmp_path}"
        in output
    )
    assert 'on="process"' in output


def test_a_signal_ends_a_step_that_has_removed_its_directory(project: Project, tmp_path: Path) -> None:
    project.write(REMOVES.format(folder=tmp_path / "work", waits=True))
    drive = project.spawn()
    wait_until((tmp_path / "work" / "removed").exists)
    drive.send(signal.SIGTERM)
    drive.process.wait(60)
    assert project.status() == "interrupted"


def test_context_variables_go_with_a_step_of_this_process(project: Project, require: Callable[[str], None]) -> None:
    require("numpy")
    project.write(
        """
        import contextvars, decimal
        import numpy as np

        VARIABLE = contextvars.ContextVar("variable", default=0)

        def seen():
            return [VARIABLE.get(), decimal.getcontext().prec, np.geterr()["divide"]]

        @step(on="inline")
        def changes(n):
            before = seen()
            VARIABLE.set(n)
            decimal.getcontext().prec = n
            np.seterr(divide="ignore")
            return before, seen()

        @flow
        def main():
            VARIABLE.set(7)
            return [changes(5), changes(6), seen()]
        """
    )
    mine = [7, 28, "warn"]
    assert project.run().value() == [[mine, [5, 5, "ignore"]], [mine, [6, 6, "ignore"]], mine]
