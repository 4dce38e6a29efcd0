"""The path to what can't be pickled: `result.model.lock`. Runs only after pickling failed, so it may take its time."""

from __future__ import annotations

import functools
import io
from typing import Any, Dict, Iterable, Iterator, Optional, Sequence, Set, Tuple, Type, cast

from penstock.artifacts import pickling, rebuild, reducing
from penstock.artifacts.collected import Refused, sink_to_nowhere
from penstock.artifacts.objects import a_type
from penstock.artifacts.walk import subscript

_PICKLING = ("penstock", "cloudpickle", "pickle", "copyreg")
_DEEPEST = 50
_MANY = 10_000  # items of one container that are looked through


def message(value: Any, where: str, error: BaseException) -> str:
    """What can't be stored and why, in one line."""
    if isinstance(error, (RecursionError,)) or isinstance(error.__cause__, RecursionError):
        return f"{where} is nested too deeply to be pickled"
    path, culprit, reason = _find(value, where, error, set(), 0)
    if isinstance(reason, Refused) and isinstance(culprit, io.IOBase):
        return f"{path} is an open file, which can't be pickled; return its path or its content"
    kind = cast("Type[Any]", type(culprit))
    return f"{path} is {a_type(kind)}, which can't be pickled{_why(reason)}"


def cause(error: BaseException) -> Optional[BaseException]:
    """The error, traced from the value's own code on; None: pickling itself has refused, which the message says."""
    traced = error.__traceback__
    while traced is not None and traced.tb_frame.f_globals.get("__name__", "").partition(".")[0] in _PICKLING:
        traced = traced.tb_next
    return None if traced is None else error.with_traceback(traced)


def storable(exc: BaseException) -> Any:
    """The exception, or what stands for it in a pickle: without the attributes and the cause that can't be pickled."""
    if reducing.has_own_reduce(type(exc)) or _is_picklable(exc):
        return exc
    args, state = reducing.taken_apart(exc)
    kept = {name: item for name, item in (state or {}).items() if _is_picklable(item)}
    cause = exc.__cause__ if exc.__cause__ is None else storable(exc.__cause__)
    if cause is not None and not _is_picklable(cause):
        cause = None
    return _Stand(type(exc), args, kept, cause, exc.__suppress_context__)


def _is_picklable(value: Any) -> bool:
    return _failure(value) is None


def _find(value: Any, path: str, error: BaseException, seen: Set[int], depth: int) -> Tuple[str, Any, BaseException]:
    if depth < _DEEPEST and id(value) not in seen:
        seen.add(id(value))
        for step, part in _parts(value):
            reason = _failure(part)
            if reason is not None and id(part) not in seen:
                return _find(part, path + step, reason, seen, depth + 1)
    return path, value, error


def _failure(value: Any) -> Any:
    try:
        pickling.dump(value, sink_to_nowhere({}), io.BytesIO())
    except Exception as error:  # noqa: BLE001 - the user's pickling code runs here
        return error
    return None


def _parts(value: Any) -> Iterator[Tuple[str, Any]]:
    if isinstance(value, dict):
        pairs: Iterable[Tuple[object, object]] = cast("Dict[object, object]", value).items()
        for number, (key, item) in enumerate(pairs):
            if number >= _MANY:
                break
            yield subscript(key), item
            yield f".keys(){subscript(key)}", key
    elif isinstance(value, (list, tuple)):
        items: Sequence[object] = cast("Sequence[object]", value)
        for index, item in enumerate(items[:_MANY]):
            yield f"[{index}]", item
    elif isinstance(value, (set, frozenset)):
        for member in cast("Iterable[object]", value):
            yield "{...}", member
    elif isinstance(value, type):
        return
    else:
        yield from _attributes(value)


def _attributes(value: Any) -> Iterator[Tuple[str, Any]]:
    if isinstance(value, functools.partial):
        for name in ("func", "args", "keywords"):
            yield f".{name}", getattr(cast("Any", value), name)
        return
    closure = getattr(value, "__closure__", None)
    if closure and hasattr(value, "__code__"):
        for name, cell in zip(value.__code__.co_freevars, closure):
            try:
                yield f".{name}", cell.cell_contents
            except ValueError:
                continue
        return
    try:
        reduction = reducing.apart(value, sink_to_nowhere({}))
    except Exception:  # noqa: BLE001 - it is the culprit itself
        reduction = None
    if isinstance(reduction, tuple):
        yield from _reduced(*cast("Tuple[Any, ...]", reduction))


def _reduced(
    make: Any, args: Any, state: Any = None, items: Any = None, pairs: Any = None, put: Any = None
) -> Iterator[Tuple[str, Any]]:
    states: Tuple[Any, ...] = cast("Tuple[Any, ...]", state) if isinstance(state, tuple) else (state,)
    dicts = [cast("Dict[Any, Any]", part) for part in states if type(part) is dict]
    yield from ((f".{name}", item) for part in dicts for name, item in part.items())
    if isinstance(state, (list, tuple)):
        yield from (("", item) for item in cast("Sequence[object]", state))
    elif state is not None and not dicts:
        yield ".__getstate__()", state
    yield from ((f"[{index}]", item) for index, item in enumerate(items or ()))
    yield from ((subscript(key), item) for key, item in pairs or ())
    yield from (("", item) for item in args if not isinstance(item, type))


def _why(reason: BaseException) -> str:
    text = str(reason).strip()
    return f": {text}" if text and not text.lower().startswith(("cannot pickle", "can't pickle")) else ""


class _Stand:
    """Pickled in the place of an exception."""

    def __init__(self, *apart: Any) -> None:
        self._apart = apart

    def __reduce__(self) -> Any:
        return rebuild.exception, self._apart
