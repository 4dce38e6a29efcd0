"""What a step writes for TensorBoard, as its metrics."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import Dict, Generator, Iterator, Union

from penstock.integrations.event_files import EventReader, event_files
from penstock.sdk.current import log_metrics

_EVERY_S = 1.0


@contextmanager
def record_scalars(folder: Union[str, os.PathLike[str]], *, prefix: str = "") -> Generator[None, None, None]:
    """Log the scalars that are written into a folder of event files meanwhile, as metrics of the step.

    `with record_scalars("logs"): trainer.fit()`. They are logged while they come, about once a second, and the last of
    them at the end: flush or close the writer before. What was in the folder before is left out. A scalar has its tag
    as its name, behind `prefix`, and where its file lies in a folder of its own, the path of that. Images, histograms
    and all else stay in the files. Raises at the end what `log_metrics` raises.
    """
    watch = _Watch(os.path.abspath(folder), prefix)
    watch.skip()
    thread = threading.Thread(target=watch.run, name="penstock-event-files", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watch.over.set()
        thread.join()
    watch.read()


class _Watch:
    """The event files of a folder, those that come meanwhile among them."""

    def __init__(self, folder: str, prefix: str) -> None:
        self.over = threading.Event()
        self._folder, self._prefix = folder, prefix
        self._readers: Dict[str, EventReader] = {}

    def skip(self) -> None:
        for reader in self._found():
            reader.skip()

    def run(self) -> None:
        while not self.over.wait(_EVERY_S):
            try:
                self.read()
            except (OSError, TypeError, ValueError):
                return  # the read at the end meets it again, where somebody hears of it

    def read(self) -> None:
        for reader in self._found():
            below = os.path.relpath(os.path.dirname(reader.path), self._folder)
            front = self._prefix + ("" if below == os.curdir else f"{below}/")
            for point in reader.read():
                log_metrics({front + point.tag: point.value}, step=point.step)

    def _found(self) -> Iterator[EventReader]:
        if not os.path.isdir(self._folder):
            return
        for path in event_files(self._folder):
            if path not in self._readers:
                self._readers[path] = EventReader(path)
            yield self._readers[path]
