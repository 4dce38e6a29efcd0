"""Which attempt code belongs to, and what that attempt has: folders, metrics, files among its inputs.

Owns the context variable of the attempt. The worker enters and leaves attempts; nobody else does. A thread inherits no
context variable: in a worker it belongs to the only attempt there is; in the flow's own process, where attempts run
beside the bodies of flows, to the one that has started it.
"""

from __future__ import annotations

import contextvars
import functools
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Dict, Generator, Mapping, Optional, Protocol, Tuple

from penstock.errors import UsageError
from penstock.sdk.this_process import this_process

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore
    from penstock.model.outcomes import Metric
    from penstock.model.rows import LoopProgress
    from penstock.model.specs import Attempt, Places, RunSpec
    from penstock.sdk.open_loops import OpenLoops
    from penstock.sdk.record_list import Records
    from penstock.sdk.recording import Recording

    class HintTaker(Protocol):
        """Tells of an attempt that runs, from any thread."""

        def __call__(
            self, attempt: str, metrics: Tuple[Metric, ...], loops: Optional[Tuple[LoopProgress, ...]] = None, /
        ) -> None:
            """`metrics`: all that it has logged so far, under the names where more has come; `loops`: those that it is
            in, None: as they were."""
            ...


_STARTER = "_penstock_starter"

MEND = "the environment of the step, @step(packages=[...]), or hand over plain arrays, lists and dicts"
"""What to do about a value that a step can't read."""


class AttemptContext:
    """One attempt, while it runs."""

    def __init__(
        self,
        attempt: Attempt,
        spec: RunSpec,
        places: Places,
        store: BlobStore,
        hint: Optional[HintTaker] = None,
    ) -> None:
        self.attempt = attempt.id  # "digits/3/train/2#1"
        self.began_ns = time.monotonic_ns()
        self._attempt = attempt
        self.spec = spec
        self.places = places
        self.store = store
        self._hint = hint
        self.input_files = InputFiles(places, attempt.id)
        self.written: Dict[str, None] = {}  # what was told of what it writes

    _lock = threading.Lock()  # of all attempts: nobody holds it for longer than a moment
    # In the class: most attempts never have them, and pay nothing for it.
    parameters: Optional[Dict[str, Any]] = None
    """Decoded when touched."""
    writes: Optional[Callable[[AttemptContext, Any], None]] = None
    """Told of each file that the step's own code is about to write, while that runs. From any thread."""
    records: Optional[Records] = None
    """Once it has recorded something."""
    _recording: Optional[Recording] = None  # once it has logged something
    _loops: Optional[OpenLoops] = None
    _goes_on = False  # it has asked for its checkpoints
    _tempdir = ""

    @property
    def task(self) -> str:
        return self.attempt.rpartition("#")[0]

    def log(self, metrics: Mapping[str, float], step: Optional[int]) -> None:
        """Take in numbers; what came of them is hinted soon."""
        (self._recording or self._record()).log(metrics, step)

    def _record(self) -> Recording:
        from penstock.artifacts.checkpoints import points_file  # most attempts log nothing
        from penstock.sdk.recording import Recording

        path = self.places.log(points_file(self.spec, self._attempt))
        report = None if self._hint is None else functools.partial(self._hint, self.attempt)
        made = Recording(path, self.spec.driver, self.attempt, report)
        with self._lock:
            self._recording = self._recording or made
        return self._recording

    def logged(self) -> Tuple[Metric, ...]:
        """All that was logged, once nothing more is taken in. First that of tries that this one went on from, which
        were made before its driver was killed."""
        if self._recording is None:
            return ()
        found = self._recording.end(self.store)
        if self._goes_on:
            from penstock.artifacts.checkpoints import earlier

            return (*earlier(self.spec, self.places, self._attempt, self.store), *found)
        return found

    def keep_points(self) -> None:
        """Nobody will ask what was logged: have it where `checkpoints.metrics_of` finds it."""
        if self._recording is not None:
            self._recording.end()

    def loops(self) -> OpenLoops:
        """The loops that it is in, for others to add to."""
        if self._loops is None:
            from penstock.sdk.open_loops import OpenLoops  # most tell of none

            with self._lock:
                self._loops = self._loops or OpenLoops(self._tell_loops)
        return self._loops

    def _tell_loops(self, loops: Tuple[LoopProgress, ...]) -> None:
        if self._hint is not None and self in this_process.attempts:  # one that a step left open ends whenever it likes
            self._hint(self.attempt, (), loops)

    def recorded(self) -> Records:
        """What it records on purpose, for others to add to."""
        if self.records is None:
            from penstock.sdk.record_list import Records  # most record nothing

            with self._lock:
                self.records = self.records or Records(self.attempt)
        return self.records

    def tempdir(self) -> str:
        """The attempt's temporary folder, made when it is first asked for."""
        if not self._tempdir:
            self._tempdir = self.places.temporary(self.attempt)[0]
            os.makedirs(self._tempdir, exist_ok=True)
        return self._tempdir

    def checkpoint_dir(self) -> str:
        """The task's folder for what its attempts leave one another, made when it is first asked for."""
        from penstock.artifacts import checkpoints

        folder = checkpoints.folder_of(self.spec, self.places, self._attempt)
        os.makedirs(folder, exist_ok=True)
        if not self._goes_on:
            self._goes_on = True
            (self._recording or self._record()).write_through()
        return folder

    def checkpoint_place(self) -> str:
        """The same for a program, which most never use: whoever writes there makes the folder."""
        from penstock.artifacts import checkpoints

        return checkpoints.folder_of(self.spec, self.places, self._attempt)

    def seed(self) -> int:
        """A number below 2^31 for generators of other languages: the attempt's own, as Python's are seeded."""
        from zlib import crc32

        begun = crc32(self.spec.seed.encode()) + self._attempt.failures
        return crc32(self._attempt.key, begun & 0xFFFFFFFF) & 0x7FFFFFFF

    def clean_up(self) -> None:
        """Remove the folders that were made."""
        for folder in (self._tempdir, self.input_files.made):
            if folder:
                import shutil

                shutil.rmtree(folder, ignore_errors=True)


