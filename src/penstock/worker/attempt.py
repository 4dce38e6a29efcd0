"""Runs one attempt: inputs are resolved, the function is found and called, its result is stored.

Knows nothing of processes: the same function serves a worker and the flow's own process. What an attempt must not
change for the next one is `worker/restoring.py`'s, its random numbers are `worker/chance.py`'s; who waits for the
outcome is the caller's.
"""

from __future__ import annotations

import os
import sys
from time import perf_counter, process_time, time
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NoReturn, Optional, Sequence, Tuple, Union, cast

from penstock.artifacts import codec, names
from penstock.artifacts.opening import open_store
from penstock.errors import DamagedError, NotStorableError, Suspension, UsageError
from penstock.model.edges import take
from penstock.model.outcomes import Error, Outcome, Unread, Usage
from penstock.model.specs import Attempt, Function, Places, Program, Resolved, RunSpec, Work, as_called
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import made
from penstock.sdk import attempts
from penstock.sdk.attempts import AttemptContext
from penstock.worker import capture, write_audit
from penstock.worker.recorded_errors import error_of, traceback_text
from penstock.worker.write_log import WriteLog

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore
    from penstock.model.program_containers import ProgramContainer

_UNREAD = "_penstock_unread"
"""The fields of an `Unread`, on the exception that came of it."""
_DONE = TaskStatus.DONE.value
_FAILED = TaskStatus.FAILED.value


class Workbench:
    """What the attempts of one run share in one process."""

    def __init__(
        self,
        spec: RunSpec,
        places: Places,
        hint: Optional[attempts.HintTaker] = None,
        broken: Optional[Error] = None,
        taken: Optional[Callable[[Any], None]] = None,
    ) -> None:
        self.spec, self.places = spec, places
        self.store = open_store(places.store)
        self.hint = hint
        self.broken = broken  # why the flow's module can't be imported
        self._taken = taken  # told of each function that came as a value
        self.ending: Any = None  # how a program learns that it is to end (`child_output.Ending`); None: it does not
        self.pid = os.getpid()
        self.gpus: Optional[Tuple[str, ...]] = None  # which its programs see; None: those of this process
        self.writes = WriteLog(spec.run, places, lambda: self.pid)
        self._functions: Dict[Work, Callable[..., Any]] = {}

    def needs_module(self, work: Work) -> bool:
        """Whether a step can't run without the flow's module. In an environment of its own one of another module may:
        what it needs of the flow's it imports itself. A program needs none."""
        return isinstance(work, Function) and (not self.spec.foreign or work.module == self.spec.module)

    def function(self, work: Work) -> Callable[..., Any]:
        """The function that does a step's work; raises what its import raises."""
        known = self._functions.get(work)
        if known is None:
            known = self._functions[work] = self._found(work)
        return known

    def _container(self) -> Optional[ProgramContainer]:
        """What its programs run in; None: here."""
        from penstock.model import program_containers

        found = program_containers.of_plain(self.places.container)
        return found and found._replace(gpus=self.gpus)

    def _found(self, work: Work) -> Callable[..., Any]:
        if isinstance(work, Program):
            from penstock.worker.program import runner  # most runs have no program

            return runner(work, self.store, self.ending, self._container())
        if self.places.container:
            raise UsageError(
                f"{work.qualname} is a function, and its image has no Python, so that it runs scripts and commands "
                "alone: take an image that has Python 3.9 or newer"
            )
        if work.record is None:
            found = names.load(work.module, work.qualname)
            return getattr(found, "fn", found)
        found = _read(work.record, self.store, work, ("", -1))
        function = getattr(found, "fn", found)
        if self._taken is not None:
            self._taken(function)
        return function


