"""Where a run's logs lie. They are read by parts and through this alone, wherever that is."""

from __future__ import annotations

import os

from penstock.model.tuples import NamedTuple
from penstock.worker import log_files


class LogPlace(NamedTuple):
    """A worker's log, which need not be there any more: then it is empty."""

    folder: str
    name: str

    @property
    def worker(self) -> str:
        """Who writes it."""
        return self.name.removesuffix(".log")

    def size(self) -> int:
        """How long it is so far, in bytes."""
        try:
            return os.path.getsize(self._path)
        except FileNotFoundError:  # removed by hand, or by gc
            return 0

    def read(self, start: int, size: int) -> bytes:
        """A part of it; shorter where it ends before."""
        try:
            with open(self._path, "rb", buffering=0) as file:
                return os.pread(file.fileno(), size, start)
        except FileNotFoundError:
            return b""

    def token(self) -> bytes:
        """What each of its marks holds; empty: it has none."""
        return log_files.token_of(self._path)

    def changed_at(self) -> float:
        """When somebody wrote there last (UTC, seconds); 0: it is gone."""
        try:
            return os.stat(self._path).st_mtime
        except FileNotFoundError:
            return 0.0

    @property
    def _path(self) -> str:
        return os.path.join(self.folder, self.name)


def places_in(folder: str, kind: str = ".log") -> list[LogPlace]:
    """All logs of a run, by name, or other files whose names end so. Raises nothing where there are none yet."""
    try:
        return [LogPlace(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(kind)]
    except FileNotFoundError:
        return []
