"""Plain data <-> bytes, between processes and into rows.

Plain data is None, bool, int, float, str, bytes, and tuples, lists, dicts and sets of plain data. Reading never runs
code: anything that would have to be imported is refused.
"""

from __future__ import annotations

import io
import pickle
from typing import Any, Type, TypeVar

from penstock.model.shapes import MalformedError, shaped

PROTOCOL = 4
T = TypeVar("T")


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        raise pickle.UnpicklingError(f"plain data holds a reference to {module_name}.{global_name}")


def pack(data: Any) -> bytes:
    """Bytes of plain data."""
    return pickle.dumps(data, PROTOCOL)


def unpack(data: bytes) -> Any:
    """Plain data from the bytes of `pack`; raises MalformedError for anything else."""
    try:
        return _PlainUnpickler(io.BytesIO(data)).load()
    except Exception as error:  # noqa: BLE001  damaged bytes are opcodes, too, and fail with whatever these come to
        raise MalformedError(f"{type(error).__name__}: {error}") from None


def read(kind: Type[T], data: bytes) -> T:
    """The value of the kind (`shapes.shaped`) that was packed as plain data; raises MalformedError."""
    return shaped(kind, unpack(data))
