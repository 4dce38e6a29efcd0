"""How the flow of a run is found again. What a resume does is tested with real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

import penstock
from penstock.errors import NotFoundError, UsageError
from penstock.journal import queries
from penstock.journal.views import RunDetail
from penstock.launch.flow_of_run import flow_of
from penstock.launch.resuming import params_of
from penstock.project import Project
from penstock.reading.reader import JournalReader
from tests.recorded import Recorded, record_crashed, record_done

SOURCE = """
from penstock import flow

@flow
def digits(rows: int = 1):
    return rows

@flow
def other():
    return 0
"""


def detail(recorded: Recorded, file: str, qualname: str = "digits") -> RunDetail:
    run = record_crashed(recorded)
    return queries.detail(recorded.journal, run.id)._replace(module=Path(file).stem, file=file, qualname=qualname)


def test_the_flow_comes_from_its_file(recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "flow_of_a_test.py"
    file.write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    row = queries.resolve(recorded.journal, record_crashed(recorded).run_id)
    found = flow_of(row, detail(recorded, str(file)))
    assert (found.name, found.fn.__module__) == ("digits", "flow_of_a_test")
    # A module that is loaded is not loaded again.
    assert flow_of(row, detail(recorded, str(file))) is found


def test_a_file_that_is_gone_is_told(recorded: Recorded, tmp_path: Path):
    row = queries.resolve(recorded.journal, record_crashed(recorded).run_id)
    with pytest.raises(
        NotFoundError, match=r"the file of wide/1 is gone: .* `penstock.resume\('wide/1', flow=digits\)`"
    ):
        flow_of(row, detail(recorded, str(tmp_path / "gone.py")))


def test_a_notebooks_flow_must_be_given(recorded: Recorded):
    row = queries.resolve(recorded.journal, record_crashed(recorded).run_id)
    with pytest.raises(UsageError, match=r"came from a notebook .* `penstock.resume\('wide/1', flow=digits\)`"):
        flow_of(row, detail(recorded, ""))


def test_the_flow_of_this_notebook_is_found(recorded: Recorded, monkeypatch: pytest.MonkeyPatch):
    import sys

    @penstock.flow
    def notebook_flow() -> int:
        return 1

    monkeypatch.setattr(sys.modules["__main__"], "notebook_flow", notebook_flow, raising=False)
    row = queries.resolve(recorded.journal, record_crashed(recorded).run_id)
    assert flow_of(row, detail(recorded, "", "notebook_flow")) is notebook_flow


def test_parameters_are_as_they_were(recorded: Recorded):
    record_done(recorded)
    reader = JournalReader(Project.find())
    assert params_of(reader, queries.resolve(reader.journal)) == {"rows": 5, "depths": [2, 4]}
