"""The nested flows of a run: what is noted of each, and what of an earlier driver's stands.

A nested flow's body runs in the flow's own process, so that nothing of it is placed, started or retried. It is numbered
among the run's tasks, since a task may need its result.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from penstock.engine import facts
from penstock.engine.run_state import Failure, Resolution, RunState, Wiring
from penstock.errors import TaskCancelledError
from penstock.model.outcomes import Error, Stored
from penstock.model.rows import Dealt, ScopeRecord
from penstock.model.slotted import Slotted
from penstock.model.specs import FlowCall
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.model.sinks import Sink


class OpenScope(Slotted):
    """A nested flow whose body goes on."""

    record: ScopeRecord
    sink: Sink | None  # None: its caller waits, and takes the value itself
    prior: ScopeRecord | None  # how an earlier driver has seen it end; None: it has not
    is_cancelled: bool = False


class Left(NamedTuple):
    """A nested flow's body is over; without a result and an error: it was stopped."""

    scope: int
    at: float  # UTC, seconds
    result: Stored | None
    error: Error | None
    task: str  # path of the task whose failure has ended it; "": none
    is_done: bool  # also where its result is its caller's alone


class Scopes:
    """All nested flows of a run. `enter`, `cancel` and `check` under the lock of what submitting changes; `take` within
    a turn."""

    def __init__(self, run_state: RunState, wiring: Wiring) -> None:
        self._run = run_state
        self._wiring = wiring
        self._open: dict[int, OpenScope] = {}
        self._prior: dict[bytes, ScopeRecord] = {}

    def start(self, prior: Iterable[ScopeRecord]) -> list[Dealt]:
        """Take in what earlier drivers have noted; their numbers."""
        self._prior = {scope.key: scope for scope in prior}
        return [Dealt(scope.key, scope.id, scope.name, scope.number) for scope in self._prior.values()]

    @property
    def last_settled(self) -> int:
        """The last place that earlier drivers have given to one."""
        return max((scope.settled for scope in self._prior.values()), default=0)

    def enter(self, call: FlowCall, dealt: Dealt, at: float, sink: Sink | None) -> OpenScope:
        prior = self._prior.pop(call.key, None)
        record = ScopeRecord(
            dealt.id,
            call.scope,
            call.flow,
            call.name,
            dealt.number,
            call.key,
            TaskStatus.RUNNING.value,
            call.inputs,
            at,
        )
        over = prior is not None and prior.status in (TaskStatus.DONE.value, TaskStatus.FAILED.value)
        scope = self._open[dealt.id] = OpenScope(record, sink, prior if over else None)
        return scope

    def check(self, scope: int) -> None:
        """Raise TaskCancelledError where nothing is to be called any more there."""
        known = self._open.get(scope)
        if known is not None and known.is_cancelled:
            raise TaskCancelledError(f"{self._path(known.record)} was cancelled")

    def cancel(self, scope: int) -> list[int]:
        """End a nested flow, with all that it has called: the tasks among that; none where it is over."""
        ended = {scope} & self._open.keys()
        for id_, known in self._open.items():  # in the order of their calls: a parent comes before its own
            if id_ in ended or known.record.parent in ended:
                ended.add(id_)
                known.is_cancelled = True
        return [job.id for job in self._run.jobs.values() if job.call.scope in ended]

    def take(self, left: Left) -> list[facts.Event]:
        """A nested flow's body is over; gives what follows for the tasks that need its result."""
        scope = self._open.pop(left.scope, None)
        if scope is None:
            return []
        error = left.error
        if error is not None and scope.is_cancelled:
            error = error._replace(cause=Cause.CANCELLED.value)
        is_stopped = error is None and not left.is_done
        is_failed = error is not None and not scope.is_cancelled
        status = TaskStatus.DONE if left.is_done else TaskStatus.FAILED if is_failed else TaskStatus.CANCELLED
        record = scope.record._replace(
            status=status.value, ended_at=left.at, result=left.result, error=error, settled=self._place(scope, left)
        )
        if scope.prior is None or record.settled != scope.prior.settled or record.status != scope.prior.status:
            self._run.pending.scopes.append(record)
        if scope.sink is None:
            return []
        if is_stopped:  # the run stops: it is suspended with all others
            self._open[left.scope] = scope
            return []
        return [self._settled(record, scope.sink, left.task)]

    def _place(self, scope: OpenScope, left: Left) -> int:
        """What it had under an earlier driver, where it has ended as it did then."""
        if scope.sink is None:
            return 0
        prior = scope.prior
        if prior is not None and prior.settled and _ended_as(prior, left):
            return prior.settled
        return self._run.next_place()

    def _settled(self, record: ScopeRecord, sink: Sink, task: str) -> facts.Event:
        run_state = self._run
        run_state.resolutions.append(Resolution(sink, record.result, record.error, False, record.settled))
        if record.result is not None:
            run_state.results[record.id] = record.result
            return facts.Given(record.id, True, self._wiring.values.fingerprint(record.result))
        assert record.error is not None
        roots = (failure.root for failure in run_state.failures.values() if failure.path == task)
        root = next(roots, record.id)
        run_state.failures[record.id] = Failure(self._path(record), record.error, root, record.settled)
        return facts.Given(record.id, False)

    def sinks(self) -> list[Sink]:
        """Who waits for one that goes on; nobody does any more."""
        found = [scope.sink for scope in self._open.values() if scope.sink is not None]
        self._open.clear()
        return found

    def path(self, scope: int) -> str:
        """`digits/3/inner/2`, of one that goes on."""
        return self._path(self._open[scope].record)

    def _path(self, record: ScopeRecord) -> str:
        return f"{self._wiring.run_id}/{record.name}/{record.number}"


def _ended_as(prior: ScopeRecord, left: Left) -> bool:
    if left.result is not None and prior.result is not None:
        return left.result.digest == prior.result.digest
    return left.error is not None and prior.error is not None and left.error.type == prior.error.type
