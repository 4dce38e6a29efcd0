"""The sources of a run's code, from the snapshots that its drivers took."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Mapping

from penstock.environments import snapshot
from penstock.journal.views import RunDetail
from penstock.reading.reader import JournalReader


class KeptSources:
    """Snapshots, each of which is read once."""

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader
        self._snapshots: dict[str, Mapping[str, bytes]] = {}

    def has(self, taken: str) -> bool:
        """Whether a snapshot (its digest) is there and holds anything."""
        return bool(self._sources(taken))

    def packed(self, taken: str, file: str) -> bytes | None:
        """A source as it is kept, by its absolute path; None: the snapshot has none there."""
        return self._sources(taken).get(file)

    def text(self, taken: str, place: str, root: str) -> str | None:
        """The text of a file by its place below one of a run's roots; None: the snapshot has none of that place."""
        sources = self._sources(taken)
        exact = os.path.join(root, place)
        inside = [path for path in sources if path == place or path.endswith(f"{os.sep}{place}")]
        path = min(inside, key=lambda path: (path != exact, len(path)), default=None)
        return None if path is None else unpacked(sources[path])

    def _sources(self, taken: str) -> Mapping[str, bytes]:
        if taken not in self._snapshots:
            file = self._reader.project.folder("sources", os.path.basename(taken))
            self._snapshots[taken] = snapshot.sources(file) if taken else {}
        return self._snapshots[taken]


def snapshot_at(detail: RunDetail | None, at: float) -> str:
    """The digest of the snapshot of the driver that drove a run at a time (0: of the latest one)."""
    drivers = detail.drivers if detail is not None else ()
    then: Iterable[str] = (driver.snapshot for driver in reversed(drivers) if not at or driver.started_at <= at)
    return next(iter(then), drivers[-1].snapshot if drivers else "")


def unpacked(source: bytes) -> str:
    """The text of a source as it is kept; "" where it is damaged."""
    try:
        return zlib.decompress(source).decode(errors="replace")
    except zlib.error:
        return ""
