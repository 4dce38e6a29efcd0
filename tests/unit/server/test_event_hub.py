"""One look for all who listen, none while nobody does, and what an error comes to."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import JournalError, NotFoundError
from penstock.reading.reader import JournalReader
from penstock.server.event_hub import EventHub, EventListener, Wanted
from penstock.server.event_messages import Event, Position
from tests.recorded import Recorded


class Counted:
    """A topic that says how often it was looked at."""

    def __init__(self) -> None:
        self.begun = self.looks = 0
        self.error: Exception | None = None

    def begin(self, _: JournalReader) -> Counted:
        self.begun += 1
        return self

    def look(self, reader: JournalReader, is_changed: bool) -> list[Event]:
        del reader, is_changed
        if self.error is not None:
            raise self.error
        self.looks += 1
        return [Event("looked", "x", {"looks": self.looks})]

    def since(self, reader: JournalReader, position: Position | None) -> list[Event]:
        del reader
        return [Event("known", "x", {"knew": position and position.runs})]

    def move(self, position: Position) -> Position:
        return position._replace(runs=self.looks)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JournalReader:
    Recorded(tmp_path).close()
    monkeypatch.chdir(tmp_path)
    return JournalReader.find()


async def next_of(messages: AsyncIterator[bytes], name: str) -> dict[str, Any]:
    """The data of the next event of a name."""
    async for message in messages:
        lines = message.decode().split("\n")
        if f"event: {name}" in lines:
            return json.loads(lines[lines.index(f"event: {name}") + 1].removeprefix("data: "))
    raise EOFError


def test_one_look_serves_all(reader: JournalReader):
    async def check() -> None:
        hub, topic = EventHub(reader), Counted()
        wanted = [Wanted("t", topic.begin)]
        listeners = [await hub.listen(wanted, None) for _ in range(20)]
        streams = [listener.messages() for listener in listeners]
        assert topic.begun == 1
        for stream in streams:
            assert (await next_of(stream, "known"))["knew"] is None
        before = topic.looks
        while topic.looks < before + 3:
            await asyncio.gather(*(next_of(stream, "looked") for stream in streams))
        assert topic.looks < before + 3 * len(streams)
        await leave(hub, listeners)

    asyncio.run(check())


async def leave(hub: EventHub, listeners: list[EventListener]) -> None:
    """All leave, and the last look is over."""
    for listener in listeners:
        hub.leave(listener)
    while hub.is_looking:
        await asyncio.sleep(0.01)
    hub.close()


def test_nobody_listens_and_nothing_is_looked_at(reader: JournalReader):
    async def check() -> None:
        hub, topic = EventHub(reader), Counted()
        assert not hub.is_looking
        listener = await hub.listen([Wanted("t", topic.begin)], Position(3))
        messages = listener.messages()
        assert (await next_of(messages, "known"))["knew"] == 3
        await next_of(messages, "looked")
        hub.leave(listener)
        while hub.is_looking:
            await asyncio.sleep(0.01)
        looks = topic.looks
        again = await hub.listen([Wanted("t", topic.begin)], None)
        assert topic.begun == 2, "what was known of it was forgotten"
        assert topic.looks == looks
        await leave(hub, [again])

    asyncio.run(check())


def test_a_slow_listener_is_told_the_latest(reader: JournalReader):
    async def check() -> None:
        hub, topic = EventHub(reader), Counted()
        listener = await hub.listen([Wanted("t", topic.begin)], None)
        while topic.looks < 5:
            await asyncio.sleep(0.01)
        messages = listener.messages()
        assert (await next_of(messages, "looked"))["looks"] >= 4
        await leave(hub, [listener])

    asyncio.run(check())


@pytest.mark.parametrize("error", [JournalError("it is locked"), ZeroDivisionError("a defect")])
def test_an_error_ends_the_streams_and_the_next_begins_anew(
    reader: JournalReader, error: Exception, capsys: pytest.CaptureFixture[str]
):
    async def check() -> None:
        hub, topic = EventHub(reader), Counted()
        listener = await hub.listen([Wanted("t", topic.begin)], None)
        messages = listener.messages()
        await next_of(messages, "looked")
        topic.error = error
        with pytest.raises(EOFError):
            await next_of(messages, "nothing more")
        hub.leave(listener)
        topic.error = None
        again = await hub.listen([Wanted("t", topic.begin)], None)
        await next_of(again.messages(), "looked")
        await leave(hub, [again])

    asyncio.run(check())
    assert ("a defect" in capsys.readouterr().err) == isinstance(error, ZeroDivisionError)


def test_who_asks_for_what_is_not_there_is_told_and_no_other_is_disturbed(reader: JournalReader):
    def nothing(_: JournalReader) -> Counted:
        raise NotFoundError("no such run")

    async def check() -> None:
        hub, topic = EventHub(reader), Counted()
        listener = await hub.listen([Wanted("t", topic.begin)], None)
        with pytest.raises(NotFoundError):
            await hub.listen([Wanted("t", topic.begin), Wanted("u", nothing)], None)
        await next_of(listener.messages(), "looked")
        await leave(hub, [listener])

    asyncio.run(check())


def test_who_leaves_while_another_joins_takes_nothing_away(reader: JournalReader):
    async def check() -> None:
        hub, topic, late = EventHub(reader), Counted(), Counted()
        first = await hub.listen([Wanted("t", topic.begin)], None)
        loop, has_left = asyncio.get_running_loop(), threading.Event()

        def leave_first(_: JournalReader) -> Counted:
            loop.call_soon_threadsafe(lambda: (hub.leave(first), has_left.set()))
            assert has_left.wait(10)
            return late

        second = await hub.listen([Wanted("t", topic.begin), Wanted("u", leave_first)], None)
        assert topic.begun == 1
        messages = second.messages()
        await next_of(messages, "known")
        before = topic.looks
        while topic.looks < before + 2:
            await next_of(messages, "looked")
        await leave(hub, [second])

    asyncio.run(check())
