"""The picture of a run in the cell of a notebook that runs it."""

from __future__ import annotations

import time
import uuid
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from penstock.cli.display import PlainDisplay
from penstock.model.states import RunStatus

if TYPE_CHECKING:
    from penstock.project import Project
    from penstock.reading.watched_runs import SeenRun

_FRAME_S = 0.5
_SHARE = 0.05
"""Of the time, at most, the graph of a large run is read from the journal."""


class CellDisplay(PlainDisplay):
    """Drawn anew in place; what it says besides, it says below, in lines."""

    def __init__(self, project: Project, *, resumed: bool = False) -> None:
        super().__init__(project, closing=False, resumed=resumed)
        self._context = copy_context()  # what is shown from another thread belongs to the cell that called
        self._shown = ""
        self._id = uuid.uuid4().hex

    def ended(self, run_id: str, status: RunStatus, go_on: str) -> None:
        super().ended(run_id, status, go_on)
        if status is RunStatus.RUNNING:  # which the picture can't say: the run goes on there
            self.said(self.summary())
            self._flush_notes()

    def _watch(self) -> None:
        from penstock.reading.reader import JournalReader
        from penstock.reading.targets import find_run
        from penstock.reading.watched_runs import RunWatch

        reader = JournalReader(self._project)
        pictures = _Pictures(reader)
        run = RunWatch(reader, find_run(reader, self.run_id).id)
        while not self._over.is_set():
            self._look()
            self._show(pictures.drawn(run.look()[0]))
            self._over.wait(_FRAME_S)
        self._look()
        self._show(pictures.drawn(run.look()[0]))

    def _show(self, bundle: dict[str, str]) -> None:
        picture = bundle["image/svg+xml"]
        if picture != self._shown:
            self._context.run(_published, bundle, self._id, is_first=not self._shown)
            self._shown = picture


class _Pictures:
    """Draws one run again and again."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._graph: Any = None
        self._next_graph_s = 0.0

    def drawn(self, seen: SeenRun) -> dict[str, str]:
        """As a notebook takes it: by the kind of what is shown."""
        from penstock.client import cell_picture

        picture = cell_picture.svg(seen, self._folded(seen), self._curves(seen) if seen.is_over else {})
        return {"image/svg+xml": picture, "text/plain": cell_picture.text(seen)}

    def _folded(self, seen: SeenRun) -> Any:
        from penstock.reading.folded_graphs import folded

        began_s = time.monotonic()
        if self._graph is None or seen.is_over or began_s >= self._next_graph_s:
            self._graph = folded(self._reader.journal, seen.row)
            now_s = time.monotonic()
            self._next_graph_s = now_s + (now_s - began_s) / _SHARE
        return self._graph

    def _curves(self, seen: SeenRun) -> dict[str, tuple[float, ...]]:
        """What nobody saw grow, of metrics that one task has logged."""
        from penstock.client import run

        metrics = run(seen.run_id).metrics
        return {
            metric.name: metrics.curve(metric.name, buckets=60).ys
            for metric in seen.metrics
            if not metric.curve and metric.name in metrics and len(metrics.by_task(metric.name)) == 1
        }


def _published(bundle: dict[str, str], id_: str, *, is_first: bool) -> None:
    from IPython import display as ipython

    show: Any = getattr(ipython, "display" if is_first else "update_display")
    show(bundle, raw=True, display_id=id_)
