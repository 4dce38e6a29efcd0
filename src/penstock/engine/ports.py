"""What the engine needs of the world. `project` hands it in; the implementations know nothing of the engine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from penstock.model.environments import Environment
from penstock.model.events import ExecutorEvent, Lane, Profile
from penstock.model.options import Options
from penstock.model.outcomes import Stored
from penstock.model.rows import (
    Batch,
    CodeRecord,
    Dealt,
    InFlight,
    PriorTask,
    RunEnd,
    ScopeRecord,
    Sought,
    StepCount,
    WantedResult,
)
from penstock.model.shares import Amount, Share
from penstock.model.specs import Attempt, Places, RunSpec, Work
from penstock.model.states import Cause


class Mailbox(Protocol):
    """The driver, as an executor sees it."""

    def post(self, *events: ExecutorEvent) -> None:
        """Hand over events. From any thread; never blocks."""
        ...

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Call `ready` in a turn whenever `fd` can be read (level-triggered). Within a turn only."""
        ...

    def unwatch(self, fd: int) -> None:
        """Stop watching, before the descriptor is closed. Within a turn only."""
        ...


class Executor(Protocol):
    """Where attempts run.

    Promises: every attempt that was started is answered by one `Ended` or one `Recalled`, whatever happens to its
    worker; an attempt runs alone in its lane; nothing an attempt started is left running when its `Ended` is posted.
    All methods but `ready` and `assist` are called within a turn of the driver: one at a time, from whichever thread
    takes the turn. They return at once.

    Where attempts outlive the driver (its profile says so): what leaves the machine is named by the run's nonce and the
    attempt's id, so that no two projects meet; an outcome is published once, and stays until the run is over; and a
    driver that lost its lease starts, cancels and removes nothing more, whatever it asks for.
    """

    @property
    def profile(self) -> Profile:
        """What it can hold; known before `open`."""
        ...

    def open(self, mailbox: Mailbox, spec: RunSpec, places: Places) -> None:
        """Get ready for the attempts of one run. Called once, before anything else. `places`: on this machine."""
        ...

    def ready(self, environment: Environment | None, step: str) -> None:
        """Get ready what a step runs in (None: the flow's own), before its first attempt is started: lock, build. In
        the thread that calls the step. Blocks: for nothing where it is ready. Raises UsageError, with the step's name,
        where it can't be had."""
        ...

    def start(self, launches: Sequence[tuple[Attempt, tuple[Lane, ...]]]) -> None:
        """Run each attempt in its lanes, after those that were started before it there. Where it may have to wait for
        its turn (the profile says `begins_later`), `Began` says that it runs. Several lanes are a gang: the attempt
        gets all of them or none; what is held for it while others lack is given back after a time, and it is
        recalled."""
        ...

    def recall(self, attempts: Collection[str]) -> None:
        """Take back those of the attempts that have not begun: posts a `Recalled` for each, and nothing for what has
        begun or ended. Looks once, however many there are."""
        ...

    def cancel(self, attempt: str, cause: Cause) -> None:
        """End the attempt and all it started; its `Ended` carries the cause, unless it ended before. One that has not
        begun is recalled: it has used none of its time, and left nothing. An attempt of an earlier driver is ended too,
        adopted or not. Idempotent."""
        ...

    def adopt(self, attempt: Attempt, handle: str) -> None:
        """Find an attempt of an earlier driver: posts `Adopted`, or `Ended` with its outcome. `handle`: as `Placed`
        told it; "": it was not."""
        ...

    def assist(self, timeout_s: float) -> bool:
        """Run one attempt in the calling thread, waiting for it at most so long; False: there was none. Called where
        the profile says `assisted`, by threads that wait for results. Raises the Suspension that interrupts it."""
        ...

    def close(self, *, leave: bool = False) -> None:
        """End all that still runs and release everything. `leave`: what outlives the driver goes on, since another one
        has it now or will have it. Blocks for at most a few seconds. Idempotent."""
        ...


