"""Object arrays of few texts that come again and again: a dictionary of the texts, and the code of each element.

Whether an array is stored so is a rule about its texts alone. But where its `str` objects come again, as what reads
files, `take` and `merge` share them, objects are told apart first, by where they lie: a tenth of what a look at each
costs. Uses pyarrow where it is there; dictionary, codes and digests are the same without it.
"""

from __future__ import annotations

import ctypes
import itertools
from typing import Any, Dict, Iterator, Optional, Tuple

import numpy as np

from penstock.artifacts import digests, packed_strings
from penstock.model.tuples import NamedTuple

_SHORTEST = 1 << 16  # elements; below it there is little to gain
_FIRST = 1 << 15  # elements; most arrays of many texts are told by them
_MOST = 1 << 16  # texts, so that a code is two bytes
_CHUNK = 1 << 20  # elements looked at, or written out, at a time


class TextDictionary(NamedTuple):
    """A flat object array of `str`: element `i` is text `codes[i]`."""

    offsets: Any  # of the texts, as `packed_strings` has them
    data: Any
    codes: Any  # u2

    def digests(self) -> Tuple[bytes, bytes]:
        """Of the offsets and the data that `packed_strings.pack` would give for the array; never made as a whole."""
        ends, data, end = digests.Hasher(), digests.Hasher(), 0
        ends.update(bytes(8))
        take = packed_strings.taker(self.offsets, self.data)
        for start in range(0, len(self.codes), _CHUNK):
            offsets, piece = take(self.codes[start : start + _CHUNK])
            ends.update((offsets[1:] + end).view("u1"))
            data.update(piece)
            end += int(offsets[-1])
        return ends.digest(), data.digest()


def find(array: Any) -> Optional[TextDictionary]:
    """The dictionary of a flat, contiguous object array, in the order in which its texts first come; None where it is
    short, where it has many texts, or where an element is no `str` or has no valid UTF-8."""
    if len(array) < _SHORTEST:
        return None
    shared = True
    numbers: Dict[str, int] = {}
    codes = np.empty(len(array), "<u2")
    for span in spans(len(array)):
        part, local = array[span], ...
        if shared:
            where, which = distinct(part)
            shared = 2 * len(where) <= len(part)
            if shared:
                part, local = part[where], which
        if not {str}.issuperset(map(type, part)):
            return None
        try:
            found = _numbers_of(part, numbers)
        except KeyError:  # texts that did not come before; most pieces but the first have none
            new = [text for text in dict.fromkeys(part) if text not in numbers]
            if len(numbers) + len(new) > min(_MOST, span.stop // 2):
                return None
            numbers.update(zip(new, itertools.count(len(numbers))))
            found = _numbers_of(part, numbers)
        codes[span] = found[local]
    packed = packed_strings.pack(np.array(list(numbers), dtype=object))
    return None if packed is None else TextDictionary(*packed, codes)


def spread(texts: Any, codes: Any) -> Any:
    """The array again."""
    array = np.empty(len(codes), dtype=object)
    for start in range(0, len(codes), _CHUNK):  # numpy makes 8 bytes of each code that it takes by
        array[start : start + _CHUNK] = texts[codes[start : start + _CHUNK]]
    return array


def spans(size: int) -> Iterator[slice]:
    """The pieces in which a long array is looked at."""
    starts = [0, *range(_FIRST, size, _CHUNK)]
    return map(slice, starts, [*starts[1:], size])


def _numbers_of(texts: Any, numbers: Dict[str, int]) -> Any:
    return np.fromiter(map(numbers.__getitem__, texts), "<u2", len(texts))


def distinct(part: Any) -> Tuple[Any, Any]:
    """Of a flat, contiguous object array a place of each object that is in it, in the order in which they first come;
    and which of these objects stands at each place."""
    start: int = part.__array_interface__["data"][0]
    pointers = np.frombuffer((ctypes.c_char * part.nbytes).from_address(start), np.intp)
    encoded = packed_strings.encoded_numbers(pointers)
    if encoded is None:
        _, first, which = np.unique(pointers, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return first[order], rank[which]
    size, which = encoded
    where = np.empty(size, np.intp)
    where[which] = np.arange(len(which))
    return where, which
