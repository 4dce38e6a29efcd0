"""Libraries of other languages that came by way of the store: locks and archives, from which they are built here."""

from __future__ import annotations

import os

from penstock.artifacts.store import BlobStore
from penstock.errors import DamagedError
from penstock.model.luggage import TravellingLibrary
from penstock.model.program_libraries import Library


def brought(sent: TravellingLibrary, blobs: BlobStore) -> Library:
    """The library with its files. Blocks for the transfer. Raises StoreError where they can't be had, DamagedError for
    a file that would lie elsewhere than below the library's place."""
    for file in sent.files:
        if os.path.isabs(file.path) or os.path.normpath(file.path) != file.path or file.path.startswith(".."):
            raise DamagedError(f"{file.path!r} is no name of a library's file")
    files = tuple((file.path, bytes(blobs.get(file.digest, file.size, True))) for file in sent.files)
    return Library(sent.kind, sent.digest, files, sent.packages)
