"""Futures that `concurrent.futures` knows, as `submit` and `map` give them, inside a run and outside."""

from __future__ import annotations

import contextvars
import functools
import operator
from concurrent import futures
from typing import Any, Callable, Dict, List, Optional, Tuple, TypeVar

from penstock.artifacts.canonical import identify
from penstock.errors import Suspension, UsageError
from penstock.model.edges import Part, Ref, take
from penstock.model.tuples import made
from penstock.sdk import plain_calls
from penstock.sdk.arrivals import Waiters
from penstock.sdk.futures import FINISHED, TaskResult
from penstock.sdk.no_value import NoValue
from penstock.sdk.session import RunSession

R = TypeVar("R")


class Future(TaskResult[R], futures.Future[R]):
    """The result of a task that may not have finished. Works with `concurrent.futures.wait` and `as_completed`.

    Passed on to a step it is an edge: its value goes from the store to the worker. `future[0]`, `future["x"]` and
    `future.part("name")` pass on a part.
    """

    # What concurrent.futures looks at, made when it is looked at.

    @property
    def _condition(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.run.arrivals

    @property
    def _waiters(self) -> List[Any]:  # pyright: ignore[reportIncompatibleVariableOverride]
        if self._state != FINISHED and self.unseen_at is None:
            self.run.looked()
        if self._waiter_list is None:
            self._waiter_list = Waiters(self.run.arrivals)
        return self._waiter_list

    def done(self) -> bool:
        """Whether the task has settled."""
        self._look()
        if self._state != FINISHED:
            self.run.looked()
        return self._state == FINISHED

    def _look(self) -> None:
        if self.unseen_at is not None:
            self.run.arrivals.look((self,))

    def running(self) -> bool:
        """Always False: whether an attempt runs just now is for `penstock show` to say."""
        return False

    def cancelled(self) -> bool:
        """Whether the task was cancelled."""
        self._look()
        return self._state == FINISHED and self.failure is not None and self.failure.cause == "cancelled"

    def cancel(self) -> bool:
        """Ask that the task ends; False: it has settled already."""
        self._look()
        if self._state == FINISHED:
            return False
        self.run.engine.cancel(self.id)
        return True

    def add_done_callback(self, fn: Callable[[Any], Any]) -> None:
        """Call `fn(self)` when the task has settled, on the engine's thread, or at once where it has. Steps that it
        calls belong to the run that this is called in: it runs in a copy of this context."""
        self._look()
        with self.run.lock:
            if self._state != FINISHED:
                self._callbacks = (
                    *self._callbacks,
                    functools.partial(_call_back, functools.partial(contextvars.copy_context().run, fn)),
                )
                return
        _call_back(fn, self)

    def part(self, name: str) -> FuturePart:
        """The attribute `name` of the result, as an edge."""
        return FuturePart(self, (("attr", name),))

    def __getitem__(self, key: Any) -> FuturePart:
        return FuturePart(self, (("item", key),))

    def __repr__(self) -> str:
        state = "failed" if self.failure else "finished" if self.is_settled else "pending"
        return f"<Future {self.task or 'of no run'} {state}>"

    def edge_identity(self) -> bytes:
        return self._key

    def edge_ref(self) -> Ref:
        return made(Ref, (self.id, ()))


class FlowFuture(Future[R]):
    """The result of a nested flow that runs beside its caller. Passed on it is an edge, like a task's."""

    raised: Optional[BaseException] = None

    def exception(self, timeout: Optional[float] = None) -> Optional[BaseException]:
        """What the flow's body has raised, itself; None: nothing. Blocks like `result`."""
        error = super().exception(timeout)
        return None if error is None else self.raised


def _call_back(fn: Callable[[Any], Any], future: Any) -> None:
    """Run a user's callback on the engine's thread, which it must not bring down: what it raises is logged."""
    try:
        fn(future)
    except Suspension:
        return  # it asked for a result while the run stops: it ends here, as the flow's body ends elsewhere
    except Exception:  # the boundary to third-party code
        import logging

        logging.getLogger("penstock").exception("a callback of %r failed", future)


class FuturePart(NoValue):
    """A part of a result that may not be there yet."""

    def __init__(self, future: Future[Any], part: Part) -> None:
        self._future = future
        self._part = part

    def result(self, timeout: Optional[float] = None) -> Any:
        """The part's value. Blocks; raises the step's exception, or what taking the part raises."""
        return take(self._future.result(timeout), self._part)

    def done(self) -> bool:
        """Whether the task has settled."""
        return self._future.done()

    def part(self, name: str) -> FuturePart:
        """The attribute `name` of this part."""
        return FuturePart(self._future, (*self._part, ("attr", name)))

    def __getitem__(self, key: Any) -> FuturePart:
        return FuturePart(self._future, (*self._part, ("item", key)))

    def edge_identity(self) -> bytes:
        return identify((self._future.edge_identity(), self._part)).digest

    def edge_ref(self) -> Ref:
        return Ref(self._future.id, self._part)

    @property
    def run(self) -> Optional[RunSession]:
        return self._future.run


class LocalFuture(NoValue, futures.Future[Any]):
    """A finished future that belongs to no run."""

    run = None

    def part(self, name: str) -> Any:
        """The attribute `name` of the result, finished too; a failure goes on to it."""
        return finished(getattr, (self, name), {})

    def __getitem__(self, key: Any) -> Any:
        return finished(operator.getitem, (self, key), {})

    def edge_ref(self) -> Any:
        raise UsageError("A future of no run can't be passed into a run: pass its .result()")

    edge_identity = edge_ref


def finished(fn: Callable[..., Any], args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> LocalFuture:
    """Call the function now, and give its result as a future."""
    future = LocalFuture()
    try:
        future.set_result(plain_calls.call(fn, args, kwargs))
    except Exception as error:  # noqa: BLE001  the future hands it on
        future.set_exception(error)
    return future
