"""Where one column of an array or a table lies: in which blobs, from which byte on, how it is coded. docs/formats.md,
Layout. Pure."""

from __future__ import annotations

import re
import struct
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, cast

from penstock.artifacts.inert_pickle import InertCall, Whole
from penstock.artifacts.records import IN_ORDER

Column = Dict[str, Any]
Place = List[int]
"""Number of the blob in the record's list (-1: the skeleton), first byte, bytes."""

TORCH = {
    "float16": "<f2",
    "float32": "<f4",
    "float64": "<f8",
    "bfloat16": "bf2",
    "bool": "|b1",
    "uint8": "|u1",
    "int8": "|i1",
    "int16": "<i2",
    "int32": "<i4",
    "int64": "<i8",
    "uint16": "<u2",
    "uint32": "<u4",
    "uint64": "<u8",
}
"""dtypes of torch as numpy's text; `bf2`: the upper half of a float32."""

_NUMBERS = re.compile(r"[<>|=]?([biufc])(\d+)")
_TIMES = re.compile(r"([<>])([mM])8\[(\d*)(\w+)\]")
_FIXED = re.compile(r"[<>|=]?([SU])(\d+)")
_ARROW_NUMBERS = {
    **{f"int{size * 8}": f"<i{size}" for size in (1, 2, 4, 8)},
    **{f"uint{size * 8}": f"<u{size}" for size in (1, 2, 4, 8)},
    "halffloat": "<f2",
    "float": "<f4",
    "double": "<f8",
}
_ARROW_TEXTS = {"string": 4, "large_string": 8}
_UNITS = ("s", "ms", "us", "ns")
_SPANS = re.compile(r"duration\[(\w+)\]")
_DAY = ("date32", "date32[day]")
_OURS = "penstock.artifacts."
OBJECTS: Column = {"coding": "objects"}


class BytePlaces:
    """Where the bytes lie that a skeleton stands for."""

    def __init__(self, skeleton: Any, parts: Sequence[Tuple[int, bytes, int]]) -> None:
        self._skeleton = skeleton
        self._parts = parts
        self._at = 0
        self.in_order = [number for number, part in enumerate(parts) if part[0] == IN_ORDER]

    def of(self, data: Any) -> Place:
        """Of a blob, or of bytes that stand in the skeleton. Wherever the same bytes stand will do."""
        name, args = call_of(data)
        if name == "rebuild.blob":
            return [args[0], 0, self._parts[args[0]][2]]
        if name == "pyarrow.lib.py_buffer":
            return self.of(args[0])
        if isinstance(data, Whole):
            return [data.number, 0, self._parts[data.number][2]]
        size = len(data)
        at = self._skeleton.find(data, self._at)
        if at < 0:
            at = self._skeleton.find(data)
        if at < 0:
            raise LookupError("bytes that the skeleton has not in one piece")
        self._at = at
        return [-1, at, size]


def call_of(value: Any) -> Tuple[str, Tuple[Any, ...]]:
    """Name, without `penstock.artifacts.`, and arguments of a call; "" for what is none that is known."""
    if not isinstance(value, InertCall):
        return "", ()
    return value.name[len(_OURS) :] if value.name.startswith(_OURS) else value.name, value.args


def itemsize(dtype: str) -> int:
    """Bytes of a number."""
    return int(re.sub(r"\[.*|\D", "", dtype) or 0)


def numbers(places: BytePlaces, data: Any, dtype: str) -> Optional[Column]:
    """Numbers, times, and texts of a fixed width, by the text of their dtype; None for others."""
    times = _TIMES.fullmatch(dtype)
    if times is not None:
        order, kind, many, unit = times.groups()
        if many not in ("", "1") or unit not in ("D", *_UNITS):
            return None
        span = {"span": True} if kind == "m" else {}
        return {"coding": "numbers", "dtype": f"{order}i8", "unit": unit, **span, "data": places.of(data)}
    if _FIXED.fullmatch(dtype):
        return {"coding": "fixed", "dtype": dtype, "data": places.of(data)}
    return {"coding": "numbers", "dtype": dtype, "data": places.of(data)} if _NUMBERS.fullmatch(dtype) else None


def texts(places: BytePlaces, ends: Any, data: Any, valid: Any, width: int = 8) -> Column:
    """Texts by where each ends, and their bytes in a row. `valid` None: none is missing."""
    found: Column = {"coding": "texts", "width": width, "ends": places.of(ends), "data": places.of(data)}
    return found if valid is None else {**found, "valid": places.of(valid)}


def objects(places: BytePlaces, ends: Any, data: Any, codes: Any) -> Column:
    """Texts that were objects: all of them (`codes` None), or each once and which of them stands where."""
    found = texts(places, ends, data, None)
    if codes is None:
        return found
    return {"coding": "codes", "codes": {"coding": "numbers", "dtype": "<u2", "data": places.of(codes)}, "of": found}


