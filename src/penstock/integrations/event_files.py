"""TensorBoard's event files: records of a length, checksums and a protocol buffer, as TensorFlow's `record_writer.h`,
`event.proto` and `summary.proto` say. Scalars and hyperparameters are read; all else is counted.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from typing import Any, BinaryIO, Dict, Iterator, List, Tuple, Union

from penstock.model.tuples import NamedTuple

_HEAD = struct.Struct("<QI")  # length, its checksum
_SUM = struct.Struct("<I")  # of the data
_CASTAGNOLI = 0x82F63B78
_CHECKED = 4096
"""Longer records hold pictures and the like, which are not taken, and so not checked."""
_NUMBERS = {1: "f", 2: "d", 3: "i", 9: "q"}  # of TensorFlow's `DataType`
_OTHERS = {4: "images", 5: "histograms", 6: "audio", 8: "tensors"}  # by the fields of a summary's value


class EventPoint(NamedTuple):
    """A scalar that was written."""

    tag: str
    step: int
    at: float  # UTC, seconds since the epoch
    value: float


class EventReader:
    """One file, which may still be written: each `read` goes on where the one before has ended."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.params: Dict[str, Union[float, str, bool]] = {}  # TensorBoard's hyperparameters
        self.skipped: Counter[str] = Counter()  # "images", "histograms", ...: how many
        self.fault = ""  # why what lies behind can't be read; "": all that is whole was
        self._offset = 0
        self._plugins: Dict[str, str] = {}  # of a tag: told where it is written first

    def read(self) -> Iterator[EventPoint]:
        """The points that came since. A record that is cut off, or is being written, is left for the next time. Raises
        OSError."""
        for data in self._records():
            try:
                yield from self._points(data)
            except (ValueError, IndexError, TypeError, struct.error):  # a field of another type among them
                self.skipped["unreadable"] += 1

    def skip(self) -> None:
        """Take what is there for read."""
        for _ in self._records(check=False):
            pass

    def _records(self, check: bool = True) -> Iterator[bytes]:
        with open(self.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(self._offset)
            while not self.fault and self._offset + _HEAD.size <= size:
                data = self._record(file, size, check)
                if data is None:
                    return
                self._offset += _HEAD.size + len(data) + _SUM.size
                yield data

    def _record(self, file: BinaryIO, size: int, check: bool) -> Any:
        head = file.read(_HEAD.size)
        length, masked = _HEAD.unpack(head)
        if self._offset + _HEAD.size + length + _SUM.size > size:
            if masked != masked_sum(head[:8]):
                self.fault = f"it is damaged at byte {self._offset:,}"
            return None
        data, end = file.read(length), file.read(_SUM.size)
        if check and length <= _CHECKED and _SUM.unpack(end)[0] != masked_sum(data):
            self.fault = f"it is damaged at byte {self._offset:,}"
            return None
        return data

    def _points(self, event: bytes) -> Iterator[EventPoint]:
        at, step, summaries = 0.0, 0, list[bytes]()
        for field, value in _fields(event):
            if field == 1:
                (at,) = struct.unpack("<d", value)
            elif field == 2:
                step = value - (1 << 64) if value >> 63 else value
            elif field == 5:
                summaries.append(value)
        for summary in summaries:
            for field, value in _fields(summary):
                if field == 1:
                    yield from self._point(dict(_fields(value)), step, at)

    def _point(self, value: Dict[int, Any], step: int, at: float) -> Iterator[EventPoint]:
        tag = _text(value.get(1, b""))
        content = b""
        if 9 in value:
            plugin = dict(_fields(dict(_fields(value[9])).get(1, b"")))
            self._plugins.setdefault(tag, _text(plugin.get(1, b"")))
            content = plugin.get(2, b"")
        plugin_name = self._plugins.get(tag, "")
        if plugin_name == "hparams":
            self.params.update(_params(content))
        elif 2 in value:
            yield EventPoint(tag, step, at, struct.unpack("<f", value[2])[0])
        elif 8 in value and plugin_name in ("", "scalars"):
            number = _number(value[8])
            if number is None:
                self.skipped["tensors"] += 1
            else:
                yield EventPoint(tag, step, at, number)
        else:
            kind = next((name for field, name in _OTHERS.items() if field in value), "others")
            self.skipped[plugin_name if kind == "tensors" else kind] += 1


def is_event_file(name: str) -> bool:
    """Whether TensorBoard would read a file of this name."""
    return "tfevents" in name


def event_files(folder: str) -> List[str]:
    """Those in a folder and below, in the order in which they were begun. Raises OSError for the folder itself."""
    os.listdir(folder)
    found = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names if is_event_file(name)]
    return sorted(found)  # the names begin with the time


def _params(content: bytes) -> Iterator[Tuple[str, Union[float, str, bool]]]:
    """Of a session's start, as the `hparams` plugin's `plugin_data.proto` has it."""
    start = dict(_fields(content)).get(3, b"")
    for field, entry in _fields(start):
        if field != 1:
            continue
        parts = dict(_fields(entry))
        name = _text(parts.get(1, b""))
        for kind, value in _fields(parts.get(2, b"")):
            if kind == 2:
                yield name, struct.unpack("<d", value)[0]
            elif kind == 3:
                yield name, _text(value)
            elif kind == 4:
                yield name, bool(value)


def _number(tensor: bytes) -> Any:
    """Of a tensor that holds one; None: it does not."""
    parts = dict(_fields(tensor))
    kind = _NUMBERS.get(parts.get(1, 0))
    if kind is None:
        return None
    if 4 in parts:
        data = parts[4]
    elif kind in "fd":
        data = parts.get({"f": 5, "d": 6}[kind], b"")
    else:
        number = parts.get({"i": 7, "q": 10}[kind])
        if isinstance(number, bytes):
            number, end = _varint(number, 0)
            return None if end != len(parts[{"i": 7, "q": 10}[kind]]) else _signed(number)
        return None if number is None else _signed(number)
    return struct.unpack(f"<{kind}", data)[0] if len(data) == struct.calcsize(kind) else None


def _text(data: Any) -> str:
    if not isinstance(data, bytes):
        raise ValueError("a text is no bytes")
    return data.decode("utf-8", "replace")


def _signed(number: int) -> float:
    return float(number - (1 << 64) if number >> 63 else number)


def _fields(data: bytes) -> Iterator[Tuple[int, Any]]:
    """Numbers and values of a message's fields: whole numbers, else bytes. Raises ValueError, IndexError."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"there is no wire type {kind}")
        if at + size > end:
            raise ValueError("the message is cut off")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> Tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")


def _table() -> Tuple[int, ...]:
    found: List[int] = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (_CASTAGNOLI if number & 1 else 0)
        found.append(number)
    return tuple(found)


_TABLE = _table()


def masked_sum(data: bytes) -> int:
    """CRC-32C, turned and shifted as the format wants it."""
    total, table = 0xFFFFFFFF, _TABLE
    for byte in data:
        total = total >> 8 ^ table[(total ^ byte) & 0xFF]
    total ^= 0xFFFFFFFF
    return ((total >> 15 | total << 17) + 0xA282EAD8) & 0xFFFFFFFF
