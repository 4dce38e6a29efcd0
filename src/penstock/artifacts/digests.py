"""The digest: one algorithm byte and 32 bytes. Owns the choice of algorithm; docs/formats.md, Digest."""

from __future__ import annotations

import functools
from typing import Any, Callable, Iterable, Tuple

SIZE = 33
_PREFIXES = {1: "b3", 2: "s2"}
_CODES = {"b3": 1, "s2": 2}


@functools.cache
def _algorithm() -> Tuple[bytes, Callable[..., Any]]:
    try:
        from blake3 import blake3

        return b"\x01", blake3
    except ImportError:
        import hashlib

        return b"\x02", hashlib.sha256


def digest(data: Any) -> bytes:
    """33 bytes of a bytes-like object that is contiguous. Large inputs release the GIL."""
    code, make = _algorithm()
    return code + make(data).digest()


class Hasher:
    """The same digest, of data that comes in pieces."""

    __slots__ = ("_code", "_state", "update")

    def __init__(self) -> None:
        self._code, make = _algorithm()
        self._state = make()
        self.update: Callable[[Any], Any] = self._state.update

    def digest(self) -> bytes:
        """33 bytes of all that `update` was given."""
        return self._code + self._state.digest()


def digest_chunks(chunks: Iterable[Any]) -> Tuple[bytes, int]:
    """The digest of bytes-like objects as one, and their size in bytes."""
    hasher, size = Hasher(), 0
    for chunk in chunks:
        hasher.update(chunk)
        size += memoryview(chunk).nbytes
    return hasher.digest(), size


def recompute(data: Any, like: bytes) -> bytes:
    """The digest of `data` by the algorithm that `like` names; raises ValueError where it is not there."""
    if like[:1] == _algorithm()[0]:
        return digest(data)
    if like[:1] == b"\x02":
        import hashlib

        return b"\x02" + hashlib.sha256(data).digest()
    raise ValueError(f"digest algorithm {_PREFIXES.get(like[0], like[0])} needs `pip install blake3`")


def agrees(data: Any, digest: bytes) -> bool:
    """Whether these bytes have this digest; True also where its algorithm is not there, so that nobody can tell."""
    try:
        return recompute(data, digest) == digest
    except ValueError:
        return digest[0] in _PREFIXES


def text(value: bytes) -> str:
    """A digest as text and in file names: `b3-` and 64 hexadecimal digits."""
    return f"{_PREFIXES[value[0]]}-{value[1:].hex()}"


def parse(written: str) -> bytes:
    """A digest from its text; raises ValueError."""
    prefix, _, digits = written.partition("-")
    if prefix not in _CODES or len(digits) != 64 or digits != digits.lower():
        raise ValueError(f"{written!r} is not a digest")
    return bytes((_CODES[prefix],)) + bytes.fromhex(digits)
