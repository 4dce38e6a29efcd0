"""Starts, resumes and ends runs: encodes the parameters, takes the lease, drives the body, records the end.

Knows nothing of terminals: whoever starts a run hands in a `Watcher`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from penstock.artifacts import codec, names
from penstock.artifacts.canonical import identify
from penstock.artifacts.digests import digest
from penstock.engine.book import Wiring
from penstock.engine.driver import Driver, FlowTimeout
from penstock.environments import code, installed, snapshot
from penstock.errors import (
    FencedError,
    NotStorableError,
    StepTimeoutError,
    StoreError,
    Suspension,
    TaskCancelledError,
    UsageError,
)
from penstock.journal.columns import Surroundings
from penstock.journal.handle import RunHandle as JournalHandle
from penstock.journal.owners import owner_of_this_process
from penstock.model.outcomes import Error, Stored
from penstock.model.rows import NewRun, RunEnd
from penstock.model.specs import Code, RunContext
from penstock.model.states import Cause, RunStatus
from penstock.project import Project, wire_executors
from penstock.sdk import current, local, session
from penstock.sdk.failures import TASK_ATTRIBUTE, rebuild, without_engine
from penstock.sdk.flows import Flow
from penstock.worker.failure import class_name, traceback_text


class Watcher:
    """Whoever looks on while a run goes. This one says nothing."""

    def began(self, run_id: str, driver: Driver) -> None:
        """The run has its id, and its driver runs."""

    def said(self, text: str) -> None:
        """Something is done in another way than asked, and why."""

    def interrupted(self, again: bool) -> None:
        """Ctrl-C: once, what is in flight finishes; again, it is stopped."""

    def ended(self, run_id: str, status: RunStatus) -> None:
        """The run is over, and its journal is closed."""


@dataclass(frozen=True)
class How:
    """How a run is driven. None of it belongs to what the run is."""

    max_workers: int | None = None  # None: as the settings say
    inline: bool = False  # everything in the flow's own process
    keep_going: bool = False  # when the body fails, finish all that was submitted
    tags: tuple[str, ...] = ()
    watcher: Watcher = field(default_factory=Watcher)


class Interrupted(Suspension):
    """Ctrl-C, or a signal to end."""


@dataclass(frozen=True)
class _Module:
    """Where the flow's module is found again."""

    name: str
    file: str  # "" in a notebook
    root: str  # the folder from which it is imported


def start(project: Project, flow: Flow[Any, Any], params: dict[str, Any], how: How) -> Any:
    """Run a flow: a new run. Blocks until it is over; gives the body's result, or raises what ended the run."""
    return prepare(project, flow, params, how).drive()


def resume(project: Project, flow: Flow[Any, Any], run_id: str, params: dict[str, Any], how: How) -> Any:
    """Go on with a run, whose stored parameters are `params`. Blocks like `start`."""
    return prepare(project, flow, params, how, run_id).drive()


def prepare(project: Project, flow: Flow[Any, Any], params: dict[str, Any], how: How, run_id: str = "") -> ActiveRun:
    """Take the lease of a new run (`run_id` is ""), or of an existing one. Nothing runs yet."""
    module = _module_of(flow)
    journal = project.journal  # first: where nothing can be written, it says so best
    with project.store_held():
        stored = tuple((name, codec.encode(value, project.store, where=name).stored) for name, value in params.items())
        taken = _take_snapshot(project, module)
        around = _surroundings(taken)
        owner, now, monotonic = owner_of_this_process(), time.time(), time.monotonic()
        if run_id:
            handle = journal.take(run_id, owner, now, monotonic, around)
        else:
            new = NewRun(flow.name, module.name, flow.fn.__qualname__, module.file, stored, how.tags, *around)
            handle = journal.create(new, owner, now, monotonic)
    if taken.note:
        how.watcher.said(taken.note)
    return ActiveRun(project, flow, params, how, handle, _context(project, handle.run_id, module, stored, taken))


def _surroundings(taken: snapshot.Snapshot) -> Surroundings:
    python, packages = installed.describe_interpreter(), installed.installed_packages()
    return Surroundings(taken.digest, python, packages, tuple(sys.argv), os.getcwd())


def _module_of(flow: Flow[Any, Any]) -> _Module:
    name = flow.fn.__module__
    loaded = sys.modules.get(name)
    file = getattr(loaded, "__file__", None) if loaded else None
    if name == "__main__":
        name = names.main_name() or ""
    if not name or loaded is None or not file:
        return _Module("", "", os.getcwd())
    sys.modules.setdefault(name, loaded)  # what workers pickle by the script's name is found in `__main__`
    file = os.path.abspath(file)
    depth = name.count(".") + (os.path.basename(file) == "__init__.py")
    return _Module(name, file, os.fspath(Path(file).parents[depth]))


