"""Log files become lines that know whose they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import penstock
from penstock.journal import queries
from penstock.journal.views import RunRow
from penstock.model.outcomes import Log
from penstock.model.rows import AttemptRecord, Batch, RunEnd
from penstock.project import Project
from penstock.reading import log_lines, log_parts
from penstock.reading.reader import JournalReader
from penstock.reading.structs import LogLine
from penstock.worker.log_files import body_log, driver_of
from tests.recorded import BEGAN, Recorded, error, line, outcome, record_done, task


def row(reader: JournalReader) -> RunRow:
    return queries.resolve(reader.journal)


def test_the_lines_of_a_run_come_by_time_with_their_tasks(recorded: Recorded):
    record_done(recorded)
    lines = penstock.run().logs()
    assert [(one.text, one.task, one.attempt, one.level, one.stream, one.worker) for one in lines] == [
        ("hello", "digits/1/load/1", 1, "", "stdout", "w1"),
        ("first try", "digits/1/train/2", 1, "warning", "stderr", "w1"),
        ("raw", "digits/1/train/2", 1, "", "", "w1"),
        ("second try", "digits/1/train/2", 2, "", "stdout", "w2"),
    ]
    assert lines[0].at is not None
    assert lines[0].at.timestamp() == BEGAN
    assert lines[2].at is None
    assert str(lines) == "hello\nfirst try\nraw\nsecond try"


def test_the_lines_of_a_body_are_its_run_s_and_its_driver_s(recorded: Recorded):
    run = record_done(recorded)
    recorded.log(run.run_id, "flow.1.log", line("begun", BEGAN - 1) + line("careful", BEGAN + 2.5, "W", "e"))
    recorded.log(run.run_id, "flow.12.log", line("begun", BEGAN + 9) + line("ended", BEGAN + 10))
    lines = penstock.run().logs()
    assert [(one.text, one.task, one.attempt, one.worker) for one in lines if one.worker.startswith("flow")] == [
        ("begun", "digits/1", 1, "flow.1"),
        ("careful", "digits/1", 1, "flow.1"),
        ("begun", "digits/1", 12, "flow.12"),
        ("ended", "digits/1", 12, "flow.12"),
    ]
    assert [one.text for one in lines] == [
        "begun",
        "hello",
        "first try",
        "raw",
        "careful",
        "second try",
        "begun",
        "ended",
    ]
    assert penstock.run().logs(last=3) == lines[-3:]
    assert penstock.run().logs("warning") == [lines[2], lines[4]]
    assert str(penstock.run().task("train/2").logs()) == "first try\nraw\nsecond try"


@pytest.mark.parametrize("name", ["flow-1.log", "flow.1-1.log", "flow..log", "flow.x.log", "flow.1.log.log"])
def test_the_log_of_a_worker_is_no_body_s(name: str):
    assert driver_of(name) == 0
    assert driver_of(body_log("7")) == 7


def test_levels_and_steps_choose_lines(recorded: Recorded):
    record_done(recorded)
    reader = JournalReader(Project.find())
    assert [one.text for one in log_lines.lines_of(reader, row(reader), None, "warning", None)] == ["first try"]
    assert len(log_lines.lines_of(reader, row(reader), None, "info", None)) == 4
    assert [one.text for one in log_lines.of_run(reader, row(reader)) if log_lines.is_of_step("load", one)] == ["hello"]


def test_a_run_that_printed_nothing_has_no_lines(recorded: Recorded):
    recorded.begin("digits").close()
    assert penstock.run().logs() == []


def test_a_log_that_was_removed_has_no_lines(recorded: Recorded):
    run = record_done(recorded)
    (recorded.home / "logs" / run.folder / "w1.log").unlink()
    assert str(penstock.run().logs()) == "second try"
    assert str(penstock.run().task("train/2").logs()) == "second try"


def test_blank_lines_and_long_logs_are_kept(recorded: Recorded, monkeypatch: pytest.MonkeyPatch):
    run = recorded.begin("digits")
    data = line("") + b"\n" + line("x" * 50) * 20 + b"no end"
    log = recorded.log(run.run_id, "w1.log", data)
    run.commit(Batch((task(1, "digits.load", 1, outcome(recorded.stored(1), log=log)),)))
    run.close()
    whole = [one.text for one in penstock.run().logs()]
    assert whole == ["", "", *["x" * 50] * 20, "no end"]
    for size in (1, 7, 64):
        monkeypatch.setattr(log_parts, "_CHUNK", size)
        assert [one.text for one in penstock.run().task("load").logs()] == whole


def test_following_gives_what_comes_until_the_run_is_over(recorded: Recorded):
    run = recorded.begin("digits")
    mark = line("digits/1/train/7#2", level="@", stream="-")
    recorded.log(run.run_id, "w1.log", mark + line("one") + line("half", BEGAN + 1)[:-3])
    steps = iter(
        [
            lambda: recorded.log(run.run_id, "w1.log", b"lf\n" + b"raw\n" + line("two", BEGAN + 2)),
            lambda: recorded.log(run.run_id, "w2.log", line("another", BEGAN + 3) + b"unfin"),
            lambda: recorded.log(run.run_id, "flow.2.log", line("of the body", BEGAN + 4)),
            lambda: run.end(RunEnd("done")),
        ]
    )
    seen: list[tuple[str, str, int]] = []
    rounds: list[int] = []

    def pause() -> None:
        rounds.append(len(seen))
        next(steps)()

    reader = JournalReader(Project.find())
    found: Iterator[LogLine] = log_lines.follow(reader, row(reader), pause)
    for one in found:
        seen.append((one.text, one.task, one.attempt))
    run.close()
    assert seen == [
        ("one", "digits/1/train/7", 2),
        ("half", "digits/1/train/7", 2),
        ("raw", "", 0),
        ("two", "digits/1/train/7", 2),
        ("another", "", 0),
        ("of the body", "digits/1", 2),
        ("unfin", "", 0),
    ]
    assert rounds == [1, 4, 5, 6]


def record_long(recorded: Recorded, count: int) -> None:
    run = recorded.begin("long")
    first = recorded.log(run.run_id, "w1.log", b"".join(line(f"a{n}", BEGAN + n) + b"raw\n" for n in range(count)))
    other = recorded.log(run.run_id, "w2.log", b"".join(line(f"b{n}", BEGAN + n + 0.5) for n in range(count)))
    again = recorded.log(run.run_id, "w1.log", line("last", BEGAN + count, "W", "e"))
    done = recorded.stored(1)
    run.commit(
        Batch(
            (
                task(1, "long.a", 1, outcome(done, log=again), attempt=2),
                task(2, "long.b", 1, outcome(done, log=other)),
            ),
            (AttemptRecord(1, 1, outcome(error=error("flaky"), log=first)),),
        )
    )
    run.close()


def test_the_last_lines_are_the_end_of_all_lines(recorded: Recorded, monkeypatch: pytest.MonkeyPatch):
    record_long(recorded, 300)
    run = penstock.run()
    whole = run.logs()
    assert len(whole) == 901
    for size in (16, 200, 1 << 16):
        monkeypatch.setattr(log_parts, "_TAIL", size)
        for count in (1, 2, 7, 300, 2000):
            assert [one.text for one in run.logs(last=count)] == [one.text for one in whole[-count:]]
            for name in ("a", "b"):
                assert run.task(name).logs(last=count) == run.task(name).logs()[-count:]
        assert [one.text for one in run.logs("warning", last=3)] == ["last"]


def test_the_end_of_a_long_log_is_read_alone(recorded: Recorded):
    """A log of two GB, of which nearly all is a hole."""
    run = recorded.begin("huge")
    path = recorded.home / "logs" / queries.resolve(recorded.journal, run.run_id).folder / "w1.log"
    recorded.log(run.run_id, "w1.log", line("first"))
    os.truncate(path, 2 << 30)
    recorded.log(run.run_id, "w1.log", b"\n" + line("the end", BEGAN + 1))
    log = Log("w1.log", 0, path.stat().st_size)
    run.commit(Batch((task(1, "huge.load", 1, outcome(recorded.stored(1), log=log)),)))
    run.close()
    before = read_so_far()
    assert [one.text for one in penstock.run().task("load").logs(last=1)] == ["the end"]
    assert [one.text for one in penstock.run().logs(last=1)] == ["the end"]
    reader = JournalReader(Project.find())
    assert next(iter(log_lines.of_run(reader, row(reader)))).text == "first"
    assert read_so_far() - before < 20 << 20


def read_so_far() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


def test_a_line_without_an_end_is_read_in_parts(recorded: Recorded):
    run = recorded.begin("digits")
    log = recorded.log(run.run_id, "w1.log", b"\xff" * (5 << 20) + b"\n")
    run.commit(Batch((task(1, "digits.load", 1, outcome(recorded.stored(1), log=log)),)))
    run.close()
    lines = penstock.run().task("load").logs()
    assert sum(len(one.text) for one in lines) == (5 << 20) * 4
    assert max(len(one.text) for one in lines) <= 4 << 16


def test_a_line_without_an_end_can_be_followed(recorded: Recorded):
    run = recorded.begin("digits")
    recorded.log(run.run_id, "w1.log", b"x" * (3 << 20))
    seen: list[int] = []

    def pause() -> None:
        seen.append(sum(len(one.text) for one in found))
        run.end(RunEnd("done"))

    found: list[LogLine] = []
    reader = JournalReader(Project.find())
    for one in log_lines.follow(reader, row(reader), pause):
        found.append(one)
    run.close()
    assert seen == [3 << 20]
