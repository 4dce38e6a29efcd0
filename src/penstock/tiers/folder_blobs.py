"""The blobs of a far tier that is a folder: sent and brought as links where that is the same file system."""

from __future__ import annotations

import os

from penstock.artifacts import digests
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError
from penstock.tiers.parts import Parts
from penstock.tiers.port import Told


class FolderBlobs(FolderStore):
    """Implements `port.FarBlobs`. A sweep also takes what is left of writes of the tier's objects."""

    def _unfinished(self) -> tuple[str, ...]:
        return (*super()._unfinished(), os.path.join(os.path.dirname(self.root), "tmp"))

    def take(self, digest: bytes, size: int, file: str, told: Told) -> None:
        """A link to the file, or a copy."""
        Parts(self).receive_file(digest, size, file, told)

    def fetch(self, digest: bytes, size: int, parts: Parts, told: Told, *, anew: bool = False) -> None:
        """Likewise, the other way."""
        if not self.renew(digest, size):
            raise DamagedError(f"blob {digests.text(digest)} is gone from {self.root}, or not whole")
        parts.receive_file(digest, size, self.file_of(digest), told, anew=anew)
