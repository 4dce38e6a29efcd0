"""What happens when a step or a flow is called in a run.

Its arguments are bound to names (`binding.py`), the call becomes plain data with a key (`encoding.py`, `keys.py`) and
goes to the engine (`call_buffer.py`), which settles its future (`futures.py`). Declarations import this late; outside
of a run it is `plain_calls.py` that counts.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Tuple, cast

from penstock.artifacts import codec
from penstock.errors import Suspension, UsageError
from penstock.model.environments import over
from penstock.model.outcomes import Error
from penstock.model.specs import Call, FlowCall, Input, as_called
from penstock.sdk import collector, plain_calls, session
from penstock.sdk.binding import Binder
from penstock.sdk.call_buffer import MANY, CallBuffer
from penstock.sdk.encoding import Callee, encode_inputs
from penstock.sdk.futures import Futures, TaskResult
from penstock.sdk.keys import KeyHead, next_key
from penstock.sdk.session import Place, RunSession

if TYPE_CHECKING:
    from penstock.sdk.concurrent_futures import FlowFuture, Future


def submit(step: Any, here: Place, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Future[Any]:
    """Start a task of a step."""
    from penstock.sdk.concurrent_futures import Future

    return CallBuffer(here.run, Future).add(_step_call(step, here, args, kwargs))


def call(step: Any, here: Place, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Run a task of a step, and give its value. Blocks."""
    with collector.seldom():  # it may be given all futures of a map
        encoded = _step_call(step, here, args, kwargs)
    result: TaskResult[Any] = CallBuffer(here.run, TaskResult).add(encoded)
    return result.result()


