"""What an import of Penstock must not import: start-up time is a promise, and modules can be counted."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HEAVY = {
    *("asyncio", "click", "cloudpickle", "email", "importlib.metadata", "msgspec", "multiprocessing", "numpy"),
    *("dataclasses", "inspect", "json", "logging", "pandas", "pathlib", "pickle", "rich", "shutil", "sqlite3"),
    *("subprocess", "tomllib", "traceback", "zipfile"),
}


WORKERS = {
    f"penstock.worker.{name}"
    for name in ("attempt", "boot", "chance", "inherited", "loop", "restoring", "log_filter", "zygote")
}
"""What workers need, and a flow's own process only where it runs attempts itself."""


IDLE = {
    "click",
    "concurrent.futures",
    "dataclasses",
    "inspect",
    "logging",
    "numbers",
    "pathlib",
    "rich",
    "shutil",
    "subprocess",
    "tomllib",
    "urllib.parse",
}
"""What a run never asks for whose functions and parameters are plain, and that waits for each call."""


ASKED_LATER = {
    *("artifacts.checkpoints", "artifacts.collected", "artifacts.finder", "artifacts.objects", "artifacts.preview"),
    *("artifacts.skeleton_reader", "artifacts.skeleton_writer", "artifacts.store", "cli.live_display"),
    *("code.declared", "code.elsewhere", "code.live", "engine.origin", "engine.ports"),
    *("journal.cache", "journal.conditions", "journal.queries", "journal.recorded_locks", "journal.run_search"),
    *("journal.sight", "journal.views", "launch.changed_code", "launch.ending", "launch.handlers"),
    *("launch.run_images", "model.containers", "model.nearest", "model.program_libraries", "model.sinks"),
    *("model.surroundings", "reading.trees", "sdk.rebuilt_errors", "setting_values", "worker.recorded_errors"),
}
"""Of Penstock's own, what only a type checker asks for, or only a run that fails, goes on, is a fork, or has
settings, an environment, secrets, cached steps, values other than numbers or a terminal."""


_HELLO = """
from penstock import flow, step


@step
def greet() -> str:
    return "hello"


@flow
def hello() -> None:
    greet()
"""


def imported_by(statement: str, folder: Path | None = None) -> set[str]:
    """All modules that a statement adds to a bare interpreter's."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    command = [sys.executable, "-c", code]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environ)
    return set(done.stdout.split())


@pytest.mark.parametrize("statement", ["import penstock", "from penstock import flow, step"])
def test_an_import_stays_light(statement: str):
    modules = imported_by(statement)
    assert "penstock" in modules
    assert modules & HEAVY == set()
    assert "typing" not in modules or statement != "import penstock"


@pytest.mark.parametrize(
    "room", ["penstock.cli.run, penstock.cli.drive_run", "penstock.launch.handles", "penstock.executors.process"]
)
def test_a_flow_s_process_does_without_what_workers_need(room: str):
    modules = imported_by(f"import {room}")
    assert "penstock.worker.channel" in modules or room != "penstock.executors.process"
    assert modules & WORKERS == set()


def test_a_run_from_python_does_without_what_it_does_not_need(tmp_path: Path):
    (tmp_path / "hello.py").write_text(_HELLO)
    modules = imported_by("import hello; hello.hello()", tmp_path)
    assert "penstock.launch.runs" in modules
    assert modules & (WORKERS | IDLE) == set()
    assert {name for name in ASKED_LATER if f"penstock.{name}" in modules} == set()


def test_a_run_from_the_command_line_without_options_needs_no_parser(tmp_path: Path):
    (tmp_path / "hello.py").write_text(_HELLO)
    modules = imported_by("import penstock.cli.main as it; it.main(['run', 'hello.py'])", tmp_path)
    assert "penstock.launch.runs" in modules
    assert modules & (WORKERS | IDLE) == set()
    assert {name for name in ASKED_LATER if f"penstock.{name}" in modules} == set()


def test_what_a_run_asks_for_later_is_there():
    """Else a module that got another name would be looked for in vain."""
    assert [name for name in sorted(ASKED_LATER) if not find_spec(f"penstock.{name}")] == []


def test_a_run_compiles_no_pattern_before_it_is_asked_for(tmp_path: Path):
    (tmp_path / "hello.py").write_text(_HELLO)
    code = (
        "import hello, re, sys; hello.hello()\n"
        "own = [name for name in sys.modules if name.startswith('penstock')]\n"
        "print([name for name in own if any(isinstance(it, re.Pattern) for it in vars(sys.modules[name]).values())])"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout == "[]\n"


def test_an_import_names_no_type_by_a_text_within_another():
    """`typing` compiles the text, for which Python makes the classes of its trees first: a tenth of the import."""
    code = (
        "import gc, typing, penstock.artifacts.collected, penstock.sdk.flows, penstock.sdk.steps\n"
        "print([it for it in gc.get_objects() if isinstance(it, typing.ForwardRef)])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_what_an_import_makes_is_old_and_what_somebody_froze_stays_frozen():
    code = (
        "import gc, penstock; {before}; kept = [[] for _ in range(50)]; penstock.flow\n"
        "print(gc.get_freeze_count() > 0, gc.get_count()[0] < 700, any(kept[0] is it for it in gc.get_objects(2)))"
    )
    for before, told in (("pass", "False True True\n"), ("gc.freeze()", "True")):
        command = [sys.executable, "-c", code.format(before=before)]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith(told)


_WITNESS = """
import sys

before = set(sys.modules)
from penstock import flow, step


@step
def imported() -> list[str]:
    return sorted(set(sys.modules) - before)


@flow
def witness() -> None:
    print(imported())


if __name__ == "__main__":
    witness()
"""


def test_a_plain_file_and_a_worker_ask_for_what_the_zygote_has_imported_before(tmp_path: Path):
    (tmp_path / "witness.py").write_text(_WITNESS)
    command = [sys.executable, "witness.py"]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout == "[]\n"


def test_where_uv_has_no_settings_nothing_is_imported_to_read_them():
    modules = imported_by(
        "from penstock.environments import uv_settings as uv; uv.collect.content = lambda path: b''; uv.read({})"
    )
    assert "penstock.environments.uv_settings" in modules
    assert "tomllib" not in modules


def test_the_package_lists_what_it_offers():
    code = "import penstock; print({'flow', 'step', 'Future', 'current', 'log_metrics'} - set(penstock.__all__))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
