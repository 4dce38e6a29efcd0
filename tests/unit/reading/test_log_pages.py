"""Pages of a log's lines are its lines, in either direction, while it is written."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock.journal import queries
from penstock.journal.handle import RunHandle
from penstock.journal.views import RunRow
from penstock.model.rows import Batch, RunEnd
from penstock.project import Project
from penstock.reading import log_lines, log_parts
from penstock.reading.log_lines import Page
from penstock.reading.reader import JournalReader
from penstock.worker import log_files
from tests.recorded import BEGAN, Recorded, line, outcome, task

MARK = line("digits/1/train/7#2", level="@", stream="-")


def timed(at: int, text: str) -> bytes:
    return line(text, BEGAN + at)


LINES = st.one_of(
    st.builds(timed, st.integers(0, 5), st.text("ab", max_size=30)),
    st.builds(timed, st.integers(0, 5), st.just("x" * 70)),
    st.sampled_from([b"raw\n", MARK]),
)
WRITTEN = st.lists(st.tuples(st.sampled_from(["w1.log", "w2.log", "flow.1.log"]), LINES), max_size=25)


@contextmanager
def written(data: list[tuple[str, bytes]]) -> Generator[tuple[Recorded, JournalReader, RunRow, RunHandle]]:
    """A run that goes on, with logs that are read in small parts."""
    parts = mock.patch.multiple(log_parts, _CHUNK=64, _TAIL=16)
    with tempfile.TemporaryDirectory() as folder, parts, mock.patch.object(log_files, "LONGEST", 32):
        recorded = Recorded(Path(folder))
        run = recorded.begin("digits")
        for name, one in data:
            recorded.log(run.run_id, name, one)
        reader = JournalReader(Project.find(Path(folder)))
        yield recorded, reader, queries.resolve(reader.journal), run
        run.close()
        recorded.close()


def forward(reader: JournalReader, row: RunRow, limit: int, page: Page | None = None) -> Iterator[Page]:
    while True:
        page = log_lines.page_after(reader, row, after=page and page.after, limit=limit)
        yield page
        if not page.lines:
            return


@settings(max_examples=30, deadline=None)
@given(WRITTEN, st.integers(1, 9))
@example([("w1.log", MARK), ("w1.log", b"raw\n"), ("w1.log", timed(0, "x" * 70)), ("w1.log", timed(0, "a"))], 1)
def test_pages_from_the_beginning_and_from_the_end_are_all_lines(data: list[tuple[str, bytes]], limit: int):
    with written(data) as (_, reader, row, _):
        whole = list(log_lines.of_run(reader, row))
        assert [one for page in forward(reader, row, limit) for one in page.lines] == whole
        back, page = list[list[log_lines.LogLine]](), log_lines.page_before(reader, row, limit=limit)
        while page.lines:
            back.append(page.lines)
            page = log_lines.page_before(reader, row, before=page.before, limit=limit)
        found = [one for lines in reversed(back) for one in lines]
        for worker in ("w1", "w2", "flow.1"):
            assert [one for one in found if one.worker == worker] == [one for one in whole if one.worker == worker]
        times = [one.at for one in found]
        if None not in times and times == sorted(
            filter(None, times)
        ):  # else it may not be known when a line was written
            assert found == whole
        assert all(len(lines) >= limit for lines in back[:-1])


@settings(max_examples=30, deadline=None)
@given(WRITTEN, WRITTEN, st.integers(1, 9))
def test_what_is_written_later_follows_the_page_that_was_last(
    data: list[tuple[str, bytes]], more: list[tuple[str, bytes]], limit: int
):
    with written(data) as (recorded, reader, row, _):
        *_, page = forward(reader, row, limit)
        last = log_lines.page_before(reader, row, limit=limit)
        before = list(log_lines.of_run(reader, row))
        for name, one in more:
            recorded.log(row.run_id, name, one)
        for at in (page, last):
            added = [one for page in forward(reader, row, limit, at) for one in page.lines]
            assert sorted(map(str, [*before, *added])) == sorted(map(str, log_lines.of_run(reader, row)))


def test_a_line_that_is_not_whole_comes_with_a_later_page():
    with written([("w1.log", line("one") + line("half")[:-3])]) as (recorded, reader, row, run):
        first = log_lines.page_after(reader, row)
        assert (str(first.lines), str(log_lines.page_before(reader, row).lines)) == ("one", "one")
        recorded.log(row.run_id, "w1.log", b"lf\nend")
        second = log_lines.page_after(reader, row, after=first.after)
        assert str(second.lines) == "half"
        assert log_lines.page_after(reader, row, after=second.after).lines == []
        run.end(RunEnd("done"))
        assert str(log_lines.page_after(reader, row, after=second.after).lines) == "end"


def test_the_pages_of_a_task_are_its_attempts_one_after_another():
    with written([]) as (recorded, reader, row, run):
        other = recorded.log(row.run_id, "w1.log", line("another's"))
        log = recorded.log(row.run_id, "w1.log", b"".join(line(f"l{n}") for n in range(7)) + b"raw")
        run.commit(Batch((task(1, "digits.a", 1, outcome(log=log)), task(2, "digits.a", 2, outcome(log=other)))))
        found = queries.task(reader.journal, row.id, "a", 1)
        first = log_lines.page_after(reader, row, found, limit=3)
        second = log_lines.page_after(reader, row, found, after=first.after, limit=9)
        assert (str(first.lines), str(second.lines)) == ("l0\nl1\nl2", "l3\nl4\nl5\nl6\nraw")
        last = log_lines.page_before(reader, row, found, limit=2)
        assert str(last.lines) == "l6\nraw"
        assert str(log_lines.page_before(reader, row, found, before=last.before, limit=2).lines) == "l4\nl5"


def test_pages_hold_what_is_wanted_and_pass_by_the_rest():
    data = [("w1.log", b"".join(line(f"l{n}", BEGAN, "W" if n % 10 == 0 else "-") for n in range(95)))]
    with written(data) as (_, reader, row, _):
        first = log_lines.page_after(reader, row, limit=4, wanted=lambda one: one.level == "warning")
        assert str(first.lines) == "l0\nl10\nl20\nl30"
        assert str(log_lines.page_after(reader, row, after=first.after, limit=1).lines) == "l31"
        last = log_lines.page_before(reader, row, limit=2, wanted=lambda one: one.level == "warning")
        assert str(last.lines) == "l80\nl90"
        assert str(log_lines.page_before(reader, row, before=last.before, limit=1).lines) == "l79"
