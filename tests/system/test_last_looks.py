"""What a process leaves out at its end, and what it never does: what stands in cycles comes to its own end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_FLOW = """
import atexit, gc
from penstock import flow, step
{made}

@step
def greet() -> str:
    return "hello"

@flow
def hello() -> None:
    greet()

atexit.register(lambda: print(gc.get_freeze_count() > 1000, flush=True))

if __name__ == "__main__":
    hello()
"""

_CYCLE = """
class Holder:
    pass

holder = Holder()
holder.itself = holder
"""

_FILE = f'{_CYCLE}\nholder.file = open("written", "w")\nholder.file.write("all of it")\n'

_DEL = f"""{_CYCLE}
import os
class Ends:
    {{slots}}
    def __del__(self, say=os.write, where=os.open("written", os.O_WRONLY | os.O_CREAT)):
        say(where, b"all of it")

holder.held = Ends()
"""

_GENERATOR = f"""{_CYCLE}
import os
def waits(say=os.write, where=os.open("written", os.O_WRONLY | os.O_CREAT)):
    try:
        yield
    finally:
        say(where, b"all of it")

holder.held = waits()
next(holder.held)
"""


def ended(made: str, folder: Path, *command: str) -> str:
    """What a script prints at its end."""
    (folder / "hello.py").write_text(_FLOW.format(made=made))
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_where_nothing_has_an_end_of_its_own_the_last_looks_are_left_out(tmp_path: Path):
    assert ended(_CYCLE, tmp_path, "hello.py") == "True\n"


@pytest.mark.parametrize("command", [("hello.py",), ("-m", "penstock", "run", "hello.py")])
@pytest.mark.parametrize(
    "made",
    [_FILE, _DEL.format(slots=""), _DEL.format(slots="__slots__ = ()"), _GENERATOR],
    ids=["file", "del", "slots", "generator"],
)
def test_what_stands_in_a_cycle_comes_to_its_end(made: str, command: tuple[str, ...], tmp_path: Path):
    ended(made, tmp_path, *command)
    assert (tmp_path / "written").read_text() == "all of it"


def test_where_another_package_brings_c_code_they_are_not_left_out(require: Callable[..., Any], tmp_path: Path):
    require("numpy")
    assert ended("import numpy", tmp_path, "hello.py") == "False\n"
