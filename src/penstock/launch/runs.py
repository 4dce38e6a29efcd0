"""A run from its lease to its end: encodes the parameters, takes the lease, drives the body, records the end."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from penstock.artifacts import codec, names
from penstock.artifacts.canonical import identify
from penstock.artifacts.digests import digest
from penstock.engine.book import Wiring
from penstock.engine.driver import Driver
from penstock.environments import code, installed, snapshot
from penstock.errors import (
    FencedError,
    NotStorableError,
    StoreError,
    Suspension,
)
from penstock.journal.columns import Surroundings
from penstock.journal.handle import RunHandle as JournalHandle
from penstock.journal.owners import owner_of_this_process
from penstock.launch.ending import how_it_ended, run_end, what_ended
from penstock.launch.how import How
from penstock.launch.interrupts import interrupts
from penstock.launch.targets import Module, module_of
from penstock.model.ids import how_to_resume
from penstock.model.outcomes import Stored
from penstock.model.rows import NewRun, RunEnd
from penstock.model.specs import Code, RunContext
from penstock.model.states import Cause, RunStatus
from penstock.project import Project, wire_executors
from penstock.sdk import current, local, session
from penstock.sdk.failures import rebuild, without_engine
from penstock.sdk.flows import Flow
from penstock.sdk.steps import Step

if TYPE_CHECKING:
    from penstock.executors.blank import Blank


def start(project: Project, flow: Flow[Any, Any], params: dict[str, Any], how: How) -> Any:
    """Run a flow: a new run. Blocks until it is over; gives the body's result, or raises what ended the run."""
    return prepare(project, flow, params, how).drive()


def resume(project: Project, flow: Flow[Any, Any], run_id: str, params: dict[str, Any], how: How) -> Any:
    """Go on with a run, whose stored parameters are `params`. Blocks like `start`."""
    return prepare(project, flow, params, how, run_id).drive()


def prepare(project: Project, flow: Flow[Any, Any], params: dict[str, Any], how: How, run_id: str = "") -> ActiveRun:
    """Take the lease of a new run (`run_id` is ""), or of an existing one. Nothing runs yet."""
    module = module_of(flow)
    journal = project.journal  # first: where nothing can be written, it says so best
    with project.store_held():
        stored = tuple((name, codec.encode(value, project.store, where=name).stored) for name, value in params.items())
        taken = _take_snapshot(project, module)
        around = _surroundings(taken)
        owner, now, monotonic = owner_of_this_process(), time.time(), time.monotonic()
        if run_id:
            is_at = (module.name, module.file) if module.file else None
            handle = journal.take(run_id, owner, now, monotonic, around, is_at)
        else:
            new = NewRun(flow.name, module.name, flow.fn.__qualname__, module.file, stored, how.tags, *around)
            handle = journal.create(new, owner, now, monotonic)
    if taken.note:
        how.watcher.said(taken.note)
    return ActiveRun(project, flow, params, how, handle, _context(project, handle.run_id, module, stored, taken))


def _surroundings(taken: snapshot.Snapshot) -> Surroundings:
    python, packages = installed.describe_interpreter(), installed.installed_packages()
    return Surroundings(taken.digest, python, packages, tuple(sys.argv), os.getcwd())


def _take_snapshot(project: Project, module: Module) -> snapshot.Snapshot:
    roots = [Path(module.root)] if module.file else []
    if (project.settings.root / "penstock.toml").exists():
        roots.append(project.settings.root)
    extra = [Path(module.file)] if module.file else []
    return snapshot.take(roots, extra, project.home / "sources")


def _context(
    project: Project, run_id: str, module: Module, params: tuple[tuple[str, Stored], ...], taken: snapshot.Snapshot
) -> RunContext:
    return RunContext(
        run=run_id,
        store=os.fspath(project.home / "store"),
        scratch=os.fspath(project.folder("scratch", run_id)),
        checkpoints=os.fspath(project.folder("checkpoints", run_id)),
        logs=os.fspath(project.folder("logs", run_id)),
        cwd=os.getcwd(),
        params=tuple((name, value.record) for name, value in params),
        sources=os.fspath(taken.file),
        module=module.name,
        module_path=module.file,
        argv=tuple(sys.argv),
        sys_path=tuple(dict.fromkeys((module.root, *filter(None, sys.path)))),
    )


