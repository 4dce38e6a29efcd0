"""One attempt, in this process: arguments, edges, results, failures."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from penstock.artifacts import codec
from penstock.errors import UsageError
from penstock.model.edges import Edge, Ref
from penstock.model.outcomes import Outcome, Unread
from penstock.model.specs import Attempt, Function, Places, Resolved, RunSpec
from penstock.model.states import Cause, TaskStatus
from penstock.sdk import attempts, current
from penstock.worker.attempt import Workbench, run_attempt


def both(first: Any, second: Any) -> Any:
    return first, second


def variadic(first: int, /, second: int, *rest: int, third: int = 3, **named: int) -> Any:
    return first, second, rest, third, named


def read_text(path: Path) -> str:
    return path.read_text()


def returns_edge() -> Any:
    return {"model": OwnEdge()}


def returns_file() -> Path:
    path = current.current.tempdir / "picture.png"
    path.write_text("pixels")
    return path


def group() -> None:
    raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def silent() -> None:
    raise Silent


def raise_at_length() -> None:
    raise ValueError("first" + "x" * 10_000_000 + "last")


def raise_with_samples() -> None:
    error = ValueError("bad samples")
    error.samples = bytearray(200_000)  # type: ignore[attr-defined]
    raise error


class OwnEdge(Edge):
    def edge_identity(self) -> bytes:
        return b"e" * 33

    def edge_ref(self) -> Ref:
        return Ref(1)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    for name in ("store/tmp", "scratch", "checkpoints", "logs"):
        (tmp_path / name).mkdir(parents=True)
    folders = {name: str(tmp_path / name) for name in ("store", "scratch", "checkpoints", "logs")}
    return Workbench(RunSpec("digits/3"), Places(cwd=str(tmp_path), **folders))


def run(bench: Workbench, function: Any, *inputs: Resolved, positional: tuple[str, ...] = ()) -> Outcome:
    code = Function(function.__module__, function.__qualname__, None, positional)
    return run_attempt(Attempt("digits/3/step/1#1", b"k" * 33, code, inputs, None, False), bench)


def record(bench: Workbench, value: Any, **options: Any) -> bytes:
    return codec.encode(value, bench.store, **options).stored.record


def value(bench: Workbench, outcome: Outcome, **options: Any) -> Any:
    assert outcome.result is not None, outcome.error
    return codec.decode(outcome.result.record, bench.store, **options)


def test_references_and_parts(bench: Workbench) -> None:
    producer = record(bench, SimpleNamespace(rows=[10, 20], name="split"))
    outcome = run(
        bench,
        both,
        Resolved("first", None, (producer,), ((("attr", "rows"), ("item", 1)),)),
        Resolved("second", record(bench, {"deep": [OwnEdge(), 5]}), (producer,), ((("attr", "name"),),)),
    )
    assert value(bench, outcome) == (20, {"deep": ["split", 5]})


def test_a_part_that_is_not_there_fails_the_task(bench: Workbench) -> None:
    outcome = run(bench, both, Resolved("first", None, (record(bench, [1]),), ((("item", 7),),)))
    assert outcome.error is not None
    assert (outcome.error.cause, outcome.error.type) == (Cause.RAISED, "IndexError")


@pytest.mark.parametrize("at", [-1, 1])
def test_an_input_that_can_not_be_read_is_marked_for_the_driver(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    kind = type("Square", (), {"__module__": "shapes"})
    monkeypatch.setitem(sys.modules, "shapes", SimpleNamespace(Square=kind))
    good, bad = record(bench, 1), record(bench, kind())
    monkeypatch.delitem(sys.modules, "shapes")
    found = record(bench, [OwnEdge(), OwnEdge()])
    whole = Resolved("second", found, (good, bad)) if at >= 0 else Resolved("second", bad)
    error = run(bench, both, Resolved("first", good), whole).error
    assert error is not None
    assert (error.type, Unread(*error.unread)) == ("ModuleNotFoundError", Unread("second", at, ("shapes",)))
    exception = codec.decode_exception(error.record or b"", bench.store)
    assert vars(exception).keys() <= {"__notes__"}


def test_all_kinds_of_parameters(bench: Workbench) -> None:
    given = {"first": 1, "second": 2, "*rest": (3, 4), "third": 5, "**named": {"more": 6}}
    inputs = [Resolved(name, record(bench, each)) for name, each in given.items()]
    outcome = run(bench, variadic, *reversed(inputs), positional=("first", "second"))
    assert value(bench, outcome) == (1, 2, (3, 4), 5, {"more": 6})


def test_a_function_that_travels_by_value(bench: Workbench) -> None:
    factor = 3
    code = Function("somewhere", "<lambda>", record(bench, lambda number: number * factor))
    attempt = Attempt("d/1/s/1#1", b"k" * 33, code, (Resolved("number", record(bench, 5)),), None, False)
    assert value(bench, run_attempt(attempt, bench)) == 15


def test_a_future_in_a_result_is_refused(bench: Workbench) -> None:
    error = run(bench, returns_edge).error
    assert error is not None
    assert error.type == "penstock.errors.NotStorableError"
    assert "return its .result()" in error.message


def test_files_travel_with_their_content(bench: Workbench, tmp_path: Path) -> None:
    outcome = run(bench, returns_file)
    assert outcome.result is not None
    assert list(Path(bench.places.scratch).iterdir()) == []
    again = run(bench, read_text, Resolved("path", None, (outcome.result.record,)))
    assert value(bench, again) == "pixels"
    assert list(Path(bench.places.scratch).iterdir()) == []


def test_a_group_of_exceptions(bench: Workbench) -> None:
    error = run(bench, group).error
    assert error is not None
    assert error.type == "ExceptionGroup"
    assert "ValueError: one" in error.traceback
    assert "attempt.py" not in error.traceback.replace("test_attempt.py", "")


def test_what_is_large_in_an_exception_is_named(bench: Workbench) -> None:
    error = run(bench, raise_with_samples).error
    assert error is not None
    assert error.record is not None
    assert error.blobs == codec.blobs_of(error.record)
    assert list(error.blobs) == [blob.digest for blob in bench.store.list()]


def test_a_very_long_message_keeps_its_head_and_its_tail(bench: Workbench) -> None:
    error = run(bench, raise_at_length).error
    assert error is not None
    assert error.message.startswith("firstxx")
    assert error.message.endswith("xxlast")
    assert len(error.message) < 70_000
    assert "characters are left out" in error.message
    assert len(error.traceback) < 70_000


def test_an_exception_without_words(bench: Workbench) -> None:
    error = run(bench, silent).error
    assert error is not None
    assert "can't be printed" in error.message


def test_a_broken_module_fails_every_attempt(bench: Workbench) -> None:
    error = run(bench, silent).error
    bench.broken = error
    outcome = run(bench, both)
    assert (outcome.status, outcome.error) == (TaskStatus.FAILED, error)


def test_current_outside_of_a_step() -> None:
    current.log_metrics({"accuracy": 1.0})
    with pytest.raises(UsageError, match=r"current\.tempdir was used outside a step"):
        _ = current.current.tempdir
    assert "outside" in repr(current.current)


def test_what_is_not_a_number_is_no_metric(bench: Workbench) -> None:
    attempt = Attempt("d/1/s/1#1", b"key", Function("m", "s"), (), None, False)
    here = attempts.AttemptContext(attempt, bench.spec, bench.places, bench.store)
    token = attempts.enter(here)
    try:
        with pytest.raises(ValueError, match="metric 'accuracy' is 'high', which is no number: could not convert"):
            current.log_metrics({"loss": 1.0, "accuracy": "high"})  # type: ignore[dict-item]
        with pytest.raises(OverflowError, match=r"metric 'loss' is 1000.* too large"):
            current.log_metrics({"loss": 10**400})
        with pytest.raises(TypeError, match="step='last' of log_metrics is no whole number"):
            current.log_metrics({"loss": 1.0}, step="last")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="log_metrics got 'loss': give it names and numbers"):
            current.log_metrics("loss", 1)  # type: ignore[arg-type]
        assert here.logged() == ()
    finally:
        attempts.leave(here, token)


def test_a_flow_called_at_import_is_refused() -> None:
    attempts.refuse_while_importing("digits")
    with attempts.importing(), pytest.raises(UsageError, match="if __name__"):
        attempts.refuse_while_importing("digits")