class RunJournal(Protocol):
    """The journal of one run, held under a lease. Every write carries the fencing token and raises `FencedError` when
    another owner has taken the run."""

    def commit(self, batch: Batch) -> None:
        """Write a batch in one transaction. Writing the same record again changes nothing."""
        ...

    def prior(self) -> Iterable[PriorTask]:
        """All tasks that earlier drivers of this run wrote, in the order of their ids. One query."""
        ...

    def scopes(self) -> Iterable[ScopeRecord]:
        """All nested flows that earlier drivers of this run called."""
        ...

    def note(self, dealt: Sequence[Dealt]) -> None:
        """Write down the numbers of calls of one step: before anything is seen of them, and cheaply, since there is a
        note for each call. It outlives a kill. From any thread, one at a time."""
        ...

    def dealt(self) -> Iterable[Dealt]:
        """The numbers that all drivers of this run have noted, in that order."""
        ...

    def seek(self, wanted: tuple[WantedResult, ...]) -> tuple[Sought, ...]:
        """What the cache has of these, in their order. What it has not, and no task of a run that is driven makes, is
        from now on the asker's to make, until it stores or releases it."""
        ...

    def renew(self, counts: tuple[StepCount, ...], in_flight: tuple[InFlight, ...] | None = None) -> bool:
        """Renew the lease and note progress, and what is in flight (None: as before), for others to look at; True where
        somebody asked to cancel the run."""
        ...

    def end(self, end: RunEnd) -> None:
        """Close the run and give up the lease."""
        ...


class Host(Protocol):
    """What all runs of this user on this machine have written down of what they take of it.

    Promises: a share is void once its process is dead, however it died; nobody else reads or writes while `decide` is
    called. All methods are called within a turn of the driver, and none of them blocks for longer than some
    milliseconds. They raise OSError where nothing can be written.
    """

    @property
    def total(self) -> Amount:
        """What there is, other runs left aside."""
        ...

    @property
    def project(self) -> str:
        """The folder of the run's project."""
        ...

    def open(self, mailbox: Mailbox, rung: Callable[[], None]) -> None:
        """Call `rung` in a turn whenever another run has rung. Others don't see this one before its first share."""
        ...

    def exchange(self, decide: Callable[[Sequence[Share]], tuple[Share, bool]]) -> bool:
        """Write the share that `decide` makes of those of the other living runs; it also says whether to ring them.
        False: others are at it, and nothing was done."""
        ...

    def leave(self) -> None:
        """Give up the share, and ring the others. Idempotent."""
        ...


class StoredValues(Protocol):
    """The stored values of one run: what stands for them where tasks are compared, and how they are. The engine never
    looks inside of one. `combine` and `fingerprint` depend on their arguments alone, in every process and for good."""

    def combine(self, parts: tuple[bytes, ...]) -> bytes:
        """One digest of several."""
        ...

    def fingerprint(self, result: Stored) -> bytes:
        """The digest of a result, also of one that has no stable form."""
        ...

    def is_intact(self, result: Stored) -> bool:
        """Whether all that the result needs is there. It is renewed, so that gc spares it."""
        ...

    def is_damaged(self, result: Stored) -> bool:
        """Whether what the result needs can't be read any more: all of it is read. What is damaged is removed, so that
        it can be written anew."""
        ...

    def written(self, task: int, modules: tuple[str, ...]) -> str:
        """Who made a task's result (0: the flow), with which versions of the packages of these modules, in words;
        "": it is not known."""
        ...


class Codes(Protocol):
    """What code the steps of one run reach, as it was when the run began."""

    def of(self, work: Work, symbols: tuple[str, ...], options: Options) -> CodeRecord:
        """What a step reaches, with the classes and functions of the project that are inside of its inputs. Raises
        UsageError where it declares what is not there."""
        ...

    def news(self, before: bytes, code: CodeRecord) -> str:
        """What is new since the code of a digest, in words: "clean() in features.py changed"."""
        ...


class Listener(Protocol):
    """Who tells the user what happens."""

    def said(self, text: str) -> None:
        """Something is done in another way than asked, and why. From any thread; does not block for long."""
        ...
