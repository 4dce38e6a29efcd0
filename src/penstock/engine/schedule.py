"""Which ready call goes into which lane, and which attempts are better taken back.

Owns the order among kinds, queueing ahead and rebalancing. Emits no commands and changes no task: the machine begins
what is placed here, and recalls what is named here.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterator

from penstock.engine.admission import Admission, Claim, OpenLane, Queue
from penstock.engine.machine_tasks import Fresh, OpenTask
from penstock.model.states import TaskStatus

SHORT_S = 0.010
"""Steps whose attempts take less than this on average are queued ahead."""

AHEAD_S = 0.160
"""What is queued ahead in a lane lasts for about as long as this at most: then others may have its resources."""

ROUND_TRIPS = 8
"""Of an executor that is far away, what is queued ahead lasts for as many at least."""

STALE_S = 1.0
"""A head that runs for longer than this here was not short after all: what waits behind it is taken back."""

HOLD_S = 10.0
"""A call that has waited this long for resources, and whose kind has none, is not overtaken any more."""


GANG_S = 600.0
"""For as long as this, a gang that waits for its lanes is not overtaken; then others go first for a while."""


class Schedule:
    """The ready calls of a run, by kind. `tasks` and `fresh` are the machine's, and only read."""

    def __init__(self, admission: Admission, tasks: dict[int, OpenTask], fresh: dict[int, Fresh]) -> None:
        self._admission = admission
        self._tasks = tasks
        self._fresh = fresh
        self._waiting: set[Queue] = set()  # kinds with something ready
        self._held: set[Claim] = set()  # for calls that have waited for long

    def add(self, task: int, queue: Queue) -> None:
        """Take in a task that became ready. It counts until its status says otherwise."""
        heapq.heappush(queue.ready, task)
        self._waiting.add(queue)

    def placements(self, now: float) -> Iterator[tuple[int, OpenLane]]:
        """What goes into which lane, older calls first. The caller puts each in before it asks for the next."""
        while (yield from self._pass(now)):
            pass

    def _pass(self, now: float) -> Generator[tuple[int, OpenLane], None, bool]:
        """One look at all kinds; gives whether a second one may find more, since what an older call lacks has changed:
        a younger one took the limit that it waits for too, and now nothing else is kept for it."""
        changed = False
        held: set[Claim] = set()  # not for the lanes of younger kinds
        wanted: set[Claim] = set()  # younger kinds keep what they have of it, but don't queue ahead for it
        rooms: dict[Queue, _Room] = {}
        heads = [(head, queue) for queue in list(self._waiting) if (head := self._head(queue)) is not None]
        heapq.heapify(heads)
        while heads:
            _, queue = heapq.heappop(heads)
            if held.isdisjoint(queue.claims) and self._admission.fits(queue):
                yield heapq.heappop(queue.ready), self._admission.open_lane(queue)
                changed = changed or not wanted.isdisjoint(queue.scarce)
                rooms.pop(queue, None)
            elif wanted.isdisjoint(queue.claims) and (room := rooms.get(queue) or _room_ahead(queue, now)):
                rooms[queue] = room
                most, head = _most_in_lane(queue), self._head(queue)
                while room and head is not None and not (heads and heads[0][0] < head):
                    level, number, lane = room[0]
                    yield heapq.heappop(queue.ready), lane
                    if level + 1 < most:
                        heapq.heapreplace(room, (level + 1, number, lane))
                    else:
                        heapq.heappop(room)
                    head = self._head(queue)
            else:
                shortage = self._admission.shortage(queue, wanted=held.isdisjoint(queue.claims))
                wanted |= shortage
                if not queue.lanes and self._is_held_for(queue, now):
                    held |= shortage
                continue
            if (head := self._head(queue)) is not None:
                heapq.heappush(heads, (head, queue))
        self._held = held
        return changed

    def _is_held_for(self, queue: Queue, now: float) -> bool:
        """Whether its oldest call has waited for so long that it gets what it lacks before any younger one."""
        head = queue.ready[0]
        waited_s = now - (self._fresh.get(head) or self._tasks[head]).ready_at
        return (waited_s if queue.kind.lanes == 1 else waited_s % (HOLD_S + GANG_S)) >= HOLD_S

    def _head(self, queue: Queue) -> int | None:
        """The oldest ready call of this kind; drops what is not ready any more."""
        while queue.ready:
            head = queue.ready[0]
            if head in self._fresh or ((task := self._tasks.get(head)) and task.status is TaskStatus.READY):
                return head
            heapq.heappop(queue.ready)
        self._waiting.discard(queue)
        return None

    def surplus(self, now: float) -> Iterator[int]:
        """Tasks that wait behind a head where another lane would fit, or behind one that is not short after all; and
        what would keep a lane for longer than is queued ahead, where a call has waited for its resources for long."""
        for queue in self._admission.busy:
            most = _most_in_lane(queue) if not self._held.isdisjoint(queue.claims) else None
            for lane in queue.lanes:
                if len(lane.tasks) > 1 and _is_stale(queue, lane, now):
                    yield from lane.behind()
                elif most is not None and len(lane.tasks) > most:
                    yield from lane.behind(max(1, most))
            if queue not in self._waiting and self._admission.fits(queue):
                longest = max(queue.lanes, key=lambda lane: len(lane.tasks))
                if _outlasts_a_recall(queue, longest):
                    yield from longest.behind((len(longest.tasks) + 1) // 2)


_Room = list[tuple[int, int, OpenLane]]
"""A heap of lanes that may take more: what is in it, its place among the kind's lanes, the lane."""


def _room_ahead(queue: Queue, now: float) -> _Room:
    """The lanes where one more short attempt may wait at the worker rather than here, the emptiest first."""
    most = _most_in_lane(queue)
    if not most:
        return []
    own = [(at, lane) for at, lane in enumerate(queue.lanes) if not lane.is_adopted]
    short = [(at, lane) for at, lane in own if len(lane.tasks) < most and not _is_stale(queue, lane, now)]
    room = [(len(lane.tasks), at, lane) for at, lane in short]
    heapq.heapify(room)
    return room


def _is_stale(queue: Queue, lane: OpenLane, now: float) -> bool:
    """Whether its head is not short after all. Far away, that it has ended is heard of later: who has enough to do
    tells of it once a second."""
    return now - lane.since >= STALE_S + ROUND_TRIPS * queue.pool.profile.round_trip_s


def _outlasts_a_recall(queue: Queue, lane: OpenLane) -> bool:
    """Whether what is in a lane still waits there once it is asked back: far away it may long have run by then."""
    return len(lane.tasks) * (queue.mean_s or 0.0) >= queue.pool.profile.round_trip_s


def _most_in_lane(queue: Queue) -> int:
    """How many attempts may be in a lane at once; 0: none is queued ahead.

    None where an attempt owns its process: it could not use a warm one. Where a start is on its way for a while, more
    is short, and more is queued ahead.
    """
    kind, profile, mean_s = queue.kind, queue.pool.profile, queue.mean_s
    owns_process = kind.gpu or kind.isolated or kind.lanes > 1
    if mean_s is None or mean_s > max(SHORT_S, profile.round_trip_s) or owns_process:
        return 0
    ahead_s = max(AHEAD_S, ROUND_TRIPS * profile.round_trip_s)
    return profile.depth if profile.depth * mean_s <= ahead_s else round(ahead_s / mean_s)
