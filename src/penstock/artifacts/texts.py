"""Many strings as two buffers: where each ends (int64, from 0), and their UTF-8 bytes; Arrow's `large_string` layout.

Uses pyarrow where it is there; the bytes are the same without it.
"""

from __future__ import annotations

import importlib
from typing import Any, Optional, Tuple

import numpy as np


def pack(array: Any) -> Optional[Tuple[Any, Any]]:
    """(offsets, data) of a flat object array; None where an element is no `str`, or no valid UTF-8 can be made."""
    if not array.size or set(map(type, array)) != {str}:
        return None
    return _with_arrow(array) or _with_numpy(array)


def unpack(offsets: Any, data: Any) -> Any:
    """The flat object array again."""
    try:
        pa: Any = importlib.import_module("pyarrow")
    except ImportError:
        return _split(offsets, data)
    size = len(offsets) // 8 - 1
    packed = pa.Array.from_buffers(pa.large_string(), size, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    return np.asarray(packed.to_numpy(zero_copy_only=False), dtype=object)


def _with_arrow(array: Any) -> Optional[Tuple[Any, Any]]:
    try:
        pa: Any = importlib.import_module("pyarrow")
    except ImportError:
        return None
    try:
        packed = pa.array(array, type=pa.large_string(), from_pandas=False)
    except (pa.ArrowException, UnicodeError):
        return None
    if not isinstance(packed, pa.Array):  # beyond a chunk's size
        return None
    _, offsets, data = packed.buffers()
    ends = np.frombuffer(offsets, "<i8", len(array) + 1)
    return ends, np.frombuffer(data, "u1", int(ends[-1])) if ends[-1] else np.empty(0, "u1")


def _with_numpy(array: Any) -> Optional[Tuple[Any, Any]]:
    try:
        encoded = [text.encode() for text in array]
    except UnicodeEncodeError:
        return None
    ends = np.zeros(len(encoded) + 1, "<i8")
    np.cumsum(np.fromiter(map(len, encoded), "<i8", len(encoded)), out=ends[1:])
    return ends, np.frombuffer(b"".join(encoded), "u1")


def _split(offsets: Any, data: Any) -> Any:
    ends = np.frombuffer(offsets, "<i8").tolist()
    whole = bytes(data)
    texts = np.empty(len(ends) - 1, dtype=object)
    for index in range(len(texts)):
        texts[index] = whole[ends[index] : ends[index + 1]].decode()
    return texts
