"""Many strings as two buffers: where each ends (int64, from 0), and their UTF-8 bytes; Arrow's `large_string` layout.

Where some may be missing, a third says which are there: a bit each, the lowest first. Uses pyarrow where it is there;
the bytes are the same without it.
"""

from __future__ import annotations

import importlib
from typing import Any, Callable, List, Optional, Tuple

import numpy as np


def pack(array: Any) -> Optional[Tuple[Any, Any]]:
    """(offsets, data) of a flat object array; None where an element is no `str`, or no valid UTF-8 can be made."""
    if not array.size or set(map(type, array)) != {str}:
        return None
    return _with_arrow(array) or _with_numpy(array)


def pack_missing(array: Any) -> Optional[Tuple[Any, Any, Optional[Tuple[Any]]]]:
    """(offsets, data, (bits,)) of an Arrow column of strings, or of a flat object array: what is no `str` is missing.

    None in the place of the bits where none is missing; None alone where no valid UTF-8 can be made.
    """
    if type(array) is not np.ndarray:
        return _parts_of_arrow(array)
    there = np.fromiter((type(item) is str for item in array), bool, len(array))
    packed = _with_numpy(np.where(there, array, ""))
    bits = None if there.all() else (np.packbits(there, bitorder="little"),)
    return None if packed is None else (*packed, bits)


def unpack(offsets: Any, data: Any) -> Any:
    """The flat object array again."""
    packed = as_arrow(offsets, data, None)
    if packed is None:
        return _split(offsets, data)
    return np.asarray(packed.to_numpy(zero_copy_only=False), dtype=object)


def bits(valid: Any, size: int) -> Any:
    """The bits as an array of bool."""
    return np.unpackbits(np.frombuffer(valid, "u1"), count=size, bitorder="little").astype(bool)


def has_arrow() -> bool:
    """Whether pyarrow is there."""
    return _arrow() is not None


def as_arrow(offsets: Any, data: Any, valid: Any) -> Any:
    """An Arrow array over the buffers, without a copy; None where pyarrow is missing."""
    pa = _arrow()
    if pa is None:
        return None
    buffers = [None if buffer is None else pa.py_buffer(buffer) for buffer in (valid, offsets, data)]
    return pa.Array.from_buffers(pa.large_string(), len(offsets) // 8 - 1, buffers)


def taker(offsets: Any, data: Any) -> Callable[[Any], Tuple[Any, Any]]:
    """What gives the (offsets, data) of some of the strings, in any order, by their numbers."""
    arrow = as_arrow(offsets.view("u1"), data, None)
    if arrow is not None:
        return lambda numbers: _cut(arrow.take(numbers))[:2]
    whole, ends = data.tobytes(), offsets.tolist()
    strings = [whole[start:end] for start, end in zip(ends, ends[1:])]
    return lambda numbers: _joined([strings[number] for number in numbers.tolist()])


def encoded_numbers(numbers: Any) -> Optional[Tuple[int, Any]]:
    """How many different numbers there are, and for each element which of them it is, in the order in which they first
    come; None where pyarrow is missing."""
    pa = _arrow()
    if pa is None:
        return None
    encoded = pa.array(numbers).dictionary_encode()
    return len(encoded.dictionary), encoded.indices.to_numpy()


def _arrow() -> Any:
    try:
        return importlib.import_module("pyarrow")
    except ImportError:
        return None


def _with_arrow(array: Any) -> Optional[Tuple[Any, Any]]:
    pa = _arrow()
    if pa is None:
        return None
    try:
        packed = pa.array(array, type=pa.large_string(), from_pandas=False)
    except (pa.ArrowException, UnicodeError):
        return None
    return _cut(packed)[:2] if isinstance(packed, pa.Array) else None  # else it is beyond a chunk's size


def _parts_of_arrow(array: Any) -> Tuple[Any, Any, Optional[Tuple[Any]]]:
    pa = _arrow()
    chunks: Any = array.cast(pa.large_string()).chunks
    if len(chunks) != 1 or chunks[0].offset:
        chunks = [pa.concat_arrays([*chunks, pa.array([], pa.large_string())])]  # alone, a slice would stay one
    return _cut(chunks[0])


def _cut(array: Any) -> Tuple[Any, Any, Optional[Tuple[Any]]]:
    """The buffers of an Arrow array that begins where they do, without what they have room for."""
    size = len(array)
    valid, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, "<i8", size + 1) if size else np.zeros(1, "<i8")
    bits = (np.frombuffer(valid, "u1", (size + 7) // 8),) if array.null_count else None
    return ends, np.frombuffer(data, "u1", int(ends[-1])) if ends[-1] else np.empty(0, "u1"), bits


def _with_numpy(array: Any) -> Optional[Tuple[Any, Any]]:
    try:
        encoded = [text.encode() for text in array]
    except UnicodeEncodeError:
        return None
    return _joined(encoded)


def _joined(encoded: List[bytes]) -> Tuple[Any, Any]:
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
