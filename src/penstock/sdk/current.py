"""What a step may ask about the attempt that runs it, and what it may say: `current` and `log_metrics`.

Owns the context variable of the attempt. The worker enters and leaves attempts; nobody else does.
"""

from __future__ import annotations

import contextvars
import operator
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Dict, Generator, List, Mapping, Optional, Protocol, Tuple

from penstock.artifacts.masking import cut, masked
from penstock.errors import UsageError
from penstock.model.outcomes import Metric
from penstock.model.texts import LARGEST, fault_of_name
from penstock.sdk import starters
from penstock.sdk.launcher import launcher

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.artifacts.store import BlobStore
    from penstock.model.specs import Attempt, Places, RunSpec
    from penstock.sdk.checkpoints import Points

_HINT_EVERY_S = 1.0

MEND = "the environment of the step, @step(packages=[...]), or hand over plain arrays, lists and dicts"
"""What to do about a value that a step can't read."""


class WriteObserver(Protocol):
    """Who is told of the files that an attempt writes."""

    def note(self, here: AttemptContext, path: Any) -> None:
        """It is about to write there. From any thread."""
        ...


class AttemptContext:
    """One attempt, while it runs."""

    __slots__ = (
        "_attempt",
        "_hint",
        "_hinted_at",
        "_points",
        "_tempdir",
        "attempt",
        "began_ns",
        "input_files",
        "metrics",
        "parameters",
        "places",
        "spec",
        "store",
        "writes",
        "written",
    )

    def __init__(
        self,
        attempt: Attempt,
        spec: RunSpec,
        places: Places,
        store: BlobStore,
        hint: Optional[Callable[[str, Tuple[Metric, ...]], None]] = None,
    ) -> None:
        self.attempt = attempt.id  # "digits/3/train/2#1"
        self.began_ns = time.monotonic_ns()
        self._attempt = attempt
        self.spec = spec
        self.places = places
        self.store = store
        self.metrics: List[Metric] = []
        self.parameters: Optional[Dict[str, Any]] = None  # decoded when touched
        self._hint = hint
        self._hinted_at = 0.0
        self._points: Optional[Points] = None  # beside the checkpoints, once it has asked for these
        self.input_files = InputFiles(places, attempt.id)
        self.writes: Optional[WriteObserver] = None  # while the step's own code runs
        self.written: Dict[str, None] = {}  # what it has told them
        self._tempdir = ""

    @property
    def task(self) -> str:
        """`digits/3/train/2`."""
        return self.attempt.rpartition("#")[0]

    def log(self, metrics: Mapping[str, float], step: Optional[int]) -> None:
        """Take in metrics; all that came so far are hinted at once a second at most."""
        points = _points(metrics, step)
        self.metrics.extend(points)
        if self._points is not None:
            self._points.add(points)
        if self._hint is not None and time.monotonic() - self._hinted_at >= _HINT_EVERY_S:
            self._hinted_at = time.monotonic()
            self._hint(self.attempt, self.logged())

    def logged(self) -> Tuple[Metric, ...]:
        """All metrics of the attempt; those that it went on from were logged before its driver was killed."""
        metrics = tuple(self.metrics)
        return metrics if self._points is None else (*self._points.earlier(), *metrics)

    def tempdir(self) -> str:
        """The attempt's temporary folder, made when it is first asked for."""
        if not self._tempdir:
            self._tempdir = _own_folder(self.places, self.attempt, "tmp")
        return self._tempdir

    def checkpoint_dir(self) -> str:
        """The task's folder for what its attempts leave one another, made when it is first asked for."""
        from penstock.sdk import checkpoints

        folder = checkpoints.folder_of(self.spec, self.places, self._attempt)
        os.makedirs(folder, exist_ok=True)
        if self._points is None:
            self._points = checkpoints.Points(self.spec, self.places, self._attempt)
            self._points.add(self.metrics)
        return folder

    def clean_up(self) -> None:
        """Remove the folders that were made, and close what is open."""
        if self._points is not None:
            self._points.close()
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
            self.made = _own_folder(self._places, self._attempt, "files")
        return self.made


def _own_folder(places: Places, attempt: str, kind: str) -> str:
    """A new folder: `scratch` is one driver's, and under that no two attempts have one name."""
    folder = _folder_of(places, attempt, kind)
    os.makedirs(folder, exist_ok=True)
    return folder


def _folder_of(places: Places, attempt: str, kind: str) -> str:
    name = attempt.replace("/", "-").replace("#", "-")
    return os.path.join(places.scratch, f"{name}-{kind}")


def folders_left(places: Places, attempt: str) -> List[str]:
    """What an attempt whose process has died can't remove any more."""
    return [folder for kind in ("tmp", "files") if os.path.isdir(folder := _folder_of(places, attempt, kind))]


_attempt: contextvars.ContextVar[Optional[AttemptContext]] = contextvars.ContextVar("penstock_attempt")
_importing: contextvars.ContextVar[bool] = contextvars.ContextVar("penstock_importing", default=False)


def enter(here: AttemptContext) -> contextvars.Token[Optional[AttemptContext]]:
    """From now on this thread runs the attempt `here`. A pair of functions, since the worker counts microseconds."""
    launcher.attempts.append(here)
    return _attempt.set(here)


