"""What differs between runs, and what does not: parameters, code, packages, inputs, metrics, results.

Reads previews, digests and facts: nothing is unpickled, and the number of queries does not grow with the runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from penstock.errors import UsageError
from penstock.journal import queries, run_search, several_runs
from penstock.journal.several_runs import FirstTask
from penstock.journal.views import RunDetail, RunRow
from penstock.model.outcomes import Stored
from penstock.model.words import number, utc
from penstock.reading import finding_runs, infos, targets
from penstock.reading.compared_code import ComparedCode
from penstock.reading.comparison_structs import ComparedRunInfo, ComparisonInfo, DifferenceInfo, RankedMetricInfo
from penstock.reading.finding_runs import ChosenRuns
from penstock.reading.influence import LEAST_RUNS, influences
from penstock.reading.listing import duration_s
from penstock.reading.reader import JournalReader
from penstock.reading.traits import Held, Trait, Traits
from penstock.reading.values import shown_error, shown_value

MOST_RUNS = 50
KINDS = ("parameter", "seed", "code", "package", "input", "metric", "result")
"""In the order in which they are told of: what was given, then what came of it."""

_CAUSES = frozenset(KINDS[:5])
_FIRST_TASKS = 8  # of each step


def compare(
    reader: JournalReader, names: Sequence[str], text: str = "", metric: str = "", *, is_minimized: bool = False
) -> ComparisonInfo:
    """Compare runs, 2 to 50; beside the code of the first that of the others is shown.

    `names`: of runs; of a flow, where that is the only one: its latest 50 runs. `text`: a filter, which the latest 50
    are chosen by; "": none. `metric`: by which runs are judged, as in a filter: "accuracy", "train.loss.min"; "": by
    none. `is_minimized`: the smallest is the best.

    Raises NotFoundError, FilterError for what is no filter or no metric, UsageError for too few runs or too many.
    """
    rows, notes = _chosen(reader, names, text)
    if len(rows) < 2:
        found = f"{rows[0].run_id} alone" if rows else "no run"
        raise UsageError(f"{found} can't be compared: name two runs, or a flow with several; see `penstock ls`")
    return _compared(reader, rows, metric, is_minimized, notes)


def _chosen(reader: JournalReader, names: Sequence[str], text: str) -> tuple[list[RunRow], list[str]]:
    """The runs, and what to say of them."""
    if len(names) > MOST_RUNS:
        raise UsageError(f"{len(names)} runs are too many to compare: name at most {MOST_RUNS}, or choose by a filter")
    flow = targets.find_flow(reader, names[0]) if len(names) == 1 and "/" not in names[0] else None
    rows = targets.find_runs(reader, names) if flow is None else []
    if not text and flow is None:
        return rows, []
    found = finding_runs.find(reader, text, ChosenRuns(flow), limit=MOST_RUNS - len(rows))
    notes = [f"only the latest {len(found.rows)} are compared"] if found.next is not None else []
    return list({row.id: row for row in (*rows, *reversed(found.rows))}.values()), [*found.notes, *notes]


def _compared(
    reader: JournalReader, rows: Sequence[RunRow], metric: str, is_minimized: bool, notes: Iterable[str]
) -> ComparisonInfo:
    journal, runs = reader.journal, [row.id for row in rows]
    details = queries.details(journal, runs)
    code = ComparedCode(reader, rows, details)
    first = several_runs.first_tasks(journal, runs, _FIRST_TASKS)
    found = [*_given(reader, rows, details), *code.traits(), *_packages(details)]
    found += [*_metrics(reader, runs), *_results(rows, details, first)]
    found += _inputs(first, found)
    found.sort(key=lambda trait: KINDS.index(trait.kind))
    differences = tuple(trait.difference(runs) for trait in found if not trait.is_same(runs))
    same: dict[str, tuple[str, ...]] = {}
    for trait in found:
        if trait.is_same(runs):
            same[trait.kind] = (*same.get(trait.kind, ()), trait.name)
    return ComparisonInfo(
        runs=tuple(_run_info(row, details.get(row.id)) for row in rows),
        differences=differences,
        same=same,
        code=code.infos(),
        metric=_ranked(reader, rows, metric, is_minimized, differences) if metric else None,
        notes=(*notes, *_notes(code)),
    )


def _run_info(row: RunRow, detail: RunDetail | None) -> ComparedRunInfo:
    error = shown_error(infos.error_info(detail.error)) if detail is not None else ""
    return ComparedRunInfo(row.run_id, row.flow, row.status, utc(row.created_at), duration_s(row), row.tags, error)


def _given(reader: JournalReader, rows: Sequence[RunRow], details: Mapping[int, RunDetail]) -> list[Trait]:
    """Parameters, and seeds."""
    found = Traits()
    scalars = run_search.scalars(reader.journal.database, [row.id for row in rows])
    numbers = {(run, name): value for run, name, kind, value in scalars if kind in ("int", "float")}
    for run, detail in details.items():
        for name, stored in detail.params:
            found.add(run, "parameter", name, _held(stored, numbers.get((run, name))))
        if detail.seed:
            found.add(run, "seed", "seed", Held(detail.seed, detail.seed))
    return found.all()


def _packages(details: Mapping[int, RunDetail]) -> list[Trait]:
    """Of the process that drove a run last."""
    found = Traits()
    for run, detail in details.items():
        for driver in detail.drivers[-1:]:
            version = driver.python.partition(",")[0]
            found.add(run, "package", "Python", Held(version, version))
            for name, version in driver.packages:
                found.add(run, "package", name, Held(version, version))
    return found.all()


def _inputs(first: Iterable[FirstTask], known: Iterable[Trait]) -> list[Trait]:
    """What steps were given by value, but for what only passes on a parameter or a result."""
    found = Traits()
    for task in first:
        for item in task.inputs:
            if item.record is not None:
                content = item.content or item.identity or item.culprit
                shown = infos.preview_info(item.preview) if item.preview else None
                held = Held(content, shown_value(shown) if shown else "a collection of results")
                found.add(task.run, "input", f"{item.name} of {task.name}/{task.number}", held)
    passed = [trait.texts for trait in known if trait.kind in ("parameter", "result")]
    return [trait for trait in found.all() if trait.texts not in passed]


def _metrics(reader: JournalReader, runs: Sequence[int]) -> list[Trait]:
    """By the last values. `accuracy` is the body's, or that of the only step which logs it in any of the runs; else
    `train.accuracy`."""
    logged = run_search.all_metrics(reader.journal.database, runs)
    steps: dict[str, set[str]] = {}
    for _, name, step, _ in logged:
        steps.setdefault(name, set()).add(step)
    found = Traits()
    for run, name, step, last in logged:
        title = f"{step}.{name}" if step and len(steps[name]) > 1 else name
        found.add(run, "metric", title, Held(last, "nan" if last is None else number(last), last))
    return found.all()


def _results(rows: Sequence[RunRow], details: Mapping[int, RunDetail], first: Iterable[FirstTask]) -> list[Trait]:
    found = Traits()
    for row in rows:
        stored = details[row.id].result if row.id in details else None
        if stored is not None:
            found.add(row.id, "result", "the flow", _held(stored))
    for task in first:
        if task.result is not None:
            found.add(task.run, "result", f"{task.name}/{task.number}", _held(task.result))
    return found.all()


def _held(stored: Stored, value: float | None = None) -> Held:
    """A value, which is the same where its content is; one without a stable form, where it looks the same."""
    shown = infos.value_info(stored)
    assert shown is not None
    return Held(stored.digest or stored.preview, shown_value(shown), value)


def _ranked(
    reader: JournalReader,
    rows: Sequence[RunRow],
    metric: str,
    is_minimized: bool,
    differences: Iterable[DifferenceInfo],
) -> RankedMetricInfo:
    (column,), notes = finding_runs.columns(reader, rows, [metric])
    numbers = {run: float(value) for run, value in column.values.items() if isinstance(value, (int, float))}
    values = tuple(numbers.get(row.id) for row in rows)
    goodness = [None if value is None else -value if is_minimized else value for value in values]
    known = [(good, row.run_id) for good, row in zip(goodness, rows, strict=True) if good is not None]
    found = tuple(influences(goodness, (one for one in differences if one.kind in _CAUSES)))
    if len(known) < LEAST_RUNS:
        few = f"{len(known)} of {len(rows)} runs have {metric}"
        notes.append(f"{few}: of fewer than {LEAST_RUNS} nothing can be told about what it depends on")
    best = max(known, key=lambda one: one[0])[1] if known else ""
    worst = min(known, key=lambda one: one[0])[1] if known else ""
    return RankedMetricInfo(metric, values, best, worst, is_minimized, found, "; ".join(dict.fromkeys(notes)))


def _notes(code: ComparedCode) -> Iterable[str]:
    wide = list(dict.fromkeys(step.name for step in code.steps if step.tasks > _FIRST_TASKS))
    if wide:
        yield f"inputs and results are those of the first {_FIRST_TASKS} tasks of a step; {', '.join(wide)} has more"
