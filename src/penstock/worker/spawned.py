"""A worker in an interpreter of its own, started by the zygote where it can't fork."""

from __future__ import annotations

import _socket
import os
from typing import Any, NoReturn

from penstock.model import wire
from penstock.worker import boot, loop
from penstock.worker.channel import WorkerRequest
from penstock.worker.gauge import Gauges
from penstock.worker.log_filter import FilteredStream


def main(first: int) -> NoReturn:
    """The worker's process. Descriptors from `first` on: what to do, the two of the executor's, the gauges, and the two
    of a stream where there is one."""
    parcel_fd, *fds, gauge_fd = range(first, first + 4)
    parent = os.getppid()
    content: Any = wire.unpack(os.pread(parcel_fd, os.fstat(parcel_fd).st_size, 0))
    os.close(parcel_fd)
    setup, order, slot, has_outlet = content
    spec, places = boot.setup_from_plain(setup)
    stream = FilteredStream(first + 4, _socket.socket(fileno=first + 5)) if has_outlet else None
    for each in (*fds, gauge_fd, *((stream.fd, stream.sync.fileno()) if stream else ())):
        os.set_inheritable(each, False)
    boot.hide_secrets(spec)
    ready = boot.boot(spec, places)
    loop.serve(WorkerRequest(*order), (fds[0], fds[1]), Gauges(gauge_fd).at(slot), places, ready, parent, stream)
