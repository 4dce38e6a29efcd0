"""The port of a far tier. Owns no bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from penstock.artifacts.store import BlobStore


class Tier(Protocol):
    """All that a project keeps at a far place, under `<url>/<project id>/`: blobs, and small named objects (mail).

    Promises: an object is there whole or not at all, whatever is killed when; what was put is there for every `get`
    and `list` that comes after, in any process on any machine. Names are parts joined by "/", each of letters, digits,
    "-", "_" and "."; a name is never also the folder of another. All methods block, and may be called from any thread.
    They raise StoreError where the place can't be reached, read or written.
    """

    @property
    def url(self) -> str:
        """As agents open it, without the project: "file:///scratch/me", also for ssh://host/scratch/me."""
        ...

    @property
    def blobs(self) -> BlobStore:
        """The blobs that lie there."""
        ...

    def put(self, name: str, data: bytes) -> None:
        """Write an object, in the place of one that is there."""
        ...

    def get(self, name: str) -> bytes | None:
        """What an object holds; None: there is none."""
        ...

    def list(self, prefix: str) -> list[str]:
        """The names of all objects under a prefix that ends in "/", at any depth, sorted."""
        ...

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects; those that are not there are fine."""
        ...

    def close(self) -> None:
        """Let go of what reaches the place. Idempotent; what is called afterwards may open it again."""
        ...
