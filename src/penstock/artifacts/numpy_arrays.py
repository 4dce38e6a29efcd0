"""numpy arrays, scalars and dtypes: taken apart into dtype, shape and bytes, which are one buffer each.

Leaves are exact arrays (a memory map is one) and numpy's own scalars: their bytes count in C order, however they lie.
Left out are the order of the axes in memory, strides, writability, the file of a memory map, the padding between fields
(it has no defined content), and of a masked array whether its mask is shared: all are about memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np

from penstock.artifacts import digests, rebuild
from penstock.artifacts.collected import Collected, Reducer
from penstock.artifacts.looks import COLUMNS, ITEMS, Facts, Look
from penstock.artifacts.masking import cut
from penstock.artifacts.walk import BIG, LEAVES, Known, ValueWalk

if TYPE_CHECKING:
    from penstock.artifacts.media import Shown

_GENERIC: Any = np.generic
_CHUNK = 4 << 20
_MANY = 1 << 14  # elements; of fewer, each is looked at sooner than it is told which are the same
_TILE = 32
_PLAIN = "biufcmMSU"  # kinds whose `dtype.str` says all
_SHOWN_BY_NUMPY = "biufc"  # kinds of dtypes: what `tolist` makes of a float32 has digits that it has not
_OF_EVERY_MASKED = frozenset(
    "_mask _fill_value _hardmask _sharedmask _isfield _baseclass _basedict".split()
)  # beside data: said by what a masked array is asked, or again by its data's class


def form_of(kind: Any) -> Optional[Callable[[ValueWalk, Any], None]]:
    """The rule for arrays and scalars."""
    is_scalar = issubclass(kind, np.generic) and kind.__module__.startswith("numpy")
    return form if is_scalar or kind in (np.ndarray, np.memmap) else None


def reducer_of(kind: Any) -> Optional[Reducer]:
    """The reducer for arrays and their subclasses, dtypes, scalars of the user's own classes, and random generators."""
    if kind in (np.ndarray, np.memmap):
        return reduce
    if kind.__module__.startswith("numpy.random"):
        from penstock.artifacts import numpy_random

        return numpy_random.reducer_of(kind)
    if issubclass(kind, np.dtype):
        return _reduce_dtype
    if kind is np.ma.MaskedArray:
        return _reduce_masked
    if issubclass(kind, np.ndarray) and not issubclass(kind, (np.ma.MaskedArray, np.memmap)):
        return None if _says_itself(kind, np.ndarray) else _reduce_subclass
    if _is_own_scalar(kind):
        return None if _says_itself(kind, _GENERIC) else _reduce_scalar
    return None


def _is_own_scalar(kind: Any) -> bool:
    scalars: Any = (np.number, np.str_, np.bytes_)
    return issubclass(kind, scalars) and not kind.__module__.startswith("numpy")


def _says_itself(kind: Any, base: Any) -> bool:
    """Whether a subclass has its own way into pickles."""
    names = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__")
    return any(getattr(kind, name, None) is not getattr(base, name, None) for name in names)


def form(walk: ValueWalk, value: Any) -> None:
    """`A`, the dtype, the shape, then the elements. In the place of a shape a scalar has what no array has."""
    begun = walk.begin(value)
    if begun < 0:
        return
    dtype, array = value.dtype, np.asarray(value)
    walk.out += b"A"
    _dtype(walk, dtype)
    walk.size(2**64 - 1 if isinstance(value, np.generic) else value.ndim)
    for length in value.shape:
        walk.size(length)
    if dtype.names is not None:
        for field in dtype.names:  # apart, because padding between fields has no defined content
            walk.part(np.asarray(array[field]), f"[{field!r}]")
    elif dtype.hasobject or dtype.kind == "T":
        _object_form(walk, value, begun)
    else:
        walk.out += digest_of(_without_padding(array), walk.known)
    walk.end(value, begun)


def _without_padding(array: Any) -> Any:
    """The array itself; of long doubles the bytes that are used: the others have no defined content."""
    if array.dtype.char not in "gG" or np.finfo(array.dtype).nmant != 63:
        return array
    flat = np.ascontiguousarray(array).reshape(-1)
    if not flat.dtype.isnative:
        flat = flat.astype(flat.dtype.newbyteorder("="))
    return flat.view("u1").reshape(-1, np.dtype("g").itemsize)[:, :10]


