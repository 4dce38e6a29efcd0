"""The `flow` decorator. A flow is a plain function; calling it outside a run starts one, inside a run joins it."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Tuple, TypeVar, Union, cast, overload

from penstock.artifacts import names
from penstock.errors import UsageError
from penstock.model.quantities import parse_seconds
from penstock.sdk import attempts, session
from penstock.sdk.decorated import DecoratedFunction, check_function, is_coroutine_function
from penstock.sdk.keywords import STEP_ALONE, named, taken
from penstock.sdk.steps import Step
from penstock.sdk.this_process import this_process

R = TypeVar("R")
if TYPE_CHECKING:
    from typing import Protocol

    from typing_extensions import ParamSpec, Unpack

    from penstock.model.environments import Environment
    from penstock.sdk.keywords import EnvironmentOptions

    P = ParamSpec("P")
    Result_co = TypeVar("Result_co", covariant=True)

    class FlowOptions(EnvironmentOptions, total=False):
        """The keywords as a type checker knows them. None: the default."""

        timeout: Union[float, str, None]
        on_failure: Optional[Step[Any, Any]]
        seed: Optional[int]
        name: Optional[str]

    class Handle(Protocol[Result_co]):
        """A run that is driven in a thread of this process. `launch` has the class."""

        id: str

        def done(self) -> bool: ...
        def result(self, timeout: Optional[float] = None) -> Result_co: ...


class Flow(DecoratedFunction["P", R]):
    """A function that calls steps; its signature is its parameters."""

    _word = "flow"

    def __init__(
        self,
        fn: Callable[P, R],
        *,
        name: str,
        timeout_s: Optional[float] = None,
        on_failure: Optional[Step[Any, Any]] = None,
        environment: Optional[Environment] = None,
        seed: str = "",
    ) -> None:
        super().__init__(fn, name)
        if is_coroutine_function(fn):
            raise UsageError(f"flow {fn.__name__} is async: a flow's body is plain Python, and waits by calling steps")
        self.timeout_s = timeout_s
        self.on_failure = on_failure
        self.environment = environment  # of its steps, where they don't say
        self.seed = seed  # of its runs, where they are given none; in digits, "": none

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        attempts.refuse_while_importing(self.name)
        if attempts.in_attempt():
            return self.fn(*args, **kwargs)
        here = session.place_of_flow()
        if here is not None:
            return self._calling.join(self, here, args, kwargs)
        launch = _launched(this_process.launch, self)
        try:
            return launch(self, self.parameters(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  only its traceback changes: to the lines of the user
            from penstock.sdk.rebuilt_errors import without_engine

            raise error.with_traceback(without_engine(error.__traceback__)) from error.__cause__

    def submit(self, /, *args: P.args, **kwargs: P.kwargs) -> Handle[R]:
        """Start a run that is driven in a thread of this process, and give a handle to it: `.id`, `.result()`. What
        other threads call is not the run's, but for those that were started with a copy of its body's context.

        Inside a flow: join its run, in a thread beside the caller. Gives a future like a step's, which steps take, too.
        """
        attempts.refuse_while_importing(self.name)
        if attempts.in_attempt():
            raise UsageError(f"flow {self.name} is submitted inside a step: call it, and its body is a plain call")
        if session.in_body():
            return self._calling.submit_flow(self, session.place_of_flow(), args, kwargs)
        return _launched(this_process.submit, self)(self, self.parameters(*args, **kwargs))

    def options(self, **given: Unpack[FlowOptions]) -> Flow[P, R]:
        """A copy with other options: the keywords of `flow`. Raises UsageError for an unknown one, or a wrong value."""
        known = {name: getattr(self, name) for name in ("name", "timeout_s", "on_failure", "environment", "seed")}
        return Flow(self.fn, **{**known, **_taken(self.fn, given, self.environment)})

    def parameters(self, /, *args: Any, **kwargs: Any) -> Dict[str, Any]:
        """The run's parameters by name, defaults included. Raises TypeError in Python's own words."""
        return self.binder.filled(args, kwargs)

    def call(self, parameters: Dict[str, Any]) -> Any:
        """Call the body with what `parameters` gave."""
        try:
            return self.binder.call(parameters)
        except (AttributeError, TypeError) as error:
            from penstock.sdk.mends import explain

            explain(error)
            raise

    def __reduce__(self) -> Any:
        named = names.function_name(self.fn)
        if named is None:
            raise UsageError(f"flow {self.name} can't be passed on: it is not at the top of a module")
        return (names.load, named)


def _launched(how: Optional[Callable[..., Any]], flow: Flow[Any, Any]) -> Callable[..., Any]:
    if how is None:
        raise UsageError(
            f"flow {flow.name} can't be started here: this interpreter has only the part of Penstock that runs steps; "
            "start it where Penstock is installed, with `penstock run`"
        )
    return how


@overload
def flow(fn: Callable[P, R]) -> Flow[P, R]: ...
@overload
def flow(**given: Unpack[FlowOptions]) -> Callable[[Callable[P, R]], Flow[P, R]]: ...
def flow(fn: Any = None, **given: Any) -> Any:
    """Make a function a flow, bare or with options.

    timeout (seconds or "2h": the whole run; None: not limited. It interrupts a body that runs in the main thread
    wherever it is; one in another thread ends at its next call of a step), on_failure (a step that is called once with
    the exception, as the last task of a run that fails), seed (a whole number from 0, which its steps' random numbers
    come of, beside their tasks; it counts for runs of this flow, and not where a flow calls it), name; environment,
    packages, python, requirements, pyproject, constraints, indexes, find_links, env, secrets, libraries, image, network
    and shm (what its steps are run with where they don't say; the body itself stays where it is). Raises UsageError for
    an unknown option or a wrong value.
    """
    if fn is not None:
        made = Flow(fn, name=getattr(fn, "__name__", "flow"))
        return made.options(**given) if given else made

    def decorate(fn: Any) -> Any:
        check_function(fn, "flow")
        return Flow(fn, **{"name": fn.__name__, **_taken(fn, given, None)})

    return decorate


def _taken(fn: Any, given: Mapping[str, Any], environment: Optional[Environment]) -> Dict[str, Any]:
    """The arguments of a `Flow` that the user's keywords give; `environment`: what they change."""
    what = f"flow {fn.__name__}"
    for name in given:
        if name in STEP_ALONE:
            raise UsageError(f"{what} has no option {name!r}: it is a step's, as in @step({name}=...)")
    found = taken(what, _FIELDS, given, environment, {"timeout_s": None, "on_failure": None, "seed": ""}.__getitem__)
    return {**found, "name": named(what, given["name"], fn.__name__)} if "name" in given else found


def _on_failure(step: Any) -> Any:
    if not isinstance(step, Step):
        raise ValueError("expected a step")
    return cast("Any", step)


def _seed(seed: Any) -> str:
    number = -1 if isinstance(seed, bool) or not hasattr(seed, "__index__") else operator.index(seed)
    if number < 0:
        raise ValueError("expected a whole number of at least 0")
    return str(number)


def seed_text(what: str, seed: Any) -> str:
    """A seed in digits; "" for None. Raises UsageError for what is no whole number from 0."""
    found = taken(what, _FIELDS, {"seed": seed}, None, {"seed": ""}.__getitem__)
    return str(found["seed"])


_FIELDS: Dict[str, Tuple[str, Callable[[Any], Any]]] = {
    "timeout": ("timeout_s", parse_seconds),
    "on_failure": ("on_failure", _on_failure),
    "seed": ("seed", _seed),
}
