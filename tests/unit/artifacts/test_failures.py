"""Exceptions come back as themselves, whatever their constructors want."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts import rebuild
from penstock.artifacts.codec import decode, decode_exception, encode, encode_exception
from penstock.artifacts.folder import FolderStore
from penstock.errors import NotFoundError
from tests.unit.artifacts.samples import TwoArgumentsError


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def through(exc: BaseException, store: FolderStore) -> Any:
    record = encode_exception(exc, store)
    assert record is not None
    return decode_exception(record, store)


class KeywordsError(Exception):
    def __init__(self, *, code: int) -> None:
        super().__init__()
        self.code = code


class OwnTextError(KeyError):
    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class ReducedError(Exception):
    def __init__(self, a: int, b: int) -> None:
        super().__init__(a + b)
        self.made_from = (a, b)

    def __reduce__(self) -> Any:
        return ReducedError, self.made_from


class StrictNewError(Exception):
    def __new__(cls, a: int, b: int) -> Any:
        return super().__new__(cls, a, b)

    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a} {b}")


@pytest.mark.parametrize(
    "exc",
    [
        ValueError("a", 1),
        TwoArgumentsError("file", 3),
        KeywordsError(code=5),
        OwnTextError("x", "step"),
        ReducedError(1, 2),
        StrictNewError(1, 2),
        KeyError("a"),
        FileNotFoundError(2, "No such file", "data.csv"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        ImportError("no", name="module", path="file"),
        SystemExit(3),
        KeyboardInterrupt(),
        StopIteration(4),
        NotFoundError("no such run"),
        ExceptionGroup("both", [TwoArgumentsError("f", 1), ValueError(2)]),
    ],
    ids=lambda exc: type(exc).__name__,
)
def test_it_is_itself(store: FolderStore, exc: BaseException):
    found = through(exc, store)
    assert type(found) is type(exc)
    assert (str(found), repr(found), vars(found)) == (str(exc), repr(exc), vars(exc))
    assert repr(found.args) == repr(exc.args)
    assert getattr(found, "filename", None) == getattr(exc, "filename", None)


def test_cause_and_notes_come_along(store: FolderStore):
    exc = ValueError("outer")
    exc.__cause__ = TwoArgumentsError("inner", 1)
    exc.add_note("look here")
    found = through(exc, store)
    assert found.__notes__ == ["look here"]
    assert found.__cause__.line == 1
    assert found.__suppress_context__


def test_what_cannot_be_pickled_is_left_out(store: FolderStore):
    exc = ValueError("text")
    exc.lock, exc.kept = threading.Lock(), 5  # type: ignore[attr-defined]
    exc.__cause__ = RuntimeError(threading.Lock())
    found = through(exc, store)
    assert vars(found) == {"kept": 5}
    assert found.args == ("text",)
    assert found.__cause__ is None


def test_arguments_that_cannot_be_pickled_leave_no_record(store: FolderStore):
    assert encode_exception(ValueError(threading.Lock()), store) is None


def test_a_class_that_is_not_there_gives_none(store: FolderStore):
    code = """
import sys, types
module = sys.modules["vanished"] = types.ModuleType("vanished")
exec("class GoneError(Exception): pass", vars(module))
from penstock.artifacts.codec import encode_exception
from penstock.artifacts.folder import FolderStore
print(encode_exception(module.GoneError("x"), FolderStore(sys.argv[1])).hex())
"""
    record = subprocess.check_output([sys.executable, "-c", code, str(store.root)], text=True)
    assert decode_exception(bytes.fromhex(record), store) is None


def test_a_damaged_record_gives_none(store: FolderStore):
    assert decode_exception(b"PS", store) is None


def test_one_whose_class_refuses_its_arguments_here_keeps_them():
    """As a SyntaxError of a newer Python, whose details are more, is refused by Python 3.9."""

    class Refusing(SyntaxError):
        def __new__(cls, *args: object) -> Refusing:
            if args:
                raise IndexError("tuple index out of range")
            return super().__new__(cls)

    details = ("f", 1, 3, "a b", 1, 4)
    found = rebuild.exception(Refusing, ("invalid", details), None)
    assert (type(found), found.args) == (Refusing, ("invalid", details))


def test_exceptions_are_values_too(store: FolderStore):
    found = decode(encode({"e": [TwoArgumentsError("f", 1)]}, store).stored.record, store)
    assert found["e"][0].path == "f"
