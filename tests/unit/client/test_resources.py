"""What the steps of recorded runs have used, summed up."""

from __future__ import annotations

import pytest

from penstock.client.resources import resources
from penstock.errors import NotFoundError, UsageError
from penstock.model.outcomes import Error, Outcome, Usage
from penstock.model.rows import AttemptRecord, Batch, RunEnd, TaskRecord
from penstock.model.states import Cause
from penstock.reading.resource_structs import SpreadInfo, StepResourcesInfo
from tests.journal_records import digest
from tests.recorded import BEGAN, Recorded, record_done, record_failed, record_running, task

MIB = 1 << 20


def used(recorded: Recorded, wall_s: float, cpu_s: float = 0.0, peak: int = 0, cause: str = "") -> Outcome:
    usage = Usage(BEGAN, wall_s, cpu_s, peak, 100, 7)
    error = Error(cause, "", "no") if cause else None
    return Outcome("failed" if error else "done", None if error else recorded.stored(1), error, usage)


def record(recorded: Recorded, *tasks: TaskRecord, earlier: tuple[AttemptRecord, ...] = ()) -> str:
    run = recorded.begin("digits")
    run.commit(Batch(tasks, earlier))
    run.end(RunEnd("done"))
    run.close()
    return run.run_id


def of(step: str, name: str = "digits") -> StepResourcesInfo:
    return next(found for found in resources(name).steps if found.step == step)


def test_each_attempt_counts_once(recorded: Recorded) -> None:
    record(
        recorded,
        task(1, "digits.train", 1, used(recorded, 2.0, 3.0, 100 * MIB)),
        task(2, "digits.train", 2, used(recorded, 4.0, 4.0, 200 * MIB), attempt=2),
        earlier=(AttemptRecord(2, 1, used(recorded, 1.0, 1.0, 900 * MIB, Cause.OUT_OF_MEMORY.value)),),
    )
    record(
        recorded,
        task(1, "digits.train", 1, used(recorded, 6.0, 6.0, 0)),
        task(2, "digits.train", 2, used(recorded, 60.0, 1.0, MIB, Cause.TIMEOUT.value)),
        task(3, "digits.train", 3, used(recorded, 0.5, 1.0, MIB, Cause.RAISED.value)),
    )
    found = of("train")
    assert (found.step_path, found.attempts, found.done) == ("digits.train", 6, 3)
    assert (found.out_of_memory, found.timeouts) == (1, 1)
    assert found.wall_s == SpreadInfo(4.0, 6.0, 6.0)
    assert found.cores == SpreadInfo(1.0, 1.5, 1.5)
    assert found.peak_bytes == SpreadInfo(100 * MIB, 200 * MIB, 200 * MIB)
    assert found.read_bytes == SpreadInfo(100, 100, 100)
    assert found.suggestion.text == '@step(cpu=2, memory="2GiB", timeout="2m")'
    assert len(found.suggestion.notes) == 3


def test_what_was_reused_and_what_never_began_is_not_looked_at(recorded: Recorded) -> None:
    reused = task(1, "digits.load", 1, used(recorded, 5.0, 5.0, MIB))._replace(origin="digits/1/load/1")
    missed = Outcome("failed", error=Error(Cause.UPSTREAM.value, "", "not there"))
    running = TaskRecord(3, "digits.load", "load", 3, digest("running"), "running", (), (), b"", 1, None)
    record(recorded, reused, task(2, "digits.load", 2, missed), running)
    assert resources("digits").steps == ()


def test_short_attempts_say_nothing_of_cores(recorded: Recorded) -> None:
    record(recorded, *(task(at, "digits.load", at, used(recorded, 0.01, 0.02, MIB)) for at in (1, 2, 3)))
    found = of("load")
    assert found.cores is None
    assert found.suggestion.text == '@step(memory="64MiB", timeout="1m")'


def test_a_flow_a_run_or_a_step_of_it(recorded: Recorded) -> None:
    record_done(recorded)
    record_failed(recorded)
    record_done(recorded)
    record_running(recorded)
    assert [step.step for step in resources("digits").steps] == ["load", "train", "evaluate", "probe"]
    assert [step.attempts for step in resources("digits").steps] == [2, 7, 1, 1]
    assert resources("dig").of == "digits"
    one = resources("digits/1")
    assert (one.of, one.flow) == ("digits/1", "digits")
    assert [(step.step, step.attempts, step.done) for step in one.steps] == [("load", 1, 1), ("train", 3, 2)]
    assert [step.step for step in resources("digits/1/tr").steps] == ["train"]
    assert resources("digits/1/tr").of == "digits/1/train"
    assert resources().of == "wide"


def test_names_that_are_wrong(recorded: Recorded) -> None:
    record_done(recorded)
    with pytest.raises(NotFoundError, match="no run is named 'none'"):
        resources("none")
    with pytest.raises(NotFoundError, match="has no step 'none'"):
        resources("digits/1/none")
    with pytest.raises(UsageError, match="digits/1/train/1 is one task: name a flow, a run, or a step, as digits/1/tr"):
        resources("digits/1/train/1")


def test_the_latest_attempts_are_looked_at(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penstock.reading.resource_use._ATTEMPTS", 3)
    for wall_s in (9.0, 1.0):
        record(recorded, *(task(at, "digits.load", at, used(recorded, wall_s + at)) for at in (1, 2)))
    assert of("load").wall_s == SpreadInfo(3.0, 11.0, 11.0)
