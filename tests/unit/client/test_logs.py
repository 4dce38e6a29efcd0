"""Log files become lines that know whose they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import penstock
from penstock.client import logs
from penstock.client.reader import Reader
from penstock.client.structs import LogLine
from penstock.journal import queries
from penstock.journal.views import RunRow
from penstock.model.rows import Batch, RunEnd
from tests.recorded import BEGAN, Recorded, line, outcome, record_done, task


def row(reader: Reader) -> RunRow:
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


def test_levels_and_steps_choose_lines(recorded: Recorded):
    record_done(recorded)
    reader = Reader.here()
    assert [one.text for one in logs.at_least("warning", logs.of_run(reader, row(reader)))] == ["first try"]
    assert len(list(logs.at_least("info", logs.of_run(reader, row(reader))))) == 4
    assert [one.text for one in logs.of_step("load", logs.of_run(reader, row(reader)))] == ["hello"]


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
        monkeypatch.setattr(logs, "_CHUNK", size)
        assert [one.text for one in penstock.run().task("load").logs()] == whole


def test_following_gives_what_comes_until_the_run_is_over(recorded: Recorded):
    run = recorded.begin("digits")
    mark = line("digits/1/train/7#2", level="@", stream="-")
    recorded.log(run.run_id, "w1.log", mark + line("one") + line("half", BEGAN + 1)[:-3])
    steps = iter(
        [
            lambda: recorded.log(run.run_id, "w1.log", b"lf\n" + b"raw\n" + line("two", BEGAN + 2)),
            lambda: recorded.log(run.run_id, "w2.log", line("another", BEGAN + 3) + b"unfin"),
            lambda: run.end(RunEnd("done")),
        ]
    )
    seen: list[tuple[str, str, int]] = []
    rounds: list[int] = []

    def pause() -> None:
        rounds.append(len(seen))
        next(steps)()

    reader = Reader.here()
    found: Iterator[LogLine] = logs.follow(reader, row(reader), pause)
    for one in found:
        seen.append((one.text, one.task, one.attempt))
    run.close()
    assert seen == [
        ("one", "digits/1/train/7", 2),
        ("half", "digits/1/train/7", 2),
        ("raw", "", 0),
        ("two", "digits/1/train/7", 2),
        ("another", "", 0),
        ("unfin", "", 0),
    ]
    assert rounds == [1, 4, 5]
