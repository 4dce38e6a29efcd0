"""The kit in interpreters that have nothing of ours: the oldest CPython it is for, a new one, and PyPy."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts.codec import decode, encode
from penstock.artifacts.folder import FolderStore
from penstock.environments.kits import unpack_kit
from tests import interpreters

# As source, so that each interpreter makes its own. Beyond 64 KiB text and buffers are blobs.
VALUE = """
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

value = {
    "atoms": (None, True, -1, 2**80, 0.5, 1j, "žluť", b"\\x00"),
    "containers": [(1, [2]), {3, 4}, frozenset({5}), {"six": {7: 8}}],
    "library": [date(2026, 1, 2), timedelta(hours=3), Decimal("1.10"), Fraction(1, 3), range(4)],
    "text": "x" * 100_000,
    "buffer": bytearray(range(256)) * 400,
}
"""

Run = Callable[..., str]


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack_kit(tmp_path_factory.mktemp("kit"))


@pytest.fixture(params=["python3.9", "python3.13", "pypy3"])
def run(request: pytest.FixtureRequest, interpreter: Callable[[str], Path], kit: Path) -> Run:
    """Runs code where only the kit is on the path, with the given names."""
    path = interpreter(request.param)

    def run_code(code: str, **names: str) -> str:
        given = "".join(f"{name} = {text!r}\n" for name, text in names.items())
        return interpreters.run(path, given + code, str(kit))

    return run_code


def test_a_step_is_the_plain_function(run: Run):
    code = """
from penstock import step

@step
def double(x: int) -> int:
    "Twice."
    return 2 * x

@step(retries=2, memory="1GiB")
def add(x, y=1):
    return double(x) + y

print(add(20, y=2), double.submit(4).result(), [f.result() for f in double.map([1, 2])], double.__doc__)
"""
    assert run(code) == "42 8 [2, 4] Twice.\n"


def test_a_flow_cannot_be_started_and_says_where_it_can(run: Run):
    code = """
from penstock import flow
from penstock.errors import UsageError

@flow
def digits():
    return 1

try:
    digits()
except UsageError as error:
    print(error)
"""
    assert "flow digits can't be started here" in run(code)


def test_a_value_from_there_is_read_here(run: Run, tmp_path: Path):
    code = """
from penstock.artifacts.codec import encode
from penstock.artifacts.folder import FolderStore

print(encode(value, FolderStore(store)).stored.record.hex())
"""
    record = bytes.fromhex(run(VALUE + code, store=str(tmp_path)))
    assert decode(record, FolderStore(tmp_path), verify=True) == made_here()


def test_a_value_from_here_is_read_there(run: Run, tmp_path: Path):
    code = """
from penstock.artifacts.codec import decode
from penstock.artifacts.folder import FolderStore

print(decode(bytes.fromhex(record), FolderStore(store)) == value)
"""
    record = encode(made_here(), FolderStore(tmp_path)).stored.record.hex()
    assert run(VALUE + code, store=str(tmp_path), record=record) == "True\n"


def made_here() -> Any:
    names: dict[str, Any] = {}
    exec(VALUE, names)
    return names["value"]


def test_it_imports_nothing_from_elsewhere(run: Run, kit: Path):
    code = """
import json, sys
import cloudpickle, penstock.worker.attempt
from penstock import flow, step
names = ("penstock", "cloudpickle")
print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.partition(".")[0] in names]))
"""
    assert all(file.startswith(str(kit)) for file in json.loads(run(code)))


def test_points_are_logged_and_read(run: Run, tmp_path: Path):
    code = """
    import os
    from penstock.artifacts import point_files
    from penstock.sdk.recording import Recording
    told = []
    here = Recording(os.path.join(folder, "points"), "1", "a try", told.extend)
    for step in range(300):
        here.log({"loss": step / 2, "odd": float("nan")}, step)
    loss, odd = here.end()
    found = point_files.read(open(os.path.join(folder, "points"), "rb").read())
    assert [step for segment in found["loss"] for step in segment.steps] == list(range(300))
    assert (loss.points, loss.last, loss.smallest, odd.nonfinite) == (300, 149.5, 0.0, 300), (loss, odd)
    print("read")
    """
    assert run(textwrap.dedent(code), folder=str(tmp_path)).strip() == "read"