def column(places: BytePlaces, value: Any) -> Column:
    """A column of a table, by what its array is made from; one of which that tells nothing holds objects."""
    name, args = call_of(value)
    told = _COLUMNS.get(name)
    try:
        found = None if told is None else told(places, *args)
    except (LookupError, TypeError, ValueError):  # another version of its library says it in another way
        return dict(OBJECTS)
    state: Any = getattr(value, "state", None)
    if found is None and type(state) is dict:
        found = _of_masked(places, cast("Dict[str, Any]", state))
    return dict(OBJECTS) if found is None else found


def fields(places: BytePlaces, data: Any, dtype: Any, shape: Tuple[int, ...]) -> Optional[List[Column]]:
    """The fields of a structured array as columns; None where it is no row of records."""
    name, args = call_of(dtype)
    while name == "numpy.dtype" and args and type(args[0]) is tuple:  # of records: the class, and the dtype proper
        name, args = call_of(cast("Any", args[0])[1])
    if name != "rebuild.dtype" or len(shape) != 1:
        return None
    names, formats, offsets, _, size, _ = args
    whole = places.of(data)
    found: List[Column] = []
    for field, kind, offset in zip(names, formats, offsets):
        said = call_of(kind)[1][0] if call_of(kind)[0] == "numpy.dtype" else None
        part = numbers(places, b"", said) if isinstance(said, str) else None
        if part is not None:
            part = {**part, "data": [whole[0], whole[1] + offset, max(0, whole[2] - offset)], "step": size}
        found.append({"name": str(field), **(part or OBJECTS)})
    return found


def labels(places: BytePlaces, index: Any, count: int) -> List[str]:
    """The names of columns, as far as they stand in the skeleton; their numbers otherwise."""
    name, args = call_of(index)
    found: Optional[List[str]] = None
    if name == "rebuild.index":
        found = _texts_of(args[0])
    elif name == "rebuild.levels":
        found = _labels_of_levels(args[0], args[1])
    elif name.endswith("_new_Index") and type(args[1]) is dict and "step" in args[1]:
        kept = cast("Dict[str, int]", args[1])
        found = [str(number) for number in range(kept["start"], kept["stop"], kept["step"])]
    return found if found is not None and len(found) == count else [str(number) for number in range(count)]


def _labels_of_levels(levels: Sequence[Any], codes: Sequence[Any]) -> Optional[List[str]]:
    """Those of several levels, joined."""
    told: List[List[str]] = []
    for level, code in zip(levels, codes):
        names, places = _texts_of(call_of(level)[1][0]), _texts_of(code)
        if names is None or places is None:
            return None
        told.append([names[int(at)] if int(at) >= 0 else "" for at in places])
    return ["/".join(parts) for parts in zip(*told)]


def _texts_of(values: Any) -> Optional[List[str]]:
    """Few labels, read: texts, or whole numbers."""
    name, args = call_of(values)
    if name in ("rebuild.strings", "rebuild.pandas_strings"):
        ends, data = args[:2]
        if name == "rebuild.strings" and args[3:]:
            return None
        if isinstance(ends, bytearray) and isinstance(data, bytearray):
            at = struct.unpack(f"<{len(ends) // 8}q", ends)
            return [data[begin:end].decode() for begin, end in zip(at, at[1:])]
    if name == "rebuild.array" and isinstance(args[0], bytearray) and args[1] in _STRUCTS:
        kind = _STRUCTS[args[1]]
        return [str(one) for one in struct.unpack(f"<{len(args[0]) // struct.calcsize(kind)}{kind}", args[0])]
    return None


_STRUCTS = {"<i8": "q", "<i4": "i", "<i2": "h", "|i1": "b"}


def index_columns(places: BytePlaces, index: Any) -> List[Column]:
    """An index that says more than the number of each row, as columns that stand before the others."""
    name, args = call_of(index)
    if name == "rebuild.index":
        return [{"name": _label(args[1]), **column(places, args[0])}]
    if name == "rebuild.levels":
        levels, codes, names = args[:3]
        return [
            {"name": _label(name), **(_coded(places, code, call_of(level)[1][0]) or OBJECTS)}
            for level, code, name in zip(levels, codes, names)
        ]
    if name.endswith("_new_Index") and type(args[1]) is dict:
        kept = cast("Dict[str, Any]", args[1])
        if kept.get("start") == 0 and kept.get("step") == 1 and kept.get("name") is None:
            return []
        if all(type(kept.get(part)) is int for part in ("start", "step")):
            return [{"name": _label(kept.get("name")), "coding": "range", "start": kept["start"], "step": kept["step"]}]
    return [] if index is None else [{"name": "", **OBJECTS}]


def _label(name: Any) -> str:
    return str(name) if isinstance(name, (str, int, float)) else ""


def _array(places: BytePlaces, data: Any, dtype: Any, shape: Tuple[int, ...], order: str) -> Optional[Column]:
    return numbers(places, data, dtype) if isinstance(dtype, str) and len(shape) == 1 else None


def _strings(places: BytePlaces, ends: Any, data: Any, shape: Tuple[int, ...], codes: Any = None) -> Optional[Column]:
    return objects(places, ends, data, codes) if len(shape) == 1 else None