def _step_call(step: Any, here: Place, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call:
    return Callee(here, step).call(encode_inputs(here.run, _bound(step, args, kwargs), _by_content(step)))


def map_items(step: Any, here: Optional[Place], iterables: Tuple[Any, ...], same: Dict[str, Any]) -> Futures[Any]:
    """Start a task of a step for each item; outside a run, call its function for each."""
    from penstock.sdk.concurrent_futures import Future, finished

    _check_iterables(step.name, iterables)
    if here is None:
        return Futures(cast("Iterator[Any]", (finished(step.fn, items, same) for items in zip(*iterables))))
    shared = encode_inputs(here.run, step.binder.same(len(iterables), same), _by_content(step))
    at_hand = all(isinstance(items, (list, tuple, range)) for items in iterables)
    # The next item of a generator may be long in coming.
    buffer = CallBuffer(here.run, Future, MANY if at_hand else 1, of_map=0)
    with collector.seldom() if at_hand else nullcontext():
        try:
            calls = _calls_of_items(step, here, iterables, shared, same)
            return Futures(map(buffer.add, calls))
        finally:
            buffer.over()


def _calls_of_items(
    step: Any, here: Place, iterables: Tuple[Any, ...], shared: Tuple[Input, ...], same: Dict[str, Any]
) -> Iterator[Call]:
    callee, by_content = Callee(here, step), _by_content(step)
    names: Optional[Tuple[str, ...]] = step.binder.names_of_items(len(iterables), by_content)
    for items in zip(*iterables):
        own: Dict[str, Any] = _bound_items(step, items, same) if names is None else dict(zip(names, items))
        yield callee.call(encode_inputs(here.run, own, by_content), shared)


def _bound_items(step: Any, items: Tuple[Any, ...], same: Dict[str, Any]) -> Dict[str, Any]:
    own = _bound(step, items, same)
    return {name: value for name, value in own.items() if name not in same and not name.startswith("**")}


def _bound(step: Any, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Dict[str, Any]:
    """The arguments by name. Files that a cached step has by default count by content, like those that are given."""
    binder: Binder = step.binder
    bound = binder.bind(args, kwargs)
    return {**binder.paths, **bound} if binder.paths and _by_content(step) else bound


def _by_content(step: Any) -> bool:
    """Whether files among a step's arguments are to be read: for a cached result they count by content."""
    return step.opts.cache is not None


def _check_iterables(name: str, iterables: Tuple[Any, ...]) -> None:
    if not iterables:
        raise UsageError(f"{name}.map() needs at least one iterable; arguments that are the same go by keyword")
    for item in iterables:
        if isinstance(item, TaskResult):
            raise UsageError(f"{name}.map() got a future, which can't be iterated: map over its .result()")
        if not isinstance(item, Iterator) and not hasattr(item, "__iter__"):
            raise UsageError(f"{name}.map() got {type(item).__name__}, which can't be iterated")


def join(flow: Any, here: Place, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call a flow's body inside a run, in a scope of its own."""
    arguments, call = _flow_call(flow, here, args, kwargs)
    engine = here.run.engine
    number, _, _ = engine.enter(call)
    with session.entered(_inside(here, flow, call, number, here.run)):
        try:
            positional, keywords = as_called(flow.binder.positional, arguments)
            value = plain_calls.resolved(flow.fn(*positional, **keywords))
        except BaseException as error:
            engine.leave(number, None, *_failure(here.run, error))
            raise
    engine.leave(number, None, None, is_done=True)
    return value


def submit_flow(flow: Any, here: Place, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> FlowFuture[Any]:
    """Call a flow's body inside a run, in a scope and a thread of its own."""
    from penstock.sdk.concurrent_futures import FlowFuture

    arguments, call = _flow_call(flow, here, args, kwargs)
    run = here.run
    copies = {item.name: _copy_of(run, item, arguments[item.name]) for item in call.inputs}
    future: FlowFuture[Any] = FlowFuture(run, call.key)
    number, future.task, place = run.engine.enter(call, future)
    future.id = number
    if place:
        run.arrivals.expect(future, place)
    inside = run.beside(place, lambda: run.arrivals.expect_no_more(future))

    def body() -> None:
        with session.entered(_inside(here, flow, call, number, inside)):
            try:
                positional, keywords = as_called(flow.binder.positional, copies)
                value = plain_calls.resolved(flow.fn(*positional, **keywords))
                encoded = codec.encode(value, run.store, where=f"the result of {future.task}", files=True, layout=True)
                if encoded.edges:  # deeper than `resolved` looks
                    raise UsageError(f"The result of {future.task} holds a future: return its .result()")
            except BaseException as error:  # noqa: BLE001  handed on by the future
                from penstock.sdk.rebuilt_errors import without_engine

                future.raised = error.with_traceback(without_engine(error.__traceback__))
                run.engine.leave(number, None, *_failure(run, error))
            else:
                run.engine.leave(number, encoded.stored, None)

    run.begin(body, f"flow {future.task}")
    return future


def _flow_call(
    flow: Any, here: Place, args: Tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Tuple[Dict[str, Any], FlowCall]:
    """The arguments by name, and the call with its key, which is fixed now."""
    arguments = flow.binder.bind(args, kwargs)
    inputs = encode_inputs(here.run, arguments)
    named: List[Tuple[str, Any]] = [(item.name, item.identity or ("unstable", item.culprit)) for item in inputs]
    base = KeyHead(flow.qualified_name).base(here.scope, named)
    key = next_key(base, here.run.occurrence)
    return arguments, FlowCall(key, flow.qualified_name, flow.name, inputs, here.number)


def _inside(here: Place, flow: Any, call: FlowCall, number: int, run: RunSession) -> Place:
    return Place(run, (*here.scope, call.key), over(flow.environment, here.environment), number)


def _copy_of(run: RunSession, item: Input, value: Any) -> Any:
    """A value as the nested flow gets it: its own, with the caller's futures in it."""
    if item.record is None:
        return value
    edges = codec.encode(value, run.store, where=item.name).edges if item.refs else ()
    return codec.decode(item.record, run.store, edges)


def _failure(run: RunSession, error: BaseException) -> Tuple[Optional[Error], str]:
    """What a nested flow has failed with, and the task whose failure that is; None: it was stopped."""
    if isinstance(error, Suspension):
        return None, ""
    from penstock.sdk.rebuilt_errors import TASK_ATTRIBUTE

    described = run.described(error) if run.described else Error("raised", type(error).__qualname__, str(error))
    return described, getattr(error, TASK_ATTRIBUTE, "")
