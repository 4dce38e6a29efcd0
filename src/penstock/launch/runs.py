"""A run from its lease to its end: encodes the parameters, takes the lease, drives the body, records the end."""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from penstock.artifacts import codec
from penstock.engine.driver import Driver
from penstock.engine.run_state import Wiring
from penstock.errors import FencedError, NotStorableError, Suspension
from penstock.launch import last_looks
from penstock.launch.driving import Driving
from penstock.launch.interrupts import interrupts
from penstock.launch.preparing import Prepared, RunRequest, default_environment, executors_of, policy_of, take_lease
from penstock.launch.run_values import RunValues, combine
from penstock.model.ids import how_to_resume
from penstock.model.outcomes import Stored
from penstock.model.rows import RunEnd
from penstock.model.states import Cause, RunStatus
from penstock.project import Project, wire_host
from penstock.sdk import attempts, plain_calls, session
from penstock.sdk.steps import Step
from penstock.worker import flow_streams
from penstock.worker.flow_logs import BodyLog
from penstock.worker.log_files import body_log

if TYPE_CHECKING:
    from penstock.model.outcomes import Error
    from penstock.sdk.recording import Recording


def prepare(project: Project, order: RunRequest, how: Driving) -> ActiveRun:
    """Take the lease of a new run, or of an existing one. Nothing runs yet."""
    last_looks.spare()
    return ActiveRun(project, take_lease(project, order, how), how)


