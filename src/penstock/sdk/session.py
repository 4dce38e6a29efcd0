"""The run that a call belongs to, and what the sdk asks of its engine.

Owns the context variable of a flow's body. Knows the engine only as the port below.
"""

from __future__ import annotations

import contextvars
import functools
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Dict, Generator, List, Mapping, Optional, Protocol, Sequence, Tuple

from penstock.errors import UsageError
from penstock.model.tuples import NamedTuple
from penstock.sdk import attempts
from penstock.sdk.arrivals import Arrivals
from penstock.sdk.this_process import this_process

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore
    from penstock.model.environments import Environment
    from penstock.model.options import Options
    from penstock.model.outcomes import Error, Metric, Recorded, Stored
    from penstock.model.sinks import Sink
    from penstock.model.specs import Call, FlowCall, Work
    from penstock.sdk.record_list import Records
    from penstock.sdk.recording import Recording

    Described = Callable[[BaseException], Error]
    """Makes a failure of what a nested flow has raised."""

    class Engine(Protocol):
        """What the sdk asks of a running engine. From any thread of the flow's process."""

        def submit(self, calls: Sequence[Tuple[Call, Sink]], of_map: int = -1) -> List[Tuple[int, str]]:
            """Take in calls of one step, with the same options; gives each task's number in the run and its path.
            `of_map`: number of the first task of their map, 0: it is among them, -1: they are of none. Raises
            UsageError where they can never run, Suspension where the run is stopping."""
            ...

        def enter(self, call: FlowCall, sink: Optional[Sink] = None) -> Tuple[int, str, int]:
            """A nested flow begins; gives its number among the run's tasks, its path, and the place in which it settled
            under an earlier driver (0: it has not). `sink` None: its caller waits. Raises like `submit`."""
            ...

        def leave(
            self, scope: int, result: Optional[Stored], error: Optional[Error], task: str = "", is_done: bool = False
        ) -> None:
            """A nested flow's body is over. `task`: the path of the task whose failure has ended it; neither a result
            nor an error, and not done: it was stopped."""
            ...

        def deliver(self, tasks: Tuple[int, ...]) -> None:
            """Commit that the failures of these tasks are handed to the flow's body; returns after the commit."""
            ...

        def assist(self, opened: Callable[[], bool], until: float) -> bool:
            """Run here, until `opened()` or a time of the monotonic clock, the attempts that are for threads which
            wait; whether it is open. False at once where no call was for these."""
            ...

        def attend(self, opened: Callable[[], bool], until: float) -> bool:
            """Wait, and drive meanwhile, until `opened()` or a time of the monotonic clock; whether it is open. False
            at once where another thread does so: then wait for whatever settles the tasks."""
            ...

        def cancel(self, task: int) -> None:
            """End the task, or the nested flow with all that it has called, if it has not ended."""
            ...

        def reproduce(self, task: int) -> None:
            """The task's stored result can't be read: settle its sink anew. Raises UsageError where the run is over."""
            ...

        def log(self, metrics: Tuple[Metric, ...]) -> None:
            """Note what the flow's own body has logged under these names so far."""
            ...

        def record(self, scope: int, recorded: Recorded) -> None:
            """Note what the body of a nested flow (0: the run's own flow) has recorded, in the place of what is there
            of this kind, name and step."""
            ...


Written = Callable[[int, Tuple[str, ...]], str]
"""Says who made the result of a task, with which versions of the packages of these modules."""


