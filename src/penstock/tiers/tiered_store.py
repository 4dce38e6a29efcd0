"""The two tiers of a project as one store: its own folder, and far places.

What is put stays near until something far needs it. What was made there comes down when it is touched, once, however
many processes ask. Knows nothing of who made what.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from penstock.artifacts import digests
from penstock.artifacts.folder import FolderStore
from penstock.artifacts.store import BlobInfo, SweptBlobs
from penstock.errors import DamagedError, StoreError
from penstock.tiers.parts import Parts
from penstock.tiers.port import FarBlobs, Tier
from penstock.tiers.transfer_words import Tell, Transfer, silent


class TieredStore:
    """Implements `BlobStore`. `far`: gives the far tiers, each time they are asked for, which may be none; those that
    can't be reached delay no one who finds all that he needs here. `mirror`: is called with what was put; returns at
    once."""

    def __init__(
        self,
        near: FolderStore,
        far: Callable[[], Sequence[Tier]],
        tell: Tell = silent,
        mirror: Callable[[bytes, int], None] | None = None,
    ) -> None:
        self.near = near
        self.tell = tell
        self.mirror = mirror
        self._far = far
        self._parts = Parts(near)

    def put(self, data: Any) -> tuple[bytes, int]:
        return self._mirrored(self.near.put(data))

    def put_chunks(self, chunks: Iterable[Any]) -> tuple[bytes, int]:
        return self._mirrored(self.near.put_chunks(chunks))

    def get(self, digest: bytes, size: int, verify: bool = False) -> memoryview:
        """What is not here, or (`verify`) damaged here, is brought first."""
        try:
            return self.near.get(digest, size, verify)
        except DamagedError:
            if not self.bring(digest, size, anew=self.near.renew(digest, size)):
                raise
        return self.near.get(digest, size, verify)

    def bring(self, digest: bytes, size: int, *, anew: bool = False) -> bool:
        """Have the blob here; False: it is nowhere. `anew`: also where there seems to be one. Raises StoreError where
        a far tier can't be reached that may have it."""
        if not anew and self.near.renew(digest, size):
            return True
        failure: StoreError | None = None
        for tier in self._far():
            try:
                with Transfer("bringing", size, f"down from {tier.url}", self.tell) as told:
                    tier.blobs.fetch(digest, size, self._parts, told, anew=anew)
                return True
            except DamagedError:
                continue
            except StoreError as error:
                failure = error
        if failure is not None:
            raise failure
        return False

    def send(self, digest: bytes, size: int, tier: Tier) -> None:
        """Have the blob in a far tier, where no sweep takes it that began before. Raises DamagedError where it is not
        here either."""
        if tier.blobs.renew(digest, size):
            return
        if not self.bring(digest, size):
            raise DamagedError(f"blob {digests.text(digest)} is gone from {self.near.root}, and from the far tier")
        with Transfer("sending", size, f"up to {tier.url}", self.tell) as told:
            tier.blobs.take(digest, size, self.near.file_of(digest), told)

    def is_here(self, digest: bytes, size: int) -> bool:
        """Whether the blob lies near; then it is renewed there."""
        return self.near.renew(digest, size)

    def renew(self, digest: bytes, size: int) -> bool:
        return self.near.renew(digest, size) or any(blobs.renew(digest, size) for blobs in self._blobs())

    def delete(self, digest: bytes) -> bool:
        """From all tiers."""
        return any([self.near.delete(digest), *(blobs.delete(digest) for blobs in self._blobs())])

    def list(self) -> Iterator[BlobInfo]:
        """The blobs that lie near; each tier lists its own."""
        return self.near.list()

    def now(self) -> float:
        return self.near.now()

    def held(self, *, alone: bool = False) -> AbstractContextManager[None]:
        """Of what lies near. A far sweep spares what is younger than its margin, which is longer than any hold."""
        return self.near.held(alone=alone)

    def sweep(self, needed: Container[bytes], before: float, *, remove: bool) -> SweptBlobs:
        """What lies near; each tier is swept by its own clock (`far_sweep`)."""
        return self.near.sweep(needed, before, remove=remove)

    def _mirrored(self, blob: tuple[bytes, int]) -> tuple[bytes, int]:
        if self.mirror is not None:
            self.mirror(*blob)
        return blob

    def _blobs(self) -> Iterator[FarBlobs]:
        return (tier.blobs for tier in self._far())
