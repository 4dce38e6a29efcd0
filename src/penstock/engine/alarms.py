"""When something is due for a task: the timeout of what runs, the retry of what waits. At most one alarm a task."""

from __future__ import annotations

import heapq


class Alarms:
    """Times by task, the earliest first."""

    def __init__(self) -> None:
        self._at: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []  # entries that `_at` does not confirm are void

    def __contains__(self, task: int) -> bool:
        return task in self._at

    def set(self, task: int, at: float) -> None:
        self._at[task] = at
        heapq.heappush(self._heap, (at, task))
        if len(self._heap) > 64 + 2 * len(self._at):
            self._heap = [(at, task) for task, at in self._at.items()]
            heapq.heapify(self._heap)

    def clear(self, task: int) -> None:
        self._at.pop(task, None)

    def next(self) -> float | None:
        """When the next one is due; None: none is set."""
        heap = self._heap
        while heap and self._at.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def due(self, now: float) -> list[int]:
        """Tasks whose alarm is due; unsets them."""
        tasks: list[int] = []
        while (at := self.next()) is not None and at <= now:
            _, task = heapq.heappop(self._heap)
            del self._at[task]
            tasks.append(task)
        return tasks
