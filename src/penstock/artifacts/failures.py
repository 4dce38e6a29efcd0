"""Exceptions in pickles: taken apart and rebuilt without a call of their `__init__`, whose arguments nobody kept.

Knows nothing of records and outcomes.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple, cast

from penstock.artifacts import culprits
from penstock.artifacts import rebuild as parts

_OWN = ("__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__")


def reduce(sink: Any, exc: BaseException) -> Any:
    """Class, arguments, attributes, cause; an exception with pickling code of its own keeps that."""
    if _has_own_reduce(type(exc)):
        return NotImplemented
    args, state = _taken_apart(exc)
    return parts.exception, (type(exc), args, state, exc.__cause__, exc.__suppress_context__)


def rebuild(
    kind: Any, args: Tuple[Any, ...], state: Optional[Dict[str, Any]], cause: Any, quiet: bool
) -> BaseException:
    """The exception again: `__new__`, the `__init__` of its nearest built-in ancestor, then its attributes."""
    native = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    try:
        exc = kind.__new__(kind, *args)
        native.__init__(exc, *args)
    except (
        TypeError,
        IndexError,
    ):  # its own __new__ wants other arguments, or a SyntaxError of a newer Python has more
        exc = native.__new__(kind)
    if not isinstance(exc, OSError):  # whose own `__init__` keeps a file name apart from its arguments
        exc.args = args
    if state:
        exc.__setstate__(state)
    exc.__cause__ = cause
    exc.__suppress_context__ = quiet
    return exc


def storable(exc: BaseException) -> Any:
    """The exception, or what stands for it in a pickle: without the attributes and the cause that can't be pickled."""
    if _has_own_reduce(type(exc)) or culprits.is_picklable(exc):
        return exc
    args, state = _taken_apart(exc)
    kept = {name: item for name, item in (state or {}).items() if culprits.is_picklable(item)}
    cause = exc.__cause__ if exc.__cause__ is None else storable(exc.__cause__)
    if cause is not None and not culprits.is_picklable(cause):
        cause = None
    return _Stand(type(exc), args, kept, cause, exc.__suppress_context__)


def _has_own_reduce(kind: type) -> bool:
    return any(name in vars(base) for base in kind.__mro__ if base.__module__ != "builtins" for name in _OWN)


def _taken_apart(exc: BaseException) -> Tuple[Tuple[Any, ...], Optional[Dict[str, Any]]]:
    reduction: Any = exc.__reduce__()
    state = reduction[2] if len(reduction) > 2 else None
    return reduction[1], dict(sorted(cast("Dict[str, Any]", state).items())) if state else None


class _Stand:
    """Pickled in the place of an exception."""

    def __init__(self, *apart: Any) -> None:
        self._apart = apart

    def __reduce__(self) -> Any:
        return parts.exception, self._apart
