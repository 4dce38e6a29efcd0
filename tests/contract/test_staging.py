"""What lies in the far tier alone is brought before an attempt is started, and nothing of its lane overtakes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts import codec
from penstock.artifacts.folder import FolderStore
from penstock.errors import StoreError
from penstock.executors.staged_inputs import StagingExecutor
from penstock.model.events import Began, Ended, Lane, Profile, Recalled
from penstock.model.outcomes import Metric, Outcome, Stored
from penstock.model.states import Cause
from penstock.tiers.port import Tier
from penstock.tiers.tier_opening import open_tier
from penstock.tiers.tiered_store import TieredStore
from tests.contract.executor_bench import Bench

LARGE = b"large" * 20_000


class Recorder:
    """An executor that notes what it is asked for."""

    profile = Profile(1.0, None)

    def __init__(self) -> None:
        self.started: list[str] = []
        self.asked: list[tuple[Any, ...]] = []
        self.mailbox: Any = None

    def open(self, mailbox: Any, *_: Any) -> None:
        self.mailbox = mailbox

    def start(self, launches: Sequence[Any]) -> None:
        self.started.extend(attempt.id for attempt, _ in launches)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **_: self.asked.append((name, *args))


class Gate:
    """A tier that gives nothing before it is opened."""

    def __init__(self, tier: Tier) -> None:
        self.opened = threading.Event()
        self.failure: Exception | None = None
        self.tier = tier

    def tiers(self) -> list[Tier]:
        self.opened.wait()
        if self.failure is not None:
            raise self.failure
        return [self.tier]


class Scene:
    """A bench whose store lacks what the far tier has."""

    def __init__(self, folder: Path, mirror: Callable[[bytes, int], None] | None = None) -> None:
        (folder / "far").mkdir()
        self.gate = Gate(open_tier((folder / "far").as_uri(), "digits-1"))
        near = FolderStore(str(folder / "bench" / "store"))
        self.inner: Any = Recorder()
        self.executor = StagingExecutor(self.inner, TieredStore(near, self.gate.tiers, mirror=mirror))
        self.bench = Bench(self.executor, folder / "bench", "faulty_steps")

    def start(self, *values: Any, lane: int = 1, there: bool = True) -> str:
        """Start an attempt whose inputs lie `there` alone."""
        attempt = self.bench.attempt("f", *values)
        if there:
            for item in attempt.inputs:
                for digest, size in codec.inspect_record(item.record or b""):
                    self.gate.tier.blobs.put(self.bench.store.get(digest, size))
                    self.bench.store.delete(digest)
        self.executor.start([(attempt, (Lane(lane),))])
        return attempt.id

    def turn_until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            self.bench.mailbox.turn(5.0)

    def events(self, kind: type) -> list[Any]:
        return [event for event in self.bench.mailbox.events if isinstance(event, kind)]


@pytest.fixture
def scene(tmp_path: Path) -> Generator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.gate.opened.set()
    scene.executor.close()


def test_what_lies_here_is_started_at_once(scene: Scene):
    started = [scene.start(1), scene.start(LARGE, there=False)]
    assert scene.inner.started == started


def test_what_lies_there_is_brought_first_and_nothing_of_its_lane_overtakes_it(scene: Scene):
    first, second, other = scene.start(LARGE), scene.start(2), scene.start(3, lane=2)
    assert scene.inner.started == [other]
    scene.gate.opened.set()
    scene.turn_until(lambda: len(scene.inner.started) == 3)
    assert scene.inner.started == [other, first, second]
    assert scene.events(Began) == [Began(first), Began(second)]  # their time counts from now on
    third = scene.start(LARGE, there=False)
    assert scene.inner.started[-1] == third


def test_what_is_nowhere_is_the_worker_s_to_say(scene: Scene):
    attempt = scene.start(LARGE)
    (blob,) = scene.gate.tier.blobs.list()
    scene.gate.tier.blobs.delete(blob.digest)
    scene.gate.opened.set()
    scene.turn_until(lambda: scene.inner.started == [attempt])


def test_a_tier_that_can_t_be_reached_is_the_platform_s_failure(scene: Scene):
    first, second = scene.start(LARGE), scene.start(2)
    scene.gate.failure = StoreError("no route to host")
    scene.gate.opened.set()
    scene.turn_until(lambda: scene.inner.started == [second])
    (ended,) = scene.events(Ended)
    assert ended.attempt == first
    assert ended.outcome.error.cause == Cause.PLATFORM
    assert ended.outcome.error.message == "its inputs could not be brought: no route to host"


def test_what_waits_for_its_inputs_is_taken_back(scene: Scene):
    first, second, third = scene.start(LARGE), scene.start(2), scene.start(LARGE + b"x", lane=2)
    other = scene.start(3, lane=3)
    scene.executor.recall([first, other])
    assert scene.events(Recalled) == [Recalled(first)]
    assert scene.inner.asked == [("recall", [other])]
    assert scene.inner.started == [other, second]
    scene.executor.cancel(third, Cause.CANCELLED)
    scene.executor.cancel(other, Cause.TIMEOUT)
    assert scene.events(Recalled) == [Recalled(first), Recalled(third)]
    assert scene.inner.asked[1:] == [("cancel", other, Cause.TIMEOUT)]
    scene.gate.opened.set()
    fourth = scene.start(4, lane=2)
    scene.turn_until(lambda: fourth in scene.inner.started)
    assert scene.inner.started == [other, second, fourth]


def test_a_close_waits_for_nothing(scene: Scene):
    scene.start(LARGE)
    scene.executor.close()
    scene.executor.close()
    assert scene.bench.mailbox.watched == {}


def test_what_attempts_made_is_mirrored(tmp_path: Path):
    sent: list[bytes] = []
    scene = Scene(tmp_path, lambda digest, size: sent.append(digest))
    stored = codec.encode(LARGE, scene.bench.store).stored
    at = ("loss", 9, 0.1, None, 2.0, 0.5, None, 1.0, 0.1, 0.5)
    metrics = (Metric(*at, blob=b"\2" * 33, size=9), Metric(*at))
    result = Stored(stored.digest, stored.record, "{}", stored.blobs)
    scene.inner.mailbox.post(Ended("digits/3/f/1#1", Outcome("done", result, metrics=metrics)))
    assert sent == [*stored.blobs, b"\2" * 33]
    assert len(scene.events(Ended)) == 1
