"""Results that may not be there yet.

Owns waiting, and turning what was stored into the user's value. A result keeps the stored record; the value is decoded
when it is first asked for, in the thread that asks. As futures that `concurrent.futures` knows they stand in
`concurrent_futures.py`: it takes 4 ms to import, and a call that waits for its value needs none.
"""

from __future__ import annotations

import functools
import math
import threading
import time
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Generic,
    List,
    Literal,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
    Union,
    cast,
    overload,
)

from penstock.artifacts import codec
from penstock.errors import DamagedError, UsageError
from penstock.model.outcomes import Error, Metric, Stored
from penstock.sdk import collector
from penstock.sdk.arrivals import Callbacks, Waiters
from penstock.sdk.no_value import NoValue
from penstock.sdk.session import RunSession

if TYPE_CHECKING:
    from penstock.sdk.concurrent_futures import Future

PENDING, FINISHED = "PENDING", "FINISHED"  # the words of concurrent.futures, which looks at `_state`
_UNSET: Any = object()
_MEND = "the flow's own environment, or let the step return plain arrays and dicts; passing the future on needs neither"


R = TypeVar("R")


class _Gate:
    """Opens when `count` futures have finished."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.lock = threading.Lock()
        self.lock.acquire()

    def add_result(self, future: Any) -> None:
        self.count -= 1
        if self.count == 0:
            self.lock.release()

    def is_open(self) -> bool:
        return self.count <= 0


def await_all(run: RunSession, waited: Sequence[TaskResult[Any]], timeout_s: Optional[float] = None) -> None:
    """Block until all have finished; raises TimeoutError. Runs attempts that are meant for this process meanwhile."""
    run.arrivals.look(waited)  # so that few have to be waited for
    with run.lock:
        pending = [future for future in waited if not future.is_settled]
        if not pending:
            return
        gate = _Gate(len(pending))
        gates = (gate,)  # one for all that nobody else waits for
        for future in pending:
            future.enlist(gates)
    run.arrivals.look(pending)
    if gate.is_open():
        return
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    if not _pass(run, gate, deadline):
        left = [future for future in pending if not future.is_settled] or pending
        what = f"{left[0].task} has" if len(left) == 1 else f"{len(left)} tasks have"
        from concurrent import futures  # its error is Python's own from 3.11 on

        raise futures.TimeoutError(f"{what} not ended after {timeout_s:g} s of waiting")


def _pass(run: RunSession, gate: _Gate, deadline: Optional[float]) -> bool:
    until = math.inf if deadline is None else deadline
    if run.engine.assist(gate.is_open, until):
        return True
    with collector.seldom():
        is_open = run.engine.attend(gate.is_open, until)
    if is_open:
        return True
    return gate.lock.acquire(timeout=-1 if deadline is None else max(0.0, deadline - time.monotonic()))


class TaskResult(NoValue, Generic[R]):
    """The result of a task, as the engine settles it and a call waits for it."""

    # What all have until something else is known of one: there may be 100,000, and each has its own key and run alone.
    unseen_at: Optional[int] = None  # its place, where it has settled and the body has not looked yet; else None
    failure: Optional[Error] = None
    id = 0
    task = ""
    _state = PENDING
    _value: Any = _UNSET
    _stored: Optional[Stored] = None
    _suspension: Optional[BaseException] = None
    _reused = False
    _gates: Tuple[_Gate, ...] = ()
    _callbacks: Tuple[Callable[[Any], Any], ...] = ()
    _measured: Optional[Tuple[int, Dict[str, Metric]]] = None  # what an attempt has logged so far; None: nothing
    _hears: Optional[Callable[[int, Tuple[Metric, ...]], None]] = None
    _waiter_list: Optional[Waiters] = None  # who waits with `concurrent.futures`

    def __init__(self, run: RunSession, key: bytes) -> None:
        self.run = run
        self._key = key

    def __hash__(self) -> int:
        # `wait` gives a set, whose members stand in the order of their hashes: a resume must walk it in the same one.
        return int.from_bytes(self._key[-8:], "little")

    def settle(self, result: Optional[Stored], error: Optional[Error], reused: bool, place: int) -> None:
        self._stored = result
        # What stays as all have it needs no room of its own.
        if error is not self.failure:
            self.failure = error
        if reused is not self._reused:
            self._reused = reused
        self.run.arrivals.add(self, place)

    def measured(self, attempt: int, metrics: Tuple[Metric, ...]) -> None:
        before = self._measured[1] if self._measured is not None and self._measured[0] == attempt else {}
        self._measured = (attempt, {**before, **{metric.name: metric for metric in metrics}})
        if self._hears is not None:
            self._hears(attempt, metrics)

    def enlist(self, gates: Tuple[_Gate, ...]) -> None:
        """Tell these when the task has settled. Under the run's lock, and only before it has."""
        self._gates = self._gates + gates if self._gates else gates

    def suspend(self, reason: BaseException) -> None:
        self._suspension = reason
        with self.run.lock:
            callbacks = self.show()
        for call_back, future in callbacks:
            call_back(future)

    def hear(self, fn: Callable[[int, Tuple[Metric, ...]], None]) -> None:
        """Call `fn(attempt, metrics)` with what the running attempt has logged: at once where some is known, then some
        30 ms after more has come, with the names of which that is. Within a turn of the engine, so that it must neither
        block nor raise."""
        self._hears = fn
        if self._measured is not None:
            attempt, metrics = self._measured
            fn(attempt, tuple(metrics.values()))

    def wanted(self) -> bool:
        """Whether somebody waits for it."""
        return bool(self._gates or self._callbacks or (self._waiter_list is not None and self._waiter_list.want_more()))

    def show(self) -> Callbacks:
        """Be finished: tell those that wait. Under the run's lock. Gives what is to be called without it."""
        self._state = FINISHED
        if self.unseen_at is not None:
            self.unseen_at = None
        if self._gates:
            gates, self._gates = self._gates, ()
            for gate in gates:
                gate.add_result(self)
        if self._waiter_list is not None:
            for waiter in self._waiter_list:  # `concurrent.futures` takes them away itself
                waiter.add_result(self)
        if not self._callbacks:
            return ()
        callbacks, self._callbacks = self._callbacks, ()
        return [(fn, self) for fn in callbacks]

    def result(self, timeout: Optional[float] = None) -> R:
        """The value. Blocks; raises the step's exception, or TimeoutError after `timeout` seconds (None: never)."""
        if self._state != FINISHED or self.failure is not None or self._suspension is not None:
            error = self.exception(timeout)
            if error is not None:
                raise error
        return self._load()

    def exception(self, timeout: Optional[float] = None) -> Optional[BaseException]:
        """The exception that the task failed with; None: it did not. Blocks like `result`."""
        if self._state != FINISHED:
            await_all(self.run, (self,), timeout)
        if self._suspension is not None:
            raise self._suspension
        if self.failure is None:
            return None
        self.run.engine.deliver((self.id,))
        from penstock.sdk.rebuilt_errors import rebuild

        return rebuild(self.failure, self.task, self.run.store)

    def _load(self) -> R:
        if self._value is _UNSET:
            stored = self._stored
            try:
                self._value = self._decode()
            except DamagedError:
                if not self._reused:
                    raise  # this driver's own: the engine makes anew what an earlier one left
                self.run.engine.reproduce(self.id)
                with self.run.lock:
                    if self._stored is stored and self._suspension is None:  # else it has settled anew meanwhile
                        self._state = PENDING
                return self.result()
        return self._value

    def _decode(self) -> Any:
        assert self._stored is not None
        record, store = self._stored.record, self.run.store
        try:
            return codec.decode(record, store, verify=self._reused, files_into=f"{self.run.files}/{self.id}")
        except Exception as error:
            from penstock.artifacts import unreadable

            ask = self.run.written
            written = None if ask is None else functools.partial(ask, self.id)
            unreadable.explain(error, f"the result of {self.task}", record, store, _MEND, written)
            raise

    @property
    def is_settled(self) -> bool:
        """What `done` says, asked by nobody's code."""
        return self._state == FINISHED


