"""Messages between an executor, its zygote and its workers, each of them whole, or in a file that the message names.

The first byte of a message says what it is; what the rest means is known to those who send and receive it. Bodies are
plain data. They never leave one user's processes on one machine, so they are read without the checks of
`model/wire.py`, which cost four times as much.

A worker has two sockets. One brings the contents of attempts, many in a message. The other one brings a *ticket* for
each: whoever reads it, the worker to begin or the executor to take back, has the attempt. What the worker says goes the
other way on that socket, so that the executor finds the outcomes of many attempts in one read. One that comes alone to
a worker without work is begun at once, and needs no ticket.
"""

from __future__ import annotations

import os
import struct
import time
from contextlib import suppress
from pickle import dumps, loads
from typing import Any, List, Optional, Tuple

from penstock.model.tuples import NamedTuple

LIMIT = 32 * 1024
"""A longer message goes through a file. So much is written to a stream as one piece, whoever else writes to it: threads
of a worker need no lock, which a fork could leave locked."""

ROOM = LIMIT + 64

ATTEMPTS = b"a"  # executor -> worker: some attempts, behind the number of the first one's ticket
LONE = b"1"  # executor -> worker: one without a ticket, for a worker that waits for work
OUTCOME = b"o"  # worker -> executor: its outcome
HINT = b"h"  # worker -> executor: metrics of the attempt that runs, and the loops that it is in
RETIRES = b"r"  # worker -> executor: it ends with the attempt that runs, and begins no other one

SETUP = b"s"  # executor -> zygote: what to import, and how
WORKER = b"w"  # executor -> zygote: start a worker; its descriptors come with the message
KILL = b"k"  # executor -> zygote: end a worker and all it started
LIMITED = b"l"  # executor -> zygote: a worker's memory limit
STARTED = b"p"  # zygote -> executor: a worker's process
DIED = b"d"  # zygote -> executor: a worker is dead, and so is all it started
NOTICE = b"n"  # zygote or worker -> executor: a line for the user

TICKET = struct.Struct("<I")
"""The number of an attempt among those that a worker was sent."""

_SIZE = struct.Struct("<I")

LOG_FILTER = 0
"""The number, beside those of workers, under which the process is reported that masks what they write."""


class WorkerRequest(NamedTuple):
    """A worker that the executor wants."""

    number: int
    name: str
    log: str  # its log file, relative to the run's log folder
    limit: Optional[int]  # bytes; None: not limited
    gpus: Optional[Tuple[str, ...]]  # not None: a process of its own, that sees these


def wrap(kind: bytes, content: Any, folder: str) -> bytes:
    """A message; a long one is written to a file in `folder`, which its reader removes."""
    return wrap_body(kind, body_of(content), folder)


def body_of(content: Any) -> bytes:
    """What `wrap` makes of the content."""
    return dumps(content, 4)


def wrap_body(kind: bytes, body: bytes, folder: str) -> bytes:
    """Likewise, with the content's bytes."""
    if len(body) <= LIMIT:
        return kind + b"=" + body
    path = os.path.join(folder, f"message-{os.getpid()}-{time.monotonic_ns()}")
    with open(path, "xb") as file:
        file.write(body)
    return kind + b"@" + os.fsencode(path)


def unwrap(message: bytes) -> Tuple[bytes, Any]:
    """Kind and content of a message."""
    kind, place = message[:1], message[1:2]
    if place == b"=":
        return kind, loads(message[2:])
    path = os.fsdecode(message[2:])
    with open(path, "rb") as file:
        body = file.read()
    os.unlink(path)
    return kind, loads(body)


def is_in_file(message: bytes) -> bool:
    """Whether a message only names the file that holds it."""
    return message[1:2] == b"@"


def discard(message: bytes) -> None:
    """Drop a message that nobody will read."""
    if is_in_file(message):
        with suppress(FileNotFoundError):  # somebody has emptied the folder
            os.unlink(os.fsdecode(message[2:]))


def tickets(first: int, count: int) -> bytes:
    """The tickets of so many attempts that were sent one after another."""
    return struct.pack(f"<{count}I", *range(first, first + count))


def framed(message: bytes) -> bytes:
    """A message as it stands in a stream."""
    return _SIZE.pack(len(message)) + message


def messages(stream: bytes) -> Tuple[List[bytes], bytes]:
    """The messages that are complete in what was read of a stream, and what is left of it."""
    found: List[bytes] = []
    at, end = 0, len(stream)
    while at + _SIZE.size <= end:
        (size,) = _SIZE.unpack_from(stream, at)
        start = at + _SIZE.size
        if start + size > end:
            break
        at = start + size
        found.append(stream[start:at])
    return found, stream[at:]
