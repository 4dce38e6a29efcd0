"""What a project's journal tells of earlier runs while another one is driven: the origin of a fork, and old code."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from penstock.engine.jobs import Combine
from penstock.journal.journal import Journal
from penstock.model.rows import Origin
from penstock.model.states import TaskStatus

if TYPE_CHECKING:
    from penstock.engine.origin import OriginRun
    from penstock.model.outcomes import Metric
    from penstock.project import Project


class EarlierRuns:
    """Earlier runs. Opened when it is first asked, with a connection of its own; for one thread at a time."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def journal(self) -> Journal:
        return Journal.open(self._project.home, read_only=True)

    def tree(self, code: bytes) -> bytes | None:
        """The packed tree of a code's digest; None: it is not known any more."""
        from penstock.journal import queries

        return queries.code_tree(self.journal, code)

    def origin(self, origin: Origin | None, combine: Combine) -> OriginRun | None:
        """The finished tasks of the run that a run was forked from; none where that was removed. None: it is no fork,
        or runs a step alone."""
        if origin is None or origin.only:
            return None
        from penstock.engine.origin import OriginRun, OriginTask
        from penstock.journal import queries, recorded
        from penstock.journal.priors import prior_tasks

        every = prior_tasks(self.journal.database, origin.id)
        done = [task for task in every if task.status == TaskStatus.DONE.value]
        last = {task.id: task.attempt for task in done}
        metrics: dict[int, list[Metric]] = {}
        for id_, attempt, metric in queries.metrics(self.journal, origin.id):
            if last.get(id_) == attempt:
                metrics.setdefault(id_, []).append(metric)
        records = recorded.by_task(self.journal.database, origin.id)
        calls = [task.id for task in every if origin.step in (task.name, task.step)]
        paths = (f"{origin.run}/{task.name}/{task.number}" for task in done)
        return OriginRun(
            [
                OriginTask(path, task, tuple(metrics.get(task.id, ())), records.get(task.id, ()))
                for path, task in zip(paths, done, strict=True)
            ],
            lambda id_: queries.inputs(self.journal, origin.id, id_),
            combine,
            step=origin.step,
            withheld_from=min(calls, default=0) if origin.step else 0,
            keep_code=origin.keep_code,
            seed=queries.seed(self.journal, origin.id),
        )

    def close(self) -> None:
        if "journal" in vars(self):  # else it was never asked
            self.journal.close()
