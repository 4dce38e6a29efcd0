"""The live table of a terminal: a line for each step, and the last line that was logged. Imports rich late."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from penstock.cli.display import PlainDisplay
from penstock.cli.progress import retries
from penstock.model.visible import visible
from penstock.model.words import count_of, duration, one_line
from penstock.worker import flow_streams

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


_PATIENCE_S = 0.3
"""What is over sooner is not worth the import of rich."""

_FRAME_S = 0.2
_LOG_EVERY_S = 1.0
_BAR = 24
_LOOPS = 8
_LABEL = 40


class LiveDisplay(PlainDisplay):
    """Redraws below what the flow's body prints."""

    _log_line = ""
    _log_read_s = 0.0

    def _watch(self) -> None:
        if self._over.wait(_PATIENCE_S):
            self._look()
            self._say(self.progress.last_lines(time.monotonic()))
            return
        from rich.console import Console
        from rich.file_proxy import FileProxy
        from rich.live import Live

        # Not by `Live` itself: what the body prints is kept as it prints it, without the table drawn around it.
        streams = flow_streams.of_this_process()
        console = Console(file=streams.bare(sys.stderr))
        # Prints go through the live display only where they reach the same terminal; else stdout stays as it is.
        out = FileProxy(console, sys.stdout) if sys.stdout.isatty() else None
        above = streams.replaced(out, FileProxy(console, sys.stderr))
        with above, Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
            while not self._over.wait(_FRAME_S):
                self._look()
                live.update(self._picture(console), refresh=True)
            self._look()
            self._log_line = ""
            live.update(self._table(), refresh=True)

    def _picture(self, console: Console) -> RenderableType:
        now_s = time.monotonic()
        if now_s - self._log_read_s >= _LOG_EVERY_S:
            self._log_read_s = now_s
            self._log_line = newest_line(self.driver.logs) if self.driver else ""
        if not self._log_line:
            return self._table()
        from rich.console import Group
        from rich.text import Text

        return Group(self._table(), Text(one_line(f"  │ {visible(self._log_line)}", console.width - 1), style="dim"))

    def _table(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        table.add_row(Text(self.run_id, style="bold"), "", "", "", "", duration(time.monotonic() - self._began_s))
        for step in self.progress.steps.values():
            done, failed, running, total = step.count.done, step.count.failed, step.count.running, step.total
            cancelled = step.count.cancelled
            filled = _BAR * (done + failed) // total if total else 0
            wrong = min(filled, -(-_BAR * failed // total)) if total else 0
            bar = Text("━" * (filled - wrong), style="green")
            bar.append("━" * wrong, style="red").append("━" * (_BAR - filled), style="dim")
            table.add_row(
                Text(f"  {visible(step.name)}"),
                bar,
                f"{done:,}/{total:,}",
                Text(", ".join(filter(None, (f"{running} running" if running else "", retries(step)))), style="cyan"),
                Text(f"{failed} failed" if failed else f"{cancelled} cancelled" if cancelled else "", style="red"),
                Text(duration(step.elapsed_s), style="dim"),
            )
        for attempt, loops in (self.driver.loops() if self.driver else [])[:_LOOPS]:
            task = "/".join(attempt.partition("#")[0].split("/")[2:])
            for loop in loops:
                filled = min(_BAR, _BAR * loop.done // loop.total) if loop.total else 0
                bar = Text("━" * filled, style="cyan").append("━" * (_BAR - filled), style="dim")
                label = Text(one_line(f"    {visible(f'{task} {loop.label}')}", _LABEL))
                table.add_row(label, bar, count_of(loop.done, loop.total), "", "", "")
        return table


def newest_line(folder: str) -> str:
    """The last line that any worker of a run has printed or logged so far; "" where there is none. What the flow's body
    prints is on the screen."""
    from penstock.reading.log_places import LogPlace, places_in
    from penstock.worker import log_files

    try:
        of_workers = (log for log in places_in(folder) if not log_files.driver_of(log.name))
        newest = max(of_workers, key=LogPlace.changed_at, default=None)
        data = newest.read(max(0, newest.size() - 4096), 8192) if newest else b""
    except OSError:  # the flow may have used up its descriptors: no reason for its display to end
        return ""
    lines = reversed(list(log_files.read(data, token=newest.token() if newest else b"")))
    return next((line.text.strip() for line in lines if line.text.strip()), "")
