"""The run that a run was forked from, as far as its tasks may stand for those of the fork."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from penstock.engine import jobs
from penstock.engine.jobs import Combine, Results
from penstock.model.outcomes import Metric, Recorded
from penstock.model.rows import PriorTask
from penstock.model.specs import Call, Input
from penstock.model.tuples import NamedTuple


class OriginTask(NamedTuple):
    """A task that the origin has finished."""

    path: str  # "digits/3/train/2"
    prior: PriorTask
    metrics: tuple[Metric, ...] = ()
    records: tuple[Recorded, ...] = ()


class OriginRun:
    """Each of its tasks is given once. `tasks` are those that are done, in the order of their calls."""

    def __init__(
        self,
        tasks: Iterable[OriginTask],
        inputs_of: Callable[[int], tuple[Input, ...]],
        combine: Combine,
        *,
        step: str = "",
        withheld_from: int = 0,
        keep_code: bool = False,
        seed: str = "",
    ) -> None:
        self.step = step  # from whose first call on nothing is reused, that is from this task on; "": all may be
        self.keep_code = keep_code  # what older code made counts, too
        self.seed = seed  # the run's
        self._by_key = {task.prior.key: task for task in tasks}
        self._by_id = {task.prior.id: task for task in self._by_key.values()}
        self._inputs_of = inputs_of
        self._combine = combine
        self._by_content: dict[bytes, deque[OriginTask]] | None = None
        self._withheld_from = withheld_from

    @property
    def left(self) -> tuple[OriginTask, ...]:
        """What was not asked for."""
        return tuple(self._by_key.values())

    def withdraw(self, prior: Iterable[PriorTask]) -> None:
        """Leave out what an earlier driver of the fork has taken, or run in its place."""
        makers = {task.origin for task in prior if task.origin}
        for key in {task.key for task in prior}:
            self._by_key.pop(key, None)
        for key, task in list(self._by_key.items()):
            if (task.prior.origin or task.path) in makers:
                del self._by_key[key]

    def discard(self, key: bytes) -> None:
        self._by_key.pop(key, None)

    def withholds(self, task: OriginTask) -> bool:
        """Whether the task is to run again, whatever it was."""
        return 0 < self._withheld_from <= task.prior.id

    def take(self, call: Call, inputs_digest: bytes, content: Callable[[], bytes]) -> OriginTask | None:
        """The task that the call is: by its key, or by the content of its inputs."""
        found = self._by_key.get(call.key)
        if found is not None and found.prior.inputs_digest == inputs_digest and not jobs.holds_files(call):
            return self._by_key.pop(call.key)
        if call.closed_over or "<" in call.step:  # two steps of one factory look alike here
            return None
        if self._by_content is None:
            self._by_content = self._index()
        candidates = self._by_content.get(content(), deque())
        while candidates:
            found = candidates.popleft()
            if self._by_key.pop(found.prior.key, None) is not None:
                return found
        return None

    def _index(self) -> dict[bytes, deque[OriginTask]]:
        index: dict[bytes, deque[OriginTask]] = {}
        result_of: Results = lambda id_: self._by_id[id_].prior.result if id_ in self._by_id else None  # noqa: E731
        for task in self._by_key.values():
            inputs = self._inputs_of(task.prior.id)
            content = jobs.content_of(task.prior.step, inputs, result_of, self._combine).digest
            if content:
                index.setdefault(content, deque()).append(task)
        return index
