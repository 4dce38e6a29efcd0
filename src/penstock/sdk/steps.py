"""The `step` decorator, and a step's three ways to be called."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, Dict, Generic, Iterable, Iterator, Mapping, Tuple, TypeVar, overload

from penstock.artifacts import names
from penstock.errors import UsageError
from penstock.model.options import Options
from penstock.model.specs import Call
from penstock.sdk import local, session
from penstock.sdk.calls import Binder, build, encode_inputs, function_name
from penstock.sdk.futures import Future, Futures
from penstock.sdk.handing import MANY, Hand
from penstock.sdk.keys import KeyHead, closed_over
from penstock.sdk.options import changed, named

R = TypeVar("R")
_GENERATOR = 0x20 | 0x200  # CO_GENERATOR, CO_ASYNC_GENERATOR
_COROUTINE = 0x80 | 0x100  # CO_COROUTINE, CO_ITERABLE_COROUTINE
if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    P = ParamSpec("P")

    class Typed(Generic[P, R]):
        """Keeps the signature of the decorated function."""

else:

    class Typed:
        """Stands for `Generic[P, R]` where the interpreter has no ParamSpec."""

        def __class_getitem__(cls, item: Any) -> Any:
            return cls


class Step(Typed["P", R]):
    """A function whose calls, inside a flow, are tasks. Outside a run, and inside another step, it is the function.

    `fn` is the function itself, `opts` are the checked options, `qualified_name` is what a task's key counts.
    """

    def __init__(self, fn: Callable[P, R], opts: Options, name: str) -> None:
        check_function(fn, "step")
        functools.update_wrapper(self, fn)
        self.fn = fn
        self.opts = opts
        self.name = name

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        here = session.place()
        if here is None:
            return local.call(self.fn, args, kwargs)
        return self._submit(here, args, kwargs).result()

    def submit(self, /, *args: P.args, **kwargs: P.kwargs) -> Future:
        """Start a task, and give the future of its result. Arguments are encoded before this returns."""
        here = session.place()
        if here is None:
            return local.finished(self.fn, args, kwargs)  # type: ignore[return-value]
        return self._submit(here, args, kwargs)

    def map(self, /, *iterables: Iterable[Any], **same: Any) -> Futures:
        """Start a task for each item, zipped like the built-in `map`; `same` goes to each of them and is encoded once.

        No items give an empty list. Raises TypeError where the items don't fit the step's parameters.
        """
        here = session.place()
        _check_iterables(self.name, iterables)
        if here is None:
            return Futures(local.finished(self.fn, items, same) for items in zip(*iterables))
        shared = encode_inputs(here.run, self._same(len(iterables), same))
        at_hand = all(isinstance(items, (list, tuple, range)) for items in iterables)
        hand = Hand(here.run, MANY if at_hand else 1)  # the next item of a generator may be long in coming
        try:
            return Futures(hand.add(self._call_item(here, items, shared, same)) for items in zip(*iterables))
        finally:
            hand.over()

    def options(self, **given: Any) -> Step[P, R]:
        """A copy with other options: the keywords of `step`. Raises UsageError for an unknown one, or a wrong value."""
        what = f"step {self.name}"
        return Step(self.fn, changed(self.opts, what, given), named(what, given.get("name"), self.name))

    def _submit(self, here: session.Place, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Future:
        hand = Hand(here.run)
        return hand.add(build(here, self, encode_inputs(here.run, self.binder.bind(args, kwargs))))

    def _call_item(self, here: session.Place, items: Tuple[Any, ...], shared: Any, same: Dict[str, Any]) -> Call:
        bound = self.binder.bind(items, same)
        if same:
            own = {name: value for name, value in bound.items() if name not in same and name != "**kwargs"}
        else:
            own = bound
        return build(here, self, encode_inputs(here.run, own), shared)

    def _same(self, items: int, same: Dict[str, Any]) -> Dict[str, Any]:
        """The `same` arguments by parameter name, checked by binding them beside stand-ins for the items."""
        bound = self.binder.bind((None,) * items, same)
        return {name: value for name, value in bound.items() if name in same or name.startswith("**")}

    @functools.cached_property
    def binder(self) -> Binder:
        """Binds arguments to the function's parameters."""
        return Binder(self.fn)

    @functools.cached_property
    def key_head(self) -> KeyHead:
        """What the keys of its calls begin with; what its function closes over tells steps of one factory apart."""
        return KeyHead(self.qualified_name, closed_over(self.fn))

    @functools.cached_property
    def qualified_name(self) -> str:
        """Module-qualified name; `__main__` counts as its file."""
        return qualified_name(self.fn)

    def __reduce__(self) -> Any:
        named = function_name(self.fn)
        return (names.load, named) if named else (Step, (self.fn, self.opts, self.name))

    def __repr__(self) -> str:
        return f"<step {self.qualified_name}>"