class ActiveRun:
    """A run whose lease this process holds."""

    def __init__(self, project: Project, prepared: Prepared, how: Driving) -> None:
        self.id = prepared.handle.run_id
        self._project = project
        self._order = prepared.order
        self._prepared = prepared
        self._how = how
        self._handle = prepared.handle
        self._spec, self._places = spec, places = prepared.spec, prepared.places
        log = places.log(body_log(spec.driver))
        self._session: session.RunSession | None = None  # of the body
        self._flows: list[threading.Thread] = []  # of nested flows, beside the body
        self._log = BodyLog(log, spec.log_bytes, flow_streams.of_this_process(), how.watcher.said)

    def drive(self) -> Any:
        """Call the body and see the run to its end. Gives the body's result, or raises what ended the run."""
        with self._log:
            return self._drive()

    def _drive(self) -> Any:
        timeout_s, watcher = self._order.flow.timeout_s, self._how.watcher
        driver = self._new_driver(timeout_s)
        number = 1
        while True:
            with interrupts(driver, watcher, self._project.settings.grace_s):
                watcher.began(self.id, driver)
                try:
                    self._make_folders()
                    driver.start()
                    value = self._call_body(driver)
                    self._settle_rest(driver)
                    stored = self._encode_result(value)
                except BaseException as error:  # noqa: BLE001  the boundary: it is recorded, then raised as it came
                    if not self._ended_as_before(driver, error):
                        self._fail(driver, error)
                else:
                    self._handle.end(RunEnd(RunStatus.DONE.value, stored))
                    self._clean_up(RunStatus.DONE)
                    return value
            number += 1
            driver = self._new_driver(timeout_s, mark=f"-{number}")

    def _ended_as_before(self, driver: Driver, error: BaseException) -> bool:
        """Whether all that the body has come to is the failure that had ended it under an earlier driver, which was
        killed before it could write that down. Then it is called once more, and what had failed runs again."""
        if driver.halted_by is not None or driver.fault is not None:
            return False
        from penstock.launch.ending import replayed_end

        tasks = replayed_end(error, driver)
        if not tasks:
            return False
        self._await_flows(driver)
        _finish_quietly(driver)  # what was submitted is wanted again
        if driver.halted_by is not None:
            return False
        self._handle.undeliver(tasks)
        paths = sorted(driver.failures[task].path for task in tasks)
        what = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1:,} more"
        self._how.watcher.said(f"{what} had ended the run: run again, and the flow's body from its beginning")
        return True

    def _make_folders(self) -> None:
        for folder in (self._places.scratch, self._places.logs):
            os.makedirs(folder, exist_ok=True)
        beside, mine = os.path.split(self._places.scratch)
        for left in os.listdir(beside):  # by drivers that were killed; a later one's is not ours to touch
            if int(left) < int(mine):
                _remove(os.path.join(beside, left))

    def _new_driver(self, timeout_s: float | None, mark: str = "") -> Driver:
        """`mark` sets the names of a second driver's workers apart from those of the first."""
        settings, how = self._project.settings, self._how
        executors = executors_of(self._project, self._prepared.environments, how)
        wiring = Wiring(
            run_id=self.id,
            journal=self._handle,
            executors=executors,
            spec=self._spec._replace(driver=f"{self._spec.driver}{mark}"),
            places=self._places,
            limits=dict(settings.limits),
            platform_retries=settings.platform_retries,
            values=RunValues(self._project, self._handle.id),
            codes=self._prepared.codes,
            listener=how.watcher,
            timeout_s=timeout_s,
            policy=policy_of(how, self._order),
            origin=self._prepared.earlier.origin(self._order.origin, combine),
            host=wire_host(executors, settings.root),
        )
        return Driver(wiring)

    def _call_body(self, driver: Driver) -> Any:
        with attempts.outside(), self._place(driver):
            try:
                return plain_calls.resolved(self._order.call())
            finally:
                self._log.finish_lines()  # before the run's end is told: who follows the log looks no further

    def _place(self, driver: Driver) -> AbstractContextManager[None]:
        """Where steps are called as this run's tasks."""
        files = self._project.folder("files", self._handle.folder)
        record = partial(self._record, driver)
        written = partial(RunValues(self._project, self._handle.id).written, for_body=True)
        there = self._project.settings.environments
        run = session.RunSession(self.id, driver, self._project.store, files, written, self._described, record, there)
        self._session, self._flows = run, run.threads
        self._log.take(run)
        return session.driving(run, default_environment(self._project, self._order.flow))

    def _described(self, error: BaseException) -> Error:
        from penstock.worker.recorded_errors import error_of

        return error_of(error, self._project.store, None)

    def _record(self, driver: Driver) -> Recording:
        """What the body logs. Most log nothing."""
        from penstock.sdk.recording import Recording

        path = self._places.log(f"flow.{self._spec.driver}.points")
        return Recording(path, self._spec.driver, self.id, driver.log)

    def _settle_rest(self, driver: Driver) -> None:
        """Wait for what the body submitted and did not wait for; a failure among it that nobody saw fails the run, but
        for what the body itself has cancelled."""
        self._await_flows(driver)
        driver.finish()
        if driver.halted_by is not None:
            raise driver.halted_by
        for failure in driver.failures.values():
            if not failure.delivered and failure.error.cause != Cause.CANCELLED.value:
                from penstock.sdk.rebuilt_errors import rebuild

                raise rebuild(failure.error, failure.path, self._project.store)

    def _await_flows(self, driver: Driver) -> None:
        """Wait for the nested flows that run beside the body. What is ended at once is not waited for: a thread that is
        busy with code of its own ends at its next call of a step."""
        while self._flows and not driver.is_ending:
            self._flows[-1].join(0.05)
            self._flows[:] = [thread for thread in self._flows if thread.is_alive()]
        if self._session is not None and self._session.recording is not None:
            driver.log(self._session.recording.end(self._project.store))

    def _fail(self, driver: Driver, error: BaseException) -> NoReturn:
        """Let what is in flight finish, record the end, and raise what the caller of the flow should see."""
        from penstock.launch.ending import how_it_ended, may_be_damage, run_end, what_ended
        from penstock.sdk.rebuilt_errors import without_engine

        error = what_ended(error, driver.halted_by)
        if isinstance(error, (KeyboardInterrupt, Suspension)):
            driver.halt(error, kill=isinstance(error, KeyboardInterrupt))
        elif not self._how.keep_going:
            driver.halt(Suspension("the flow's body has failed"))
        self._await_flows(driver)
        _finish_quietly(driver)
        fault = driver.fault or error
        if isinstance(fault, FencedError):
            self._clean_up(RunStatus.RUNNING)
            raise fault
        status, shown = how_it_ended(fault, self.id, self._go_on)
        if self._order.flow.on_failure is not None and driver.fault is None and status is RunStatus.FAILED:
            self._call_on_failure(self._order.flow.on_failure, shown)
        self._handle.end(run_end(status, shown, driver))
        if any(may_be_damage(failure.error) for failure in driver.failures.values()):
            for line in self._prepared.environments.damages():
                self._how.watcher.said(line)
        self._clean_up(status)
        raise shown.with_traceback(without_engine(error.__traceback__)) from shown.__cause__

    def _call_on_failure(self, step: Step[Any, Any], error: BaseException) -> None:
        """Run the flow's `on_failure` step as the last task of the run. Its own failure is said, and hides nothing."""
        from penstock.launch.handlers import for_handler

        driver = self._new_driver(None, mark="-last")
        driver.start()
        try:
            with attempts.outside(), self._place(driver):
                step(*((for_handler(error, self._project.store),) if step.binder.names else ()))
        except BaseException as second:  # noqa: BLE001  the boundary to the user's code: the run has failed for another reason
            if isinstance(second, (KeyboardInterrupt, Suspension)):
                driver.halt(second, kill=True)
            self._how.watcher.said(f"on_failure step {step.name} failed: {type(second).__name__}: {second}")
        _finish_quietly(driver)

    def _encode_result(self, value: Any) -> Stored | None:
        if value is None:
            return None
        try:
            encoded = codec.encode(value, self._project.store, where="result", files=True, layout=True)
        except NotStorableError as error:
            self._how.watcher.unkept(f"The flow's own result is not kept: {error}")
            return None
        if encoded.edges:  # deeper than `local.resolved` looks
            self._how.watcher.unkept("The flow's own result is not kept: it holds a future; return its .result()")
            return None
        return encoded.stored

    def _clean_up(self, status: RunStatus) -> None:
        _remove(self._places.scratch)
        with suppress(OSError):  # another driver has taken the run over, and has one there
            os.rmdir(os.path.dirname(self._places.scratch))
        self._handle.close()
        self._prepared.codes.save()
        self._prepared.earlier.close()
        if self._project.tiers is not None and status is not RunStatus.INTERRUPTED:
            self._project.tiers.finish()
        self._how.watcher.ended(self.id, status, self._go_on)

    @property
    def _go_on(self) -> str:
        return how_to_resume(self.id, self._places.module_path, self._order.flow.fn.__qualname__)


def _remove(folder: str) -> None:
    try:
        os.rmdir(folder)
    except OSError:  # it isn't empty. Most times it is, and what could empty it takes long to be imported
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def _finish_quietly(driver: Driver) -> None:
    """Wait for the driver to come to rest; a fault of its own is found in `driver.fault`."""
    while True:
        try:
            driver.finish()
        except (KeyboardInterrupt, Suspension) as error:
            driver.halt(error, kill=True)
            continue
        except BaseException:  # noqa: BLE001  it is `driver.fault`
            return
        return
