"""What the attempts of a task leave one another: a folder, and beside it the metrics that were logged up to now.

An attempt that goes on from a checkpoint does not log again what came before it, and whoever holds those points may be
killed with it: the worker, the driver, both. So from the moment on in which an attempt asks for the folder, each point
is in a file before `log_metrics` returns, and what is saved behind it rests on that. Nobody else pays.

The file's form is in docs/formats.md. Knows nothing of who runs an attempt.
"""

from __future__ import annotations

import json
import os
from typing import Dict, Iterator, List, Optional, Tuple

from penstock.model.ids import step_of
from penstock.model.outcomes import Metric
from penstock.model.specs import Attempt, Places, RunSpec

_Key = Tuple[str, Optional[int]]
"""A metric's name and step: what is logged there again takes the place of what was there."""


def folder_of(spec: RunSpec, places: Places, attempt: Attempt) -> str:
    """The task's folder. Its name says all that what lies in it rests on: the task, its code, and what its inputs have
    turned out to be. Where the code is not known, it may have been edited since an earlier driver ran: that one's is
    not found."""
    from hashlib import blake2b  # here: a flow's process comes by this module, and never by this line

    known = attempt.basis or spec.driver.encode()
    name = f"{step_of(attempt.id)}-{blake2b(attempt.key + known, digest_size=16).hexdigest()}"
    return os.path.join(places.checkpoints, name)


class Points:
    """The metrics of the attempts of one task, as a file; one attempt adds to it."""

    def __init__(self, spec: RunSpec, places: Places, attempt: Attempt) -> None:
        self._path = _path(spec, places, attempt)
        self._attempt = attempt.number
        self._driver = spec.driver
        self._pid = os.getpid()
        self._fd = -1
        self._earlier = _points_of(self._path, self._attempt)  # of tries of this attempt whose driver was killed

    def add(self, points: List[Metric]) -> None:
        """They are in the file when this returns. Not those of a process that the step forked: they go with it."""
        if not points or os.getpid() != self._pid:
            return
        lines = [[self._attempt, self._driver, *point] for point in points]
        # A line begins with its end: what is behind one that a full disk has cut short is whole.
        data = "".join(f"\n{json.dumps(line)}" for line in lines).encode()
        try:
            if self._fd < 0:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._fd = os.open(self._path, flags, 0o644)
            os.write(self._fd, data)
        except OSError:
            pass  # the disk is full, which the checkpoint meets as well; the outcome carries all metrics
        for point in points:
            self._earlier.pop((point.name, point.step), None)

    def earlier(self) -> Iterator[Metric]:
        """What earlier tries of this attempt have logged, and this one has not logged again."""
        for points in self._earlier.values():
            yield from points

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def metrics_of(spec: RunSpec, places: Places, attempt: Attempt) -> Tuple[Metric, ...]:
    """What an attempt that can't say so itself any more had logged; () where it had not asked for its checkpoints."""
    found = _points_of(_path(spec, places, attempt), attempt.number)
    return tuple(point for points in found.values() for point in points)


def _path(spec: RunSpec, places: Places, attempt: Attempt) -> str:
    return f"{folder_of(spec, places, attempt)}.metrics"


def _points_of(path: str, attempt: int) -> Dict[_Key, List[Metric]]:
    """Of all tries of an attempt: what a later one has logged is in the place of what an earlier one had."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            lines = file.read().split("\n")
    except OSError:  # there is none, or it can't be read
        return {}
    found: Dict[_Key, List[Metric]] = {}
    by_driver: Dict[str, List[Metric]] = {}
    for line in lines:
        said = _read(line)
        if said is not None and said[0] == attempt:
            by_driver.setdefault(said[1], []).append(said[2])
    for points in by_driver.values():
        again: Dict[_Key, List[Metric]] = {}
        for point in points:
            again.setdefault((point.name, point.step), []).append(point)
        found.update(again)
    return found


def _read(line: str) -> Optional[Tuple[int, str, Metric]]:
    try:
        attempt, driver, *fields = json.loads(line)
        return attempt, driver, Metric(*fields)
    except (ValueError, TypeError):  # cut short
        return None