def qualified_name(fn: Any) -> str:
    """`module.qualname`, where a `__main__` that is a file is named after it."""
    module = names.main_name() if fn.__module__ == "__main__" else fn.__module__
    return f"{module or '__main__'}.{fn.__qualname__}"


def check_function(fn: Any, what: str) -> None:
    """Raise UsageError for what can't be decorated."""
    if isinstance(fn, (Typed, type)) or not callable(fn) or not hasattr(fn, "__qualname__"):
        raise UsageError(f"@{what} takes a function, not {fn!r}")
    if _is_method(fn):
        raise UsageError(f"{what} {fn.__qualname__} is a method: write a function that takes the object as an argument")
    if _flags(fn) & _GENERATOR:
        raise UsageError(f"{what} {fn.__name__} is a generator: return a list, or yield inside a helper function")


def is_coroutine_function(fn: Any) -> bool:
    """Whether a call of the function gives a coroutine. (`inspect` says the same, and takes 8 ms to import.)"""
    return bool(_flags(fn) & _COROUTINE)


def _flags(fn: Any) -> int:
    while hasattr(fn, "func"):  # functools.partial
        fn = fn.func
    return getattr(getattr(fn, "__code__", None), "co_flags", 0)


def _is_method(fn: Any) -> bool:
    """Whether it is decorated inside a class, and will want the instance or the class as its first argument."""
    within = fn.__qualname__.rpartition(".")[0]
    first = getattr(getattr(fn, "__code__", None), "co_varnames", ())[:1]
    return within != "" and not within.endswith("<locals>") and first in (("self",), ("cls",))


def _check_iterables(name: str, iterables: Tuple[Any, ...]) -> None:
    if not iterables:
        raise UsageError(f"{name}.map() needs at least one iterable; arguments that are the same go by keyword")
    for item in iterables:
        if not isinstance(item, list) and not _is_iterable(item):
            raise UsageError(f"{name}.map() got {type(item).__name__}, which can't be iterated: map over its .result()")


def _is_iterable(item: Any) -> bool:
    return not isinstance(item, Future) and (isinstance(item, Iterator) or hasattr(item, "__iter__"))


@overload
def step(fn: Callable[P, R]) -> Step[P, R]: ...
@overload
def step(**given: Any) -> Callable[[Callable[P, R]], Step[P, R]]: ...
def step(fn: Any = None, **given: Any) -> Any:
    """Make a function a step, bare or with options.

    cpu (cores, default 1), memory (bytes or "2GiB"; None: not limited), gpu (devices), timeout (seconds or "90s"),
    retries (after failures of its own code), retry_delay (seconds before the first, doubling, or a `Backoff`),
    retry_on (exception classes; None: all), limit (names of `[limits]` in penstock.toml), on ("process", "inline", or a
    name of `[executors]`), name. Raises UsageError for an unknown option or a wrong value.

    >>> @step(retries=2, timeout="90s")
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> double(4)
    8
    """
    if fn is not None:
        return Step(fn, Options(), getattr(fn, "__name__", "step"))

    def decorate(fn: Any) -> Any:
        check_function(fn, "step")
        what = f"step {fn.__name__}"
        return Step(fn, changed(Options(), what, given), named(what, given.get("name"), fn.__name__))

    return decorate
