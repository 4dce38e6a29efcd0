"""Where the attempts of one form of a run's code run at an agent: executor, environments, what they need before.

A run that was resumed with edited code has another form: what runs of the earlier one goes on beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from penstock.agent import duty as duties
from penstock.agent.agent_interpreters import AgentInterpreters, step_environ
from penstock.agent.places import places_for
from penstock.agent.preparation import Preparation
from penstock.agent.private import Private
from penstock.agent.sent_checkpoints import SentCheckpoints
from penstock.engine.mailbox import Inbox
from penstock.errors import DamagedError, PenstockError
from penstock.executors.needed_blobs import blobs_of_attempt, blobs_of_run
from penstock.executors.process import ProcessExecutor
from penstock.model import mail
from penstock.model.events import Began, Ended, Lane, Recalled
from penstock.model.outcomes import failed
from penstock.model.specs import Attempt, RunSpec
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import NamedTuple
from penstock.tiers.port import Tier
from penstock.tiers.tiered_store import TieredStore


class PreparedAttempt(NamedTuple):
    """An attempt has all that it needs, or it can't be had. Handed to the inbox."""

    place: Workplace
    attempt: str
    error: PenstockError | None


class Around(NamedTuple):
    """What all workplaces of an agent share. `say`: tells the user a line, from any thread."""

    tier: Tier
    store: TieredStore
    seat: str
    home: Path
    hello: mail.Hello
    gpus: tuple[str, ...]
    private: Private
    inbox: Inbox
    say: Callable[[str], None]


class Workplace:
    """Opens what it needs, and blocks meanwhile. Raises PenstockError where that can't be had."""

    def __init__(self, around: Around, spec: RunSpec) -> None:
        self._around = around
        self._staging: dict[str, tuple[Attempt, Lane]] = {}
        self._held: dict[str, Attempt] = {}
        for digest, size in blobs_of_run(spec):
            around.store.bring(digest, size)
        self.places = places_for(around.tier.blobs, spec, around.home, mail.incarnation_of(around.seat))
        self._interpreters = AgentInterpreters(around.home, around.tier.blobs, around.private.values, around.say)
        self._executor = ProcessExecutor(
            name=around.seat.replace(".", "-"),
            cpu=around.hello.cpu,
            memory_bytes=around.hello.memory_bytes,
            gpus=around.gpus,
            interpreters=self._interpreters,
            environ=lambda: step_environ(os.environ),
            eager=False,  # what the flow's own packages come to here is known with the first attempt
        )
        self._executor.open(around.inbox, spec, self.places)
        self._preparation = Preparation(
            lambda attempt: bool(blobs_of_attempt(attempt)),
            self._bring,
            SentCheckpoints(around.tier, spec, self.places),
            self._interpreters,
            lambda attempt, error: around.inbox.post(PreparedAttempt(self, attempt, error)),
            around.say,
        )

    @property
    def is_idle(self) -> bool:
        """Whether it has no attempts."""
        return not self._held

    def holds(self, attempt: str) -> bool:
        """Whether an attempt is here."""
        return attempt in self._held

    def learn(self, environments: tuple[object, ...]) -> None:
        """Take in environments of steps, as a letter has them."""
        self._interpreters.learn(environments)

    def start(self, launches: Sequence[tuple[Attempt, Lane]]) -> list[Began]:
        """Run each attempt once it has what it needs; gives those that have it already."""
        self._held.update((attempt.id, attempt) for attempt, _ in launches)
        count = 0 if self._staging else self._preparation.skip(launches)
        for attempt, lane in launches[count:]:
            self._staging[attempt.id] = attempt, lane
            self._preparation.start(attempt, lane)
        if count:
            self._executor.start([(attempt, (lane,)) for attempt, lane in launches[:count]])
        return [Began(attempt.id) for attempt, _ in launches[:count]]

    def prepared(self, item: PreparedAttempt) -> Began | Ended | None:
        """What an attempt needs is there, so that it is the executor's, or it can't be had, which ends it. None: it was
        taken back meanwhile."""
        launch = self._staging.pop(item.attempt, None)
        if launch is None:
            return None
        if item.error is None:
            self._executor.start([(launch[0], (launch[1],))])
            return Began(item.attempt)
        cause = Cause.DAMAGED if isinstance(item.error, DamagedError) else Cause.PLATFORM
        return Ended(item.attempt, failed(cause, str(item.error)))

    def end(self, order: duties.End) -> Recalled | None:
        """End an attempt; one that had not been started is taken back."""
        if self._staging.pop(order.attempt, None) is not None:
            return Recalled(order.attempt)
        self._executor.cancel(order.attempt, order.cause)
        return None

    def take_back(self, attempts: list[str]) -> list[Recalled]:
        """Take back what has not begun; gives those that had not been started."""
        early = [attempt for attempt in attempts if self._staging.pop(attempt, None) is not None]
        self._executor.recall(attempts)
        return [Recalled(attempt) for attempt in early]

    def over(self, event: Ended | Recalled) -> None:
        """An attempt has ended, or was taken back."""
        attempt = self._held.pop(event.attempt)
        is_done = isinstance(event, Ended) and event.outcome.status == TaskStatus.DONE
        self._preparation.over(attempt, is_done=is_done)

    def close(self) -> None:
        """End all that still runs. Blocks for at most some seconds."""
        self._executor.close()
        self._preparation.close()
        self._interpreters.close()

    def _bring(self, attempt: Attempt) -> None:
        for digest, size in blobs_of_attempt(attempt):
            self._around.store.bring(digest, size)  # what is nowhere is told by the attempt itself
