"""Stored arrays as pictures, by their layouts and blobs alone: nothing is unpickled. Needs numpy.

Reads no more than is drawn: of an array of any size every n-th row and column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from penstock.errors import DamagedError, NotFoundError, UsageError
from penstock.reading.column_statistics import numpy_here
from penstock.reading.stored_tables import StoredTable, strides_of

Channels = Literal["", "last", "first", "none"]
"""Which of the last three axes is that of colours; "": the last one, where it has 1 to 4 of them."""

Scale = Literal["", "uint8", "float"]
"""What is black and what is white: 0 and 255, 0 and 1; "": as `display` has it, which looks at the numbers."""

_MOST_COLOURS = 4


def picture(
    table: StoredTable, at: Sequence[int] = (), width: int = 1024, height: int = 1024, scale: Scale = "",
    channels: Channels = "",
) -> bytes:  # fmt: skip
    """An array as PNG, at most so wide and high. `at`: places along the axes before those of the picture; those that
    it does not name: 0.

    Raises UsageError for what is no array of numbers of two dimensions or more, NotFoundError for a place that is not
    there, DamagedError.
    """
    np = numpy_here("pictures of arrays")
    array, missing = _array(np, table)
    if array.ndim < 2 or not array.size:
        raise UsageError(f"an array of the shape {tuple(array.shape)} is no picture: it has two dimensions or more")
    axes = _axes(array.shape, at, channels)
    places = (*at, *(0,) * (array.ndim - axes - len(at)))
    for axis, place in enumerate(places):
        if not 0 <= place < array.shape[axis]:
            raise NotFoundError(f"axis {axis} has {array.shape[axis]} places, from 0 on: there is no {place}")
    drawn = _fitting(np, array[places], width, height, channels)
    gone = None if missing is None else _fitting(np, missing[places], width, height, channels)
    return _png(np, drawn, gone, scale, is_bf16=table.layout["data"]["dtype"] == "bf2")


def _axes(shape: Sequence[int], at: Sequence[int], channels: Channels) -> int:
    """How many of the last axes the picture has."""
    if len(shape) - len(at) < 2:
        raise UsageError(f"{len(at)} places leave less than two of {len(shape)} axes: name {len(shape) - 2} at most")
    if channels in ("last", "first"):
        colours = shape[-1] if channels == "last" else shape[max(-3, -len(shape))]
        if len(shape) - len(at) < 3 or not 1 <= colours <= _MOST_COLOURS:
            raise UsageError(f"of the shape {tuple(shape)} no axis has 1 to {_MOST_COLOURS} colours {channels}")
        return 3
    has_colours = not channels and len(shape) - len(at) > 2 and 1 <= shape[-1] <= _MOST_COLOURS
    return 3 if has_colours else 2


def _fitting(np: Any, array: Any, width: int, height: int, channels: Channels) -> Any:
    """Every n-th row and column of a picture, colours last."""
    if channels == "first":
        array = np.moveaxis(array, 0, -1)
    step = max(1, -(-array.shape[0] // height), -(-array.shape[1] // width))
    return array[::step, ::step]


def _array(np: Any, table: StoredTable) -> tuple[Any, Any]:
    """A view of the array where it lies, and one of what of it is missing (None: nothing)."""
    data = table.layout.get("data", {})
    if table.shape is None or data.get("coding") != "numbers" or "unit" in data:
        raise UsageError("it is no array of numbers: see it as a table, or read the value itself")
    dtype = "<u2" if data["dtype"] == "bf2" else data["dtype"]
    strides, begin = strides_of(table.layout), table.layout.get("begin", 0)
    try:
        array = np.ndarray(table.shape, dtype, table.bytes_of(data["data"]), begin, strides)
        if "missing" not in data:
            return array, None
        beside = [stride // array.itemsize for stride in strides]
        return array, np.ndarray(table.shape, bool, table.bytes_of(data["missing"]), 0, beside)
    except (TypeError, ValueError) as error:  # lengths that its bytes don't have
        raise DamagedError("the bytes of an array are not what its layout says") from error


def _png(np: Any, drawn: Any, gone: Any, scale: Scale, is_bf16: bool) -> bytes:
    from penstock.artifacts import array_pictures

    if is_bf16:
        drawn = (drawn.astype("<u4") << 16).view("<f4")
    if gone is not None:
        drawn = np.where(gone, np.nan, drawn)
    try:
        with np.errstate(all="ignore"):  # of numbers whose difference is no number any more
            if scale and drawn.dtype.kind in "buif":
                most = 255.0 if scale == "uint8" else 1.0
                drawn = np.nan_to_num(np.clip(drawn, 0, most) * (255.0 / most) + 0.5).astype(np.uint8)
            return array_pictures.shown(drawn).value
    except TypeError as error:  # complex numbers
        raise UsageError(str(error)) from None
