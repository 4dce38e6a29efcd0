"""A value is the same in every interpreter that the kit is for, and is stored and read there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import cloudpickle
import pytest

from tests import interpreters

ROOT = Path(__file__).parents[2]
CODE = """
import sys, tempfile
sys.modules["blake3"] = None
from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode, encode
from penstock.artifacts.folder import FolderStore
from tests.unit.artifacts import samples

store = FolderStore(tempfile.mkdtemp())
for name, value in samples.make().items():
    if name == "partial":
        continue  # PyPy's is taken apart in another way
    encoded = encode(value, store)
    assert identify(decode(encoded.stored.record, store, verify=True)) == identify(value) == encoded.identity
    print(name, encoded.identity.digest.hex())
local = decode(encode(lambda x: x + 1, store).stored.record, store)
assert local(1) == 2
"""


def printed_by(interpreter: Path, libraries: Path) -> str:
    return interpreters.run(interpreter, CODE, os.pathsep.join(map(str, (ROOT, ROOT / "src", libraries))))


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cloudpickle alone."""
    folder = tmp_path_factory.mktemp("libraries")
    (folder / "cloudpickle").symlink_to(Path(cloudpickle.__file__).parent)
    return folder


@pytest.fixture(scope="session")
def here(libraries: Path) -> str:
    return printed_by(Path(sys.executable), libraries)


@pytest.mark.parametrize("name", ["python3.9", "python3.13", "pypy3"])
def test_identities_agree(interpreter: Callable[[str], Path], libraries: Path, here: str, name: str):
    assert printed_by(interpreter(name), libraries) == here
    assert here.count("\n") > 40
