"""Arrays of pixels as PNG. Without a library for pictures: numpy makes the bytes, zlib packs them."""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any, Tuple

import numpy as np

from penstock.artifacts.media import MOST_PIXELS, PNG, Shown

_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}
"""By the number of channels: PNG's number for grey, grey and alpha, RGB, RGB and alpha."""


def shown(array: Any) -> Shown:
    """An image of numbers: (height, width), or (height, width, channels) with 1 to 4 of these. uint8 as it is, floats
    from 0 to 1, and all else from its smallest to its largest. Raises TypeError for another array."""
    is_image = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in _COLOURS)
    if not is_image or array.dtype.kind not in "buif" or not array.size:
        raise TypeError(
            f"an array of shape {array.shape} and dtype {array.dtype} can't be displayed: an image has the shape "
            "(height, width), or (height, width, 1 to 4), and numbers. As a table: display a DataFrame of it"
        )
    height, width = array.shape[:2]
    stride = max(1, math.ceil(math.sqrt(height * width / MOST_PIXELS)))
    if stride > 1:
        array = array[::stride, ::stride]
    pixels, scaled = _pixels(np.asarray(array))
    notes = (f"each {stride}th of {height} x {width} pixels" if stride > 1 else "", scaled)
    return Shown(PNG, png(pixels), "; ".join(filter(None, notes)))


def _pixels(array: Any) -> Tuple[Any, str]:
    """As bytes from 0 to 255, and what that took."""
    if array.dtype == np.uint8:
        return array, ""
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255, ""
    finite = np.isfinite(array)
    values = np.where(finite, array, 0).astype(np.float64)
    some = values[finite]
    least, most = (float(some.min()), float(some.max())) if some.size else (0.0, 0.0)
    if array.dtype.kind == "f" and least >= 0.0 and most <= 1.0:
        return (values * 255.0 + 0.5).astype(np.uint8), ""
    if array.dtype.kind in "iu" and least >= 0 and most <= 255:
        return values.astype(np.uint8), ""
    span = (most - least) or 1.0
    grey = np.clip((values - least) / span, 0.0, 1.0) * 255.0 + 0.5
    return grey.astype(np.uint8), f"from {least:g} (black) to {most:g} (white)"


def png(pixels: Any) -> bytes:
    """A PNG of uint8, (height, width) or (height, width, channels)."""
    height, width = pixels.shape[:2]
    colour = _COLOURS[pixels.shape[2] if pixels.ndim == 3 else 1]
    rows = np.ascontiguousarray(pixels).reshape(height, -1)
    unfiltered = np.zeros((height, 1 + rows.shape[1]), np.uint8)  # a row begins with how it is filtered: not
    unfiltered[:, 1:] = rows
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(unfiltered.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
