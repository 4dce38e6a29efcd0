"""A call of a step becomes plain data: its arguments encoded, what it does, and the key that it is found by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, Optional, Tuple

from penstock.artifacts import codec, names
from penstock.artifacts.canonical import identify
from penstock.artifacts.walk import BY_CONTENT, BY_STATE
from penstock.errors import UsageError
from penstock.model.edges import Edge, Ref
from penstock.model.options import Options
from penstock.model.specs import Call, Function, Input, Work
from penstock.model.tuples import made
from penstock.sdk import keys
from penstock.sdk.session import Place, RunSession

if TYPE_CHECKING:
    from penstock.sdk.binding import Binder


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
    fields = name, identity.digest, stored.record, refs, stored.preview, blobs, identity.culprit, symbols, content
    return made(Input, fields)


def _check_edges(run: RunSession, name: str, edges: Iterable[Edge]) -> None:
    for edge in edges:
        owner: Optional[RunSession] = getattr(edge, "run", None)
        if owner is None or owner.engine is not run.engine:
            of = owner.id if owner is not None else "no run"
            raise UsageError(f"Argument {name!r} holds a future of {of}, not of {run.id}: pass its .result()")


def work_of(run: RunSession, step: Any) -> Work:
    """What the step does: a program, or a function, by name, or as a value where it can't be imported."""
    has_program = keys.is_program(step.fn)
    asked = (id(step.fn), step.opts.uses) if has_program else id(step.fn)
    known = run.works.get(asked)
    if known is not None:
        return known[1]
    made = step.fn.program(run.store, step.opts.uses or ()) if has_program else _function_of(run, step)
    run.works[asked] = (step.fn, made)  # the function is kept, so that its id stays its own
    return made


def _function_of(run: RunSession, step: Any) -> Function:
    named = names.function_name(step.fn)
    if named is not None:
        return Function(*named, None, step.binder.positional)
    record = codec.encode(step.fn, run.store, where=step.name).stored.record
    return Function(step.fn.__module__, step.fn.__qualname__, record, step.binder.positional)


class Callee:
    """A step as it is called from one place: what all calls of a map have in common."""

    def __init__(self, here: Place, step: Any) -> None:
        self._scope, self._number, self._occurrence = here.scope, here.number, here.run.occurrence
        self._step: Tuple[str, str, Work, Options] = (
            step.qualified_name, step.name, work_of(here.run, step), _options_at(here, step.opts),
        )  # fmt: skip
        self._binder: Binder = step.binder
        self._head: keys.KeyHead = step.key_head
        self._closed_over: bytes = step.closed_over.digest
        self._culprit: str = step.closed_over.culprit

    def call(self, own: Tuple[Input, ...], shared: Tuple[Input, ...] = ()) -> Call:
        """A call, with its key. Fixed now: nothing that happens later changes it."""
        defaulted = self._binder.defaults
        counted: List[Tuple[str, Any]] = []
        defaults: Tuple[str, ...] = ()
        for item in (*own, *shared) if shared else own:
            name, identity = item.name, item.identity
            if item.culprit:
                counted.append((name, ("unstable", item.culprit)))
            elif name in defaulted and self._binder.is_default(name, identity):
                if not item.content:  # else it names a file, whose content is not the default's to say
                    defaults += (name,)
            else:
                counted.append((name, identity))
        key = keys.next_key(self._head.base(self._scope, counted), self._occurrence)
        return made(Call, (key, *self._step, own, shared, self._closed_over, self._culprit, defaults, self._number))


def _options_at(here: Place, options: Options) -> Options:
    """A step's options where its call stands: with the default environment, where the step has none of its own."""
    if options.environment is None and here.environment is None and not here.run.environments:
        return options
    known = here.run.settled.get((options, here.environment))
    if known is None:
        known = options.settled(here.environment, here.run.environments)
        here.run.settled[options, here.environment] = known
    return known
