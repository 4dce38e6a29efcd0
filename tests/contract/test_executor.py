"""The contract of `engine.ports.Executor`: one table of faults, on every executor.

Where an executor lists a fault as outside its contract, the table leaves it out for that executor.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts.folder import FolderStore
from penstock.executors.inline import InlineExecutor
from penstock.executors.interpreters import OWN, Interpreter, OwnInterpreter
from penstock.executors.process import ProcessExecutor
from penstock.executors.staged_inputs import StagingExecutor
from penstock.model.environments import Environment
from penstock.model.events import Adopted, Began, Lane
from penstock.model.rows import LoopProgress
from penstock.model.states import Cause, TaskStatus
from penstock.tiers.port import Tier
from penstock.tiers.tiered_store import TieredStore
from penstock.worker import log_files
from penstock.worker.shared_process import SharedProcess
from tests.contained import contained, outer_pids
from tests.containers import Engine
from tests.contract import faulty_steps
from tests.contract.detached import DetachedExecutor
from tests.contract.executor_bench import Bench
from tests.contract.far_bench import FarOnThisHost

STEPS = Path(faulty_steps.__file__)


class Secretive(OwnInterpreter):
    """With a secret: what its workers write goes through a process that masks it."""

    def of(self, environment: Environment | None) -> Interpreter:
        return OWN._replace(variables=(("TOKEN", "s3cr3t-value"),), secrets=("TOKEN",))


EXECUTORS: dict[str, Callable[[Path], Any]] = {
    "process": lambda _: ProcessExecutor(max_workers=2, gpus=("0", "1")),
    "process with secrets": lambda _: ProcessExecutor(max_workers=2, gpus=("0", "1"), interpreters=Secretive()),
    "process that is brought what it needs": lambda place: StagingExecutor(
        ProcessExecutor(max_workers=2, gpus=("0", "1")), TieredStore(FolderStore(place.parent / "store"), list[Tier])
    ),
    "inline": lambda _: InlineExecutor(shared_process=SharedProcess()),
    "detached": DetachedExecutor,
    "far": lambda folder: FarOnThisHost(folder, folder.parent / "store", [STEPS]),
}


def is_contained(bench: Bench) -> bool:
    """Whether its steps run in containers, whose processes have numbers of their own."""
    return Path(bench.places.scratch, "home").exists()


CONTAINED = ["process in podman", "process in docker"]


@contextmanager
def opened_bench(request: pytest.FixtureRequest, folder: Path, base: Path) -> Iterator[Bench]:
    """An executor of a kind, open. `base`: where tests have what their steps write."""
    kind: str = request.param
    with ExitStack() as stack:
        if kind in CONTAINED:
            engine: Engine = request.getfixturevalue(f"{kind.rsplit(maxsplit=1)[-1]}_engine")
            found = stack.enter_context(contained(engine, folder, base))
            executor: Any = ProcessExecutor(
                max_workers=2,
                gpus=("0", "1"),
                interpreters=found,
                environ=lambda: {**os.environ, **engine.environ},  # both engines have executors open at a time
            )
        else:
            executor = EXECUTORS[kind](folder / "detached")
        yield stack.enter_context(Bench(executor, folder, "faulty_steps", str(STEPS)))


@pytest.fixture(scope="module", params=[*EXECUTORS, *CONTAINED])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One open executor for all tests of the contract: a fault must not harm what comes after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [os.fspath(STEPS.parent), *sys.path])
        folder = tmp_path_factory.mktemp(request.param)
        with opened_bench(request, folder, tmp_path_factory.getbasetemp()) as opened:
            yield opened


def is_alive(bench: Bench, pid: int) -> bool:
    """Whether a process runs, whose number a step has told: one that waits to be reaped does not."""
    if is_contained(bench):
        pid = outer_pids(bench.places.scratch).get(pid, 0)
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def test_returns(bench: Bench) -> None:
    outcome = bench.run("ok", 4)
    assert outcome.status == TaskStatus.DONE
    assert bench.value(outcome) == 8
    assert outcome.error is None
    assert outcome.log is None
    assert outcome.usage.wall_s > 0
    assert abs(outcome.usage.began_at - time.time()) < 3600


def test_coroutine(bench: Bench) -> None:
    assert bench.value(bench.run("coroutine", 4)) == 5


@pytest.mark.parametrize("size", [100, 70_000, 3_000_000])
def test_arguments_and_results_of_any_size(bench: Bench, size: int) -> None:
    value = os.urandom(size)
    assert bench.value(bench.run("echo", value)) == value


def test_many_small_values_make_a_long_message(bench: Bench) -> None:
    numbers = {f"key {number}": [number, {number: str(number)}] for number in range(200)}
    outcome = bench.run("count_all", **{f"p{at}": numbers for at in range(60)})
    assert bench.value(outcome) == 60 * 200


def test_raises(bench: Bench) -> None:
    error = bench.run("chained").error
    assert error is not None
    assert (error.cause, error.type, error.message) == (Cause.RAISED, "ValueError", "no such number")
    assert "ZeroDivisionError: division by zero" in error.traceback
    assert "The above exception was the direct cause" in error.traceback
    assert error.traceback.count('File "') == error.traceback.count("faulty_steps.py") == 3
    assert error.record is not None


def test_raises_what_takes_two_arguments(bench: Bench) -> None:
    error = bench.run("two_arguments").error
    assert error is not None
    assert error.type == "faulty_steps.TwoArguments"
    assert error.message == "7: seven"


@pytest.mark.parametrize(
    ("retry_on", "retryable"),
    [
        (None, True),
        (("ConnectionError",), True),
        (("ConnectionResetError",), True),
        (("ValueError",), False),
        ((), False),
    ],
)
def test_retry_on_names_classes_and_their_bases(bench: Bench, retry_on: Any, retryable: bool) -> None:
    error = bench.run("connection", retry_on=retry_on).error
    assert error is not None
    assert error.retryable is retryable


@pytest.mark.parametrize(
    ("function", "message"), [("call_exit", "called sys.exit(3)"), ("interrupt", "interrupted itself")]
)
def test_exits(bench: Bench, function: str, message: str) -> None:
    error = bench.run(function).error
    assert error is not None
    assert error.cause == Cause.EXITED
    assert message in error.message


def test_a_result_that_can_not_be_stored_names_the_culprit(bench: Bench) -> None:
    error = bench.run("not_storable").error
    assert error is not None
    assert error.cause == Cause.RAISED
    assert "result['lock'] is a _thread.lock" in error.message
    assert "cloudpickle" not in error.traceback


def test_no_such_function(bench: Bench) -> None:
    error = bench.run("no_such_step").error
    assert error is not None
    assert error.cause == Cause.RAISED
    assert "no_such_step" in error.message


def test_forks(bench: Bench) -> None:
    assert bench.value(bench.run("fork_and_return")) == 0
    assert bench.value(bench.run("fork_and_exit")) == 5


def test_speaks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own would take the record
    outcome = bench.run("speak")
    lines = [(line.level, line.stream, line.text) for line in log_files.read(bench.log(outcome))]
    assert ("", "stdout", "printed") in lines
    assert ("", "stderr", "to stderr") in lines
    assert ("warning", "stderr", "logged") in lines
    assert lines[-1] == ("", "stdout", "no newline")
    assert bench.run("ok").log is None


def test_random_numbers_are_the_task_s_own(bench: Bench) -> None:
    attempt = bench.attempt("dice")
    again = attempt._replace(id=attempt.id.replace("#1", "#2"))
    retry = attempt._replace(id=attempt.id.replace("#1", "#3"), failures=1)
    other = bench.attempt("dice")
    values: list[Any] = []
    for each in (attempt, other, retry, again):
        bench.executor.start([(each, (Lane(1),))])
        values.append(tuple(bench.value(bench.outcome(each.id))))
    assert values[0] == values[3]
    assert len(set(values)) == 3


def test_random_numbers_of_numpy_too(bench: Bench) -> None:
    pytest.importorskip("numpy")
    if is_contained(bench):
        return  # its image has none
    attempt = bench.attempt("numpy_dice")
    again = attempt._replace(id=attempt.id.replace("#1", "#2"))
    values: list[Any] = []
    for each in (attempt, bench.attempt("numpy_dice"), again):
        bench.executor.start([(each, (Lane(1),))])
        values.append(bench.value(bench.outcome(each.id)))
    assert values[0] == values[2] != values[1]


def test_directory_and_environment_are_restored(bench: Bench, tmp_path: Path) -> None:
    before = bench.value(bench.run("where"))
    assert bench.run("wander", str(tmp_path)).status == TaskStatus.DONE
    assert bench.value(bench.run("where")) == before


def test_current(bench: Bench) -> None:
    outcome = bench.run("ask_current")
    run, task, attempt, tempdir, checkpoints = bench.value(outcome)
    assert run == "digits/3"
    assert task.startswith("digits/3/ask_current/")
    assert attempt == 1
    assert not Path(tempdir).exists()
    assert (Path(checkpoints) / "count").read_text() == "x"
    assert [(metric.name, metric.last, metric.last_step) for metric in outcome.metrics] == [
        ("accuracy", 0.5, 3),
        ("from_thread", 2.0, None),
    ]


def test_parameters_of_the_run(bench: Bench) -> None:
    assert bench.value(bench.run("ask_parameters")) == {"rows": 500}


def test_metrics_are_hinted_while_the_attempt_runs(bench: Bench, tmp_path: Path) -> None:
    go = tmp_path / "go"
    attempt = bench.start("log_and_wait", str(go))
    bench.until(lambda: any(hint.attempt == attempt for hint in bench.hints()))
    go.touch()
    assert [metric.name for metric in bench.outcome(attempt).metrics] == ["loss"]


def test_loops_are_hinted_while_the_attempt_runs(bench: Bench, tmp_path: Path) -> None:
    go = tmp_path / "go"
    attempt = bench.start("loop_and_wait", str(go))
    expected = attempt, (LoopProgress("letters", 2, 3),)
    bench.until(lambda: any((hint.attempt, hint.loops) == expected for hint in bench.hints()))
    go.touch()
    assert b" letters: 3 of 3 in " in bench.log(bench.outcome(attempt))


def test_a_damaged_input_is_told_apart(bench: Bench) -> None:
    attempt = bench.attempt("echo", os.urandom(200_000))
    record = attempt.inputs[0].record
    assert record is not None
    for blob in Path(bench.places.store).rglob("b3-*"):
        if blob.stat().st_size == 200_000 or blob.stat().st_size > 200_000:
            blob.unlink()
    bench.executor.start([(attempt, (Lane(1),))])
    error = bench.outcome(attempt.id).error
    assert error is not None
    assert error.cause == Cause.DAMAGED


def test_what_waits_in_a_lane_runs_in_order(bench: Bench) -> None:
    ids = [bench.start("ok", number) for number in range(bench.executor.profile.depth * 3)]
    assert [bench.value(bench.outcome(each)) for each in ids] == [2 * number for number in range(len(ids))]


def test_adopts_nothing(bench: Bench) -> None:
    attempt = bench.attempt("ok")
    bench.executor.adopt(attempt, "")
    bench.until(lambda: Adopted(attempt.id, False) in bench.mailbox.events)


def test_late_orders_are_harmless(bench: Bench) -> None:
    attempt = bench.start("ok")
    bench.outcome(attempt)
    ends = len(bench.ended()), len(bench.recalled())
    bench.executor.cancel(attempt, Cause.CANCELLED)
    bench.executor.recall([attempt])
    bench.executor.recall(["digits/3/never/1#1"])
    assert bench.value(bench.run("ok", 5)) == 10
    assert (len(bench.ended()), len(bench.recalled())) == (ends[0] + 1, ends[1])


# What outlives its driver.


def test_what_runs_and_what_has_ended_is_found_by_the_next_driver(tmp_path: Path) -> None:
    go, root = tmp_path / "go", tmp_path / "detached"
    with Bench(DetachedExecutor(root), tmp_path, "faulty_steps", str(STEPS)) as first:
        ended, runs, never = first.attempt("ok", 4), first.attempt("wait_for", str(go)), first.attempt("ok")
        for number, attempt in enumerate((ended, runs)):
            first.executor.start([(attempt, (Lane(number),))])
        first.outcome(ended.id)
        first.executor.close(leave=True)
    with Bench(DetachedExecutor(root), tmp_path, "faulty_steps", str(STEPS), driver="2") as second:
        for attempt in (ended, runs, never):
            second.executor.adopt(attempt, "")
        assert second.value(second.outcome(ended.id)) == 8
        assert {Adopted(runs.id, True), Adopted(never.id, False)} <= set(second.mailbox.events)
        first.executor.cancel(runs.id, Cause.CANCELLED)  # it has lost the run
        go.touch()
        assert second.value(second.outcome(runs.id)) == "seen"


def test_what_nobody_has_adopted_is_ended_all_the_same(tmp_path: Path) -> None:
    pid, root = tmp_path / "pid", tmp_path / "detached"
    with Bench(DetachedExecutor(root), tmp_path, "faulty_steps", str(STEPS)) as first:
        attempt = first.start("own_pid", str(pid))
        first.until(pid.exists)
        first.executor.close(leave=True)
    assert is_alive(first, int(pid.read_text()))
    with Bench(DetachedExecutor(root), tmp_path, "faulty_steps", str(STEPS), driver="2") as second:
        second.executor.cancel(attempt, Cause.CANCELLED)
    assert not is_alive(second, int(pid.read_text()))


def test_attempts_of_two_projects_do_not_meet_although_they_are_named_alike(tmp_path: Path) -> None:
    root, more = tmp_path / "detached", {"module": "faulty_steps", "module_path": str(STEPS)}
    with (
        Bench(DetachedExecutor(root), tmp_path / "one", nonce="aa", **more) as one,
        Bench(DetachedExecutor(root), tmp_path / "two", nonce="bb", **more) as two,
    ):
        first, second = one.start("ok", 1), two.start("ok", 2)
        assert first == second
        assert (one.value(one.outcome(first)), two.value(two.outcome(second))) == (2, 4)


def test_what_waits_for_its_turn_is_recalled_and_starts_again_under_its_name(tmp_path: Path) -> None:
    root = tmp_path / "detached"
    root.mkdir()
    (root / "hold").touch()
    with Bench(DetachedExecutor(root), tmp_path, "faulty_steps", str(STEPS)) as bench:
        attempt = bench.attempt("ok", 4)
        bench.executor.start([(attempt, (Lane(1),))])
        bench.executor.cancel(attempt.id, Cause.TIMEOUT)
        bench.until(lambda: attempt.id in bench.recalled())
        assert not any(isinstance(event, Began) for event in bench.mailbox.events)
        (root / "hold").unlink()
        bench.executor.start([(attempt, (Lane(1),))])
        assert bench.value(bench.outcome(attempt.id)) == 8
        assert any(isinstance(event, Began) for event in bench.mailbox.events)


# What only an executor with processes of its own survives.


@pytest.fixture(scope="module", params=["process", "detached", "far", *CONTAINED])
def own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Such an executor, open."""
    folder = tmp_path_factory.mktemp("own")
    with opened_bench(request, folder, tmp_path_factory.getbasetemp()) as opened:
        yield opened
    for log in Path(opened.places.logs).iterdir():
        log.unlink()  # pytest keeps folders, and one of these is large


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One whose processes run attempt after attempt."""
    with Bench(EXECUTORS["process"](Path()), tmp_path_factory.mktemp("kept"), "faulty_steps", str(STEPS)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("function", "cause", "message"),
    [
        ("os_exit", Cause.EXITED, "the process exited with code 3 before the step returned"),
        ("segfault", Cause.EXITED, "the process crashed: SIGSEGV"),
        ("abort", Cause.EXITED, "the process crashed: SIGABRT"),
        ("kill_itself", Cause.KILLED, "the worker was killed from outside (SIGKILL)"),
    ],
)
def test_death(own: Bench, function: str, cause: Cause, message: str) -> None:
    outcome = own.run(function)
    assert outcome.status == TaskStatus.FAILED
    assert outcome.error is not None
    assert (outcome.error.cause, outcome.error.message) == (cause, message)
    assert own.value(own.run("ok", 3)) == 6


def test_warnings_have_their_level(own: Bench) -> None:
    lines = list(log_files.read(own.log(own.run("warn"))))
    assert [line.level for line in lines] == ["warning", "warning"]
    assert "UserWarning: warned" in lines[0].text


def test_levels_of_a_configured_logger(own: Bench) -> None:
    lines = list(log_files.read(own.log(own.run("configure_logging"))))
    assert [(line.level, line.text) for line in lines] == [("info", "mine: told"), ("error", "mine: cried")]


def test_a_crash_leaves_its_traceback_in_the_log(own: Bench) -> None:
    assert b"faulty_steps.py" in own.log(own.run("segfault"))


def test_usage(own: Bench, tmp_path: Path) -> None:
    usage = own.run("write_and_spin", str(tmp_path / "file"), 3_000_000).usage
    assert 3_000_000 <= usage.written_bytes < 4_000_000
    assert usage.peak_bytes > 1 << 20
    assert 0.0 < usage.cpu_s < usage.wall_s + 1.0


def test_each_attempt_has_its_own_input_and_output(bench: Bench, tmp_path: Path) -> None:
    file = str(tmp_path / "file")
    functions = ("write", "ok", "read", "ok", "read_in_child", "ok")
    ids = [bench.start(function, *_arguments(function, file)) for function in functions]
    used = [bench.outcome(each).usage for each in ids]
    moved = [(each.read_bytes // 300_000, each.written_bytes // 300_000) for each in used]
    assert moved == [(0, 1), (0, 0), (1, 0), (0, 0), (1, 1), (0, 0)]


def _arguments(function: str, file: str) -> tuple[Any, ...]:
    return {"write": (file, 300_000), "ok": ()}.get(function, (file,))


def test_the_worker_s_own_messages_are_not_the_attempt_s(kept: Bench) -> None:
    kept.run("ok")
    for outcome in (kept.run("ok", list(range(1000))), kept.run("ok")):
        assert (outcome.usage.read_bytes, outcome.usage.written_bytes) == (0, 0)


def test_nor_are_modules_of_penstock_that_a_value_in_pieces_asks_for(tmp_path: Path) -> None:
    with Bench(EXECUTORS["process"](Path()), tmp_path, "faulty_steps", str(STEPS)) as fresh:
        fresh.run("ok")
        usage = fresh.run("takes_any", piece=bytearray(100_000)).usage
    assert 100_000 <= usage.read_bytes < 101_000


def test_nor_are_those_that_go_through_a_file(kept: Bench, tmp_path: Path) -> None:
    file, long = str(tmp_path / "file"), ["x" * 10_000] * 100  # each short enough to stand in the message
    assert kept.run("write", file, 1000).usage.written_bytes == 1000
    assert len(kept.run("raise_long").error.message) > 60_000  # type: ignore[union-attr]
    usage = kept.run("write", file, 1000).usage
    assert (usage.read_bytes, usage.written_bytes) == (0, 1000)
    inputs = {f"i{at}": value for at, value in enumerate(long)}
    usage = kept.run("takes_any", **inputs).usage
    assert (usage.read_bytes, usage.written_bytes) == (0, 0)


def test_children_that_were_waited_for_count(bench: Bench) -> None:
    assert 0.15 < bench.run("spin_in_child", 0.2).usage.cpu_s < 0.45


def test_so_do_those_that_were_brief_and_neither_read_nor_wrote(kept: Bench) -> None:
    """The system tells of them in steps of 0.01 s."""
    assert sum(kept.run("spin_in_child", 0.002).usage.cpu_s for _ in range(20)) > 0.02


def test_what_the_dead_had_used(own: Bench, tmp_path: Path) -> None:
    own.run("write", str(tmp_path / "before"), 2_000_000)
    own.run("spin", 0.3)
    usage = own.run("work_and_exit", str(tmp_path / "file"), 1_000_000, 0.2).usage
    assert 1_000_000 <= usage.written_bytes < 1_500_000
    assert 0.15 < usage.cpu_s < 0.45


def test_what_the_killed_and_their_children_had_used(own: Bench, tmp_path: Path) -> None:
    file = tmp_path / "file"
    attempt = own.start("have_work_done", str(file), 1_000_000, 0.2)
    own.until(file.exists)
    own.executor.cancel(attempt, Cause.TIMEOUT)
    usage = own.outcome(attempt).usage
    assert 1_000_000 <= usage.written_bytes < 1_500_000
    assert 0.15 < usage.cpu_s < 0.45


def test_the_peak_of_the_dead_is_that_attempt_s(own: Bench) -> None:
    assert own.run("eat_memory", 200 << 20).usage.peak_bytes > 100 << 20
    assert own.run("os_exit").usage.peak_bytes < 100 << 20


def test_the_log_of_the_dead_is_kept(own: Bench) -> None:
    own.run("speak")
    outcome = own.run("print_and_die")
    assert [line.text for line in log_files.read(own.log(outcome))] == ["last words"]


def test_killed_from_outside(own: Bench, tmp_path: Path) -> None:
    attempt = own.start("own_pid", str(tmp_path / "pid"))
    behind = own.start("ok", 1)
    own.until((tmp_path / "pid").exists)
    pid = int((tmp_path / "pid").read_text())
    os.kill(outer_pids(own.places.scratch)[pid] if is_contained(own) else pid, signal.SIGKILL)
    error = own.outcome(attempt).error
    assert error is not None
    assert error.cause == Cause.KILLED
    own.until(lambda: behind in own.recalled())


def test_recall(own: Bench, tmp_path: Path) -> None:
    go = tmp_path / "go"
    head = own.start("wait_for", str(go))
    behind = [own.start("ok", number) for number in range(5)]
    own.executor.recall([behind[2]])
    own.executor.recall([behind[2]])
    own.until(lambda: behind[2] in own.recalled())
    own.executor.recall([behind[4], "digits/3/never/1#1", behind[0], behind[2]])
    own.until(lambda: sorted(own.recalled()[-2:]) == [behind[0], behind[4]])
    go.touch()
    for number in (1, 3):
        assert own.value(own.outcome(behind[number])) == 2 * number
    own.executor.recall([head])
    assert own.value(own.run("ok", 7)) == 14
    assert own.recalled().count(behind[2]) == 1
    assert behind[2] not in own.ended()
    assert head not in own.recalled()


def test_long_messages_wait_and_are_recalled(kept: Bench, tmp_path: Path) -> None:
    go = tmp_path / "go"
    head = kept.start("wait_for", str(go))
    values = [[bytes([number]) * 60 for _ in range(250)] * 4 for number in range(40)]
    behind = [kept.start("count_all", p0=value, p1=value, p2=value) for value in values]
    kept.executor.recall([behind[-1]])
    kept.executor.recall([behind[3]])
    assert sorted(kept.recalled()[-2:]) == sorted([behind[-1], behind[3]])
    go.touch()
    kept.outcome(head)
    for each in behind[:3] + behind[4:-1]:
        assert kept.value(kept.outcome(each)) == 3000
    assert [path.name for path in Path(kept.places.scratch).iterdir() if path.name != "writes"] == []


@pytest.mark.parametrize("cause", [Cause.TIMEOUT, Cause.CANCELLED])
@pytest.mark.parametrize("function", ["own_pid", "stuck_in_c"])
def test_cancel(own: Bench, tmp_path: Path, cause: Cause, function: str) -> None:
    attempt = own.start(function, str(tmp_path / "pid"))
    behind = own.start("ok", 2)
    own.until((tmp_path / "pid").exists)
    own.executor.cancel(attempt, cause)
    own.executor.cancel(attempt, Cause.KILLED)
    again = own.start("ok", 3)
    outcome = own.outcome(attempt)
    assert outcome.error is not None
    assert outcome.error.cause == cause
    assert outcome.status == (TaskStatus.CANCELLED if cause is Cause.CANCELLED else TaskStatus.FAILED)
    own.until(lambda: behind in own.recalled())
    assert not is_alive(own, int((tmp_path / "pid").read_text()))
    assert own.value(own.outcome(again)) == 6


def test_cancel_of_what_has_not_begun(own: Bench, tmp_path: Path) -> None:
    go = tmp_path / "go"
    head, behind, last = own.start("wait_for", str(go)), own.start("ok", 1), own.start("ok", 2)
    own.executor.cancel(behind, Cause.CANCELLED)
    go.touch()
    assert own.value(own.outcome(last)) == 4
    assert own.value(own.outcome(head)) == "seen"
    own.until(lambda: behind in own.recalled())
    assert behind not in own.ended()


def test_what_an_attempt_starts_ends_with_it(own: Bench) -> None:
    pids = own.value(own.run("leave_children"))
    assert [pid for pid in pids if is_alive(own, pid)] == []


def test_what_a_cancelled_attempt_started_ends_with_it(own: Bench, tmp_path: Path) -> None:
    attempt = own.start("leave_children_and_wait", str(tmp_path / "pids"))
    own.until((tmp_path / "pids").exists)
    own.executor.cancel(attempt, Cause.TIMEOUT)
    own.outcome(attempt)
    pids = list(map(int, (tmp_path / "pids").read_text().split()))
    assert len(pids) == 4
    assert [pid for pid in pids if is_alive(own, pid)] == []


def test_what_a_killed_attempt_started_ends_with_it(own: Bench, tmp_path: Path) -> None:
    outcome = own.run("leave_children_and_die", str(tmp_path / "pids"))
    assert outcome.error is not None
    assert outcome.error.cause == Cause.KILLED
    pids = list(map(int, (tmp_path / "pids").read_text().split()))
    assert len(pids) == 3
    assert [pid for pid in pids if is_alive(own, pid)] == []


@pytest.mark.parametrize("function", ["eat_memory", "eat_memory_in_child"])
def test_out_of_memory(own: Bench, function: str) -> None:
    lane = Lane(7, memory_bytes=150 << 20)
    outcome = own.run(function, 600 << 20, lane=lane)
    assert outcome.error is not None
    assert outcome.error.cause == Cause.OUT_OF_MEMORY
    assert "more than its memory of 150 MiB" in outcome.error.message
    assert outcome.usage.peak_bytes > 150 << 20
    assert own.value(own.run("ok", 3, lane=lane)) == 6


def test_a_limit_belongs_to_its_lane(own: Bench) -> None:
    assert own.run("eat_memory", 400 << 20, lane=Lane(8, memory_bytes=30 << 20)).status == TaskStatus.FAILED
    assert own.run("ok", 1, lane=Lane(9, memory_bytes=200 << 20)).status == TaskStatus.DONE
    outcome = own.run("eat_memory", 250 << 20, lane=Lane(10))
    assert outcome.status == TaskStatus.DONE
    assert outcome.usage.peak_bytes > 150 << 20


def test_leaves_a_thread(own: Bench) -> None:
    assert own.value(own.run("leave_thread")) >= 2
    assert own.value(own.run("ok", 2)) == 4


def test_prints_100_mb(own: Bench) -> None:
    outcome = own.run("print_much", 100_000_000)
    assert outcome.log is not None
    assert outcome.log.end - outcome.log.start > 100_000_000
    assert outcome.usage.peak_bytes < 100_000_000


def test_prints_binary(own: Bench) -> None:
    outcome = own.run("print_binary")
    assert own.log(outcome) == b"\xff\x00\xferaw\nfrom a child\n"
    assert [line.text for line in log_files.read(own.log(outcome))] == ["\\xff\x00\\xferaw", "from a child"]


def test_threads_of_libraries_follow_cpu(own: Bench) -> None:
    assert own.value(own.run("threads_variable")) == "1"
    assert own.value(own.run("threads_variable", lane=Lane(11, cpu=2.0))) == "2"
    assert own.value(own.run("threads_variable", lane=Lane(12, cpu=0.5))) == "1"


def test_a_gpu_attempt_owns_its_process(own: Bench) -> None:
    lane = Lane(13, gpus=("1",))
    ids = [own.start("visible_gpus", lane=lane) for _ in range(3)]
    values = [own.value(own.outcome(each)) for each in ids]
    assert [gpus for gpus, _ in values] == ["1", "1", "1"]
    assert len({pid for _, pid in values}) == 3
    assert [pid for _, pid in values if is_alive(own, pid)] == []


def test_a_waiting_gpu_attempt_is_recalled(own: Bench, tmp_path: Path) -> None:
    lane, go = Lane(14, gpus=("0",)), tmp_path / "go"
    head = own.start("wait_for", str(go), lane=lane)
    recalled, cancelled = own.start("ok", lane=lane), own.start("ok", lane=lane)
    own.executor.recall([recalled])
    own.executor.cancel(cancelled, Cause.CANCELLED)
    own.until(lambda: sorted(own.recalled()[-2:]) == [recalled, cancelled])
    go.touch()
    assert own.value(own.outcome(head)) == "seen"
