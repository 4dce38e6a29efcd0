"""Which runs a filter means, in which order: rows for a list, pages by a place, ids alone for a long table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from penstock.journal import conditions, queries, run_search
from penstock.journal.conditions import Condition, Now
from penstock.journal.journal import Journal
from penstock.journal.run_search import NEWEST_FIRST, Order, PageEnd
from penstock.journal.views import RunRow
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple
from penstock.reading.filter_meaning import unclear, understood
from penstock.reading.filter_syntax import wrong
from penstock.reading.listing import check
from penstock.reading.moments import moment
from penstock.reading.reader import JournalReader
from penstock.reading.run_names import MetricName, ParamName, WordName, meant, named

MOST_IDS = 200_000


class FoundRuns(NamedTuple):
    """Runs for which a filter holds."""

    rows: list[RunRow]
    next: PageEnd | None = None  # ask with it for those that come after; None: there are none
    notes: tuple[str, ...] = ()  # what the answer can't say of some runs, and what to write instead


class RunIndex(NamedTuple):
    """The same as ids alone, in order."""

    ids: list[int]  # `RunRow.id`, at most `MOST_IDS`
    counts: dict[str, int]  # of all of them, by status
    revision: int  # of the journal: what changes later has a larger one
    notes: tuple[str, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether there are more."""
        return len(self.ids) < sum(self.counts.values())


class ChosenRuns(NamedTuple):
    """What a list may be asked for beside a filter. None: any flow, status or tag, from ever."""

    flow: str | None = None
    status: str | None = None
    tag: str | None = None
    since: datetime | timedelta | str | None = None

    def conditions(self, now: Now) -> Iterable[Condition]:
        """Raises UsageError for what is no status or time."""
        if self.flow is not None:
            yield conditions.flow_in([self.flow])
        if self.status is not None:
            check("status of a run", self.status, RunStatus)
            yield conditions.status_in([self.status], now)
        if self.tag is not None:
            yield conditions.tag(self.tag)
        if self.since is not None:
            yield conditions.begun_at().compared(">=", moment(self.since, now.time))


ANY = ChosenRuns()


def find(
    reader: JournalReader,
    text: str = "",
    chosen: ChosenRuns = ANY,
    sort: str = "",
    limit: int | None = None,
    after: PageEnd | None = None,
) -> FoundRuns:
    """The runs that a filter ("": none) and what is chosen hold for. `sort`: by what, "-" before it the largest first;
    "": the newest first. `limit` None: all. Raises FilterError, UsageError."""
    journal = reader.journal
    now = queries.now(journal)
    if after is not None and after.at:
        now = now._replace(time=after.at)
    where, order, notes = _asked(journal, text, chosen, sort, now)
    found = queries.found_runs(journal, where, order, None if limit is None else limit + 1, after)
    more = limit is not None and len(found) > limit
    found = found[:limit]
    return FoundRuns([row for row, _ in found], found[-1][1]._replace(at=now.time) if more and found else None, notes)


def index(reader: JournalReader, text: str = "", sort: str = "") -> RunIndex:
    """The ids of all runs that a filter holds for, in order, for a table that asks for rows as they are seen."""
    journal = reader.journal
    now = queries.now(journal)
    revision = queries.revision(journal)  # first: what changes meanwhile is found by the next
    where, order, notes = _asked(journal, text, ANY, sort, now)
    ids = run_search.ids(journal.database, where, order, MOST_IDS)
    counts = run_search.counts(journal.database, where, conditions.status(now))
    return RunIndex(ids, counts, revision, notes)


def counts(reader: JournalReader, text: str = "") -> dict[str, int]:
    """How many runs a filter holds for, by status."""
    journal = reader.journal
    now = queries.now(journal)
    return run_search.counts(journal.database, understood(journal, text, now).condition, conditions.status(now))


def rows_of(reader: JournalReader, ids: Sequence[int]) -> list[RunRow]:
    """The runs of these ids, in their order; those that have gone are left out."""
    found = queries.found_runs(reader.journal, conditions.among(ids), NEWEST_FIRST)
    known = {row.id: row for row, _ in found}
    return [known[id_] for id_ in ids if id_ in known]