def _take_snapshot(project: Project, module: _Module) -> snapshot.Snapshot:
    roots = [Path(module.root)] if module.file else []
    if (project.settings.root / "penstock.toml").exists():
        roots.append(project.settings.root)
    extra = [Path(module.file)] if module.file else []
    return snapshot.take(roots, extra, project.home / "sources")


def _context(
    project: Project, run_id: str, module: _Module, params: tuple[tuple[str, Stored], ...], taken: snapshot.Snapshot
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
        for folder in (self._context.scratch, self._context.logs):
            os.makedirs(folder, exist_ok=True)
        driver = self._new_driver(self._flow.timeout_s)
        with _interrupts(driver, self._how.watcher, self._project.settings.grace_s):
            driver.start()
            self._how.watcher.began(self.id, driver)
            try:
                value = self._call_body(driver)
                self._settle_rest(driver)
            except BaseException as error:  # the boundary: whatever ends the body is recorded, then raised as it came
                self._fail(driver, error)
                raise AssertionError("unreachable") from error
            self._end(RunEnd(RunStatus.DONE.value, self._encode_result(value)))
            return value

    def _new_driver(self, timeout_s: float | None) -> Driver:
        settings, how = self._project.settings, self._how
        executors = wire_executors(settings, max_workers=how.max_workers, inline_only=how.inline)
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
        """Wait for what the body submitted and did not wait for; a failure among it that nobody saw fails the run."""
        driver.finish()
        if driver.halted_by is not None:
            raise driver.halted_by
        for failure in driver.failures.values():
            if not failure.delivered:
                raise rebuild(failure.error, failure.path, self._project.store)

    # The run fails.

    def _fail(self, driver: Driver, error: BaseException) -> None:
        """Let what is in flight finish, record the end, and raise what the caller of the flow should see."""
        if isinstance(error, (KeyboardInterrupt, Suspension)):
            driver.halt(error, kill=isinstance(error, KeyboardInterrupt))
        elif not self._how.keep_going:
            driver.halt(Suspension("the flow's body has failed"))
        _finish_quietly(driver)
        fault = driver.fault or error
        if isinstance(fault, FencedError):
            self._clean_up(RunStatus.RUNNING)
            raise fault
        if self._flow.on_failure is not None and isinstance(error, Exception):
            self._call_on_failure(error)
        status, shown = _how_it_ended(fault, self.id)
        self._end(_run_end(status, shown, driver))
        raise shown.with_traceback(without_engine(error.__traceback__)) from shown.__cause__

    def _call_on_failure(self, error: Exception) -> None:
        """Run the flow's `on_failure` step as the last task of the run. Its own failure is said, and hides nothing."""
        step = self._flow.on_failure
        assert step is not None
        driver = self._new_driver(None)
        driver.start()
        try:
            with current.outside(), session.driving(self._session(driver)):
                step(*((error,) if step.binder.names else ()))
        except Exception as second:  # the boundary to the user's code: the run has failed for another reason
            self._how.watcher.said(f"on_failure step {step.name} failed: {type(second).__name__}: {second}")
        _finish_quietly(driver)

    # The run ends.

    def _encode_result(self, value: Any) -> Stored | None:
        if value is None:
            return None
        try:
            return codec.encode(value, self._project.store, where="result").stored
        except NotStorableError as error:
            self._how.watcher.said(f"The flow's own result is not kept: {error}")
            return None

    def _end(self, end: RunEnd) -> None:
        self._handle.end(end)
        self._clean_up(RunStatus(end.status))

    def _clean_up(self, status: RunStatus) -> None:
        import shutil

        shutil.rmtree(self._context.scratch, ignore_errors=True)
        self._handle.close()
        self._how.watcher.ended(self.id, status)

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
        except KeyboardInterrupt as error:
            driver.halt(error, kill=True)
            continue
        except BaseException:  # noqa: BLE001  it is `driver.fault`
            return
        return


def _how_it_ended(error: BaseException, run_id: str) -> tuple[RunStatus, BaseException]:
    """The run's status, and the exception that the flow's caller gets."""
    if isinstance(error, (Interrupted, KeyboardInterrupt)):
        return RunStatus.INTERRUPTED, KeyboardInterrupt(
            f"{run_id} was interrupted; go on with: penstock resume {run_id}"
        )
    if isinstance(error, FlowTimeout):
        return RunStatus.FAILED, StepTimeoutError(f"{run_id} ran beyond its flow's timeout")
    if isinstance(error, Suspension):
        return RunStatus.CANCELLED, TaskCancelledError(f"{run_id} was cancelled; go on with: penstock resume {run_id}")
    return RunStatus.FAILED, error


def _run_end(status: RunStatus, error: BaseException, driver: Driver) -> RunEnd:
    cause = Cause.CANCELLED if status is RunStatus.CANCELLED else Cause.RAISED
    words = Error(cause.value, class_name(type(error)), str(error), traceback_text(error))
    paths = set(tasks_of(error))
    roots = {failure.root for failure in driver.failures.values() if failure.path in paths or not failure.delivered}
    return RunEnd(status.value, None, words, tuple(sorted(roots)))


def tasks_of(error: BaseException | None) -> Iterator[str]:
    """The tasks whose failures an exception comes from: itself, what it was raised from or while, and a group's."""
    seen: set[int] = set()
    pending = [error]
    while pending:
        part = pending.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        task = getattr(part, TASK_ATTRIBUTE, None)
        if task is not None:
            yield task
        pending += [part.__cause__, part.__context__, *getattr(part, "exceptions", ())]


@contextmanager
def _interrupts(driver: Driver, watcher: Watcher, grace_s: float) -> Iterator[None]:
    """Ctrl-C once lets what is in flight finish for `grace_s`; twice, or SIGTERM, ends it. In the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    presses = 0

    def on_interrupt(number: int, frame: Any) -> None:
        nonlocal presses
        presses += 1
        again = presses > 1 or number == signal.SIGTERM
        watcher.interrupted(again)
        driver.halt(Interrupted(), kill=again, kill_after_s=None if again else grace_s)
        if presses > 1:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, on_interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Handle:
    """A run that is driven in a thread of this process."""

    def __init__(self, active: ActiveRun) -> None:
        self.id = active.id
        self._result: list[Any] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._drive, args=(active,), name=f"flow {active.id}", daemon=True)
        self._thread.start()

    def _drive(self, active: ActiveRun) -> None:
        try:
            self._result.append(active.drive())
        except BaseException as error:  # noqa: BLE001  handed on by `result`
            self._error = error

    def done(self) -> bool:
        """Whether the run is over."""
        return not self._thread.is_alive()

    def result(self, timeout: float | None = None) -> Any:
        """The flow's result. Blocks; raises what ended the run, or TimeoutError after `timeout` seconds."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"{self.id} is not over after {timeout} s")
        if self._error is not None:
            raise self._error
        return self._result[0]

    def __repr__(self) -> str:
        return f"<run {self.id} {'over' if self.done() else 'running'}>"


def from_python(flow: Flow[Any, Any], params: dict[str, Any], watch: Callable[[Project], Watcher]) -> Any:
    """What calling a flow outside a run does. `watch` makes the run's watcher."""
    project = Project.find()
    return start(project, flow, params, How(watcher=watch(project)))


def submit_from_python(flow: Flow[Any, Any], params: dict[str, Any], watch: Callable[[Project], Watcher]) -> Handle:
    """What `flow.submit` does."""
    project = Project.find()
    return Handle(prepare(project, flow, params, How(watcher=watch(project))))


def load_flow(target: str) -> Flow[Any, Any]:
    """The flow that `FILE` or `FILE:FLOW` names. Runs the module, but not its `if __name__ == "__main__"` part.

    Raises UsageError where the file is missing, holds no flow, or several and none is named, or calls a flow without a
    guard; and what the module itself raises.
    """
    file, _, wanted = target.partition(":") if not target.endswith(".py") else (target, "", "")
    if not os.path.isfile(file):
        raise UsageError(f"there is no file {file}")
    return pick_flow(load_file(Path(file).absolute()), file, wanted)


def load_file(path: Path) -> Any:
    """The module of a file, imported by the name that workers will use. Raises what the module raises."""
    from penstock.worker import sources

    name, root = module_name(path)
    if root not in sys.path:
        sys.path.insert(0, root)
    loaded = sys.modules.get(name)
    if loaded is None:
        with current.importing():
            return sources.load_module(sources.install(""), name, os.fspath(path))
    if not os.path.samefile(getattr(loaded, "__file__", None) or os.devnull, path):
        raise UsageError(f"{path} has the name of another module, {name!r}, that is loaded already: rename the file")
    return loaded


def module_name(path: Path) -> tuple[str, str]:
    """The importable name of a file, and the folder from which it is imported."""
    parts = [path.stem]
    root = path.parent
    while (root / "__init__.py").exists():
        parts.insert(0, root.name)
        root = root.parent
    return ".".join(parts), os.fspath(root)


def pick_flow(module: Any, file: str, wanted: str) -> Flow[Any, Any]:
    """The flow of a loaded module: the one that is named, or the only one that is defined there."""
    flows = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, Flow) and value.fn.__module__ == module.__name__
    }
    found: Callable[[str], Flow[Any, Any] | None] = flows.get
    if wanted:
        chosen = found(wanted) or next((flow for flow in flows.values() if flow.name == wanted), None)
        if chosen is None:
            raise UsageError(f"{file} has no flow {wanted!r}; it has: {', '.join(flows) or 'none'}")
        return chosen
    if len(flows) != 1:
        there = (
            f"several flows ({', '.join(flows)}): name one, as in {file}:{next(iter(flows))}" if flows else "no flow"
        )
        raise UsageError(f"{file} has {there}")
    return next(iter(flows.values()))
