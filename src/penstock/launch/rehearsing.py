"""Brings a rehearsal together with the project that it looks at, and calls the body."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing

from penstock.engine.reuse import Reuse
from penstock.errors import UsageError
from penstock.journal import cache, queries
from penstock.journal.call_numbers import Calls
from penstock.journal.priors import prior_tasks
from penstock.launch.driving import Driving
from penstock.launch.earlier_runs import EarlierRuns
from penstock.launch.ending import all_tasks_of, called_by_body
from penstock.launch.flow_modules import module_of
from penstock.launch.preparing import (
    RunRequest,
    changes_since,
    codes_of,
    default_environment,
    encode_params,
    environments_of,
    is_here,
    policy_of,
    seed_of,
    steps_of,
    take_snapshot,
)
from penstock.launch.rehearsal import NotThere, Rehearsal, Rehearsed, World
from penstock.launch.run_code import RunCode
from penstock.launch.run_values import RunValues, combine, fingerprint
from penstock.model.rows import Dealt, PriorTask, Sought, WantedResult
from penstock.model.states import RunStatus
from penstock.project import Project
from penstock.reading.explain import Explain
from penstock.reading.structs import ForecastInfo
from penstock.sdk import attempts, plain_calls, session


def rehearse(project: Project, order: RunRequest, how: Driving) -> ForecastInfo:
    """What would be reused and what would run, and why. Calls the flow's body, and runs no step. Blocks."""
    module = module_of(order.flow)
    with closing(EarlierRuns(project)) as earlier:
        run = _resumable(earlier, order.run_id) if order.run_id else None
        with project.store.held():
            encode_params(project, order.params)
            taken = take_snapshot(project, module)
        run_id = order.run_id or f"{order.name}/new"
        environments = environments_of(project, order, how)
        for step, environment in steps_of(order.flow, default_environment(project, order.flow)):
            (environments.ready_here if is_here(project, how, step) else environments.lock)(environment, step.name)
        order = order._replace(seed=seed_of(project, order))
        codes = codes_of(project, order.flow, module, taken.file, earlier, environments, how)
        try:
            return _Stage(project, order, how, earlier, codes, run).play(run_id)
        finally:
            codes.save()


class _Stage:
    """`run`: the one that would be gone on with, by `RunRow.id`; None: there is none."""

    def __init__(
        self, project: Project, order: RunRequest, how: Driving, earlier: EarlierRuns, codes: RunCode, run: int | None
    ) -> None:
        self._project, self._order, self._how = project, order, how
        self._earlier, self._codes = earlier, codes
        self._run = run
        origin = order.origin if self._run is None else queries.detail(earlier.journal, self._run).origin
        self._origin_row = origin
        self._origin = None if origin is None or origin.only else earlier.origin(origin, combine)

    def play(self, run_id: str) -> ForecastInfo:
        """Call the body until it needs what is not there, or comes to its end."""
        prior = [] if self._run is None else prior_tasks(self._earlier.journal.database, self._run)
        if self._run is not None and not self._how.policy.changed:
            for note in changes_since(self._earlier.journal, self._run, self._codes, self._how):
                self._how.watcher.said(note)
        known = {task.key: task for task in prior}
        while True:
            rehearsal = Rehearsal(self._world(run_id, known))
            with tempfile.TemporaryDirectory() as files:
                error = self._call(Rehearsed(run_id, rehearsal, self._project.store, files), rehearsal)
            again = [rehearsal.roots[path] for path in all_tasks_of(error) if path in rehearsal.roots]
            if not again:
                break
            for key in again:  # as `ActiveRun.drive` does it: what had ended the run would run
                known[key] = known[key]._replace(delivered=False)
        left = rehearsal.left_of_prior if self._run is not None else self._left_of_origin()
        return rehearsal.finish([task.name for task in called_by_body(self._order.flow, left)])

    def _world(self, run_id: str, prior: dict[bytes, PriorTask]) -> World:
        policy = policy_of(self._how, self._origin_row, self._order.seed)
        return World(
            run_id=run_id,
            prior=prior,
            dealt=self._dealt(),
            reuse=lambda results: Reuse(
                policy,
                self._origin,
                results,
                self._codes,
                RunValues(self._project, 0),
            ),
            seek=self._seek,
            combine=combine,
            fingerprint=fingerprint,
            explain=Explain(self._earlier.journal, self._run, self._origin_row),
            seed=self._order.seed,
        )

    def _call(self, run: Rehearsed, rehearsal: Rehearsal) -> BaseException | None:
        """What the body raised."""
        try:
            with attempts.outside(), session.driving(run, default_environment(self._project, self._order.flow)):
                plain_calls.resolved(self._order.call())
        except NotThere:
            return None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  the boundary to the flow's body: what it raises is told
            rehearsal.forecast.error = f"{type(error).__name__}: {error}"
            return error
        return None

    def _dealt(self) -> list[Dealt]:
        if self._run is None:
            return []
        row = queries.run_by_id(self._earlier.journal, self._run)
        return list(Calls(self._project.folder("calls", row.folder)).read())

    def _left_of_origin(self) -> list[PriorTask]:
        return [task.prior for task in self._origin.left] if self._origin is not None else []

    def _seek(self, wanted: tuple[WantedResult, ...]) -> tuple[Sought, ...]:
        return tuple(cache.look_up(self._earlier.journal.database, wanted, time.time()))


def _resumable(earlier: EarlierRuns, run_id: str) -> int:
    """The run by `RunRow.id`; raises UsageError where it can't be resumed."""
    row = queries.resolve(earlier.journal, run_id)
    if row.status in (RunStatus.DONE, RunStatus.RUNNING):
        raise UsageError(f"{run_id} is {row.status}: there is nothing to resume. See `penstock show {run_id}`")
    return row.id
