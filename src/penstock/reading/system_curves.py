"""What attempts used while they ran, as curves: read from the files that lie beside the logs of their workers."""

from __future__ import annotations

from zlib import crc32

from penstock.artifacts import point_files
from penstock.artifacts.point_files import Segment
from penstock.journal.views import RunRow
from penstock.reading.curves import chosen, drawn
from penstock.reading.reader import JournalReader
from penstock.reading.structs import CurveInfo
from penstock.worker.system_metrics import FILE


def system(reader: JournalReader, run: RunRow, path: str, attempt: int, buckets: int = 1200) -> dict[str, CurveInfo]:
    """Curves by name, over the time (UTC, seconds): "system/cpu" and the like, as `worker/system_metrics.py` has them.
    `path`: "digits/3/train/2". Empty where it took less than a second, and where it ran in the flow's own process."""
    tag = crc32(f"{path}#{attempt}".encode())
    found: dict[str, list[Segment]] = {}
    for place in reader.logs(run, FILE):
        for name, segments in point_files.read(place.read(0, place.size())).items():
            # Each row has its attempt's tag in the place of a step.
            found.setdefault(name, []).extend(
                chosen(segment, rows)
                for segment in segments
                if (rows := [at for at, step in enumerate(segment.steps) if step == tag])
            )
    return {
        name: drawn(pieces, CurveInfo(path, name, "time"), buckets=buckets) for name, pieces in found.items() if pieces
    }
