"""What the attempts of a run, and its flow's body, are logging at this moment, read from the files that grow."""

from __future__ import annotations

from penstock.artifacts import point_files
from penstock.journal.views import RunRow
from penstock.model.tuples import NamedTuple
from penstock.reading.curves import drawn
from penstock.reading.log_places import LogPlace
from penstock.reading.reader import JournalReader
from penstock.reading.structs import CurveInfo

_FILES = 8
_LARGEST_FILE = 64 << 20  # of what is longer, the last value is seen when its attempt has ended
_REST_S = 10.0  # what did not grow for so long before another one did is taken to have ended: its file may stay
_BUCKETS = 24
"""Of a bucket the first, the smallest, the largest and the last are kept: about as many as a line has room for."""


class OpenCurve(NamedTuple):
    """What was logged under one name, into one file."""

    last: float
    numbers: tuple[float, ...]  # some, by time; () where there is but one
    is_open: bool = True  # it grows


class OpenCurves:
    """Those of a run. `seen`: by step ("": the flow's body) and name; what has ended stays as it was seen last."""

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader
        self._sizes: dict[str, int] = {}  # by file
        self._files: dict[tuple[str, str], str] = {}  # that a curve is from, by its key
        self.seen: dict[tuple[str, str], OpenCurve] = {}

    def look(self, row: RunRow) -> bool:
        """Read the files that have grown, the latest few of them; whether there is something new. Where several
        attempts log one name, the one that is seen stays as long as it grows: a curve that jumped between them would
        say nothing."""
        changed = {place: place.changed_at() for place in self._reader.logs(row, ".points")}
        places = sorted(changed, key=changed.__getitem__, reverse=True)[:_FILES]
        sizes = {place.name: place.size() for place in places}
        if sizes == self._sizes:
            return False
        growing = {place.name for place in places if changed[place] > changed[places[0]] - _REST_S}
        for key, file in list(self._files.items()):
            if file not in growing:
                self.seen[key] = self.seen[key]._replace(is_open=False)
                del self._files[key]
        for place in places:
            if self._sizes.get(place.name) != sizes[place.name] <= _LARGEST_FILE:
                self._read(place, sizes[place.name])
        self._sizes = sizes
        return True

    def _read(self, place: LogPlace, size: int) -> None:
        step = _step_of(place.name)
        for name, segments in point_files.read(place.read(0, size)).items():
            if self._files.setdefault((step, name), place.name) == place.name:
                ys = drawn(segments, CurveInfo("", name, "time"), buckets=_BUCKETS).ys
                last = max(segments, key=lambda one: one.base + one.ticks[-1] / point_files.TICKS_PER_S)
                self.seen[step, name] = OpenCurve(last.values[-1], ys if len(ys) > 1 else ())


def _step_of(file: str) -> str:
    """The short name of the step whose attempt writes a file (docs/formats.md, the folders of a run)."""
    return "" if file.startswith("flow.") else file.rsplit(".", 3)[0].rpartition("-")[0]