class InputFiles:
    """Where the files among an attempt's inputs are put: a path that is made when somebody asks for it."""

    __slots__ = ("_attempt", "_places", "made")

    def __init__(self, places: Places, attempt: str) -> None:
        self._places = places
        self._attempt = attempt
        self.made = ""

    def __fspath__(self) -> str:
        if not self.made:
            self.made = self._places.temporary(self._attempt)[1]
            os.makedirs(self.made, exist_ok=True)
        return self.made


_attempt: contextvars.ContextVar[Optional[AttemptContext]] = contextvars.ContextVar("penstock_attempt")
_importing: contextvars.ContextVar[bool] = contextvars.ContextVar("penstock_importing", default=False)


def enter(here: AttemptContext) -> contextvars.Token[Optional[AttemptContext]]:
    """From now on this thread runs the attempt `here`. A pair of functions, since the worker counts microseconds."""
    this_process.attempts.append(here)
    return _attempt.set(here)


def leave(here: AttemptContext, token: contextvars.Token[Optional[AttemptContext]]) -> None:
    """The attempt is over."""
    _attempt.reset(token)
    this_process.attempts.remove(here)
    here.clean_up()


@contextmanager
def outside() -> Generator[None, None, None]:
    """Run the code inside as a flow's body: in no attempt, whatever other threads do."""
    token = _attempt.set(None)
    try:
        yield
    finally:
        _attempt.reset(token)


@contextmanager
def importing() -> Generator[None, None, None]:
    """A worker imports the user's module inside; a flow must not be called there."""
    token = _importing.set(True)
    try:
        yield
    finally:
        _importing.reset(token)


def refuse_while_importing(flow: str) -> None:
    """Raise UsageError where a worker is importing the module that calls the flow."""
    if _importing.get():
        raise UsageError(
            f"The flow {flow!r} was called while a worker imported its module. "
            'Guard the call at the end of the file: if __name__ == "__main__":'
        )


def in_attempt() -> bool:
    """Whether this code runs as a step of a run, also in a thread that its step started, until that ends."""
    try:
        return _attempt.get() is not None
    except LookupError:  # threads inherit no context variables
        return bool(this_process.attempts) and (not this_process.places or _starter() in this_process.attempts)


def attempt_here() -> Optional[AttemptContext]:
    """The attempt that this code belongs to, also from a thread that its step started; None outside of one."""
    try:
        return _attempt.get()
    except LookupError:
        return _attempt_of_thread() if this_process.attempts else None


def _attempt_of_thread() -> Optional[AttemptContext]:
    """In a worker all threads are its only attempt's. In the flow's own process it is known who has started which of
    Python's threads; one that another language started may be taken for the only attempt's, where there is one."""
    only = this_process.attempts[0] if len(this_process.attempts) == 1 else None
    if not this_process.places:
        return only
    known = _starter()
    if known is None:
        return only if type(threading.current_thread()).__name__ == "_DummyThread" else None
    return known if known in this_process.attempts else None


def note_starters() -> None:
    """Let each thread know the attempt that starts it. For good: others may wrap `start`, too, before it could be taken
    back."""
    start: Any = threading.Thread.start
    if hasattr(start, _STARTER):
        return

    @functools.wraps(start)
    def noting(self: threading.Thread) -> None:
        here = attempt_here()
        if here is not None:
            setattr(self, _STARTER, here)
        start(self)

    setattr(noting, _STARTER, None)
    threading.Thread.start = noting


def _starter() -> Optional[AttemptContext]:
    """The attempt that has started this thread, or the thread that did, and so on; None: none is known."""
    return getattr(threading.current_thread(), _STARTER, None)
