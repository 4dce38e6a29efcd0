"""Exceptions <-> records: rebuilt without a call of their `__init__`, whose arguments nobody kept.

Owns how an exception is taken apart; knows nothing of outcomes.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple, cast

from penstock.artifacts import rebuild as parts
from penstock.artifacts.pickling import Sink
from penstock.artifacts.store import BlobStore
from penstock.errors import PenstockError

_OWN = ("__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__")


def encode_exception(exc: BaseException, store: BlobStore) -> Optional[bytes]:
    """A record of an exception, its cause and notes included; None where its arguments can't be pickled.

    Attributes that can't be pickled are left out, and so is a cause that can't. Large buffers inside become blobs, as
    `inspect_record` shows.
    """
    from penstock.artifacts import codec

    try:
        return codec.encode_only(_storable(exc, store), store)
    except PenstockError:
        return None


def decode_exception(record: bytes, store: BlobStore) -> Optional[BaseException]:
    """The exception of a record; None where its class can't be imported or rebuilt here."""
    from penstock.artifacts import codec

    try:
        value = codec.decode(record, store)
    except Exception:  # imports the user's modules, runs their code: any failure means that it can't be rebuilt
        return None
    return value if isinstance(value, BaseException) else None


def reduce(sink: Sink, exc: BaseException) -> Any:
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
    except TypeError:
        exc = native.__new__(kind)
    exc.args = args
    if state:
        exc.__setstate__(state)
    exc.__cause__ = cause
    exc.__suppress_context__ = quiet
    return exc


def _has_own_reduce(kind: type) -> bool:
    return any(name in vars(base) for base in kind.__mro__ if base.__module__ != "builtins" for name in _OWN)


def _taken_apart(exc: BaseException) -> Tuple[Tuple[Any, ...], Optional[Dict[str, Any]]]:
    reduction = cast("Tuple[Any, ...]", exc.__reduce__())
    state = reduction[2] if len(reduction) > 2 else None
    return reduction[1], state if type(state) is dict else None


def _storable(exc: BaseException, store: BlobStore) -> Any:
    """The exception, or what stands for it in a pickle where some of it can't be pickled."""
    from penstock.artifacts import culprits

    if _has_own_reduce(type(exc)) or culprits.is_picklable(exc):
        return exc
    args, state = _taken_apart(exc)
    kept = {name: item for name, item in (state or {}).items() if culprits.is_picklable(item)}
    cause = exc.__cause__ if exc.__cause__ is None else _storable(exc.__cause__, store)
    if cause is not None and not culprits.is_picklable(cause):
        cause = None
    return _Stand(type(exc), args, kept, cause, exc.__suppress_context__)


class _Stand:
    """Pickled in the place of an exception."""

    def __init__(self, *apart: Any) -> None:
        self._apart = apart

    def __reduce__(self) -> Any:
        return parts.exception, self._apart