def run_attempt(attempt: Attempt, bench: Workbench, cpu_s: Optional[float] = None) -> Outcome:
    """Run it to its end and say how it ended. Raises nothing that the user's code raises, but a Suspension: in the
    flow's own process the run was interrupted, not the step. `cpu_s`: `process_time`, where it was just asked for."""
    if bench.broken is not None and bench.needs_module(attempt.work):
        return Outcome(_FAILED, error=bench.broken)
    here = AttemptContext(attempt, bench.spec, bench.places, bench.store, bench.hint)
    token = attempts.enter(here)
    began_at, began, cpu_s = time(), perf_counter(), process_time() if cpu_s is None else cpu_s
    result, error = None, None
    try:
        result = perform(attempt, bench, here)
    except DamagedError as damaged:
        error = Error(Cause.DAMAGED.value, "", str(damaged))
    except Suspension:
        here.keep_points()
        raise
    except BaseException as exception:  # noqa: BLE001  the boundary to the user's code; SystemExit is its business too
        if os.getpid() != bench.pid:
            _leave_fork(exception)
        unread = vars(exception).pop(_UNREAD, ())
        error = error_of(exception, bench.store, attempt.retry_on)._replace(unread=unread)
    finally:
        here.writes = None
        bench.writes.end(here)
        attempts.leave(here, token)
    usage = made(Usage, (began_at, perf_counter() - began, process_time() - cpu_s, 0, 0, 0))
    records = () if error or here.records is None else here.records.all()
    return made(Outcome, (_FAILED if error else _DONE, result, error, usage, None, here.logged(), "", records))


def share_process() -> None:
    """From now on attempts run in a process that runs the bodies of flows, too: it has to be told which threads are
    theirs, and which files they write."""
    attempts.note_starters()
    write_audit.listen()


def perform(attempt: Attempt, bench: Workbench, here: AttemptContext) -> Any:
    """Call the step's function and store what it gives. Here, and nowhere around it, an interruption may hit."""
    args, kwargs = _arguments(attempt, bench.store, here)
    function = bench.function(attempt.work)
    here.writes = bench.writes.note
    value: Any = function(*args, **kwargs)
    if os.getpid() != bench.pid:
        _leave_fork(None)
    if type(value) is CoroutineType:
        import asyncio

        value = asyncio.run(cast("Any", value))
    del args, kwargs  # an input that the step let go need not stay while its result is written
    here.writes = None
    encoded = codec.encode(value, bench.store, where="result", files=True, layout=True)
    if encoded.files:
        bench.writes.check(here, encoded.files)
    if encoded.edges:
        raise NotStorableError("the result holds a future: return its .result()")
    return encoded.stored


def _leave_fork(exception: Optional[BaseException]) -> NoReturn:
    """A child that the step forked came out of the step's function: it ends here, as it would at a script's end."""
    status = 0
    if isinstance(exception, SystemExit):
        status = exception.code if isinstance(exception.code, int) else int(exception.code is not None)
    elif exception is not None:
        sys.stderr.write(traceback_text(exception))
        status = 1
    capture.finish_lines()
    os._exit(status & 0xFF)


def _arguments(attempt: Attempt, store: BlobStore, here: AttemptContext) -> Tuple[List[Any], Dict[str, Any]]:
    values: Dict[str, Any] = {}
    for item in attempt.inputs:
        values[item[0]] = _value(item, attempt.verify, store, here)
    return as_called(attempt.work.positional, values)


def _value(item: Resolved, verify: bool, store: BlobStore, here: AttemptContext) -> Any:
    name, record, refs, parts = item
    files = here.input_files
    if not refs and record is not None:
        return _read(record, store, here, (name, -1), (), verify, files)
    values: List[Any] = []
    for at, result in enumerate(refs):
        part = parts[at] if parts else ()
        value = codec.decode_file(result, store, part, verify, files) if part else None
        if value is None:
            value = take(_read(result, store, here, (name, at), (), verify, files), part)
        values.append(value)
    return values[0] if record is None else _read(record, store, here, (name, -1), values, verify, files)


def _read(
    record: bytes,
    store: BlobStore,
    of: Union[AttemptContext, Function],
    place: Tuple[str, int],
    refs: Sequence[Any] = (),
    verify: bool = False,
    files: Optional[attempts.InputFiles] = None,
) -> Any:
    """The value of a record of an attempt's, or of its function; `place` says which it is, as an `Unread` has it."""
    try:
        return codec.decode(record, store, refs, verify, files)
    except Exception as error:
        from penstock.artifacts import unreadable

        what = f"the function {of.qualname}" if isinstance(of, Function) else f"the input {place[0]} of {of.task}"
        modules = unreadable.explain(error, what, record, store, attempts.MEND)
        if modules is not None:
            vars(error)[_UNREAD] = tuple(Unread(*place, modules))
        raise
