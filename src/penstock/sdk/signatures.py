"""The parameters of a function. A plain one tells them itself; of others `inspect` does, which takes 5 ms to import."""

from __future__ import annotations

from types import FunctionType
from typing import Any, Callable, Dict, Iterator, Tuple

from penstock.model.tuples import NamedTuple

NOTHING: Any = object()
"""In the place of a default or an annotation: there is none."""

POSITIONAL_ONLY, POSITIONAL_OR_KEYWORD, VAR_POSITIONAL, KEYWORD_ONLY, VAR_KEYWORD = (
    "POSITIONAL_ONLY",
    "POSITIONAL_OR_KEYWORD",
    "VAR_POSITIONAL",
    "KEYWORD_ONLY",
    "VAR_KEYWORD",
)
_STAR, _STARS = 0x04, 0x08  # CO_VARARGS, CO_VARKEYWORDS


class SignatureParameter(NamedTuple):
    """One of them."""

    name: str
    kind: str  # the word of `inspect` for it
    default: Any
    annotation: Any


def parameters_of_function(fn: Callable[..., Any]) -> Tuple[SignatureParameter, ...]:
    """All of a function, in order. Raises what `inspect.signature` raises for what has no signature."""
    if type(fn) is FunctionType and not fn.__dict__:  # with attributes it may stand for another function
        annotations = fn.__annotations__
        return tuple(
            SignatureParameter(name, kind, default, annotations.get(name, NOTHING))
            for name, kind, default in _of_plain(fn)
        )
    import inspect

    empty = inspect.Parameter.empty
    return tuple(
        SignatureParameter(
            one.name, one.kind.name, *(NOTHING if it is empty else it for it in (one.default, one.annotation))
        )
        for one in inspect.signature(fn).parameters.values()
    )


def _of_plain(fn: FunctionType) -> Iterator[Tuple[str, str, Any]]:
    code = fn.__code__
    positional, keywords = code.co_argcount, code.co_kwonlyargcount
    first, last = code.co_varnames[:positional], code.co_varnames[positional : positional + keywords]
    rest = iter(code.co_varnames[positional + keywords :])
    defaults = fn.__defaults__ or ()
    by_keyword: Dict[str, Any] = fn.__kwdefaults__ or {}
    lacking = (NOTHING,) * (positional - len(defaults))
    for at, (name, default) in enumerate(zip(first, lacking + defaults)):
        yield name, POSITIONAL_ONLY if at < code.co_posonlyargcount else POSITIONAL_OR_KEYWORD, default
    if code.co_flags & _STAR:
        yield next(rest), VAR_POSITIONAL, NOTHING
    for name in last:
        yield name, KEYWORD_ONLY, by_keyword.get(name, NOTHING)
    if code.co_flags & _STARS:
        yield next(rest), VAR_KEYWORD, NOTHING