def _object_form(walk: ValueWalk, value: Any, begun: int) -> None:
    from penstock.artifacts import text_dictionary

    packed = packed_texts(walk.known, value)
    if packed is not None:
        offsets, data, *codes = packed
        both = packed.digests() if codes else (digest_of(offsets, walk.known), digest_of(data, walk.known))
        walk.out += b"s" + both[0] + both[1]
        return
    walk.out += b"o"
    flat = value.ravel()
    for span in text_dictionary.spans(len(flat)):
        part = flat[span]
        if value.dtype.kind != "O" or len(part) < _MANY or not _leaves_form(walk, part):
            for index, item in enumerate(part, span.start):
                walk.part(item, f".flat[{index}]")
        walk.spill(begun)


def _leaves_form(walk: ValueWalk, part: Any) -> bool:
    """Write elements among which few objects come again and again, as words and None; the form of each is made once.
    False where they are many, or have other values inside."""
    from penstock.artifacts import text_dictionary

    where, which = text_dictionary.distinct(part)
    if 2 * len(where) > len(part) or not LEAVES.issuperset(map(type, part[where])):
        return False
    forms: List[bytes] = []
    start = len(walk.out)
    for item in part[where]:
        walk.write(item)
        forms.append(bytes(walk.out[start:]))
        del walk.out[start:]
    numbers: List[int] = which.tolist()
    walk.out += b"".join([forms[number] for number in numbers])
    return True


def _dtype(walk: ValueWalk, dtype: Any) -> None:
    text = _text_of(dtype)
    walk.name(text)
    if not text:
        walk.keep(dtype)  # an array makes a new one each time it is asked
        walk.part(dtype, ".dtype")


def _text_of(dtype: Any) -> str:
    """What says all of a dtype; "" where no text does."""
    if dtype.metadata:
        return ""
    return dtype.str if dtype.kind in _PLAIN else "|O" if dtype.kind == "O" else ""


def digest_of(array: Any, known: Known) -> bytes:
    """The digest of an array's bytes in C order; that of a large buffer is kept in `known`, or found there."""
    if array.nbytes < BIG:
        return digests.digest(array.tobytes())
    key = buffer_key(array)
    found = known.get(key)
    if found is None:
        found = known[key] = (digests.digest_chunks(chunks(array))[0], array)
    return found[0]


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


def reduce(sink: Collected, value: Any) -> Any:
    """An array as its bytes, dtype and shape."""
    dtype = value.dtype
    if dtype.hasobject or dtype.kind == "T":
        return _reduce_objects(sink, value) if type(value) is np.ndarray else NotImplemented
    order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
    return rebuild.array, (stored(sink, value), _text_of(dtype) or dtype, value.shape, order)


def _reduce_subclass(sink: Collected, value: Any) -> Any:
    """A subclass as the plain array and what numpy's own pickles lose: its attributes."""
    return rebuild.array_as, (type(value), np.ndarray.view(value, np.ndarray), getattr(value, "__dict__", None) or None)


def _reduce_scalar(sink: Collected, value: Any) -> Any:
    return rebuild.scalar_as, (type(value), np.asarray(value)[()], getattr(value, "__dict__", None) or None)


def _reduce_masked(sink: Collected, value: Any) -> Any:
    """A masked array by what can be asked of it: numpy's own pickles lose a hard mask, and that there is none."""
    mask = None if value.mask is np.ma.nomask else value.mask
    held: Dict[str, Any] = value.__dict__
    attributes = {name: part for name, part in held.items() if name not in _OF_EVERY_MASKED}
    return rebuild.masked_array, (value.data, mask, value.fill_value, value.hardmask, attributes)


def _reduce_dtype(sink: Collected, value: Any) -> Any:
    """A dtype by what it is: numpy 1 can't read the flags that numpy 2 pickles."""
    apart = _dtype_apart(value)
    if apart is not None and value.metadata:
        make, args = apart
        return rebuild.marked_dtype, (make(*args), dict(value.metadata))
    return NotImplemented if apart is None else apart


