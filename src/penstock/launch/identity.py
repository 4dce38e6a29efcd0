"""How results count where tasks are compared."""

from __future__ import annotations

from penstock.artifacts.canonical import identify
from penstock.artifacts.digests import digest
from penstock.model.outcomes import Stored


def combine(parts: tuple[bytes, ...]) -> bytes:
    """One digest of several."""
    return identify(parts).digest


def fingerprint(stored: Stored) -> bytes:
    """The digest of a result; of its record, where its content has no stable form."""
    return stored.digest or digest(stored.record)
