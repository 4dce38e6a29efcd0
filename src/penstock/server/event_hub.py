"""Looks at the journal for all who listen, and tells each what has changed. While nobody listens, it does nothing.

One look at a time, in a thread of its own, ten times a second at most, and for a twentieth of the time where looks take
long. What a listener has not read yet waits, merged, with the listener.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from penstock.errors import PenstockError
from penstock.journal import queries
from penstock.model.tuples import NamedTuple
from penstock.reading.reader import JournalReader
from penstock.server.event_messages import PING, Event, PendingEvents, Position
from penstock.server.event_topics import Topic
from penstock.server.refusals import Refusal

_LOOK_S = 0.1
_REST = 20
"""A look is followed by so many times its own time without one."""
_UNNOTED_S = 1.0
"""After which a look is made even where nobody has written: that a process died, nobody writes."""
PING_S = 15.0


class Wanted(NamedTuple):
    """A topic that somebody listens to."""

    name: str  # the same for the same topic
    begin: Callable[[JournalReader], Topic]  # raises NotFoundError


class _Joined(NamedTuple):
    found: dict[str, list[Event]]  # for those who listen already, by topic
    known: list[Event]  # for who comes
    error: Exception | None = None  # why he can't


class EventListener:
    """Somebody who is told of topics. To be left, however it ends."""

    def __init__(self, topics: Sequence[str], position: Position) -> None:
        self.topics = topics
        self.position = position
        self._pending = PendingEvents()
        self._woken = asyncio.Event()
        self._is_over = False

    def tell(self, events: list[Event]) -> None:
        if events:
            self._pending.add(events)
            self._woken.set()

    def end(self) -> None:
        self._is_over = True
        self._woken.set()

    async def messages(self) -> AsyncIterator[bytes]:
        """What it is told, as it comes; first from where on: who loses the stream at once goes on there."""
        yield b"retry: 1000\nid: %b\n\n" % str(self.position).encode()
        while not self._is_over:
            self._woken.clear()
            if said := self._pending.take(self.position):
                yield said
                continue
            try:
                await asyncio.wait_for(self._woken.wait(), PING_S)
            except TimeoutError:
                yield PING


class EventHub:
    """All streams of one server. For its loop."""

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader
        self._threads = ThreadPoolExecutor(1, "penstock-events")
        self._turn = asyncio.Lock()  # of who looks
        self._topics: dict[str, Topic] = {}
        self._listeners: set[EventListener] = set()
        self._joining: set[str] = set()  # topics of who joins: nobody who leaves meanwhile takes them away
        self._looking: asyncio.Task[None] | None = None
        self._version: tuple[Any, int] | None = None
        self._looked_at = 0.0
        self._is_closed = False

    async def listen(self, wanted: Sequence[Wanted], position: Position | None) -> EventListener:
        """Somebody who knows the journal up to a position; None: who knows nothing. Raises NotFoundError."""
        if self._is_closed:
            raise Refusal(503, "ending", "the server ends")
        async with self._turn:
            self._joining = {one.name for one in wanted}
            try:
                joined = await self._in_thread(self._join, wanted, position)
                self._tell(joined.found)
                if joined.error is not None:
                    raise joined.error
                listener = EventListener([one.name for one in wanted], position or Position())
                self._listeners.add(listener)
            finally:
                self._joining = set()
                self._forget()
            self._move(listener)
            listener.tell(joined.known)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
        return listener

    def leave(self, listener: EventListener) -> None:
        """It listens no longer."""
        self._listeners.discard(listener)
        self._forget()

    def _forget(self) -> None:
        """What nobody listens to any more."""
        heard = self._joining | {topic for other in self._listeners for topic in other.topics}
        for topic in self._topics.keys() - heard:
            del self._topics[topic]

    @property
    def is_looking(self) -> bool:
        return self._looking is not None

    def close(self) -> None:
        """End all streams."""
        self._is_closed = True
        for listener in self._listeners:
            listener.end()
        self._threads.shutdown(wait=False)

    async def _look_on(self) -> None:
        while self._listeners and not self._is_closed:
            began = time.monotonic()
            try:
                async with self._turn:
                    self._tell(await self._in_thread(self._look))
            except Exception as error:  # noqa: BLE001  whoever listens asks again, and is told what is wrong
                if not isinstance(error, PenstockError):
                    traceback.print_exc(file=sys.stderr)
                for listener in self._listeners:
                    listener.end()
                self._topics, self._version = {}, None
                break
            await asyncio.sleep(max(_LOOK_S, _REST * (time.monotonic() - began)))
        self._looking = None

    def _tell(self, found: dict[str, list[Event]]) -> None:
        for listener in self._listeners:
            self._move(listener)
            listener.tell([event for topic in listener.topics for event in found.get(topic, ())])

    def _move(self, listener: EventListener) -> None:
        for topic in listener.topics:
            if topic in self._topics:
                listener.position = self._topics[topic].move(listener.position)

    async def _in_thread(self, perform: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._limited, perform, *given)

    def _limited(self, perform: Callable[..., Any], *given: Any) -> Any:
        journal = self._reader.journal  # the first run's is another one: this is in use for as long
        with journal.database.limited(lambda: self._is_closed):
            return perform(*given)

    def _join(self, wanted: Sequence[Wanted], position: Position | None) -> _Joined:
        """In the thread."""
        found = self._look()  # first: what is written meanwhile is found by the next look
        try:
            new = {one.name: one.begin(self._reader) for one in wanted if one.name not in self._topics}
            topics = self._topics | new
            known = [event for one in wanted for event in topics[one.name].since(self._reader, position)]
        except Exception as error:  # noqa: BLE001  those who listen are told all the same
            return _Joined(found, [], error)
        self._topics |= new
        return _Joined(found, known)

    def _look(self) -> dict[str, list[Event]]:
        """In the thread."""
        journal, now = self._reader.journal, time.monotonic()
        version = (journal, queries.data_version(journal))
        is_changed = version != self._version or now > self._looked_at + _UNNOTED_S
        if is_changed:
            self._version, self._looked_at = version, now
        return {name: topic.look(self._reader, is_changed) for name, topic in list(self._topics.items())}
