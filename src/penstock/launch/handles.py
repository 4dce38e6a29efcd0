"""Flows that are started from Python: called, or driven in a thread of the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from penstock.launch.driving import Driving, Watcher
from penstock.launch.flow_modules import refuse_unguarded
from penstock.launch.parameters import parameters_of
from penstock.launch.preparing import RunRequest
from penstock.launch.runs import ActiveRun, prepare
from penstock.project import Project
from penstock.sdk.flows import Flow
from penstock.sdk.this_process import this_process


class Handle:
    """A run that is driven in a thread of this process."""

    def __init__(self, active: ActiveRun) -> None:
        self.id = active.id
        self._result: list[Any] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._drive, args=(active,), name=f"flow {active.id}", daemon=True)
        this_process.submitted.append(
            active.id
        )  # here: what other threads call must not depend on when that one begins
        self._thread.start()

    def _drive(self, active: ActiveRun) -> None:
        try:
            self._result.append(active.drive())
        except BaseException as error:  # noqa: BLE001  handed on by `result`
            self._error = error
        finally:
            this_process.submitted.remove(self.id)

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
    return _prepared(flow, params, watch).drive()


def submit_from_python(flow: Flow[Any, Any], params: dict[str, Any], watch: Callable[[Project], Watcher]) -> Handle:
    """What `flow.submit` does."""
    return Handle(_prepared(flow, params, watch))


def _prepared(flow: Flow[Any, Any], params: dict[str, Any], watch: Callable[[Project], Watcher]) -> ActiveRun:
    refuse_unguarded(flow)
    parameters_of(flow).check(params)
    project = Project.find()
    return prepare(project, RunRequest(flow, params), Driving(watcher=watch(project)))


def go_on(project: Project, request: RunRequest, how: Driving, dry_run: bool) -> Any:
    """What `penstock.resume` and `penstock.fork` do, once it is known with what."""
    if dry_run:
        from penstock.launch.rehearsing import rehearse

        return rehearse(project, request, how)
    if this_process.watch is not None:  # as where a flow is called: what is done in another way than asked is said
        how = how._replace(watcher=this_process.watch(project, resumed=bool(request.run_id)))
    return prepare(project, request, how).drive()
