"""numpy arrays and scalars: their canonical form, and their bytes as one buffer each.

Exact `ndarray`s (and memory maps) without Python objects inside; other arrays go the general way.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator, Optional, Tuple

import numpy as np

from penstock.artifacts import digests, rebuild
from penstock.artifacts.canonical import BIG, Known, Walk
from penstock.artifacts.reducing import Sink

_CHUNK = 4 << 20
_TILE = 32
_PLAIN = "biufcmMSU"  # kinds whose `dtype.str` says all


def form_of(kind: type) -> Optional[Callable[[Walk, Any], None]]:
    """The rule for arrays, scalars and dtypes."""
    if kind in (np.ndarray, np.memmap):
        return form
    if issubclass(kind, np.generic):
        return _scalar
    if kind is np.ma.MaskedArray:
        return _masked
    return _dtype if issubclass(kind, np.dtype) else None


def reducer_of(kind: Any) -> Optional[Callable[[Sink, Any], Any]]:
    """The reducer for arrays, dtypes with fields, and random generators."""
    if kind in (np.ndarray, np.memmap):
        return reduce
    if issubclass(kind, np.dtype):
        return _reduce_dtype
    if kind.__module__.startswith("numpy.random"):
        from penstock.artifacts import numpy_random

        return numpy_random.reducer_of(kind)
    return None


def form(walk: Walk, value: Any) -> None:
    """`A`, the dtype, the shape, then the elements."""
    begun = walk.begin(value)
    if begun < 0:
        return
    dtype = value.dtype
    walk.out += b"A"
    walk.name(_dtype_text(dtype))
    walk.size(value.ndim)
    for length in value.shape:
        walk.size(length)
    if dtype.names is not None:
        for field in dtype.names:  # apart, because padding between fields has no defined content
            walk.part(np.asarray(value[field]), f"[{field!r}]")
    elif dtype.hasobject or dtype.kind == "T":
        _object_form(walk, value)
    else:
        walk.out += digest_of(value, walk.known)
    walk.end(value, begun)


def _object_form(walk: Walk, value: Any) -> None:
    packed = packed_texts(walk.known, value)
    if packed is not None:
        offsets, data = packed
        walk.out += b"s" + digest_of(offsets, walk.known) + digest_of(data, walk.known)
        return
    walk.out += b"o"
    for index, item in enumerate(value.flat):
        walk.part(item, f".flat[{index}]")


def _masked(walk: Walk, value: Any) -> None:
    begun = walk.begin(value)
    if begun < 0:
        return
    walk.out += b"X"
    walk.name("numpy.MaskedArray")
    walk.size(3)
    for part in (value.data, np.ma.getmaskarray(value)):
        walk.keep(part)
        form(walk, part)
    walk.part(value.fill_value, ".fill_value")
    walk.end(value, begun)


def _scalar(walk: Walk, value: Any) -> None:
    begun = walk.begin(value)
    if begun < 0:
        return
    walk.out += b"A"
    walk.name(_dtype_text(value.dtype))
    walk.size(2**64 - 1)
    array = np.asarray(value)
    if array.dtype.names is not None:
        for field in array.dtype.names:
            walk.part(np.asarray(array[field]), f"[{field!r}]")
    else:
        walk.out += digest_of(array, {})
    walk.end(value, begun)


def _dtype(walk: Walk, value: Any) -> None:
    walk.out += b"X"
    walk.name("numpy.dtype")
    walk.size(1)
    walk.write(_dtype_text(value))


def _dtype_text(dtype: Any) -> str:
    if dtype.names is not None:
        fields = (f"{name}:{dtype.fields[name][1]}:{_dtype_text(dtype.fields[name][0])}" for name in dtype.names)
        return f"{{{','.join(fields)}}}{dtype.itemsize}"
    if dtype.subdtype is not None:
        inner, shape = dtype.subdtype
        return f"{shape}{_dtype_text(inner)}"
    return dtype.str if dtype.kind in _PLAIN else "|O" if dtype.kind == "O" else str(dtype)


def digest_of(array: Any, known: Known) -> bytes:
    """The digest of an array's bytes in C order; that of a large buffer is kept in `known`, or found there."""
    if array.nbytes < BIG:
        return digests.digest(array.tobytes())
    key = buffer_key(array)
    found = known.get(key)
    if found is not None:
        return found[0]
    if array.flags.c_contiguous:
        digest = digests.digest(flat_bytes(array))
    else:
        hasher = digests.Hasher()
        for chunk in chunks(array):
            hasher.update(chunk)
        digest = hasher.digest()
    known[key] = (digest, array)
    return digest


