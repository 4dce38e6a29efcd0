"""A call of a step becomes plain data: arguments bound by name and encoded, and the key that the call is found by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple, cast

from penstock.artifacts import codec
from penstock.artifacts.canonical import identify
from penstock.artifacts.walk import BY_CONTENT, BY_STATE
from penstock.errors import UsageError
from penstock.model.edges import Edge, Ref
from penstock.model.environments import settled
from penstock.model.options import Options
from penstock.model.specs import Call, Function, Input, Work
from penstock.sdk import keys
from penstock.sdk.functions import function_name
from penstock.sdk.programs import ProgramFunction
from penstock.sdk.session import Place, RunSession

if TYPE_CHECKING:
    import inspect

_VARIADIC = {
    "VAR_POSITIONAL": "*",
    "VAR_KEYWORD": "**",
}  # by the names of `inspect`, which is imported at the first call


class Binder:
    """Binds arguments to the parameters of one function. Raises TypeError in Python's own words."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        import inspect

        self.signature = inspect.signature(fn)
        self.name = fn.__name__
        parameters = list(self.signature.parameters.values())
        self.simple = all(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters)
        self.names = tuple(parameter.name for parameter in parameters)
        self.required = frozenset(p.name for p in parameters if p.default is p.empty and p.kind.name not in _VARIADIC)
        self.defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        self.paths = {name: value for name, value in self.defaults.items() if _holds_path(value)}
        self.positional = self._positional(parameters)
        self._default_identities: Dict[str, bytes] = {}

    @staticmethod
    def _positional(parameters: List[inspect.Parameter]) -> Tuple[str, ...]:
        """The parameters that a worker must pass by position."""
        has_star = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        wanted = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD") if has_star else ("POSITIONAL_ONLY",)
        return tuple(p.name for p in parameters if p.kind.name in wanted)

    def bind(self, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Dict[str, Any]:
        """Arguments by parameter name; `*args` and `**kwargs` under these names."""
        if self.simple and len(args) <= len(self.names):
            bound = dict(zip(self.names, args))
            if not kwargs:
                if len(bound) == len(self.names) or self.required.issubset(bound):
                    return bound
            elif bound.keys().isdisjoint(kwargs):
                bound.update(kwargs)
                if self.required.issubset(bound) and len(bound) <= len(self.names) and set(bound) <= set(self.names):
                    return bound
        return self._bind_any(args, kwargs)

    def _bind_any(self, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Dict[str, Any]:
        try:
            arguments = self.signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"{self.name}() {error}") from None
        parameters = self.signature.parameters
        return {_VARIADIC.get(parameters[name].kind.name, "") + name: value for name, value in arguments.items()}

    def is_default(self, name: str, identity: bytes) -> bool:
        """Whether an argument is what the parameter, which has a default, would have had anyway."""
        known = self._default_identities.get(name)
        if known is None:
            known = self._default_identities[name] = identify(self.defaults[name], name).digest
        return known != b"" and known == identity


def _holds_path(value: Any) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(map(_holds_path, cast("Iterable[Any]", value)))
    if isinstance(value, dict):
        return any(map(_holds_path, cast("Dict[Any, Any]", value).values()))
    return hasattr(value, "__fspath__")


def encode_inputs(run: RunSession, arguments: Mapping[str, Any], by_content: bool = False) -> Tuple[Input, ...]:
    """The arguments as they are recorded. Large values are in the store when this returns.

    `by_content`: the files among them are read, so that a cached result is not taken for other ones; else a fork knows
    them by their sizes and times.
    Raises NotStorableError that names the path to what can't be pickled, UsageError for a future of another run.
    """
    return tuple([_encode_input(run, name, value, by_content) for name, value in arguments.items()])


def _encode_input(run: RunSession, name: str, value: Any, by_content: bool) -> Input:
    if isinstance(value, Edge):
        _check_edges(run, name, (value,))
        return Input(name, value.edge_identity(), None, (value.edge_ref(),))
    stored, edges, identity, holds_paths, _ = codec.encode(value, run.store, where=name)
    refs: Tuple[Ref, ...] = ()
    content = b""
    if edges:
        _check_edges(run, name, edges)
        refs = tuple([edge.edge_ref() for edge in edges])
    if edges or holds_paths:
        found = identify(value, name, None, BY_CONTENT if by_content else BY_STATE, True)
        identity, content = identity._replace(culprit=identity.culprit or found.culprit), found.digest
    blobs, symbols = stored.blobs, stored.symbols
    return Input(name, identity.digest, stored.record, refs, stored.preview, blobs, identity.culprit, symbols, content)


def _check_edges(run: RunSession, name: str, edges: Iterable[Edge]) -> None:
    for edge in edges:
        owner: Optional[RunSession] = getattr(edge, "run", None)
        if owner is None or owner.engine is not run.engine:
            of = owner.id if owner is not None else "no run"
            raise UsageError(f"Argument {name!r} holds a future of {of}, not of {run.id}: pass its .result()")


def work_of(run: RunSession, step: Any) -> Work:
    """What the step does: a program, or a function, by name, or as a value where it can't be imported."""
    known = run.works.get(id(step.fn))
    if known is not None:
        return known[1]
    made = step.fn.program(run.store) if isinstance(step.fn, ProgramFunction) else _function_of(run, step)
    run.works[id(step.fn)] = (step.fn, made)  # the function is kept, so that its id stays its own
    return made


def _function_of(run: RunSession, step: Any) -> Function:
    named = function_name(step.fn)
    if named is not None:
        return Function(*named, None, step.binder.positional)
    record = codec.encode(step.fn, run.store, where=step.name).stored.record
    return Function(step.fn.__module__, step.fn.__qualname__, record, step.binder.positional)


def build(here: Place, step: Any, own: Tuple[Input, ...], shared: Tuple[Input, ...] = ()) -> Call:
    """The call, with its key. Fixed now: nothing that happens later changes it."""
    binder: Binder = step.binder
    counted: List[Tuple[str, Any]] = []
    defaults: Tuple[str, ...] = ()
    for item in (*own, *shared):
        if item.culprit:
            counted.append((item.name, ("unstable", item.culprit)))
        elif item.name in binder.defaults and binder.is_default(item.name, item.identity):
            if not item.content:  # else it names a file, whose content is not the default's to say
                defaults += (item.name,)
        else:
            counted.append((item.name, item.identity))
    base = step.key_head.base(here.scope, counted)
    key = keys.key_of(base, here.run.occurrence(base))
    work, (closed_over, culprit, _) = work_of(here.run, step), step.closed_over
    options = _options_at(here, step.opts)
    return Call(
        key, step.qualified_name, step.name, work, options, own, shared, closed_over, culprit, defaults, here.number
    )


def _options_at(here: Place, options: Options) -> Options:
    """A step's options where its call stands: with the default environment, where the step has none of its own."""
    if options.environment is None and here.environment is None:
        return options
    known = here.run.settled.get((options, here.environment))
    if known is None:
        environment = settled(options.environment, here.environment)
        known = here.run.settled[options, here.environment] = options._replace(environment=environment)
    return known
