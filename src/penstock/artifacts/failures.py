"""Exceptions taken apart, to be rebuilt without a call of their `__init__`, whose arguments nobody kept."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple, cast

from penstock.artifacts import rebuild

_OWN = ("__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__")


def reduce(sink: Any, exc: BaseException) -> Any:
    """Class, arguments, attributes, cause; an exception with pickling code of its own keeps that."""
    if has_own_reduce(type(exc)):
        return NotImplemented
    args, state = taken_apart(exc)
    return rebuild.exception, (type(exc), args, state, exc.__cause__, exc.__suppress_context__)


def has_own_reduce(kind: type) -> bool:
    """Whether an exception has pickling code of its own."""
    return any(name in vars(base) for base in kind.__mro__ if base.__module__ != "builtins" for name in _OWN)


def taken_apart(exc: BaseException) -> Tuple[Tuple[Any, ...], Optional[Dict[str, Any]]]:
    """Arguments and attributes."""
    reduction: Any = exc.__reduce__()
    state = reduction[2] if len(reduction) > 2 else None
    return reduction[1], dict(sorted(cast("Dict[str, Any]", state).items())) if state else None