def buffer_key(array: Any) -> Tuple[Any, ...]:
    """What names an array's bytes in C order while the array lives."""
    strides = None if array.flags.c_contiguous else (array.shape, array.strides)
    return ("at", array.__array_interface__["data"][0], array.nbytes, strides, array.itemsize if strides else 0)


def flat_bytes(array: Any) -> Any:
    """The memory of a contiguous array (C or Fortran order) as bytes, without a copy."""
    flat = array.reshape(-1) if array.flags.c_contiguous else array.T.reshape(-1)
    return flat.view("u1") if flat.nbytes else np.empty(0, "u1")


def chunks(array: Any) -> Iterator[Any]:
    """The bytes of any array in C order, a few MiB at a time."""
    if array.flags.c_contiguous:
        yield flat_bytes(array)
        return
    if array.ndim and array.nbytes // max(array.shape[0], 1) > _CHUNK:
        for row in array:
            yield from chunks(row)
        return
    step = max(1, _CHUNK // max(1, array.nbytes // max(array.shape[0], 1)))
    for start in range(0, array.shape[0], step):
        yield flat_bytes(_in_c_order(array[start : start + step]))


def _in_c_order(array: Any) -> Any:
    if array.ndim != 2 or array.strides[0] >= array.strides[1]:
        return np.ascontiguousarray(array)
    copy = np.empty(array.shape, array.dtype)
    for column in range(
        0, array.shape[1], _TILE
    ):  # a Fortran-ordered matrix in tiles that fit the cache: five times faster
        copy[:, column : column + _TILE] = array[:, column : column + _TILE]
    return copy


def reduce(sink: Sink, value: Any) -> Any:
    """An array as its bytes, dtype and shape."""
    dtype = value.dtype
    if dtype.hasobject or dtype.kind == "T":
        return _reduce_objects(sink, value) if type(value) is np.ndarray else NotImplemented
    order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
    written = dtype.str if dtype.kind in _PLAIN else dtype
    return rebuild.array, (stored(sink, value), written, value.shape, order)


def _reduce_dtype(sink: Sink, value: Any) -> Any:
    """A dtype with fields by what they are: numpy 1 can't read the flags that numpy 2 pickles."""
    if value.metadata is not None:
        return NotImplemented
    if value.subdtype is not None:
        return np.dtype, (value.subdtype,)
    if value.names is None:
        return NotImplemented
    if value.type is not np.void:
        return np.dtype, ((value.type, np.dtype((np.void, value))),)
    fields = [value.fields[name] for name in value.names]
    titles = [field[2] if len(field) > 2 else None for field in fields]
    formats, offsets = [field[0] for field in fields], [field[1] for field in fields]
    return rebuild.dtype, (list(value.names), formats, offsets, titles, value.itemsize, value.isalignedstruct)


def stored(sink: Sink, array: Any) -> Any:
    """The bytes of an array in its own order (C, or Fortran where it has that): a bytearray, or a part of its own."""
    if array.nbytes < BIG:
        return bytearray(array.tobytes(order="A"))
    if array.flags.c_contiguous:
        return sink.put(flat_bytes(array), buffer_key(array), array)
    if array.flags.f_contiguous:
        return sink.put(flat_bytes(array), buffer_key(array.T), array)
    return sink.put_chunks(chunks(array), buffer_key(array), array)


def packed_texts(known: Known, array: Any) -> Optional[Tuple[Any, Any]]:
    """Offsets and UTF-8 bytes of an object array that holds nothing but `str`; None for any other."""
    from penstock.artifacts import texts

    if array.dtype.kind != "O":
        return None
    key = ("texts", buffer_key(array))  # a frame makes a new view of a column each time it is asked
    if key not in known:
        known[key] = (texts.pack(array.ravel()), array)
    return known[key][0]


def _reduce_objects(sink: Sink, value: Any) -> Any:
    packed = packed_texts(sink.known, value)
    if packed is None:
        return NotImplemented
    offsets, data = packed
    return rebuild.strings, (stored(sink, offsets), stored(sink, data), value.shape)
