"""Runs of MLflow's as runs without tasks: each once, the parent before its children."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from penstock.errors import NotFoundError
from penstock.exchange import run_import
from penstock.exchange.mlflow_runs import KEY, OWN_KEY, PARENT, RunContent, RunHead, Tracking, foreign_run, in_order
from penstock.exchange.staging import staged
from penstock.journal import imported_runs
from penstock.journal.imported_runs import Put
from penstock.model.nearest import hint
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple
from penstock.model.words import plural
from penstock.project import Project


class MlflowImport(NamedTuple):
    """What became of a run of MLflow's."""

    mlflow: str  # its id there
    put: Put
    notes: tuple[str, ...] = ()  # what was left out, and why


def import_runs(
    project: Project,
    tracking: Tracking,
    experiments: Sequence[str] = (),
    *,
    artifacts: bool = True,
    again: bool = False,
) -> Iterator[MlflowImport]:
    """Import all runs of these experiments (none: of all) that are not here yet, or had not ended when they were
    imported; gives each as it is done, those that were here among them. `again`: look at all of them. Raises
    UsageError, NotFoundError."""
    heads = in_order(tracking.heads())
    _check(experiments, {head.experiment for head in heads})
    wanted = [head for head in heads if not experiments or head.experiment in experiments]
    return _Import(project, tracking, artifacts, again).all(wanted)


def _check(experiments: Sequence[str], known: set[str]) -> None:
    for name in experiments:
        if name not in known:
            others = f"; there are {', '.join(sorted(known)) or 'none'}"
            raise NotFoundError(f"there is no experiment {name!r} with runs{hint(name, known, others)}")


class _Import:
    def __init__(self, project: Project, tracking: Tracking, artifacts: bool, again: bool) -> None:
        self._project, self._tracking, self._artifacts, self._again = project, tracking, artifacts, again
        self._done: dict[str, Put] = {}  # by the run's id

    def all(self, heads: list[RunHead]) -> Iterator[MlflowImport]:
        left = {head.id: head for head in heads}
        known = imported_runs.keys(self._project.journal, KEY)
        own = imported_runs.nonces(self._project.journal)
        while left:
            # From the first that is left up to the first of its ancestors that is left, too.
            chain = [self._taken(left, next(iter(left)))]
            while (parent := chain[-1][1].tags.get(PARENT, "")) in left:
                chain.append(self._taken(left, parent))
            for head, content in reversed(chain):
                here = own.get(content.tags.get(OWN_KEY, ""))
                if here is not None:  # it was exported from here
                    self._done[head.id] = Put(here[1], here[0], False, False)
                    yield MlflowImport(head.id, self._done[head.id])
                else:
                    yield self._one(head, content, known.get(head.key))

    def _taken(self, left: dict[str, RunHead], id_: str) -> tuple[RunHead, RunContent]:
        head = left.pop(id_)
        return head, self._tracking.content(head)

    def _one(self, head: RunHead, content: RunContent, known: tuple[int, str, str] | None) -> MlflowImport:
        if known is not None and known[2] != RunStatus.INTERRUPTED and not self._again:
            put = self._done[head.id] = Put(known[1], known[0], False, False)
            return MlflowImport(head.id, put)
        notes: list[str] = []
        with self._project.store.held(), staged(self._project) as staging:
            if self._artifacts:
                why_not = self._tracking.stage(head, staging)
                if why_not:
                    notes.append(f"its artifacts were not imported: {why_not}")
            if staging.left_out:
                notes.append(
                    f"left out of its artifacts, as a link or under no plain name: {plural(staging.left_out, 'file')}"
                )
            run = foreign_run(head, content)
            parent = self._done.get(content.tags.get(PARENT, ""))
            put = run_import.put(self._project, run, self._tracking.curves(head), staging, parent)
        self._done[head.id] = put
        return MlflowImport(head.id, put, tuple(notes))
