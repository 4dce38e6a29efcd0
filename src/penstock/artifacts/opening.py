"""Opens the store that a place names: all others know stores by their port alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.artifacts.folder import FolderStore

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore


def open_store(place: str) -> BlobStore:
    """The store at a place, which is a folder. Nothing is read or made before it is used."""
    return FolderStore(place)


def open_folder(place: str) -> FolderStore:
    """The same, for who joins it with others, and has files of its blobs."""
    return FolderStore(place)
