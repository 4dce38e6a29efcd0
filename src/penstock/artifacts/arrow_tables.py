"""pyarrow columns and arrays: Arrow's own buffers, each by itself. Slices are cut out, never stored whole.

Arrays and columns are leaves. A form leaves out how a column is cut into chunks, where a slice begins in its buffers,
and what those have room for: all are about memory.
"""

from __future__ import annotations

import io
from typing import Any, Callable, Optional

import pyarrow as _pyarrow

from penstock.artifacts import digests
from penstock.artifacts.collected import Collected, Reducer
from penstock.artifacts.looks import COLUMNS, Facts, Look, table
from penstock.artifacts.masking import cut
from penstock.artifacts.media import Shown, table_of
from penstock.artifacts.walk import BIG, ValueWalk

pa: Any = _pyarrow  # its stubs know next to nothing


def form_of(kind: type) -> Optional[Callable[[ValueWalk, Any], None]]:
    """The rule for columns and arrays; tables, types, fields and schemas are what their records are written from."""
    if kind is pa.ChunkedArray:
        return chunked_form
    return _single_form if issubclass(kind, pa.Array) else None


def reducer_of(kind: type) -> Optional[Reducer]:
    """The reducer for arrays: pyarrow's own, which gives its buffers out of band, after a slice was cut out."""
    if kind is pa.MapType:
        return _reduce_map
    return _reduce_array if issubclass(kind, pa.Array) else None


def compact(array: Any) -> Any:
    """The array itself, or a copy where it is a slice of a larger one."""
    if array.offset == 0 and array.get_total_buffer_size() <= array.nbytes + 4096:
        return array
    try:
        return pa.concat_arrays([array, array.slice(0, 0)])
    except pa.ArrowNotImplementedError:  # views and unions: stored with all that they point into
        return array


def _reduce_array(sink: Collected, value: Any) -> Any:
    small = compact(value)
    return NotImplemented if small is value else small.__reduce__()


def _reduce_map(sink: Collected, value: Any) -> Any:
    """With whether its keys are sorted, which pyarrow's own leaves out."""
    return pa.map_, (value.key_field, value.item_field, value.keys_sorted)


def chunked_form(walk: ValueWalk, value: Any) -> None:
    """A column; how it is chunked does not count."""
    if value.num_chunks == 1:
        _array_form(walk, value.chunk(0))
        return
    whole = value.combine_chunks()
    walk.keep(whole)
    if isinstance(whole, pa.ChunkedArray):  # longer than one array can be
        walk.write([whole.chunk(number) for number in range(whole.num_chunks)])
    else:
        _array_form(walk, whole)


def _single_form(walk: ValueWalk, value: Any) -> None:
    """An array by itself, which is no column: it has neither chunks nor their methods."""
    walk.leaf("pyarrow.Array", 1)
    _array_form(walk, value)


def _array_form(walk: ValueWalk, value: Any) -> None:
    array = compact(value)
    walk.keep(array)
    walk.leaf("pyarrow.Array", 3)
    walk.part(array.type, ".type")
    walk.write(len(array))
    if array.offset or pa.types.is_nested(array.type) or not _has_simple_layout(array.type):
        walk.out += _by_ipc(array)
    else:
        _buffers(walk, array)


def _has_simple_layout(kind: Any) -> bool:
    types = pa.types
    return types.is_primitive(kind) or any(
        test(kind) for test in (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    )


def _buffers(walk: ValueWalk, array: Any) -> None:
    buffers = array.buffers()
    if not array.null_count:
        buffers[0] = None
    sizes = [(len(array) + 7) // 8, *_sizes(array, buffers[1])]
    for buffer, size in zip(buffers, sizes):
        if buffer is None or not size:
            walk.out += b"N"
            continue
        key = ("at", buffer.address, size, None, 0)
        found = walk.known.get(key)
        digest = found[0] if found is not None else digests.digest(memoryview(buffer)[:size])
        if size >= BIG:
            walk.known[key] = (digest, buffer)
        walk.out += digest


def _sizes(array: Any, offsets: Any) -> Any:
    kind = array.type
    if pa.types.is_primitive(kind):
        return [(len(array) * kind.bit_width + 7) // 8]
    width = 8 if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind) else 4
    if offsets is None or not len(array):
        return [0, 0]
    end = (len(array) + 1) * width
    return [end, int.from_bytes(memoryview(offsets)[end - width : end], "little")]


def _by_ipc(array: Any) -> bytes:
    """What an IPC stream says of it: offsets from 0, no unused bytes."""
    file = _Hashing()
    batch = pa.RecordBatch.from_arrays([array], names=["0"])
    with pa.ipc.new_stream(pa.PythonFile(file, mode="w"), batch.schema) as stream:
        stream.write_batch(batch)
    return file.digest()


def shown_of(kind: type) -> Optional[Callable[[Any], Shown]]:
    """What displays a table."""
    arrow: Any = _pyarrow
    return table_of if issubclass(kind, (arrow.Table, arrow.RecordBatch)) else None


def look(value: Any, look: Look) -> Facts:
    """What is shown of a value; None: nothing that is this library's."""
    if not hasattr(value, "schema") or not hasattr(value, "num_rows"):
        kind = getattr(value, "type", None)
        if kind is None:
            return None
        text = f"{type(value).__name__} of {len(value)} {cut(str(kind), 100)}"
        return {"text": text, "length": len(value)}
    fields = [value.schema.field(at) for at in range(min(value.num_columns, COLUMNS))]
    return table([(field.name, field.type) for field in fields], value.num_rows, value.num_columns, look)


class _Hashing(io.RawIOBase):
    """A file that keeps a digest alone."""

    def __init__(self) -> None:
        self._hasher = digests.Hasher()
        self._size = 0
        self.digest = self._hasher.digest

    def write(self, data: Any, /) -> int:
        self._hasher.update(data)
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def writable(self) -> bool:
        return True
