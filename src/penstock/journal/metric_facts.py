"""The facts of one run's metrics, kept by its driver beside the rows that they are derived from."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.journal import columns, sql_files
from penstock.journal.database import Database
from penstock.journal.run_facts import MetricFact, Summary, derived, fact_of, summed


class MetricFacts:
    """Within transactions of the caller's, who says beforehand what will change."""

    def __init__(self, database: Database, run: int) -> None:
        self._database = database
        self._run = run
        self._sql = sql_files.load("facts")
        self._before: dict[tuple[int, str], Summary | None] = {}

    def will_change(self, task: int, names: Iterable[str] | None = None) -> None:
        """What a task (0: the flow's own body) logged under these names is about to change. None: under all that it
        has logged so far."""
        id_ = self._run << columns.RUN_SHIFT | task
        if names is None:
            names = [name for (name,) in self._database.rows(self._sql["names_logged_by_task"], (id_,))]
        for name in names:
            if (task, name) not in self._before:
                self._before[task, name] = self._logged(task, name)

    def update(self) -> None:
        """After it has changed."""
        changes: dict[tuple[str, str], list[tuple[Summary | None, Summary | None]]] = {}
        for (task, name), before in self._before.items():
            step = self._step_of(task) if task else ""
            changes.setdefault((step, name), []).append((before, self._logged(task, name)))
        self._before.clear()
        for (step, name), found in changes.items():
            self._put(step, name, self._changed(step, name, found))

    def forget_body(self) -> None:
        """A driver calls the body anew."""
        self._database.run(self._sql["forget_body_facts"], (self._run,))

    def _changed(self, step: str, name: str, changes: list[tuple[Summary | None, Summary | None]]) -> MetricFact | None:
        row = self._database.row(self._sql["metric_fact"], (self._run, name, step))
        fact = None if row is None else MetricFact(*row)
        for old, new in changes:
            if new is None or (fact is not None and old is not None and fact.hangs_on(old, new)):
                return derived(self._database.rows, self._run, name, step)
            fact = fact_of([new]) if fact is None else fact.joined(new)
        return fact

    def _logged(self, task: int, name: str) -> Summary | None:
        """What counts of all that a task logged under a name; None: it logged nothing."""
        values = {"task_id": self._run << columns.RUN_SHIFT | task, "run_id": self._run, "name": name}
        found = self._database.rows(self._sql["logged_by_task" if task else "logged_by_body"], values)
        return next(summed(found), None)

    def _step_of(self, task: int) -> str:
        return self._database.row(self._sql["step_of_task"], (self._run << columns.RUN_SHIFT | task,))[0]

    def _put(self, step: str, name: str, fact: MetricFact | None) -> None:
        if fact is None:
            self._database.run(self._sql["forget_metric_fact"], (self._run, name, step))
        else:
            self._database.run(self._sql["put_metric_fact"], (self._run, name, step, *fact))
