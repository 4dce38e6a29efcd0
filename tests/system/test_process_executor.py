"""Local workers with real processes: deaths of the zygote and of the driver, imports that go wrong, changed sources."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.executors.interpreters import Interpreter, OwnInterpreter
from penstock.executors.process import ProcessExecutor
from penstock.executors.spare_zygote import spare_zygote
from penstock.model import wire
from penstock.model.environments import Environment
from penstock.model.events import Lane
from penstock.model.states import Cause, TaskStatus
from tests.contract import faulty_steps
from tests.contract.executor_bench import STUCK_S, Bench

STEPS = Path(faulty_steps.__file__)


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + STUCK_S
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def module(folder: Path, source: str) -> Path:
    path = folder / "mine.py"
    path.write_text(source)
    return path


def test_close_ends_everything(tmp_path: Path) -> None:
    with Bench(ProcessExecutor(), tmp_path, "faulty_steps", str(STEPS)) as bench:
        pid = bench.value(bench.run("pid"))
        bench.start("leave_children_and_wait", str(tmp_path / "pids"))
        bench.until((tmp_path / "pids").exists)
        zygote = parent(pid)
    pids = [zygote, pid, *map(int, (tmp_path / "pids").read_text().split())]
    assert [pid for pid in pids if is_alive(pid)] == []
    assert list((tmp_path / "logs").iterdir()) == []
    bench.executor.close()


def test_close_without_any_attempt(tmp_path: Path) -> None:
    with Bench(ProcessExecutor(), tmp_path, "faulty_steps", str(STEPS)) as bench:
        pass
    assert bench.mailbox.watched == {}


@pytest.mark.parametrize("victim", ["zygote", "driver"])
def test_nothing_survives(tmp_path: Path, victim: str) -> None:
    """`kill -9` of the driver, or of the zygote: no worker and nothing that an attempt started goes on."""
    script = (
        "import sys; from pathlib import Path; from tests.contract.executor_bench import Bench;"
        "from penstock.executors.process import ProcessExecutor;"
        f"b = Bench(ProcessExecutor(), Path({str(tmp_path)!r}), 'faulty_steps', {str(STEPS)!r});"
        f"b.start('leave_children_and_wait', {str(tmp_path / 'pids')!r}); b.until(lambda: False)"
    )
    driver = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[2])
    try:
        wait_until((tmp_path / "pids").exists)
        pids = list(map(int, (tmp_path / "pids").read_text().split()))
        zygote = parent(pids[0])
        os.kill(zygote if victim == "zygote" else driver.pid, signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, [zygote, *pids])))
    finally:
        driver.kill()
        driver.wait()


def zygotes() -> set[int]:
    """Those of this process that live."""
    found = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {int(pid) for pid in found if is_alive(int(pid))}


def test_a_process_that_was_started_before_becomes_the_first_zygote(tmp_path: Path) -> None:
    others = zygotes()
    with spare_zygote():
        (early,) = zygotes() - others
        with Bench(ProcessExecutor(), tmp_path, "faulty_steps", str(STEPS)) as bench:
            assert parent(bench.value(bench.run("pid"))) == early
        with Bench(ProcessExecutor(), tmp_path, "faulty_steps", str(STEPS)) as bench:
            assert parent(bench.value(bench.run("pid"))) != early


def test_a_process_that_no_run_has_taken_ends(tmp_path: Path) -> None:
    others = zygotes()
    with spare_zygote():
        (early,) = zygotes() - others
    wait_until(lambda: not is_alive(early))
    with spare_zygote(wanted=False):
        assert zygotes() - others - {early} == set()


def test_the_zygote_is_killed(tmp_path: Path) -> None:
    with Bench(ProcessExecutor(), tmp_path, "faulty_steps", str(STEPS)) as bench:
        first = bench.start("leave_children_and_wait", str(tmp_path / "pids"))
        behind = bench.start("ok", 1)
        other = bench.start("own_pid", str(tmp_path / "pid"), lane=Lane(2))
        bench.until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pid").exists())
        pids = [int((tmp_path / "pid").read_text()), *map(int, (tmp_path / "pids").read_text().split())]
        os.kill(parent(pids[0]), signal.SIGKILL)
        for attempt in (first, other):
            error = bench.outcome(attempt).error
            assert error is not None
            assert error.cause == Cause.KILLED
        assert bench.recalled() == [behind]
        assert [pid for pid in pids if is_alive(pid)] == []
        assert bench.value(bench.run("ok", 2)) == 4


def test_a_module_that_can_not_be_imported(tmp_path: Path) -> None:
    path = module(tmp_path, "import os\n\ndef ok(): return 1\n\nraise RuntimeError('not today')\n")
    with Bench(ProcessExecutor(), tmp_path, "mine", str(path)) as bench:
        error = bench.run("ok").error
        assert error is not None
        assert (error.cause, error.type, error.message) == (Cause.RAISED, "RuntimeError", "not today")
        assert "mine.py" in error.traceback
        assert "importlib" not in error.traceback
        assert bench.run("ok").status == TaskStatus.FAILED


def test_a_flow_without_a_guard(tmp_path: Path) -> None:
    path = module(
        tmp_path,
        "from penstock.sdk.flows import flow\n\n@flow\ndef digits(): pass\n\ndef ok(): return 1\n\ndigits()\n",
    )
    with Bench(ProcessExecutor(), tmp_path, "mine", str(path)) as bench:
        error = bench.run("ok").error
        assert error is not None
        assert error.type == "penstock.errors.UsageError"
        assert 'if __name__ == "__main__":' in error.message


def test_a_guard_is_not_run(tmp_path: Path) -> None:
    path = module(
        tmp_path, "def name(): return __name__, __file__\n\nif __name__ == '__main__':\n    raise SystemExit\n"
    )
    with Bench(ProcessExecutor(), tmp_path, "mine", str(path)) as bench:
        assert bench.value(bench.run("name")) == ("mine", str(path))


def test_threads_at_import_make_workers_spawned(tmp_path: Path) -> None:
    path = module(
        tmp_path,
        "import os, threading, time\n"
        "threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n"
        "def threads(): return threading.active_count()\n"
        "def pid(): return os.getpid()\n",
    )
    with Bench(ProcessExecutor(), tmp_path, "mine", str(path)) as bench:
        assert bench.value(bench.run("threads")) == 2
        assert bench.value(bench.run("pid")) == bench.value(bench.run("pid"))
        (notice,) = bench.notices()
        assert "mine leaves a thread running when it is imported" in notice


def test_threads_that_end_themselves_before_a_fork_do_not_count(tmp_path: Path, require: Callable[[str], None]) -> None:
    require("numpy")
    path = module(
        tmp_path, "import numpy\ndef total(): return float((numpy.ones((300, 300)) @ numpy.ones(300)).sum())\n"
    )
    with Bench(ProcessExecutor(), tmp_path, "mine", str(path)) as bench:
        assert bench.value(bench.run("total", lane=Lane(1, cpu=2.0))) == 90_000
        assert bench.notices() == []


def test_a_file_that_changed_is_imported_as_recorded(tmp_path: Path) -> None:
    helper, gone, same = tmp_path / "helper.py", tmp_path / "gone.py", tmp_path / "same.py"
    path = module(
        tmp_path,
        "import helper, gone, same\n"
        "def words(): return helper.word(), gone.word(), same.word(), helper.__file__\n"
        "def fail(): helper.fail()\n",
    )
    helper.write_text("def word(): return 'recorded'\ndef fail():\n    raise ValueError('as recorded')\n")
    gone.write_text("def word(): return 'kept'\n")
    same.write_text("def word(): return 'the same'\n")
    snapshot = {}
    for file in (path, helper, gone, same):
        stat = file.stat()
        snapshot[str(file)] = (stat.st_size, stat.st_mtime_ns, zlib.compress(file.read_bytes()))
    (tmp_path / "sources").write_bytes(wire.pack(snapshot))
    helper.write_text("def word(): return 'edited since'\n\n\n\n\n")
    path.write_text("raise RuntimeError('edited since')\n")
    gone.unlink()
    search = (str(tmp_path), *sys.path)
    with Bench(
        ProcessExecutor(), tmp_path, "mine", str(path), sources=str(tmp_path / "sources"), sys_path=search
    ) as bench:
        assert bench.value(bench.run("words")) == ("recorded", "kept", "the same", str(helper))
        error = bench.run("fail").error
        assert error is not None
        assert "raise ValueError('as recorded')" in error.traceback


def test_an_interpreter_that_does_not_start(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no such luck >&2\nexit 1\n")
    broken.chmod(0o755)

    class Broken(OwnInterpreter):
        def of(self, environment: Environment | None) -> Interpreter:
            return Interpreter(str(broken))

    with Bench(ProcessExecutor(interpreters=Broken()), tmp_path, "faulty_steps", str(STEPS)) as bench:
        first, second = bench.start("ok"), bench.start("ok")
        error = bench.outcome(first).error
        assert error is not None
        assert error.cause == Cause.KILLED
        assert "no such luck" in error.message
        assert bench.recalled() == [second]


def test_signals_of_the_terminal_do_not_reach_workers(tmp_path: Path) -> None:
    with Bench(ProcessExecutor(), tmp_path, "faulty_steps", str(STEPS)) as bench:
        pid = bench.value(bench.run("pid"))
        assert os.getsid(pid) != os.getsid(0)
        assert os.getsid(parent(pid)) != os.getsid(0)
        os.kill(pid, signal.SIGINT)
        assert bench.value(bench.run("pid")) == pid


def test_the_import_of_the_users_module_counts_against_no_attempt(tmp_path: Path) -> None:
    go = tmp_path / "go"
    path = module(
        tmp_path,
        f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.005)\n"
        "def ok(number):\n    return 2 * number\n",
    )
    with Bench(ProcessExecutor(gpus=("0",)), tmp_path, "mine", str(path), sys_path=tuple(sys.path)) as bench:
        attempt = bench.attempt("ok", 4)
        bench.executor.start([(attempt, (Lane(1),))])
        bench.executor.cancel(attempt.id, Cause.TIMEOUT)
        assert bench.recalled() == [attempt.id]
        bench.executor.start([(attempt, (Lane(2),))])
        go.touch()
        assert bench.value(bench.outcome(attempt.id)) == 8


def test_the_start_of_a_process_of_its_own_does(tmp_path: Path) -> None:
    """Or an attempt whose process needs longer than its timeout would be started for ever."""
    path = module(tmp_path, "import os, time\nif 'CUDA_VISIBLE_DEVICES' in os.environ:\n    time.sleep(600)\n")
    with Bench(ProcessExecutor(gpus=("0",)), tmp_path, "mine", str(path), sys_path=tuple(sys.path)) as bench:
        attempt = bench.start("ok", 4, lane=Lane(1, gpus=("0",)))
        bench.executor.cancel(attempt, Cause.TIMEOUT)
        error = bench.outcome(attempt).error
        assert error is not None
        assert error.cause == Cause.TIMEOUT
        assert bench.recalled() == []