class RunSession:
    """A run as its flow's body sees it."""

    def __init__(
        self,
        run_id: str,
        engine: Engine,
        store: BlobStore,
        files: str,
        written: Optional[Written] = None,
        described: Optional[Described] = None,
        recorder: Optional[Callable[[], Recording]] = None,
        environments: Optional[Mapping[str, Environment]] = None,
    ) -> None:
        self.id = run_id
        self.engine = engine
        self.store = store
        self.files = files  # folder for the files among results
        self.written = written  # None: nobody knows
        self.described = described  # None: in few words
        self.recorder = recorder  # makes what its body logs into; None: nothing is kept
        self.environments = environments or {}  # of steps that don't say, by their executors
        self.recording: Optional[Recording] = None  # once its body has logged something
        self.records: Dict[int, Records] = {}  # of bodies, by the number of their nested flow
        self.whole = self  # that of the run's own flow
        self.threads: List[threading.Thread] = []  # of the nested flows that run beside their callers
        self.lock = threading.RLock()
        self.arrivals = Arrivals(self.lock)
        self.works: Dict[Any, Tuple[Any, Work]] = {}
        self.settled: Dict[Tuple[Options, Optional[Environment]], Options] = {}  # by those of a step, and the default
        self._occurrences: Dict[bytes, int] = {}

    def beside(self, until: int, beyond: Callable[[], None]) -> RunSession:
        """The same run, for a body that runs beside this one: it sees its own tasks settle in an order of its own.
        `beyond()` is called once it sees something later than the place `until`, where that is not 0."""
        import copy  # four milliseconds of a start, and few flows need it

        made = copy.copy(self)
        made.arrivals = Arrivals(self.lock, until, beyond)
        return made

    def begin(self, body: Callable[[], None], name: str) -> None:
        """Run the body of a nested flow in a thread of its own."""
        thread = threading.Thread(target=contextvars.copy_context().run, args=(body,), name=name, daemon=True)
        self.threads.append(thread)
        thread.start()

    def log(self, metrics: Mapping[str, float], step: Optional[int]) -> None:
        """Take in numbers that the body logs."""
        whole = self.whole
        if whole.recording is None and whole.recorder is not None:
            with self.lock:
                whole.recording = whole.recording or whole.recorder()
        if whole.recording is not None:
            whole.recording.log(metrics, step)

    def recorded(self, scope: int) -> Records:
        """What the body of a nested flow (0: the run's own flow) records on purpose, for others to add to."""
        from penstock.sdk.record_list import Records  # most record nothing

        whole = self.whole
        with self.lock:
            found = whole.records.get(scope)
            if found is None:
                told = functools.partial(self.engine.record, scope)
                found = whole.records[scope] = Records(f"the body of {self.id}", told)
            return found

    def looked(self) -> None:
        """The body has asked whether a result is there, and it is not."""

    def occurrence(self, first: bytes) -> int:
        """How many calls came before of those that are told apart by their order alone. `first`: the key of the first
        of them, which is kept in any case."""
        with self.lock:
            seen = self._occurrences.get(first, 0)
            self._occurrences[first] = seen + 1
            return seen


class Place(NamedTuple):
    """Where the body stands: its run, the keys of the nested flows around it, and what its steps are run with by
    default (None: with the flow's own packages)."""

    run: RunSession
    scope: Tuple[bytes, ...] = ()
    environment: Optional[Environment] = None
    number: int = 0  # of the innermost of these flows; 0: the run's own


_place: contextvars.ContextVar[Optional[Place]] = contextvars.ContextVar("penstock_place", default=None)


def place() -> Optional[Place]:
    """The run that a step which is called here belongs to; None: there is none, and the step is the plain function.
    Raises UsageError in a thread that may belong to any of several runs, or to none."""
    here = place_of_flow()
    if (
        here is None
        and (this_process.places or this_process.submitted)
        and not (is_main_thread() or attempts.in_attempt())
    ):
        names = ", ".join(sorted({*this_process.submitted, *(known.run.id for known in this_process.places)}))
        raise UsageError(
            f"This thread belongs to none of the runs of this process ({names}): call steps from the flow's own "
            "thread, or start the thread with contextvars.copy_context().run; for a plain call, use the step's .fn"
        )
    return here


def place_of_flow() -> Optional[Place]:
    """The run that a flow which is called here joins; None: it is a run of its own.

    A context variable says it in the body's own thread, and in what was started with a copy of its context. Other
    threads belong to what the main thread does: nobody can say which thread has started them.
    """
    if attempts.in_attempt():
        return None
    return _place.get() or this_process.place


def is_main_thread() -> bool:
    """Whether this is the process's main thread."""
    return threading.current_thread() is threading.main_thread()


def in_body() -> bool:
    """Whether this very thread runs a flow's body: other threads of a process may start runs of their own."""
    return _place.get() is not None


def body_here() -> Optional[RunSession]:
    """The run whose body this code is of, by its context alone; None: it is of none."""
    here = _place.get()
    return None if here is None else here.run.whole


@contextmanager
def entered(here: Place) -> Generator[None, None, None]:
    """Make `here` the place of the calls inside, in this thread."""
    token = _place.set(here)
    try:
        yield
    finally:
        _place.reset(token)


@contextmanager
def driving(run: RunSession, environment: Optional[Environment]) -> Generator[None, None, None]:
    """Make the run known to this process, and the place of the calls inside: those of this thread, and where it is the
    main one, those of the threads that have no run of their own; `environment` as in `Place`."""
    here = Place(run, environment=environment)
    this_process.places.append(here)
    if is_main_thread():
        this_process.place = here
    try:
        with entered(here):
            yield
    finally:
        if this_process.place is here:
            this_process.place = None
        this_process.places.remove(here)