class Futures(List["Future[R]"]):
    """A list of futures, in the order of the calls. Passed on, it arrives as a plain list of their values."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        return list, (), None, iter(self)

    @overload
    def result(self, timeout: Optional[float] = None, *, errors: Literal["raise"] = "raise") -> List[R]: ...
    @overload
    def result(
        self, timeout: Optional[float] = None, *, errors: Literal["return"]
    ) -> List[Union[R, BaseException]]: ...
    def result(self, timeout: Optional[float] = None, *, errors: str = "raise") -> List[Any]:
        """All values, in order. Blocks until all tasks have settled.

        `errors="raise"` raises the first failure in the order of the calls; `errors="return"` puts each exception in
        its place. Raises TimeoutError after `timeout` seconds (None: never).
        """
        if errors not in ("raise", "return"):
            raise UsageError(f'errors={errors!r}: expected "raise" or "return"')
        # Outside a run they are of another kind, and finished.
        ours: List[TaskResult[Any]] = [one for one in cast("List[Any]", self) if isinstance(one, TaskResult)]
        if ours:
            await_all(ours[0].run, ours, timeout)
        failed = [future for future in ours if future.failure is not None]
        if failed:
            failed[0].run.engine.deliver(tuple(future.id for future in failed))
        if errors == "return":
            return [_value_or_error(future, timeout) for future in self]
        if failed:
            raise _one_for_all(failed)
        return [future.result(timeout) for future in self]


def _one_for_all(failed: List[TaskResult[Any]]) -> BaseException:
    """The first failure. Whoever catches it has survived them all; a run that ends with it has ended with them all."""
    error = failed[0].exception()
    assert error is not None
    from penstock.sdk.rebuilt_errors import SIBLINGS_ATTRIBUTE

    setattr(error, SIBLINGS_ATTRIBUTE, tuple(future.task for future in failed[1:]))
    return error


def _value_or_error(future: Any, timeout: Optional[float]) -> Any:
    error = future.exception(timeout)
    return future.result(timeout) if error is None else error
