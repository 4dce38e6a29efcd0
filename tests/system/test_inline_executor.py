"""What only the flow's own process can offer, and what it must not disturb."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.executors.inline import InlineExecutor
from penstock.model.states import Cause
from penstock.worker import log_files
from penstock.worker.flow_logs import Tee
from penstock.worker.shared_process import SharedProcess
from tests.contract import faulty_steps
from tests.contract.executor_bench import Bench

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from pathlib import Path
from penstock.executors.inline import InlineExecutor
from penstock.model.events import Lane
from penstock.worker.shared_process import SharedProcess
from tests.contract.executor_bench import Bench

with Bench(InlineExecutor(shared_process=SharedProcess()), Path(sys.argv[1]), "mine") as bench:
    print("from the body")
    attempt = bench.start("debugged", 41)
    while bench.executor.assist(0.0):
        pass
    print("value", bench.value(bench.outcome(attempt)))
"""


def test_breakpoint_works_and_stdout_is_the_body_s(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "def debugged(number):\n    print('from the step')\n    breakpoint()\n    return number\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=ROOT,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}:{ROOT / 'src'}"},
        input="p number * 1000\nnumber = 42\nc\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "from the body\nvalue 42\n"
    assert "from the step" in done.stderr
    assert "(Pdb) 41000" in done.stderr


def test_what_a_step_s_stdout_says_of_itself_is_stderr_s(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import sys\ndef debugged(number):\n    return sys.stdout.fileno(), sys.stdout.isatty(), sys.stderr.fileno()\n"
    )
    parent, child = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", f"{SCRIPT}\nprint(sys.stdout.fileno(), sys.stdout.isatty())", str(tmp_path)],
            cwd=ROOT,
            env={"PYTHONPATH": f"{tmp_path}:{ROOT}:{ROOT / 'src'}"},
            stdout=subprocess.PIPE,
            stderr=child,
            text=True,
            check=True,
        )
    finally:
        os.close(parent)
        os.close(child)
    assert done.stdout == "from the body\nvalue (2, True, 2)\n1 False\n"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.syspath_prepend(Path(faulty_steps.__file__).parent)
    return Bench(InlineExecutor(shared_process=SharedProcess()), tmp_path, "faulty_steps")


def test_what_nobody_claims_runs_all_the_same(bench: Bench) -> None:
    with bench:
        assert bench.value(bench.run("ok", 4)) == 8
        assert bench.value(bench.run("ok", 5)) == 10


def test_the_waiting_thread_runs_it(bench: Bench) -> None:
    with bench:
        assert bench.executor.assist(0.0) is False
        first, second = bench.start("ok", 1), bench.start("ok", 2)
        assert bench.executor.assist(0.0) is True
        assert list(bench.ended()) == [first]
        bench.executor.recall([second])
        bench.executor.recall([first])
        assert bench.recalled() == [second]
        third = bench.start("ok", 3)
        bench.executor.cancel(third, Cause.CANCELLED)
        assert bench.recalled() == [second, third]
        assert bench.executor.assist(0.0) is False


def test_what_is_printed_is_in_the_log(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    with bench:
        attempt = bench.start("print_to_both")
        bench.executor.assist(0.0)
        print("from the body")
        lines = [(line.stream, line.text, line.attempt) for line in log_files.read(bench.log(bench.outcome(attempt)))]
    assert lines == [("stdout", "out", attempt), ("stderr", "err", attempt)]
    captured = capsys.readouterr()
    assert captured.out == "from the body\n"
    assert captured.err == "out\nerr\n"


@pytest.mark.parametrize("place", ["begin", "end"])
def test_a_fault_around_the_step_ends_its_attempt(bench: Bench, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    sound = getattr(Tee, place)

    def broken(*given: object) -> None:
        sound(*given)
        raise RuntimeError("no such stream")

    with bench:
        assert bench.value(bench.run("ok", 1)) == 2
        with monkeypatch.context() as patch:
            patch.setattr(Tee, place, broken)
            error = bench.run("ok", 2).error
        assert error is not None
        assert error.message == "the flow's own process could not run it to its end: RuntimeError: no such stream"
