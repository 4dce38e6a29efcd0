"""The last lines that a run has printed and logged, read anew only where its logs have grown."""

from __future__ import annotations

from penstock.journal.views import RunRow
from penstock.reading.log_lines import newest
from penstock.reading.log_places import LogPlace
from penstock.reading.reader import JournalReader
from penstock.reading.structs import LogLine

_FILES = 4
_LINES = 200


class LogTail:
    """Of one run."""

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader
        self._sizes: list[tuple[LogPlace, int]] = []
        self._lines: tuple[LogLine, ...] = ()

    def look(self, row: RunRow) -> tuple[LogLine, ...]:
        """The last lines of the logs that were written to last: the same object where nothing was written."""
        places = sorted(self._reader.logs(row), key=LogPlace.changed_at, reverse=True)[:_FILES]
        sizes = [(place, place.size()) for place in places]
        if sizes != self._sizes:
            self._sizes = sizes
            self._lines = tuple(newest(self._reader, row, places, _LINES))
        return self._lines
