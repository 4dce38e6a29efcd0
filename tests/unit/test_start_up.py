"""What an import of Penstock must not import: start-up time is a promise, and modules can be counted."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    *("asyncio", "click", "cloudpickle", "email", "importlib.metadata", "msgspec", "multiprocessing", "numpy"),
    *("pandas", "rich", "sqlite3", "subprocess", "tomllib", "zipfile"),
}


WORKERS = {
    f"penstock.worker.{name}" for name in ("boot", "chance", "inherited", "loop", "restoring", "sieve", "zygote")
}
"""What workers need, and a flow's own process only where it runs attempts itself."""


def imported_by(statement: str) -> set[str]:
    """All modules that a statement adds to a bare interpreter's."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("statement", ["import penstock", "from penstock import flow, step"])
def test_an_import_stays_light(statement: str):
    modules = imported_by(statement)
    assert "penstock" in modules
    assert modules & HEAVY == set()


@pytest.mark.parametrize(
    "room", ["penstock.cli.run, penstock.cli.driving", "penstock.launch.handles", "penstock.executors.process"]
)
def test_a_flow_s_process_does_without_what_workers_need(room: str):
    modules = imported_by(f"import {room}")
    assert "penstock.worker.channel" in modules or room != "penstock.executors.process"
    assert modules & WORKERS == set()


def test_the_package_lists_what_it_offers():
    code = "import penstock; print({'flow', 'step', 'Future', 'current', 'log_metrics'} - set(penstock.__all__))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
