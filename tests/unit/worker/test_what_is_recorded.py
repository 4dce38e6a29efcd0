"""Whatever a user hands over is refused where he hands it over, or can be recorded and read again."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.errors import UsageError
from penstock.journal import changes, queries
from penstock.journal.handle import RunHandle
from penstock.model.options import Cache, Options
from penstock.model.outcomes import Outcome
from penstock.model.rows import Batch, MetricRecord
from penstock.model.specs import Attempt, Function, Places, RunSpec
from penstock.model.texts import LARGEST, fault_of_name, is_whole, whole
from penstock.sdk.current import current, log_metrics
from penstock.sdk.keywords import changed
from penstock.worker.attempt import Workbench, run_attempt
from tests import journal_records
from tests.recorded import Recorded

TEXTS = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(["", "\0", "a\0b", "\udc80", "é", "x" * 2000])
NUMBERS = st.integers() | st.sampled_from([2**63, -(2**63), LARGEST, -LARGEST]) | st.builds(lambda: 10**5000)
VALUES = st.recursive(
    TEXTS | NUMBERS | st.floats() | st.binary(max_size=9) | st.builds(object),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)

_todo: Any = None


def work() -> Any:
    return _todo()


class Recorder:
    """A run whose attempts run here, and are committed as its driver would."""

    def __init__(self, recorded: Recorded, handle: RunHandle) -> None:
        self.recorded = recorded
        self.handle = handle
        places = Places(
            store=str(recorded.home / "store"),
            scratch=str(recorded.home),
            checkpoints="",
            logs="",
            cwd="",
            module_path=__file__,
            sys_path=tuple(sys.path),
        )
        self.bench = Workbench(RunSpec(handle.run_id, module=__name__), places)
        self.tasks = 0

    def record(self, todo: Any) -> Outcome:
        """How the step ended; it is in the journal then, as task `self.tasks`."""
        global _todo
        _todo = todo
        self.tasks += 1
        attempt = Attempt(
            f"{self.handle.run_id}/work/{self.tasks}#1", b"key", Function(__name__, "work"), (), None, False
        )
        outcome = run_attempt(attempt, self.bench)
        hints = tuple(MetricRecord(self.tasks, 1, metric) for metric in outcome.metrics)
        self.handle.commit(Batch((journal_records.task(self.tasks, outcome),), (), hints))
        return outcome


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    recorded = Recorded(tmp_path_factory.mktemp("recorded"))
    handle = recorded.begin("flow")
    yield Recorder(recorded, handle)
    handle.close()
    recorded.close()


@given(TEXTS, st.floats() | NUMBERS, st.none() | NUMBERS | st.booleans())
@example("loss", 0.5, 2**63)
@example("loss", math.nan, -(2**63))
@example("loss", math.inf, LARGEST)
@example("half \udc80", 0.5, 1)
@example("nul \0", 0.5, 1)
def test_metrics(recorder: Recorder, name: str, value: float, step: int | None) -> None:
    outcome = recorder.record(lambda: log_metrics({name: value}, step=step))
    metrics = [
        m for task, _, m in queries.metrics(recorder.recorded.journal, recorder.handle.id) if task == recorder.tasks
    ]
    if outcome.error is None:
        assert repr(metrics) == repr(list(outcome.metrics))
        assert [metric.name for metric in metrics] == [name]
        assert (metrics[0].first_step, metrics[0].last_step, metrics[0].points) == (step, step, 1)
    else:
        assert metrics == []
        assert outcome.error.type in ("ValueError", "OverflowError")
        assert outcome.error.message.startswith(("the name of metric ", "metric ", "step="))


@given(TEXTS, TEXTS)
def test_exceptions(recorder: Recorder, name: str, text: str) -> None:
    def fails() -> None:
        error = ValueError(text, {name: text})
        with contextlib.suppress(AttributeError):
            error.add_note(name)
        raise error

    outcome = recorder.record(fails)
    assert outcome.error is not None
    assert outcome.error.cause == "raised"
    assert recorder.handle.prior()[-1].error == outcome.error


@given(VALUES)
@example({"\udc80": object()})
@example(["\udc80", {"a\0": math.nan}])
def test_results(recorder: Recorder, value: Any) -> None:
    outcome = recorder.record(lambda: value)
    assert outcome.result is not None
    assert recorder.handle.prior()[-1].result == outcome.result


@given(TEXTS)
def test_tags(recorder: Recorder, tag: str) -> None:
    try:
        changes.add_tags(recorder.recorded.journal, recorder.handle.id, [tag])
    except UsageError:
        assert fault_of_name(tag) or not tag.strip() or "\n" in tag
        return
    assert tag in queries.run_by_id(recorder.recorded.journal, recorder.handle.id).tags
    changes.remove_tags(recorder.recorded.journal, recorder.handle.id, [tag])


@given(TEXTS)
def test_what_a_name_may_be_is_what_sqlite_takes(text: str) -> None:
    assert is_whole(whole(text))
    assert (whole(text) == text) == is_whole(text)
    if not fault_of_name(text):
        assert is_whole(text)


@given(TEXTS)
def test_a_cache_s_version_counts_or_is_refused(text: str) -> None:
    try:
        options = changed(Options(), "step work", {"cache": Cache(version=text)})
    except UsageError:
        assert fault_of_name(text)
        return
    assert options.cache is not None
    assert is_whole(str(options.cache.version))


def test_outside_of_a_step_nothing_is_recorded(tmp_path: Path) -> None:
    log_metrics({"\0": 1.0}, step=2**70)
    assert "outside" in repr(current)
