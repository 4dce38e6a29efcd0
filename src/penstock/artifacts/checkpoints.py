"""What the attempts of a task leave one another: a folder, and the points that were logged up to now.

An attempt that goes on from a checkpoint does not log again what came before it, and whoever holds those points may be
killed with it: the worker, the driver, both. So from the moment on in which an attempt asks for the folder, each point
is in a file before `log_metrics` returns, and what is saved behind it rests on that. That file stays as long as the run
does: where an outcome was lost with its driver, the next try goes on from it. Nobody else pays.

Knows nothing of who runs an attempt.
"""

from __future__ import annotations

import os
from typing import Iterator, Optional, Tuple

from penstock.artifacts.store import BlobStore
from penstock.errors import StoreError
from penstock.model.ids import driver_number, step_of
from penstock.model.outcomes import Metric
from penstock.model.specs import Attempt, Places, RunSpec


def folder_of(spec: RunSpec, places: Places, attempt: Attempt) -> str:
    """The task's folder. Its name says all that what lies in it rests on: the task, its code, and what its inputs have
    turned out to be. Where the code is not known, it may have been edited since an earlier driver ran: that one's is
    not found."""
    return os.path.join(places.checkpoints, _name(spec, attempt))


def points_file(spec: RunSpec, attempt: Attempt, driver: str = "") -> str:
    """The file, among the run's logs, of what an attempt logs under a driver; "": this one."""
    return f"{_name(spec, attempt)}.{attempt.number}.{driver or spec.driver}.points"


def earlier(spec: RunSpec, places: Places, attempt: Attempt, store: Optional[BlobStore]) -> Tuple[Metric, ...]:
    """What tries of this attempt under earlier drivers have logged, oldest first; their points become blobs of the
    store, where there is one."""
    drivers = map(str, range(1, driver_number(spec.driver)))
    return tuple(metric for driver in drivers for metric in _logged(spec, places, attempt, driver, store))


def metrics_of(spec: RunSpec, places: Places, attempt: Attempt) -> Tuple[Metric, ...]:
    """What an attempt that can't say so itself any more had logged, as far as it was in a file."""
    goes_on = os.path.isdir(folder_of(spec, places, attempt))
    before = earlier(spec, places, attempt, None) if goes_on else ()
    return (*before, *_logged(spec, places, attempt, spec.driver, None))


def _logged(
    spec: RunSpec, places: Places, attempt: Attempt, driver: str, store: Optional[BlobStore]
) -> Iterator[Metric]:
    name = points_file(spec, attempt, driver)
    try:
        with open(places.log(name), "rb") as file:
            data = file.read()
    except OSError:  # it has logged nothing, or too little for a file
        return
    from penstock.artifacts import point_files  # most attempts log nothing

    place = name, b"", 0
    if store is not None:
        try:
            place = "", *store.put(data)
        except StoreError:
            pass  # the file stays
    yield from point_files.metrics_of(data, driver_number(driver), place)


def _name(spec: RunSpec, attempt: Attempt) -> str:
    from _blake2 import blake2b  # here: a flow's process comes by this module, and never by this line

    known = attempt.basis or spec.driver.encode()
    return f"{step_of(attempt.id)}-{blake2b(attempt.key + known, digest_size=16).hexdigest()}"