def leave(here: AttemptContext, token: contextvars.Token[Optional[AttemptContext]]) -> None:
    """The attempt is over."""
    _attempt.reset(token)
    launcher.attempts.remove(here)
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
        return bool(launcher.attempts) and (not launcher.places or starters.starter() in launcher.attempts)


def attempt_here() -> Optional[AttemptContext]:
    """The attempt that this code belongs to, also from a thread that its step started; None outside of one."""
    try:
        return _attempt.get()
    except LookupError:
        return _attempt_of_thread() if launcher.attempts else None


def _attempt_of_thread() -> Optional[AttemptContext]:
    """In a worker all threads are its only attempt's. In the flow's own process it is known who has started which of
    Python's threads; one that another language started may be taken for the only attempt's, where there is one."""
    only = launcher.attempts[0] if len(launcher.attempts) == 1 else None
    if not launcher.places:
        return only
    known = starters.starter()
    if known is None:
        return only if type(threading.current_thread()).__name__ == "_DummyThread" else None
    return known if known in launcher.attempts else None


class Current:
    """The attempt that runs this code. Each attribute raises UsageError outside a step of a run."""

    @property
    def run(self) -> str:
        """`digits/3`."""
        return self._here("run").spec.run

    @property
    def task(self) -> str:
        """`digits/3/train/2`."""
        return self._here("task").task

    @property
    def attempt(self) -> int:
        """1 for the first attempt, 2 for its first retry."""
        return int(self._here("attempt").attempt.rpartition("#")[2])

    @property
    def parameters(self) -> Dict[str, Any]:
        """The run's parameters by name; reads them when first touched."""
        here = self._here("parameters")
        if here.parameters is None:
            here.parameters = {name: _parameter(name, record, here) for name, record in here.spec.params}
        return here.parameters

    @property
    def tempdir(self) -> Path:
        """An empty folder of this attempt's own, removed when the attempt ends."""
        from pathlib import Path

        return Path(self._here("tempdir").tempdir())

    @property
    def checkpoint_dir(self) -> Path:
        """A folder that all attempts of this task share: what one wrote is there for the next, also after a resume.

        Not where the step's code, or a result among its inputs, is another one by then, nor in another run: then it is
        an empty folder.
        """
        from pathlib import Path

        return Path(self._here("checkpoint_dir").checkpoint_dir())

    def _here(self, name: str) -> AttemptContext:
        here = attempt_here()
        if here is None:
            raise UsageError(f"current.{name} was used outside a step of a run, where there is no attempt")
        return here

    def __repr__(self) -> str:
        here = attempt_here()
        return f"<current: {here.attempt}>" if here else "<current: outside a step>"


def _parameter(name: str, record: bytes, here: AttemptContext) -> Any:
    from penstock.artifacts import codec

    try:
        return codec.decode(record, here.store, files_into=here.input_files)
    except Exception as error:
        from penstock.artifacts import unreadable

        unreadable.explain(error, f"the parameter {name} of {here.spec.run}", record, here.store, MEND)
        raise


current = Current()


def log_metrics(metrics: Mapping[str, float], step: Optional[int] = None) -> None:
    """Record numbers of the attempt, or of the run, whose code this is, as `log_metrics({"accuracy": 0.9}, step=3)`.

    `step` is the training step or epoch; None: the metric has none. From anywhere in a step, its helpers and threads
    included, or in a flow's body: a resume calls that anew, and what it logs then takes the place of what was there.
    Outside of a run it does nothing. Raises TypeError or ValueError for what is not a number, for a step beyond 64
    bits, and for a name that is no text or has more than 1,000 characters.
    """
    here = attempt_here()
    if here is not None:
        here.log(metrics, step)
        return
    from penstock.sdk import session

    place = session.place_of_flow()
    if place is not None:
        place.run.engine.log(tuple(_points(metrics, step)))


def _points(metrics: Mapping[str, float], step: Optional[int]) -> List[Metric]:
    if not hasattr(metrics, "items"):
        raise TypeError(f'log_metrics got {_shown(metrics)}: give it names and numbers, as in {{"accuracy": 0.9}}')
    at, number = time.time(), None if step is None else _step(step)
    return [Metric(_name(name), _number(name, value), number, at) for name, value in metrics.items()]


def _step(step: Any) -> int:
    try:
        number = operator.index(step)
    except TypeError:
        raise TypeError(f"step={_shown(step)} of log_metrics is no whole number") from None
    if not -LARGEST <= number <= LARGEST:
        raise ValueError(f"step={_shown(number)} of log_metrics is beyond 64 bits, and can't be recorded")
    return number


def _shown(value: Any) -> str:
    try:
        return cut(repr(value), 80)
    except Exception:  # noqa: BLE001  the user's `__repr__`, or a number of more digits than Python prints
        return f"a value of type {type(value).__name__}"


def _name(name: Any) -> str:
    text = masked(str(name))
    fault = fault_of_name(text)
    if fault:
        raise ValueError(f"the name of metric {cut(ascii(text), 80)} {fault}: it can't be recorded")
    return text


def _number(name: str, value: Any) -> float:
    try:
        return float(value) + 0.0  # SQLite has no negative zero
    except (TypeError, ValueError, OverflowError) as error:
        raise type(error)(f"metric {name!r} is {_shown(value)}, which is no number: {error}") from None
