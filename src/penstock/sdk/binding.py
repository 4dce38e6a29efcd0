"""The arguments of a call by the names of the function's parameters; the way back is `model.specs.as_called`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Mapping, Optional, Tuple, cast

from penstock.sdk.signatures import (
    NOTHING,
    POSITIONAL_ONLY,
    POSITIONAL_OR_KEYWORD,
    VAR_KEYWORD,
    VAR_POSITIONAL,
    SignatureParameter,
    parameters_of_function,
)

if TYPE_CHECKING:
    import inspect

_VARIADIC = {VAR_POSITIONAL: "*", VAR_KEYWORD: "**"}


class Binder:
    """Binds arguments to the parameters of one function. Raises TypeError in Python's own words."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self._fn = fn
        self.name = fn.__name__
        self.parameters = parameters_of_function(fn)
        self.simple = all(parameter.kind == POSITIONAL_OR_KEYWORD for parameter in self.parameters)
        self.names = tuple(parameter.name for parameter in self.parameters)
        self.required = frozenset(p.name for p in self.parameters if p.default is NOTHING and p.kind not in _VARIADIC)
        self.defaults = {p.name: p.default for p in self.parameters if p.default is not NOTHING}
        self.paths = {name: value for name, value in self.defaults.items() if _holds_path(value)}
        self.positional = _positional(self.parameters)
        self._default_identities: Dict[str, bytes] = {}

    @cached_property
    def _signature(self) -> inspect.Signature:
        """Binds what is not simple, and says what does not fit."""
        import inspect

        return inspect.signature(self._fn)

    def bind(self, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Dict[str, Any]:
        """Arguments by parameter name; `*args` and `**kwargs` under these names."""
        bound = self._bind_simply(args, kwargs)
        if bound is not None:
            return bound
        parameters = self._signature.parameters
        arguments = self._bind_any(args, kwargs).arguments
        return {_VARIADIC.get(parameters[name].kind.name, "") + name: value for name, value in arguments.items()}

    def filled(self, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Dict[str, Any]:
        """Values of all parameters by their names, defaults included."""
        bound = self._bind_simply(args, kwargs)
        if bound is not None:
            return {name: bound[name] if name in bound else self.defaults[name] for name in self.names}
        found = self._bind_any(args, kwargs)
        found.apply_defaults()
        return dict(found.arguments)

    def call(self, filled: Mapping[str, Any]) -> Any:
        """Call the function with what `filled` gave."""
        if self.simple:
            return self._fn(**{name: filled[name] for name in self.names if name in filled})
        bound = self._signature.bind_partial()
        bound.arguments.update(filled)
        return self._fn(*bound.args, **bound.kwargs)

    def _bind_simply(self, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
        """Arguments by parameter name; None: the function is not simple, or they don't fit."""
        if self.simple and len(args) <= len(self.names):
            bound = dict(zip(self.names, args))
            if not kwargs:
                if len(bound) == len(self.names) or self.required.issubset(bound):
                    return bound
            elif bound.keys().isdisjoint(kwargs):
                bound.update(kwargs)
                if self.required.issubset(bound) and len(bound) <= len(self.names) and set(bound) <= set(self.names):
                    return bound
        return None

    def _bind_any(self, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> inspect.BoundArguments:
        try:
            return self._signature.bind(*args, **kwargs)
        except TypeError as error:
            hint = getattr(cast("Any", type(self._fn)), "unbound_hint", None)
            told = hint(self._fn, args, kwargs) if hint is not None else ""
            raise TypeError(f"{self.name}() {error}{told}") from None

    def is_default(self, name: str, identity: bytes) -> bool:
        """Whether an argument is what the parameter, which has a default, would have had anyway."""
        known = self._default_identities.get(name)
        if known is None:
            # Here: a run's first process is to start before this process imports what digests need.
            from penstock.artifacts.canonical import identify

            known = self._default_identities[name] = identify(self.defaults[name], name).digest
        return known != b"" and known == identity

    def names_of_items(self, items: int, paths: bool) -> Optional[Tuple[str, ...]]:
        """The parameters that so many items of a map are bound to, which `same` has bound; None: it takes more to bind
        them. `paths`: what the function has by default counts too, where that holds a path."""
        return self.names[:items] if self.simple and not (paths and self.paths) else None

    def same(self, items: int, same: Dict[str, Any]) -> Dict[str, Any]:
        """The `same` arguments of a map by parameter name, bound beside stand-ins for the items."""
        bound = self.bind((None,) * items, same)
        return {name: value for name, value in bound.items() if name in same or name.startswith("**")}


def _positional(parameters: Tuple[SignatureParameter, ...]) -> Tuple[str, ...]:
    """The parameters that a worker must pass by position."""
    has_star = any(parameter.kind == VAR_POSITIONAL for parameter in parameters)
    wanted = (POSITIONAL_ONLY, POSITIONAL_OR_KEYWORD) if has_star else (POSITIONAL_ONLY,)
    return tuple(parameter.name for parameter in parameters if parameter.kind in wanted)


def _holds_path(value: Any) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(map(_holds_path, cast("Iterable[Any]", value)))
    if isinstance(value, dict):
        return any(map(_holds_path, cast("Dict[Any, Any]", value).values()))
    return hasattr(value, "__fspath__")