def _dtype_apart(value: Any) -> Any:
    """What makes the dtype without its metadata; None where numpy's own pickles have to say it."""
    if value.subdtype is not None:
        return np.dtype, (value.subdtype,)
    if value.names is None:
        said = value.kind in _PLAIN or value.kind == "O" or value.type is np.void
        return (np.dtype, (value.str,)) if said else None
    if value.type is not np.void:
        return np.dtype, ((value.type, np.dtype((np.void, value))),)
    fields = [value.fields[name] for name in value.names]
    titles = [field[2] if len(field) > 2 else None for field in fields]
    formats, offsets = [field[0] for field in fields], [field[1] for field in fields]
    return rebuild.dtype, (list(value.names), formats, offsets, titles, value.itemsize, value.isalignedstruct)


def stored(sink: Collected, array: Any) -> Any:
    """The bytes of an array in its own order (C, or Fortran where it has that): a bytearray, or a part of its own."""
    if array.nbytes < BIG:
        return bytearray(array.tobytes(order="A"))
    if array.flags.c_contiguous:
        return sink.put(flat_bytes(array), buffer_key(array), array)
    if array.flags.f_contiguous:
        return sink.put(flat_bytes(array), buffer_key(array.T), array)
    return sink.put_chunks(chunks(array), buffer_key(array), array)


def packed_texts(known: Known, array: Any) -> Any:
    """An object array that holds nothing but `str`, as a TextDictionary where they are few, else as their offsets and
    UTF-8 bytes; None for any other."""
    from penstock.artifacts import packed_strings, text_dictionary

    if array.dtype.kind != "O":
        return None
    key = ("texts", buffer_key(array))  # a frame makes a new view of a column each time it is asked
    if key not in known:
        flat = array.ravel()
        known[key] = (text_dictionary.find(flat) or packed_strings.pack(flat), array)
    return known[key][0]


def _reduce_objects(sink: Collected, value: Any) -> Any:
    packed = None if value.dtype.metadata else packed_texts(sink.known, value)
    if packed is None:
        return NotImplemented
    offsets, data, *codes = (stored(sink, part) for part in packed)
    return rebuild.strings, (offsets, data, value.shape, *codes)


def look(value: Any, look: Look) -> Facts:
    """What is shown of a value; None: nothing that is this library's."""
    numpy: Any = np  # whose annotations are partial
    if isinstance(value, numpy.dtype):
        return {"text": f"dtype {_dtype_text(value)}"}
    if not isinstance(value, (numpy.ndarray, numpy.generic)):
        return None
    facts: Dict[str, Any] = {"shape": list(value.shape), "dtype": _dtype_text(value.dtype)}
    if value.ndim == 0:
        if value.dtype.kind in _SHOWN_BY_NUMPY:
            number = numpy.ndarray.__getitem__(value, ()) if isinstance(value, numpy.ndarray) else value
            return {"text": str(number), **facts}
        item = value.item()
        return {"text": str(value) if type(item) is type(value) else look.text(item, 1), **facts}
    plain, mask = numpy.ndarray.view(value, numpy.ndarray), None
    if isinstance(value, numpy.ma.MaskedArray):
        mask = numpy.ma.getmaskarray(value)
    first = (0,) * (value.ndim - 1)
    row = plain[first][:ITEMS] if plain.size else plain[:0]
    head: List[Any] = list(row) if value.dtype.kind in _SHOWN_BY_NUMPY else row.tolist()
    hidden: List[Any] = mask[first][:ITEMS].tolist() if mask is not None and plain.size else [False] * len(head)
    said: Callable[[Any], str] = str if value.dtype.kind in _SHOWN_BY_NUMPY else lambda item: look.text(item, 1)
    items = ["--" if gone is True else said(item) for item, gone in zip(head, hidden)]
    shown = "".join((": ", ", ".join(items), ", …" if plain.size > ITEMS else ""))
    return {"text": f"array {'x'.join(map(str, value.shape))} {facts['dtype']}{shown if head else ''}", **facts}


def shown_of(kind: Any) -> Optional[Callable[[Any], Shown]]:
    """What displays an array."""
    from penstock.artifacts import array_pictures

    return array_pictures.shown if issubclass(kind, np.ndarray) else None


def _dtype_text(dtype: Any) -> str:
    names = dtype.names or ()
    return f"a record of {len(names)} fields" if len(names) > COLUMNS else cut(str(dtype), 100)
