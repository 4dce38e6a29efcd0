"""The port of a far tier. Owns no bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from penstock.artifacts.store import BlobStore

if TYPE_CHECKING:
    from penstock.tiers.parts import Parts


Told = Callable[[int], None]
"""Is called with how many bytes of a blob have come so far; what it raises ends the transfer, which may be resumed."""


class FarBlobs(BlobStore, Protocol):
    """A store of blobs that others are sent to and brought from. A transfer that was cut off goes on where it was, in
    whichever process asks next; what arrives is verified before it is a blob."""

    def take(self, digest: bytes, size: int, file: str, told: Told) -> None:
        """Store the blob whose bytes a file holds. Raises DamagedError where it holds others."""
        ...

    def fetch(self, digest: bytes, size: int, parts: Parts, told: Told, *, anew: bool = False) -> None:
        """Give `parts` the blob; `anew`: also where these have one that seems to be it. Raises DamagedError where it is
        gone, or not whole."""
        ...


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
    def project(self) -> str:
        """The project's id there."""
        ...

    @property
    def blobs(self) -> FarBlobs:
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
