"""What is told beside what the flow's body prints."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from penstock.cli.display import write
from penstock.cli.live_display import newest_line
from penstock.sdk import attempts, session
from penstock.worker.flow_logs import BodyLog
from penstock.worker.flow_streams import Streams


def test_the_newest_line_is_a_worker_s(tmp_path: Path):
    for age, name in enumerate(["flow.1.log", "process-1-1.log", "process-1-2.log"]):
        (tmp_path / name).write_text(f"\x1e1700000000.000 -o of {name}\n")
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    assert newest_line(tmp_path) == "of process-1-1.log"
    for file in tmp_path.glob("process*"):
        file.unlink()
    assert newest_line(tmp_path) == ""


def test_what_is_told_in_the_body_s_thread_is_not_the_body_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run, file = SimpleNamespace(), tmp_path / "flow.1.log"
    run.whole = run
    place = session.Place(run)  # type: ignore[arg-type]  # whose body it is is all that is asked
    with BodyLog(str(file), 0, Streams(), print) as log, attempts.outside(), session.entered(place):
        log.take(run)
        write("building an environment")
        assert not file.exists()
        print("by the body", file=sys.stderr)
        assert file.exists()
    assert capsys.readouterr().err == "building an environment\nby the body\n"
