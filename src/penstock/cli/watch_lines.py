"""What `penstock watch` prints in a pipe: a line for what begins, rests or lives on, what failed, how a run ended."""

from __future__ import annotations

import time

from penstock.cli import screen
from penstock.cli.progress import Progress, summary
from penstock.model.ids import how_to_resume
from penstock.model.states import RunStatus
from penstock.model.visible import on_one_line
from penstock.model.words import duration
from penstock.reading.reader import JournalReader
from penstock.reading.values import shown_error
from penstock.reading.watched_runs import SeenRun, WatchedRuns

_LOOK_EVERY_S = 0.2
_WIDE = 200


def watch(reader: JournalReader, run: int) -> SeenRun | None:
    """Tell of a run (`RunRow.id`) until it ends; of 0: of that which goes on, then of the next ones, for ever."""
    watched, lines = WatchedRuns(reader, run), None
    while True:
        seen, _ = watched.look()
        if seen is not None:
            if lines is None or lines.run != seen.row.id:
                lines = _Lines(seen)
            lines.tell(seen)
            if run and seen.is_over:
                return seen
        time.sleep(_LOOK_EVERY_S)


class _Lines:
    """What is told of one run."""

    def __init__(self, seen: SeenRun) -> None:
        self.run = seen.row.id
        self._progress = Progress()
        self._told = set[str]()
        self._is_over = False
        if not seen.is_over:
            screen.out(f"{seen.run_id} running for {duration(seen.took_s)}")

    def tell(self, seen: SeenRun) -> None:
        if self._is_over and seen.is_over:
            return
        now_s = time.monotonic()
        self._progress.see(seen.counts, now_s)
        lines = self._progress.last_lines(now_s) if seen.is_over else self._progress.lines(now_s)
        for line in lines:
            screen.out(f"{seen.run_id} {on_one_line(line)}")
        for task in seen.failures:
            if task.id not in self._told:
                self._told.add(task.id)
                screen.out(f"{task.id} failed: {on_one_line(shown_error(task.error, _WIDE))}")
        self._is_over = seen.is_over
        if seen.is_over:
            screen.out(_ending(seen))


def _ending(seen: SeenRun) -> str:
    told = summary(seen.run_id, seen.row.status, seen.took_s, seen.whole)
    if seen.row.status == RunStatus.DONE:
        return told
    error = on_one_line(shown_error(seen.error, _WIDE))
    own = (
        f"\n{seen.run_id} {error}"
        if error and all(shown_error(one.error, _WIDE) != error for one in seen.failures)
        else ""
    )
    go_on = how_to_resume(seen.run_id, seen.detail.file, seen.detail.qualname)
    return f"{told}{own}; go on with: {go_on}"
