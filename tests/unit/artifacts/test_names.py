"""Names in stored bytes: `__main__` is called by its file, and found again by that."""

from __future__ import annotations

import collections.abc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts import names
from tests.unit.artifacts import samples

SCRIPT = """
import dataclasses, sys, tempfile
from penstock.artifacts import names
from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode, encode
from penstock.artifacts.folder import FolderStore

@dataclasses.dataclass
class Trained:
    depth: int

def half(x): return x / 2

if __name__ == "__main__":
    store = FolderStore(sys.argv[1])
    record = encode([Trained(1), half, sys.modules["__main__"]], store).stored.record
    value, function, module = decode(record, store)
    same = type(value) is Trained, function is half, getattr(module, "half", half) is half
    print(names.main_name(), b"__main__" in record, *same)
    print(identify([Trained(1), half]).digest.hex())
    print(record.hex())
"""

READER = """
import sys
from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode
from penstock.artifacts.folder import FolderStore
value, function, module = decode(bytes.fromhex(sys.argv[1]), FolderStore(sys.argv[2]))
print(type(value).__module__, value.depth, function(4), module.__name__)
print(identify([value, function]).digest.hex())
"""


def python(*arguments: str, cwd: Path) -> list[str]:
    return subprocess.check_output([sys.executable, *arguments], cwd=cwd, text=True).splitlines()


@pytest.mark.parametrize(
    ("arguments", "name"), [(["pipe/digits.py"], "digits"), (["-m", "pipe.digits"], "pipe.digits")]
)
def test_a_main_that_is_a_file_is_named_by_it(tmp_path: Path, arguments: list[str], name: str):
    (tmp_path / "pipe").mkdir()
    (tmp_path / "pipe" / "digits.py").write_text(SCRIPT)
    facts, digest, record = python(*arguments, str(tmp_path / "store"), cwd=tmp_path)
    assert facts == f"{name} False True True True"
    found = python("-c", READER, record, str(tmp_path / "store"), cwd=tmp_path / ("." if "." in name else "pipe"))
    assert found == [f"{name} 1 2.0 {name}", digest]


def test_what_is_typed_in_travels_by_value(tmp_path: Path):
    script = SCRIPT.replace(', sys.modules["__main__"]', ", names")
    facts, _, record = python("-c", script, str(tmp_path / "store"), cwd=tmp_path)[:3]
    assert facts.startswith("None ")
    reader = READER.replace("type(value).__module__, ", "").replace(", module.__name__", "")
    assert python("-c", reader, record, str(tmp_path / "store"), cwd=tmp_path)[0] == "1 2.0"


@pytest.mark.parametrize(
    ("obj", "name"),
    [
        (samples.Point, ("tests.unit.artifacts.samples", "Point")),
        (samples.Outer.Inner, ("tests.unit.artifacts.samples", "Outer.Inner")),
        (samples.add, ("tests.unit.artifacts.samples", "add")),
        (len, ("builtins", "len")),
        (collections.abc.Mapping, ("collections.abc", "Mapping")),
        (lambda: 1, None),
        (5, None),
    ],
)
def test_names(obj: Any, name: Any):
    assert names.name_of(obj) == name
    if name is not None:
        assert names.load(*name) is obj


def test_what_the_name_does_not_give_back_has_none(monkeypatch: pytest.MonkeyPatch):
    original = samples.add
    monkeypatch.setattr(samples, "add", len)
    assert names.name_of(original) is None


def test_a_missing_name_is_an_error():
    with pytest.raises(ImportError):
        names.load("no_such_module", "f")
    with pytest.raises(AttributeError):
        names.load("tests.unit.artifacts.samples", "no_such_name")
