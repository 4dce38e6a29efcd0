"""The bytes of a record that stands for plain bytes, where they lie: nothing is unpickled, and nothing is copied."""

from __future__ import annotations

from penstock.artifacts import records
from penstock.artifacts.store import BlobStore
from penstock.errors import DamagedError

_LENGTHS = {b"C": 1, b"B": 4, b"\x8e": 8}
"""How many bytes say the length, by the opcode of bytes."""


def plain_bytes(record: bytes, store: BlobStore) -> memoryview:
    """What `codec.encode` was given. Raises DamagedError for what is no record of bytes, or lacks its blob."""
    parts, skeleton, (digest, size) = records.parse(record)
    data = memoryview(store.get(digest, size) if digest else skeleton)
    at = 11 if data[2] == 0x95 else 2  # behind the protocol's number, and a frame
    opcode = bytes(data[at : at + 1])
    if parts or bytes(data[:2]) != b"\x80\x05" or opcode not in _LENGTHS:
        raise DamagedError("what was displayed is no plain bytes, as its record should have it")
    begin = at + 1 + _LENGTHS[opcode]
    length = int.from_bytes(data[at + 1 : begin], "little")
    if begin + length > len(data):
        raise DamagedError("what was displayed is cut off")
    return data[begin : begin + length]