class ActiveRun:
    """A run whose lease this process holds."""

    def __init__(
        self,
        project: Project,
        flow: Flow[Any, Any],
        params: dict[str, Any],
        how: How,
        handle: JournalHandle,
        context: RunContext,
    ) -> None:
        self.id = handle.run_id
        self._project = project
        self._flow = flow
        self._params = params
        self._how = how
        self._handle = handle
        self._context = context

    def drive(self) -> Any:
        """Call the body and see the run to its end. Gives the body's result, or raises what ended the run."""
        driver = self._new_driver(self._flow.timeout_s, self._how.blank)
        with interrupts(driver, self._how.watcher, self._project.settings.grace_s):
            self._how.watcher.began(self.id, driver)
            try:
                for folder in (self._context.scratch, self._context.logs):
                    os.makedirs(folder, exist_ok=True)
                driver.start()
                value = self._call_body(driver)
                self._settle_rest(driver)
                stored = self._encode_result(value)
            except BaseException as error:  # noqa: BLE001  the boundary: it is recorded, then raised as it came
                self._fail(driver, error)
            self._end(RunEnd(RunStatus.DONE.value, stored))
            return value

    def _new_driver(self, timeout_s: float | None, blank: Blank | None = None) -> Driver:
        settings, how = self._project.settings, self._how
        executors = wire_executors(settings, max_workers=how.max_workers, inline_only=how.inline, blank=blank)
        wiring = Wiring(
            run_id=self.id,
            journal=self._handle,
            executors=executors.by_name,
            context=self._context,
            limits=dict(settings.limits),
            platform_retries=settings.platform_retries,
            combine=_combine,
            fingerprint=_fingerprint,
            damaged=self._is_damaged,
            source_of=_source_of,
            notify=how.watcher.said,
            in_process=executors.in_process,
            assist=executors.inline.run_next,
            timeout_s=timeout_s,
        )
        return Driver(wiring)

    def _call_body(self, driver: Driver) -> Any:
        with current.outside(), session.driving(self._session(driver)):
            return local.resolved(self._flow.call(self._params))

    def _session(self, driver: Driver) -> session.Run:
        files = os.fspath(self._project.folder("files", self.id))
        return session.Run(self.id, driver, self._project.store, files)

    def _settle_rest(self, driver: Driver) -> None:
        """Wait for what the body submitted and did not wait for; a failure among it that nobody saw fails the run, but
        for what the body itself has cancelled."""
        driver.finish()
        if driver.halted_by is not None:
            raise driver.halted_by
        for failure in driver.failures.values():
            if not failure.delivered and failure.error.cause != Cause.CANCELLED.value:
                raise rebuild(failure.error, failure.path, self._project.store)

    # The run fails.

    def _fail(self, driver: Driver, error: BaseException) -> NoReturn:
        """Let what is in flight finish, record the end, and raise what the caller of the flow should see."""
        error = what_ended(error, driver.halted_by)
        if isinstance(error, (KeyboardInterrupt, Suspension)):
            driver.halt(error, kill=isinstance(error, KeyboardInterrupt))
        elif not self._how.keep_going:
            driver.halt(Suspension("the flow's body has failed"))
        _finish_quietly(driver)
        fault = driver.fault or error
        if isinstance(fault, FencedError):
            self._clean_up(RunStatus.RUNNING)
            raise fault
        status, shown = how_it_ended(fault, self.id, self._go_on)
        if self._flow.on_failure is not None and driver.fault is None and status is RunStatus.FAILED:
            self._call_on_failure(self._flow.on_failure, shown)
        self._end(run_end(status, shown, driver))
        raise shown.with_traceback(without_engine(error.__traceback__)) from shown.__cause__

    def _call_on_failure(self, step: Step[Any, Any], error: BaseException) -> None:
        """Run the flow's `on_failure` step as the last task of the run. Its own failure is said, and hides nothing."""
        driver = self._new_driver(None)
        driver.start()
        try:
            with current.outside(), session.driving(self._session(driver)):
                step(*((error,) if step.binder.names else ()))
        except BaseException as second:  # noqa: BLE001  the boundary to the user's code: the run has failed for another reason
            if isinstance(second, (KeyboardInterrupt, Suspension)):
                driver.halt(second, kill=True)
            self._how.watcher.said(f"on_failure step {step.name} failed: {type(second).__name__}: {second}")
        _finish_quietly(driver)

    # The run ends.

    def _encode_result(self, value: Any) -> Stored | None:
        if value is None:
            return None
        try:
            encoded = codec.encode(value, self._project.store, where="result", files=True)
        except NotStorableError as error:
            self._how.watcher.unkept(f"The flow's own result is not kept: {error}")
            return None
        if encoded.edges:  # deeper than `local.resolved` looks
            self._how.watcher.unkept("The flow's own result is not kept: it holds a future; return its .result()")
            return None
        return encoded.stored

    def _end(self, end: RunEnd) -> None:
        self._handle.end(end)
        self._clean_up(RunStatus(end.status))

    def _clean_up(self, status: RunStatus) -> None:
        import shutil

        shutil.rmtree(self._context.scratch, ignore_errors=True)
        self._handle.close()
        self._how.watcher.ended(self.id, status, self._go_on)

    @property
    def _go_on(self) -> str:
        return how_to_resume(self.id, self._context.module_path, self._flow.fn.__qualname__)

    def _is_damaged(self, stored: Stored) -> bool:
        """Whether what a record needs can't be read. Damaged blobs are removed, so that they can be written anew."""
        damaged = False
        for blob, size in codec.inspect_record(stored.record):
            try:
                self._project.store.get(blob, size, verify=True)
            except StoreError:
                self._project.store.delete(blob)
                damaged = True
        return damaged


def _combine(fingerprints: tuple[bytes, ...]) -> bytes:
    return identify(fingerprints).digest


def _fingerprint(stored: Stored) -> bytes:
    return stored.digest or digest(stored.record)


def _source_of(found: Code) -> str:
    if found.record is not None:
        return ""
    step = names.load(found.module, found.qualname)
    return code.source_digest(getattr(step, "fn", step))


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
