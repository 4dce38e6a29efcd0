"""What waits for something of its own, and overtakes nothing that was before it in its lane. Pure."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class LaneOrder(Generic[T]):
    """Items by name, each in a lane. The first ones of lanes go on once they are ready."""

    def __init__(self) -> None:
        self._items: dict[str, tuple[int, T]] = {}
        self._ready: set[str] = set()
        self._lanes: dict[int, deque[str]] = {}
        self._touched: dict[int, None] = {}  # lanes of which something may go on

    def __contains__(self, name: str) -> bool:
        return name in self._items

    def get(self, name: str) -> T | None:
        """What waits under this name."""
        return self._items[name][1] if name in self._items else None

    def has(self, lane: int) -> bool:
        """Whether something waits in a lane."""
        return lane in self._lanes

    def add(self, name: str, lane: int, item: T) -> None:
        """Have one more, behind those of its lane."""
        self._items[name] = lane, item
        self._lanes.setdefault(lane, deque()).append(name)

    def ready(self, name: str) -> None:
        """One has what it waits for. What was taken out is passed over."""
        if name in self._items:
            self._ready.add(name)
            self._touched[self._items[name][0]] = None

    def take_out(self, name: str) -> T | None:
        """It waits no more; None: it did not."""
        if name not in self._items:
            return None
        lane, item = self._items.pop(name)
        self._ready.discard(name)
        self._touched[lane] = None
        names = self._lanes[lane]
        names.remove(name)
        if not names:
            del self._lanes[lane]
        return item

    def go_on(self) -> list[T]:
        """Take out those that may go on, in the order of each lane."""
        gone: list[T] = []
        while self._touched:
            lane, _ = self._touched.popitem()
            names = self._lanes.get(lane)
            while names and names[0] in self._ready:
                name = names.popleft()
                self._ready.discard(name)
                gone.append(self._items.pop(name)[1])
            if names is not None and not names:
                del self._lanes[lane]
        return gone

    def clear(self) -> list[T]:
        """Take out all."""
        items = [item for _, item in self._items.values()]
        self._items.clear()
        self._ready.clear()
        self._lanes.clear()
        self._touched.clear()
        return items