def names_left(reader: JournalReader, ids: Sequence[int], rows: Sequence[RunRow], names: Sequence[str]) -> list[str]:
    """The columns that some run has or, where all the runs are there, each: what no run has, runs that are gone may
    have had. `rows`: what `rows_of` gave."""
    is_all = {row.id for row in rows}.issuperset(ids)
    return [name for name in names if is_all or named(reader.journal, name)]


def _asked(
    journal: Journal, text: str, chosen: ChosenRuns, sort: str, now: Now
) -> tuple[Condition, Order, tuple[str, ...]]:
    asked = understood(journal, text, now)
    order, note = _order(journal, sort, now)
    where = conditions.every([asked.condition, *chosen.conditions(now)] if text else chosen.conditions(now))
    return where, order, (*asked.notes, *([note] if note and note not in asked.notes else []))


def _order(journal: Journal, sort: str, now: Now) -> tuple[Order, str]:
    if not sort:
        return NEWEST_FIRST, ""
    name = sort.removeprefix("-")
    found = meant(journal, name, sort, len(sort) - len(name), len(sort))
    descending = sort.startswith("-")
    if isinstance(found, WordName):
        key = found.key(now)
        if key is None:
            raise wrong(f"runs are not sorted by {name}", sort, len(sort) - len(name), len(sort))
        return Order(key, descending), ""
    note = unclear(journal, found.name) if isinstance(found, MetricName) and found.step is None else ""
    return Order(found.key, descending), note


def sorted_by(reader: JournalReader, sort: str) -> MetricName | ParamName | None:
    """The metric or the parameter that runs are sorted by; None: they are by a word, or by none."""
    name = sort.removeprefix("-")
    found = meant(reader.journal, name, sort, len(sort) - len(name), len(sort)) if name else None
    return None if isinstance(found, WordName) else found


class RunColumn(NamedTuple):
    """What runs have under a name, for those of them that have it."""

    name: str
    values: dict[int, Any]  # by `RunRow.id`: a number, a text, a bool or None


def columns(reader: JournalReader, rows: Iterable[RunRow], names: Iterable[str]) -> tuple[list[RunColumn], list[str]]:
    """Metrics and parameters of these runs, and notes on what can't be told of some. Raises FilterError."""
    journal = reader.journal
    ids = [row.id for row in rows]
    found: list[RunColumn] = []
    notes: list[str] = []
    for name in names:
        what = meant(journal, name, name, 0, len(name))
        if isinstance(what, MetricName):
            values = run_search.values(journal.database, ids, what.key)
            found.append(RunColumn(name, {run: value for run, value in values.items() if value is not None}))
            notes += [note for note in [unclear(journal, what.name)] if note and what.step is None]
        elif isinstance(what, WordName):
            raise wrong(f"{name} is no column: name metrics and parameters", name, 0, len(name))
        else:
            scalars = run_search.scalars(journal.database, ids, [what.name])
            found.append(RunColumn(name, {run: plain(kind, value) for run, _, kind, value in scalars}))
    return found, notes


def facts(reader: JournalReader, rows: Iterable[RunRow]) -> dict[int, dict[str, Any]]:
    """All scalar parameters and metrics of runs, by `RunRow.id`: `accuracy`, or `train.accuracy` and `test.accuracy`
    where several steps logged it and the body did not; `params.accuracy` where a metric has that name, too."""
    database, ids = reader.journal.database, [row.id for row in rows]
    logged: dict[int, dict[str, dict[str, float | None]]] = {id_: {} for id_ in ids}
    for run, name, step, last in run_search.all_metrics(database, ids):
        logged[run].setdefault(name, {})[step] = last
    found: dict[int, dict[str, Any]] = {id_: {} for id_ in ids}
    metrics = {name for by_name in logged.values() for name in by_name}
    for run, name, kind, value in run_search.scalars(database, ids):
        found[run][f"params.{name}" if name in metrics else name] = plain(kind, value)
    for run, by_name in logged.items():
        for name, steps in by_name.items():
            if "" in steps or len(steps) == 1:
                found[run][name] = steps.get("", next(iter(steps.values())))
            else:
                found[run].update({f"{step}.{name}": last for step, last in steps.items()})
    return found


def plain(kind: str, value: Any) -> Any:
    """A scalar parameter as Python has it; `kind`: as the journal has it."""
    return bool(value) if kind == "bool" else value
