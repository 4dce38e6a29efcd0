"""Why a task runs, where nothing that was decided tells it: a comparison with the same step's earlier task.

A subject is a task as one looks at it, recorded or about to be called. Both are explained by the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from penstock.artifacts.seen import read_preview
from penstock.engine.reuse import seed_changed
from penstock.journal import queries
from penstock.journal.journal import Journal
from penstock.journal.views import TaskRow
from penstock.model.ids import run_of
from penstock.model.outcomes import Stored
from penstock.model.rows import CodeRecord, Origin
from penstock.model.specs import Call, Input
from penstock.model.tuples import NamedTuple
from penstock.reading.trees import all_that_is_new

_SHORT = 40


class InputFact(NamedTuple):
    """An input, by content."""

    name: str
    content: tuple[object, ...]  # equal where the content is
    text: str  # what a preview shows of it; "" where it is another task's result
    source: str  # the task that made it; "" where none did


class Subject(NamedTuple):
    """A task that runs, or would."""

    step: str  # module-qualified name
    name: str
    number: int
    cached: bool  # whether its results serve other runs
    tree: bytes | None  # of its code, packed; None: unknown
    inputs: tuple[InputFact, ...]
    seed: str  # of its run, in digits; "": none


Results = Callable[[int], tuple[str, Stored | None]]
"""The path of a task, and its result; None: it has none."""


def of_call(call: Call, number: int, code: CodeRecord, results: Results, seed: str) -> Subject:
    """A call that is about to be made."""
    facts = input_facts(call.inputs + call.shared, results)
    return Subject(call.step, call.name, number, call.options.cache is not None, code.tree, facts, seed)


def of_row(journal: Journal, row: TaskRow, cached: bool) -> Subject:
    """A task of the journal."""
    run = queries.run_by_id(journal, row.run)

    def result(id_: int) -> tuple[str, Stored | None]:
        dep = queries.task_by_id(journal, row.run, id_)
        return run.path(dep), dep.result

    facts = input_facts(queries.inputs(journal, row.run, row.id), result)
    tree = queries.code_tree(journal, row.code) if row.code else None
    return Subject(row.step, row.name, row.number, cached, tree, facts, queries.seed(journal, row.run))


def input_facts(inputs: Iterable[Input], results: Results) -> tuple[InputFact, ...]:
    """Inputs by content."""
    return tuple(_input_fact(item, results) for item in sorted(inputs, key=lambda item: item.name))


def _input_fact(item: Input, results: Results) -> InputFact:
    found = [results(ref.task) for ref in item.refs]
    made = tuple(
        (stored.digest if stored else b"", ref.part) for (_, stored), ref in zip(found, item.refs, strict=True)
    )
    text = read_preview(item.preview).text if not item.refs else ""
    own = () if item.record is None else (item.content or item.identity or item.culprit,)
    return InputFact(item.name, (*own, *made), text, found[0][0] if found else "")


class Explain:
    """Compares with what a journal holds of runs before `before` (None: of all). `origin`: where a fork came from."""

    def __init__(self, journal: Journal, before: int | None = None, origin: Origin | None = None) -> None:
        self._journal = journal
        self._before = before
        self._origin = origin
        self._runs: dict[str, list[int]] = {}

    def line(self, subject: Subject) -> str:
        """Why it runs, in a line."""
        earlier = self.earlier(subject)
        if earlier is None:
            news = "no earlier task of it is recorded"
            return f"it is new: {news}" if subject.cached or self._origin else f"{subject.name} is not cached; {news}"
        run = run_of(self.path(earlier))
        changes = self.changes(subject, earlier)
        news = f"{changes[0]}{f', and {len(changes) - 1} more' if len(changes) > 1 else ''}" if changes else ""
        if self._origin is None and not subject.cached:
            return f"{subject.name} is not cached; {news or 'nothing that it depends on has changed'} since {run}"
        if not news:
            return f"no result that it could take is left, though nothing has changed since {run}"
        return news if news.startswith("input") else f"{news} since {run}"

    def earlier(self, subject: Subject) -> TaskRow | None:
        """The task to compare with: of the origin, else of the latest earlier run that has the step; the one with its
        number where there is one."""
        runs = self._earlier_runs(subject.step)
        found = (queries.finished_task(self._journal, run, subject.step, subject.number) for run in runs)
        return next((row for row in found if row is not None), None)

    def _earlier_runs(self, step: str) -> list[int]:
        if self._origin is not None:
            return [self._origin.id]
        known = self._runs.get(step)
        if known is None:
            known = self._runs[step] = queries.runs_with_step(self._journal, step, self._before)
        return known

    def path(self, row: TaskRow) -> str:
        return queries.run_by_id(self._journal, row.run).path(row)

    def changes(self, subject: Subject, earlier: TaskRow) -> list[str]:
        """What is different, code first."""
        before = of_row(self._journal, earlier, subject.cached)
        code = [] if subject.tree is None else all_that_is_new(before.tree, subject.tree, self.path(earlier))
        seed = [seed_changed(before.seed, subject.seed)] if before.seed != subject.seed else []
        return [*code, *seed, *_input_changes(before.inputs, subject.inputs)]


def _input_changes(before: tuple[InputFact, ...], now: tuple[InputFact, ...]) -> list[str]:
    known = {item.name: item for item in before}
    changes: list[str] = []
    for item in now:
        old = known.pop(item.name, None)
        if old is None:
            changes.append(f"input {item.name} is new")
        elif old.content != item.content:
            changes.append(_input_change(old, item))
    return [*changes, *(f"input {name} is gone" for name in known)]


def _input_change(old: InputFact, new: InputFact) -> str:
    if new.source and old.source:
        return f"input {new.name} changed: {new.source} gave another result than {old.source}"
    if new.source:
        return f"input {new.name} changed: it comes from {new.source}"
    if old.text != new.text and max(len(old.text), len(new.text)) <= _SHORT:
        return f"input {new.name} is {new.text}, was {old.text}" if old.text else f"input {new.name} is {new.text}"
    return f"input {new.name} changed"