def _pandas_strings(places: BytePlaces, ends: Any, data: Any, valid: Any, *rest: Any) -> Column:
    return texts(places, ends, data, valid)


def _times(places: BytePlaces, values: Any, zone: Any) -> Optional[Column]:
    found = column(places, values)
    return {**found, "zone": True} if zone is not None and found["coding"] == "numbers" else found


def _categorical(places: BytePlaces, codes: Any, dtype: Any) -> Optional[Column]:
    known: Dict[str, Any] = getattr(dtype, "state", None) or {}
    categories = known.get("categories", known.get("_categories"))
    name, args = call_of(categories)
    return _coded(places, codes, args[0]) if name == "rebuild.index" else None


def _coded(places: BytePlaces, codes: Any, values: Any) -> Optional[Column]:
    of, kept = column(places, values), column(places, codes)
    return None if "objects" in (of["coding"], kept["coding"]) else {"coding": "codes", "codes": kept, "of": of}


def _of_masked(places: BytePlaces, state: Dict[str, Any]) -> Optional[Column]:
    """pandas' arrays whose missing values are told by a mask, a byte each."""
    if "_data" not in state or "_mask" not in state:
        return None
    found, mask = column(places, state["_data"]), column(places, state["_mask"])
    if found["coding"] != "numbers" or mask.get("dtype") != "|b1":
        return None
    return {**found, "missing": mask["data"]}


def _pandas_arrow(places: BytePlaces, kind: Any, state: Dict[str, Any]) -> Optional[Column]:
    return column(places, state.get("_pa_array", state.get("_data")))


def _chunked(places: BytePlaces, chunks: Sequence[Any], kind: Any = None) -> Optional[Column]:
    found = [_arrow_array(places, call_of(chunk)[1][0]) for chunk in chunks]
    if None in found or not found:
        return None
    told = cast("List[Column]", found)
    return told[0] if len(told) == 1 else {"coding": "chunks", "chunks": told}


def _restored(places: BytePlaces, data: Any) -> Optional[Column]:
    return _arrow_array(places, data)


def _arrow_array(places: BytePlaces, data: Tuple[Any, ...]) -> Optional[Column]:
    """An array of Arrow's: type, length, missing, offset, buffers, children, dictionary."""
    kind, rows, missing, offset, buffers, children, dictionary = data
    if offset or children:
        return None
    name, args = call_of(kind)
    valid = {"valid": places.of(buffers[0])} if missing and buffers[0] is not None else {}
    if name == "pyarrow.lib.dictionary":
        codes, of = (
            _numbers_of_arrow(places, args[0], rows, buffers[1]),
            _arrow_array(places, dictionary),
        )
        return None if codes is None or of is None else {"coding": "codes", "codes": {**codes, **valid}, "of": of}
    alias = args[0] if name == "pyarrow.lib.type_for_alias" else ""
    if alias in _ARROW_TEXTS and buffers[1] is not None:
        width = _ARROW_TEXTS[alias]
        letters = [-1, 0, 0] if buffers[2] is None else places.of(buffers[2])
        ends = [*places.of(buffers[1])[:2], (rows + 1) * width]
        return {"coding": "texts", "width": width, "ends": ends, "data": letters, **valid}
    found = _numbers_of_arrow(places, kind, rows, buffers[1])
    return None if found is None else {**found, **valid}


def _numbers_of_arrow(places: BytePlaces, kind: Any, rows: int, buffer: Any) -> Optional[Column]:
    name = call_of(kind)[0]
    args = [*call_of(kind)[1]]
    place = [-1, 0, 0] if buffer is None else places.of(buffer)
    if name == "pyarrow.lib.timestamp":
        zone = {"zone": True} if len(args) > 1 and args[1] else {}
        return {"coding": "numbers", "dtype": "<i8", "unit": args[0], **zone, "data": [*place[:2], rows * 8]}
    alias = str(args[0]) if name == "pyarrow.lib.type_for_alias" else ""
    spans = _SPANS.fullmatch(alias)
    if spans is not None:
        return {"coding": "numbers", "dtype": "<i8", "unit": spans[1], "span": True, "data": [*place[:2], rows * 8]}
    if alias == "bool":
        return {"coding": "bits", "rows": rows, "data": place}
    if alias in _DAY:
        return {"coding": "numbers", "dtype": "<i4", "unit": "D", "data": [*place[:2], rows * 4]}
    if alias not in _ARROW_NUMBERS:
        return None
    dtype = _ARROW_NUMBERS[alias]
    return {"coding": "numbers", "dtype": dtype, "data": [*place[:2], rows * int(dtype[-1])]}


_COLUMNS: Dict[str, Callable[..., Optional[Column]]] = {
    "rebuild.array": _array,
    "rebuild.strings": _strings,
    "rebuild.pandas_strings": _pandas_strings,
    "rebuild.pandas_arrow": _pandas_arrow,
    "rebuild.times": _times,
    "rebuild.categorical": _categorical,
    "pyarrow.lib.chunked_array": _chunked,
    "pyarrow.lib._restore_array": _restored,
}
