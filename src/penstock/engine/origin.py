"""The run that a run was forked from, as far as its tasks may stand for those of the fork."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from penstock.engine import jobs
from penstock.engine.jobs import Combine, Results
from penstock.model.outcomes import Metric
from penstock.model.rows import PriorTask
from penstock.model.specs import Call, Input


class OriginTask(NamedTuple):
    """A task that the origin has finished."""

    path: str  # "digits/3/train/2"
    prior: PriorTask
    metrics: tuple[Metric, ...] = ()


class OriginRun:
    """Each of its tasks is given once. `tasks` are those that are done, in the order of their calls."""

    def __init__(
        self,
        tasks: Iterable[OriginTask],
        inputs_of: Callable[[int], tuple[Input, ...]],
        combine: Combine,
        *,
        step: str = "",
        keep_code: bool = False,
    ) -> None:
        self.step = step  # from whose first call on nothing is reused; "": all may be
        self.keep_code = keep_code  # what older code made counts, too
        self._by_key = {task.prior.key: task for task in tasks}
        self._by_id = {task.prior.id: task for task in self._by_key.values()}
        self._inputs_of = inputs_of
        self._combine = combine
        self._by_content: dict[bytes, list[OriginTask]] | None = None
        first = [task.prior.id for task in self._by_key.values() if step in (task.prior.name, task.prior.step)]
        self._withheld_from = min(first, default=0) if step else 0

    @property
    def left(self) -> tuple[OriginTask, ...]:
        """What was not asked for."""
        return tuple(self._by_key.values())

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
        candidates = self._by_content.get(content(), [])
        while candidates:
            found = candidates.pop(0)
            if self._by_key.pop(found.prior.key, None) is not None:
                return found
        return None

    def _index(self) -> dict[bytes, list[OriginTask]]:
        index: dict[bytes, list[OriginTask]] = {}
        for task in self._by_key.values():
            inputs = self._inputs_of(task.prior.id)
            content = jobs.content_of(task.prior.step, inputs, self._result_of, self._combine).digest
            if content:
                index.setdefault(content, []).append(task)
        return index

    @property
    def _result_of(self) -> Results:
        return lambda id_: self._by_id[id_].prior.result if id_ in self._by_id else None
