"""Drives one flow of a project, as a process of its own: `python -P drive.py ORDER REPORT`.

ORDER is JSON (see `Project.command` in flows.py); what came of it is written to REPORT, as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from penstock.engine.driver import Driver
from penstock.journal import queries
from penstock.launch import flow_modules, runs
from penstock.launch.driving import Driving, Watcher
from penstock.launch.preparing import RunRequest
from penstock.launch.resuming import params_of
from penstock.model.states import RunStatus
from penstock.project import Project
from penstock.reading.reader import JournalReader


class Listener(Watcher):
    """Keeps what a watcher is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.status = ""
        self.driver: Driver | None = None

    def began(self, run_id: str, driver: Driver) -> None:
        self.driver = driver

    def said(self, text: str) -> None:
        self.notes.append(text)

    def interrupted(self, again: bool) -> None:
        Path("interrupted-again" if again else "interrupted").touch()

    def ended(self, run_id: str, status: RunStatus, go_on: str) -> None:
        self.status = status.value


def main(order: dict[str, Any], report: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job may have it ignored
    exec(order["before"], {})
    listener = Listener()
    found: dict[str, Any] = {}
    try:
        found["result"] = _drive(order, Driving(**order["how"], watcher=listener))
    except BaseException as error:
        found["error"] = _told(error)
    found["notes"] = listener.notes
    found["status"] = listener.status
    found["unused"] = [f"{task.name}/{task.number}" for task in listener.driver.unused_prior] if listener.driver else []
    part = report.with_suffix(".part")
    part.write_text(json.dumps(found, default=repr))
    part.rename(report)


def _drive(order: dict[str, Any], how: Driving) -> Any:
    project = Project.find()
    flow = flow_modules.load_flow(order["target"])
    if order["run"]:
        params = params_of(JournalReader(project), queries.resolve(project.reader, order["run"]))
    else:
        params = flow.parameters(**order["params"])
    return runs.prepare(project, RunRequest(flow, params, order["run"] or ""), how).drive()


def _told(error: BaseException) -> dict[str, Any]:
    return {
        "type": type(error).__name__,
        "bases": [base.__name__ for base in type(error).__mro__],
        "text": str(error),
        "notes": getattr(error, "__notes__", []),
        "cause": str(error.__cause__ or ""),
        "traceback": "".join(traceback.format_exception(error)),
    }


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), Path(os.path.abspath(sys.argv[2])))
