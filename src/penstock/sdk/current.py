"""What a step may ask about the attempt that runs it, and what it may say: `current` and `log_metrics`.

Owns the context variable of the attempt. The worker enters and leaves attempts; nobody else does.
"""

from __future__ import annotations

import contextvars
import operator
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Dict, Generator, List, Mapping, Optional, Tuple

from penstock.artifacts.masking import cut, masked
from penstock.errors import UsageError
from penstock.model.outcomes import Metric
from penstock.sdk.launcher import launcher

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.artifacts.store import BlobStore
    from penstock.model.specs import RunContext

_HINT_EVERY_S = 1.0

MEND = "the environment of the step, @step(packages=[...]), or hand over plain arrays, lists and dicts"
"""What to do about a value that a step can't read."""


class AttemptContext:
    """One attempt, while it runs."""

    __slots__ = (
        "_hint",
        "_hinted_at",
        "_tempdir",
        "attempt",
        "context",
        "input_files",
        "metrics",
        "parameters",
        "store",
    )

    def __init__(
        self,
        attempt: str,
        context: RunContext,
        store: BlobStore,
        hint: Optional[Callable[[str, Tuple[Metric, ...]], None]] = None,
    ) -> None:
        self.attempt = attempt  # "digits/3/train/2#1"
        self.context = context
        self.store = store
        self.metrics: List[Metric] = []
        self.parameters: Optional[Dict[str, Any]] = None  # decoded when touched
        self._hint = hint
        self._hinted_at = 0.0
        self.input_files = InputFiles(context, attempt)
        self._tempdir = ""

    @property
    def task(self) -> str:
        """`digits/3/train/2`."""
        return self.attempt.rpartition("#")[0]

    def log(self, metrics: Mapping[str, float], step: Optional[int]) -> None:
        """Take in metrics; all that came so far are hinted at once a second at most."""
        at = time.time()
        self.metrics.extend(
            [Metric(masked(str(name)), _number(name, value), step, at) for name, value in metrics.items()]
        )
        if self._hint is not None and time.monotonic() - self._hinted_at >= _HINT_EVERY_S:
            self._hinted_at = time.monotonic()
            self._hint(self.attempt, tuple(self.metrics))

    def tempdir(self) -> str:
        """The attempt's temporary folder, made when it is first asked for."""
        if not self._tempdir:
            self._tempdir = _own_folder(self.context, self.attempt, "tmp")
        return self._tempdir

    def clean_up(self) -> None:
        """Remove the folders that were made."""
        for folder in (self._tempdir, self.input_files.made):
            if folder:
                import shutil

                shutil.rmtree(folder, ignore_errors=True)


class InputFiles:
    """Where the files among an attempt's inputs are put: a path that is made when somebody asks for it."""

    __slots__ = ("_attempt", "_context", "made")

    def __init__(self, context: RunContext, attempt: str) -> None:
        self._context = context
        self._attempt = attempt
        self.made = ""

    def __fspath__(self) -> str:
        if not self.made:
            self.made = _own_folder(self._context, self._attempt, "files")
        return self.made


def _own_folder(context: RunContext, attempt: str, kind: str) -> str:
    name = attempt.replace("/", "-").replace("#", "-")
    folder = os.path.join(context.scratch, f"{name}-{kind}")
    os.makedirs(folder, exist_ok=True)
    return folder


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
    """Whether this code runs as a step of a run."""
    return _attempt.get(None) is not None


def attempt_here() -> Optional[AttemptContext]:
    """The attempt that this code belongs to, also from a thread that its step started; None outside of one."""
    try:
        return _attempt.get()
    except LookupError:
        # Threads that a step starts don't inherit its context variables; they belong to the process's only attempt.
        return launcher.attempts[0] if len(launcher.attempts) == 1 else None


class Current:
    """The attempt that runs this code. Each attribute raises UsageError outside a step of a run."""

    @property
    def run(self) -> str:
        """`digits/3`."""
        return self._here("run").context.run

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
            here.parameters = {name: _parameter(name, record, here) for name, record in here.context.params}
        return here.parameters

    @property
    def tempdir(self) -> Path:
        """An empty folder of this attempt's own, removed when the attempt ends."""
        from pathlib import Path

        return Path(self._here("tempdir").tempdir())

    @property
    def checkpoint_dir(self) -> Path:
        """A folder that all attempts of this task share: what one wrote is there for the next, also after a resume."""
        from pathlib import Path

        here = self._here("checkpoint_dir")
        step, number = here.task.split("/")[-2:]
        folder = Path(here.context.checkpoints, f"{step}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

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

        unreadable.explain(error, f"the parameter {name} of {here.context.run}", record, here.store, MEND)
        raise


current = Current()


def log_metrics(metrics: Mapping[str, float], step: Optional[int] = None) -> None:
    """Record numbers of the attempt that runs this code, as `log_metrics({"accuracy": 0.9}, step=3)`.

    `step` is the training step or epoch; None: the metric has none. From anywhere in a step, its helpers and threads
    included; outside a step of a run it does nothing. Raises TypeError or ValueError for what is not a number.
    """
    here = attempt_here()
    if here is not None:
        here.log(metrics, None if step is None else operator.index(step))


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise type(error)(f"metric {name!r} is {cut(repr(value), 80)}, which is no number: {error}") from None
