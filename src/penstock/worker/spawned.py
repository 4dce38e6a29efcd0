"""A worker in an interpreter of its own, started by the zygote where it can't fork."""

from __future__ import annotations

import os
from typing import Any, NoReturn

from penstock.model import wire
from penstock.worker import boot, zygote
from penstock.worker.gauge import Gauges


def main(first: int) -> NoReturn:
    """The worker's process. Descriptors from `first` on: what to do, the executor's messages, the gauges."""
    parcel_fd, fd, gauge_fd = first, first + 1, first + 2
    for each in (parcel_fd, fd, gauge_fd):
        os.set_inheritable(each, False)
    parent = os.getppid()
    content: Any = wire.unpack(os.pread(parcel_fd, os.fstat(parcel_fd).st_size, 0))
    os.close(parcel_fd)
    setup, order, slot = content
    context = boot.context_from_plain(setup)
    ready = boot.boot(context)
    zygote.serve(zygote.Order(*order), fd, Gauges(gauge_fd).at(slot), context, ready, parent)
