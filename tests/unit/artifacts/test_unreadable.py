"""A value that can't be read here: what is said of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from penstock.artifacts import codec, unreadable
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError
from penstock.sdk.concurrent_futures import Future
from penstock.sdk.session import RunSession

HERE = f"can't be read in this environment, Python {'.'.join(map(str, sys.version_info[:3]))} at {sys.executable}"


class Elsewhere:
    """A module that is there while a value is written, and gone or changed when it is read."""

    def __init__(self, store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self._store = store
        self._patch = monkeypatch
        self.module = ModuleType("elsewhere")
        monkeypatch.setitem(sys.modules, "elsewhere", self.module)

    def written(self, kind: type, value: Any) -> Any:
        """A class gets into the module, and a value with one of its kind is stored."""
        kind.__module__, kind.__qualname__ = "elsewhere", kind.__name__
        setattr(self.module, kind.__name__, kind)
        return codec.encode(value, self._store).stored

    def words(self, stored: Any) -> str:
        """What is added to the exception."""
        with pytest.raises((ModuleNotFoundError, AttributeError, ValueError)) as raised:
            codec.decode(stored.record, self._store)
        mend = "the environment of the step"
        self.modules = unreadable.explain(raised.value, "the input x", stored.record, self._store, mend)
        return "\n".join(raised.value.__notes__)

    def gone(self) -> None:
        self._patch.delitem(sys.modules, "elsewhere")


class Square:
    pass


class Picky:
    def __setstate__(self, state: Any) -> None:
        raise ValueError("written by version 3")

    def __getstate__(self) -> Any:
        return {"version": 3}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    return Elsewhere(FolderStore(tmp_path / "store"), monkeypatch)


@pytest.mark.parametrize("size", [1, 100_000])
def test_a_missing_module(elsewhere: Elsewhere, size: int):
    stored = elsewhere.written(Square, [{"a": Square()}, b"x" * size])
    elsewhere.gone()
    assert elsewhere.words(stored) == (
        f"the input x {HERE}: it needs elsewhere, which is not installed here. "
        "Install it in the environment of the step"
    )
    assert elsewhere.modules == ("elsewhere",)


def test_a_missing_class(elsewhere: Elsewhere):
    stored = elsewhere.written(Square, [Square(), Square()])
    del elsewhere.module.Square
    assert elsewhere.words(stored) == (
        f"the input x {HERE}: it needs elsewhere.Square, which is not here. "
        "Install the version that wrote it in the environment of the step"
    )


def test_a_module_that_its_package_lacks(tmp_path: Path):
    error = ModuleNotFoundError("No module named 'pytest.gone'", name="pytest.gone")
    unreadable.explain(error, "the input x", b"odd", FolderStore(tmp_path), "the environment of the step")
    assert error.__notes__ == [f"the input x {HERE}"]
    stored = codec.encode(1, FolderStore(tmp_path)).stored
    modules = unreadable.explain(
        error, "the input x", stored.record, FolderStore(tmp_path), "the environment of the step"
    )
    assert error.__notes__[1] == (
        f"the input x {HERE}: it needs pytest.gone, which pytest {pytest.__version__} does not have. "
        "Install the version that wrote it in the environment of the step"
    )
    assert modules == ("pytest.gone",)


def test_a_class_that_refuses_what_another_version_wrote(elsewhere: Elsewhere, require: Callable[[str], None]):
    require("numpy")
    import numpy

    stored = elsewhere.written(Picky, {"n": numpy.float64(1), "picky": Picky(), "again": numpy.float64(2)})
    assert elsewhere.words(stored) == (
        f"the input x {HERE}, which has numpy {numpy.__version__}. "
        "Another version may have written it: install that one in the environment of the step"
    )
    assert elsewhere.modules == ("numpy",)
    assert elsewhere.words(elsewhere.written(Picky, Picky())) == f"the input x {HERE}"
    assert elsewhere.modules == ()


def test_what_penstock_says_itself_is_not_added_to(elsewhere: Elsewhere):
    error = DamagedError("gone")
    assert unreadable.explain(error, "the input x", b"", Any, "", lambda _: "words") is None  # type: ignore[arg-type]
    assert not hasattr(error, "__notes__")


def test_an_odd_pickle_hides_nothing(elsewhere: Elsewhere, tmp_path: Path):
    error = KeyError("what went wrong")
    unreadable.explain(error, "the input x", b"odd", FolderStore(tmp_path), "")
    assert error.__notes__ == [f"the input x {HERE}"]


def test_before_python_3_11_the_words_go_into_the_message(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unreadable, "getattr", lambda *_: None, raising=False)
    for error in (ModuleNotFoundError("No module named 'a'", name="a"), ValueError("odd"), KeyError()):
        before = str(error)
        unreadable.add(error, "more words")
        assert str(error).strip("'").replace("\\n", "\n") == f"{before}\nmore words"


def test_a_result_that_the_flow_cant_read(elsewhere: Elsewhere, tmp_path: Path):
    engine: Any = SimpleNamespace()
    run = RunSession(
        "main/1", engine, FolderStore(tmp_path / "store"), "", lambda task, modules: f"By {task}: {modules}"
    )
    stored = elsewhere.written(Square, Square())
    future = Future[Any](run, b"key")
    future.task, future.id = "main/1/train/2", 7
    future.settle(stored, None, False, 1)
    elsewhere.gone()
    with pytest.raises(ModuleNotFoundError, match="No module named 'elsewhere'") as raised:
        future.result()
    assert "\n".join(raised.value.__notes__) == (
        f"the result of main/1/train/2 {HERE}: it needs elsewhere, which is not installed here. Install it in "
        "the flow's own environment, or let the step return plain arrays and dicts; passing the future on needs neither"
        "\nBy 7: ('elsewhere',)"
    )


def test_distributions_by_module(monkeypatch: pytest.MonkeyPatch):
    from importlib import metadata

    for module, name in (("pytest", "pytest"), ("_pytest.nodes", "pytest"), ("blake3", "blake3"), ("no_such", "")):
        assert unreadable.distribution_of(module).partition(" ")[0] == name
    listed = unreadable._distributions()
    monkeypatch.delattr(metadata, "packages_distributions")  # as before Python 3.10
    assert unreadable.distribution_of("_pytest.nodes").partition(" ")[0] == "pytest"
    assert unreadable._distributions()["click"] == listed["click"]
