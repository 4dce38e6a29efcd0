"""The arguments of a call by the names of the function's parameters; the way back is `model.specs.as_called`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Mapping, Tuple, cast

from penstock.artifacts.canonical import identify

if TYPE_CHECKING:
    import inspect

# By the names of `inspect`, which is imported at the first call.
_VARIADIC = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}


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

    def same(self, items: int, same: Dict[str, Any]) -> Dict[str, Any]:
        """The `same` arguments of a map by parameter name, bound beside stand-ins for the items."""
        bound = self.bind((None,) * items, same)
        return {name: value for name, value in bound.items() if name in same or name.startswith("**")}


def _holds_path(value: Any) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(map(_holds_path, cast("Iterable[Any]", value)))
    if isinstance(value, dict):
        return any(map(_holds_path, cast("Dict[Any, Any]", value).values()))
    return hasattr(value, "__fspath__")
