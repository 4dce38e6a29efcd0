"""One reader in many threads, while a run is driven."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from penstock.errors import JournalError
from penstock.journal import queries
from penstock.journal.journal import Journal
from penstock.journal.views import TaskRow
from penstock.model.rows import Batch, RunEnd
from penstock.project import Project
from penstock.reading import log_lines
from penstock.reading.reader import JournalReader
from penstock.reading.values import Loader
from tests.recorded import Recorded, line, outcome, task

TASKS = 300


def test_eight_threads_read_through_one_reader_what_a_run_writes(recorded: Recorded):
    run = recorded.begin("digits", rows=[1, 2])
    stored = [recorded.stored({"task": n}) for n in range(1, TASKS + 1)]
    reader, over = JournalReader(Project.find(recorded.home.parent)), Event()

    def look() -> tuple[list[TaskRow], list[str], list[object]]:
        seen: dict[int, TaskRow] = {}
        since, page, lines, values = 0, None, list[str](), list[object]()
        while True:
            ends = over.is_set()
            row = queries.resolve(reader.journal, "digits")
            changed = queries.tasks_changed(reader.journal, row.id, since, 50)
            seen |= {found.id: found for found in changed}
            since = changed[-1].revision if changed else since
            values += [Loader(reader, row).load_result(found, found.result) for found in changed[:2] if found.result]
            page = log_lines.page_after(reader, row, after=page and page.after, limit=40)
            lines += [one.text for one in page.lines]
            assert len(queries.tasks(reader.journal, row.id, "fit", limit=7)) <= 7
            assert queries.detail(reader.journal, row.id).params[0][0] == "rows"
            if ends and not changed and not page.lines:
                return list(seen.values()), lines, values

    with ThreadPoolExecutor(8) as pool:
        looks = [pool.submit(look) for _ in range(8)]
        for n, value in enumerate(stored, 1):
            log = recorded.log(run.run_id, "w1.log", line(f"line {n}"))
            run.commit(Batch((task(n, "digits.fit", n, outcome(value, log=log)),)))
        run.end(RunEnd("done"))
        over.set()
        found = [one.result() for one in looks]
    run.close()
    for tasks, lines, values in found:
        assert tasks == queries.tasks(reader.journal, run.id)
        assert lines == [f"line {n}" for n in range(1, TASKS + 1)]
        assert values
        assert all(value in [{"task": n} for n in range(1, TASKS + 1)] for value in values)


def test_threads_have_connections_of_their_own_which_end_with_them(recorded: Recorded):
    recorded.begin("digits").close()
    reader = JournalReader(Project.find(recorded.home.parent))
    with ThreadPoolExecutor(1) as pool:
        first: Journal = pool.submit(lambda: reader.journal).result()
        assert pool.submit(lambda: reader.journal).result() is first
        assert reader.journal is reader.journal is not first
    database = first.database
    assert database.rows("SELECT 1") == [(1,)]
    del first
    with pytest.raises(JournalError, match="closed database"):
        database.rows("SELECT 1")


def test_a_reader_that_was_there_first_finds_the_project_s_first_run(project_folder: Path):
    reader = JournalReader(Project.find(project_folder))
    assert queries.runs(reader.journal) == []
    recorded = Recorded(project_folder)
    recorded.begin("digits").close()
    assert [row.run_id for row in queries.runs(reader.journal)] == ["digits/1"]
    recorded.close()


def test_what_is_asked_as_the_first_run_begins_is_answered(tmp_path: Path):
    (tmp_path / "penstock.toml").touch()
    reader = JournalReader(Project.find(tmp_path))
    journal = reader.journal
    with journal.database.limited(lambda: False):
        with closing(Recorded(tmp_path)) as recorded:
            recorded.begin("digits").close()
        assert reader.journal is not journal
        assert queries.runs(journal) == []
    assert len(queries.runs(reader.journal)) == 1
