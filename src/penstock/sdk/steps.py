"""The `step` decorator, and a step's three ways to be called."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, Iterable, TypeVar, cast, overload

from penstock.artifacts import names
from penstock.model.options import Options
from penstock.sdk import session
from penstock.sdk.decorated import DecoratedFunction, check_function
from penstock.sdk.keywords import changed, check_ignored, named

if TYPE_CHECKING:
    from typing import Coroutine, Protocol

    from typing_extensions import ParamSpec, Unpack

    from penstock.artifacts.walk import Identity
    from penstock.sdk.concurrent_futures import Future
    from penstock.sdk.futures import Futures
    from penstock.sdk.keys import KeyHead
    from penstock.sdk.keywords import StepOptions

    P = ParamSpec("P")

    class StepMaker(Protocol):
        """What `step` with options gives: a decorator that keeps the function's types."""

        @overload
        def __call__(self, fn: Callable[P, Coroutine[Any, Any, R]], /) -> Step[P, R]: ...
        @overload
        def __call__(self, fn: Callable[P, R], /) -> Step[P, R]: ...


R = TypeVar("R")


class Step(DecoratedFunction["P", R]):
    """A function whose calls, inside a flow, are tasks. Outside a run, and inside another step, it is the function.

    `fn` is the function itself, `opts` are the checked options, `qualified_name` is what a task's key counts.
    """

    _word = "step"

    def __init__(self, fn: Callable[P, R], opts: Options, name: str) -> None:
        super().__init__(fn, name)
        check_ignored(fn, opts)
        self.opts = opts

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        here = session.place()
        if here is None:
            return self._calling.plain_calls.call(self._called_plainly, args, kwargs)
        return self._calling.call(self, here, args, kwargs)

    @property
    def _called_plainly(self) -> Any:
        """Its function; a program runs in its image outside of a run, too."""
        environment: Any = self.opts.environment
        in_image = getattr(self.fn, "in_image", None) if environment is not None and environment.image else None
        return self.fn if in_image is None else in_image(environment)

    def submit(self, /, *args: Any, **kwargs: Any) -> Future[R]:
        """Start a task, and give the future of its result. Arguments are encoded before this returns.

        Takes what the function takes, and futures in the place of values, which is why its types say less.
        """
        here = session.place()
        if here is None:
            from penstock.sdk.concurrent_futures import finished

            return cast("Future[R]", finished(self._called_plainly, args, kwargs))
        return self._calling.submit(self, here, args, kwargs)

    def map(self, /, *iterables: Iterable[Any], **same: Any) -> Futures[R]:
        """Start a task for each item, zipped like the built-in `map`; `same` goes to each of them and is encoded once.

        No items give an empty list. Raises TypeError where the items don't fit the step's parameters.
        """
        return self._calling.map_items(self, session.place(), iterables, same)

    def options(self, **given: Unpack[StepOptions]) -> Step[P, R]:
        """A copy with other options: the keywords of `step`. Raises UsageError for an unknown one, or a wrong value."""
        what = f"step {self.name}"
        return Step(self.fn, changed(self.opts, what, given), named(what, given.get("name"), self.name))

    @functools.cached_property
    def key_head(self) -> KeyHead:
        """What the keys of its calls begin with; what its function closes over tells steps of one factory apart."""
        from penstock.sdk.keys import KeyHead, closed_over

        return KeyHead(self.qualified_name, closed_over(self.fn))

    @functools.cached_property
    def closed_over(self) -> Identity:
        """What its function closes over, files in it by their content: what the cache asks for."""
        from penstock.sdk.keys import BY_CONTENT, closed_over

        return closed_over(self.fn, BY_CONTENT)

    def __reduce__(self) -> Any:
        named = names.function_name(self.fn)
        return (names.load, named) if named else (Step, (self.fn, self.opts, self.name))


@overload
def step(fn: Callable[P, Coroutine[Any, Any, R]]) -> Step[P, R]: ...
@overload
def step(fn: Callable[P, R]) -> Step[P, R]: ...
@overload
def step(**given: Unpack[StepOptions]) -> StepMaker: ...
def step(fn: Any = None, **given: Any) -> Any:
    """Make a function a step, bare or with options.

    cpu (cores, default 1), memory (bytes, "2GiB" or `grow(...)`; None: not limited), gpu (devices), timeout (seconds or
    "90s"), retries (after failures of its own code), retry_delay (seconds before the first, doubling, or a `Backoff`),
    retry_on (exception classes; None: all), limit (names of `[limits]` in penstock.toml), on ("process", "inline", or a
    name of `[executors]`), cache (True, "7d" or a `Cache`: its results serve other runs as long as its inputs, its code
    and what that reaches are the same), uses (functions, classes, modules and files that its code reaches in ways that
    can't be followed), packages, python, requirements, pyproject, constraints, indexes, find_links, env, secrets,
    libraries, image, network and shm (what it is run with, as in `Environment`), environment (an `Environment` with all
    of these, which they change), isolation ("process": each attempt gets a new process), name. Raises UsageError for an
    unknown option or a wrong value.

    >>> @step(retries=2, timeout="90s")
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> double(4)
    8
    """
    if fn is not None:
        made = Step(fn, Options(), getattr(fn, "__name__", "step"))
        return made.options(**given) if given else made

    def decorate(fn: Any) -> Any:
        check_function(fn, "step")
        what = f"step {fn.__name__}"
        return Step(fn, changed(Options(), what, given), named(what, given.get("name"), fn.__name__))

    return decorate
