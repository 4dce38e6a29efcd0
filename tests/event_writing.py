"""Event files of TensorBoard's, as bytes: what tensorboardX writes, but any step, time and kind."""

from __future__ import annotations

import struct

from penstock.integrations.event_files import masked_sum


def frame(data: bytes) -> bytes:
    """A record of the file."""
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", masked_sum(head)) + data + struct.pack("<I", masked_sum(data))


def event(step: int, at: float, *values: bytes) -> bytes:
    """A record with values of a summary."""
    summary = b"".join(sized(1, value) for value in values)
    return frame(b"\x09" + struct.pack("<d", at) + b"\x10" + varint(step) + sized(5, summary))


def scalar(tag: str, value: float) -> bytes:
    """As TensorFlow 1 and torch write it."""
    return sized(1, tag.encode()) + b"\x15" + struct.pack("<f", value)


def tensor(tag: str, data: bytes, kind: int, plugin: str = "scalars") -> bytes:
    """As TensorFlow 2 writes it. `data`: the fields of a `TensorProto` behind its type."""
    metadata = sized(9, sized(1, sized(1, plugin.encode())))
    return sized(1, tag.encode()) + metadata + sized(8, b"\x08" + varint(kind) + data)


def sized(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
