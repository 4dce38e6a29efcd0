"""The record: how one value is stored in a row; docs/formats.md, Record. Owns the layout, not what a skeleton says."""

from __future__ import annotations

import struct
import zlib
from typing import Any, List, Optional, Sequence, Tuple

from penstock.artifacts import digests
from penstock.errors import DamagedError
from penstock.model.tuples import NamedTuple, made

VERSION = 1
BY_NUMBER, IN_ORDER = 0, 1  # kinds of parts
LIMIT = 16 << 10  # bytes; a record that would be larger keeps its skeleton in a blob
_SKELETON_IS_BLOB = 1
_HEAD = struct.Struct("<2sBBI")
_COUNT = struct.Struct("<I")
_START = struct.Struct("<2sBBII")  # both
_CHECKSUM = struct.Struct("<4xI")
_MARK_ALONE = b"PS%c\0" % VERSION
_PART = struct.Struct(f"<BQ{digests.SIZE}s")
_SKELETON = struct.Struct(f"<Q{digests.SIZE}s")
_NO_PARTS = _COUNT.pack(0)
_SUM_OF_NO_PARTS = zlib.crc32(_NO_PARTS)
_IN_RECORD = b"", 0


class Parsed(NamedTuple):
    """A record, taken apart."""

    parts: List[Tuple[int, bytes, int]]  # kind, digest, size
    skeleton: Any  # bytes of the pickle; b"" where `skeleton_blob` says where it is
    skeleton_blob: Tuple[bytes, int]  # digest, size; (b"", 0) where the skeleton stands in the record


def build(parts: Sequence[Tuple[int, bytes, int]], skeleton: bytes) -> bytes:
    """A record whose skeleton stands in it."""
    body = _NO_PARTS + skeleton if not parts else _listed(parts) + skeleton
    return _HEAD.pack(b"PS", VERSION, 0, zlib.crc32(body)) + body


def build_with_blob(parts: Sequence[Tuple[int, bytes, int]], digest: bytes, size: int) -> bytes:
    """A record whose skeleton is a blob."""
    body = _listed(parts) + _SKELETON.pack(size, digest)
    return _HEAD.pack(b"PS", VERSION, _SKELETON_IS_BLOB, zlib.crc32(body)) + body


def room(parts: Sequence[Any]) -> int:
    """How many bytes of skeleton a record with these parts can hold."""
    return LIMIT - _HEAD.size - _COUNT.size - len(parts) * _PART.size


def needs_none(record: bytes) -> bool:
    """Whether a record needs no blob, as nearly all do, by its beginning: where it is damaged, whoever parses it says
    so."""
    return record[:4] == _MARK_ALONE and record[8:12] == _NO_PARTS


def skeleton_alone(record: bytes) -> Optional[bytes]:
    """The skeleton of a record that needs no blob; None: it is another one, or damaged."""
    if not needs_none(record):
        return None
    skeleton = record[_START.size :]
    return skeleton if zlib.crc32(skeleton, _SUM_OF_NO_PARTS) == _CHECKSUM.unpack_from(record)[0] else None


def parse(record: bytes) -> Parsed:
    """Take a record apart; raises DamagedError where it is truncated or changed, or of a newer version."""
    if len(record) < _START.size:
        raise DamagedError("a record is truncated")
    magic, version, flags, checksum, count = _START.unpack_from(record)
    if magic != b"PS":
        raise DamagedError("a record does not begin with PS")
    if version != VERSION or flags & ~_SKELETON_IS_BLOB:
        raise DamagedError(f"a record of version {version} was written by a newer Penstock; upgrade this one")
    body = record[_HEAD.size :]
    if zlib.crc32(body) != checksum:
        raise DamagedError("a record is truncated or changed: its checksum does not agree")
    parts: List[Tuple[int, bytes, int]] = []
    at = _COUNT.size
    for _ in range(count):
        kind, size, digest = _PART.unpack_from(body, at)
        parts.append((kind, digest, size))
        at += _PART.size
    if flags & _SKELETON_IS_BLOB:
        size, digest = _SKELETON.unpack_from(body, at)
        return Parsed(parts, b"", (digest, size))
    return made(Parsed, (parts, body[at:], _IN_RECORD))


def _listed(parts: Sequence[Tuple[int, bytes, int]]) -> bytes:
    return _COUNT.pack(len(parts)) + b"".join(_PART.pack(kind, size, digest) for kind, digest, size in parts)
