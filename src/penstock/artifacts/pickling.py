"""Picklers: write a record's skeleton from what `reducing` takes apart.

A plain pickler is tried first; cloudpickle, which takes time to import, only where something has to travel by value (a
notebook's code, lambdas, nested functions).
"""

from __future__ import annotations

import functools
import pickle
from typing import Any, Dict, Optional

from penstock.artifacts import by_value
from penstock.artifacts.collected import Collected, Reducer
from penstock.artifacts.reducing import BY_VALUE, reducer_of
from penstock.errors import PenstockError


class ByValueNeeded(Exception):
    """The plain pickler met what only cloudpickle can write."""


def dump(value: Any, sink: Collected, file: Any) -> Any:
    """Write the skeleton to `file`; returns what must live while `sink.known` is used. Raises what pickle raises."""
    plain = _PlainPickler(sink, file)
    try:
        plain.dump(value)
        return plain
    except PenstockError:  # the store's, not the value's
        raise
    except Exception:  # noqa: BLE001 - anything may come out of the user's own pickling code; the second try tells
        sink.reset()
        file.seek(0)
        file.truncate()
    second = _by_value_pickler()(sink, file)
    second.dump(value)
    return second


class _Reducing:
    """The `reducer_override` of both picklers; called for all but builtin atoms and containers."""

    def begin(self, sink: Collected) -> None:
        self._sink = sink
        self._reducers: Dict[type, Optional[Reducer]] = {}

    def replaced(self, obj: object) -> Any:
        kind = type(obj)
        try:
            reducer = self._reducers[kind]
        except KeyError:
            reducer = self._reducers[kind] = reducer_of(kind)
        return NotImplemented if reducer is None else reducer(self._sink, obj)


class _PlainPickler(_Reducing, pickle.Pickler):
    def __init__(self, sink: Collected, file: Any) -> None:
        super().__init__(file, 5, buffer_callback=sink.take)
        self.begin(sink)

    def reducer_override(self, obj: Any) -> Any:
        reduction = self.replaced(obj)
        if reduction is BY_VALUE:
            raise ByValueNeeded
        return reduction


@functools.cache
def _by_value_pickler() -> Any:
    import cloudpickle

    base: Any = cloudpickle.Pickler

    class ByValuePickler(_Reducing, base):
        def __init__(self, sink: Collected, file: Any) -> None:
            base.__init__(self, file, 5, buffer_callback=sink.take)
            self.begin(sink)

        def reducer_override(self, obj: Any) -> Any:
            reduction = self.replaced(obj)
            return by_value.reduction(self, obj) if reduction is BY_VALUE else reduction

    return ByValuePickler
