"""Brings a rehearsal together with the project that it looks at, and calls the body."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass

from penstock.engine.driver import Driver
from penstock.engine.origin import OriginRun
from penstock.engine.ports import Executor
from penstock.engine.run_state import Wiring
from penstock.errors import UsageError
from penstock.journal import queries
from penstock.journal.call_numbers import Calls
from penstock.journal.priors import prior_scopes, prior_tasks
from penstock.launch import preparing
from penstock.launch.changed_code import changes_since
from penstock.launch.driving import Driving, Watcher
from penstock.launch.earlier_runs import EarlierRuns
from penstock.launch.ending import called_by_body, replayed_end
from penstock.launch.flow_modules import module_of
from penstock.launch.rehearsal import IdleExecutor, IdleJournal, NotThere, Rehearsal, Rehearsed
from penstock.launch.run_code import RunCode
from penstock.launch.run_environments import RunEnvironments
from penstock.launch.run_values import RunValues, combine
from penstock.model.rows import PriorTask
from penstock.model.specs import Places, RunSpec
from penstock.model.states import RunStatus
from penstock.project import Project
from penstock.reading.explain import Explain
from penstock.reading.structs import ForecastInfo
from penstock.sdk import attempts, plain_calls, session


def rehearse(project: Project, order: preparing.RunRequest, how: Driving) -> ForecastInfo:
    """What would be reused and what would run, and why. Calls the flow's body, and runs no step. Blocks."""
    module = module_of(order.flow)
    with closing(EarlierRuns(project)) as earlier:
        run = _resumable(earlier, order.run_id) if order.run_id else None
        with project.store.held():
            preparing.encode_params(project, order.params)
            taken = preparing.take_snapshot(project, module)
        run_id = order.run_id or f"{order.name}/new"
        environments = preparing.environments_of(project, order, how)
        preparing.get_ready(project, order, _idle_executors(project, environments, how))
        order = order._replace(seed=preparing.seed_of(project, order))
        codes = RunCode(module, taken.file, earlier.tree, environments, how.watcher.said)
        codes.check(step for step, _ in preparing.steps_of(order.flow, None))
        try:
            return _Stage(project, order, how, earlier, codes, environments, run).play(run_id)
        finally:
            codes.save()


def _idle_executors(project: Project, environments: RunEnvironments, how: Driving) -> dict[str, Executor]:
    executors = preparing.executors_of(project, environments, how)
    return {name: IdleExecutor(executor, environments) for name, executor in executors.items()}


@dataclass(frozen=True)
class _Stage:
    project: Project
    order: preparing.RunRequest
    how: Driving
    earlier: EarlierRuns
    codes: RunCode
    environments: RunEnvironments
    run: int | None  # the one that would be gone on with, by `RunRow.id`; None: there is none

    def play(self, run_id: str) -> ForecastInfo:
        """Call the body until it needs what is not there, or comes to its end."""
        journal, run = self.earlier.journal, self.run
        prior = [] if run is None else prior_tasks(journal.database, run)
        if run is not None and not self.how.policy.changed:
            for note in changes_since(journal, run, self.codes, self.how):
                self.how.watcher.said(note)
        while True:
            origin = self.earlier.origin(self.order.origin, combine)
            driver = self._driver(run_id, prior, origin)
            rehearsal = Rehearsal(driver, origin)
            try:
                driver.open()
                error = self._call(run_id, rehearsal)
                driver.turn()  # raises what went wrong in an earlier one, whatever the body made of it
                again = replayed_end(error, driver) if error is not None else ()
                if not again:
                    return ForecastInfo(
                        rehearsal.steps(Explain(journal, run, self.order.origin)),
                        rehearsal.stopped_at,
                        dict(Counter(task.name for task in self._left(driver, origin))),
                        "" if error is None else f"{type(error).__name__}: {error}",
                    )
            finally:
                driver.close()
            # As `ActiveRun.drive` does it: what had ended the run would run.
            prior = [task._replace(delivered=False) if task.id in again else task for task in prior]

    def _left(self, driver: Driver, origin: OriginRun | None) -> list[PriorTask]:
        """What was finished before, and the body did not ask for."""
        of_origin = [task.prior for task in origin.left] if origin is not None else []
        return called_by_body(self.order.flow, of_origin if self.run is None else driver.unused_prior)

    def _driver(self, run_id: str, prior: list[PriorTask], origin: OriginRun | None) -> Driver:
        settings, how = self.project.settings, self.how
        return Driver(
            Wiring(
                run_id=run_id,
                journal=self._journal(prior),
                executors=_idle_executors(self.project, self.environments, how),
                spec=RunSpec(run_id),
                places=Places("", "", "", "", ""),
                limits=dict(settings.limits),
                platform_retries=settings.platform_retries,
                values=RunValues(self.project, self.run or 0),
                codes=self.codes,
                listener=Watcher(),
                policy=preparing.policy_of(how, self.order),
                origin=origin,
            )
        )

    def _journal(self, prior: list[PriorTask]) -> IdleJournal:
        database = self.earlier.journal.database
        if self.run is None:
            return IdleJournal(database, (), (), ())
        calls = self.project.folder("calls", queries.run_by_id(self.earlier.journal, self.run).folder)
        return IdleJournal(database, prior, prior_scopes(database, self.run), list(Calls(calls).read()))

    def _call(self, run_id: str, rehearsal: Rehearsal) -> BaseException | None:
        """What the body raised."""
        environment = preparing.default_environment(self.project, self.order.flow)
        with tempfile.TemporaryDirectory() as files:
            there = self.project.settings.environments
            run = Rehearsed(run_id, rehearsal, self.project.store, files, environments=there)
            try:
                with attempts.outside(), session.driving(run, environment):
                    plain_calls.resolved(self.order.call())
            except NotThere:
                return None
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  the boundary to the flow's body: what it raises is told
                return error
        return None


def _resumable(earlier: EarlierRuns, run_id: str) -> int:
    """The run by `RunRow.id`; raises UsageError where it can't be resumed."""
    row = queries.resolve(earlier.journal, run_id)
    if row.status in (RunStatus.DONE, RunStatus.RUNNING):
        raise UsageError(f"{run_id} is {row.status}: there is nothing to resume. See `penstock show {run_id}`")
    return row.id
