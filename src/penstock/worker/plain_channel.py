"""Messages of `channel.py` from whoever is not trusted with this process: out of a container. They are plain data of a
known shape, with values that this machine could have written, and nothing else is read; a file that one names lies in
the folder for such files, and leads nowhere."""

from __future__ import annotations

import os
import stat
import weakref
from typing import Any, Dict, Optional, Tuple

from penstock.model import wire
from penstock.model.checked import checked
from penstock.model.outcomes import Metric, Outcome
from penstock.model.rows import LoopProgress
from penstock.worker import channel

_WORKER_SAYS: Dict[bytes, Any] = {
    channel.OUTCOME: Tuple[str, Outcome],
    channel.HINT: Tuple[str, Tuple[Metric, ...], Optional[Tuple[LoopProgress, ...]]],
    channel.RETIRES: Tuple[str, Tuple[str, ...]],
    channel.NOTICE: Tuple[str, str],
}
_ZYGOTE_SAYS: Dict[bytes, Any] = {
    channel.STARTED: Tuple[int, int],
    channel.DIED: Tuple[int, Optional[int], int, int, bool, float, int, int],
    channel.NOTICE: Tuple[str],
}
_NEVER_BEGAN: Any = Tuple[int, Optional[int], int, int, bool, float, int, int, str]
_MOST_BYTES = 256 << 20
"""Of a message in a file. What is large goes into the store, but a text of the user's may be long."""
_MOST_OF_A_LINE = 4096
_STATUSES = range(1 << 16)


class PlainMessages:
    """Reads them. `folder`: where files of messages lie; opened here, before there is anybody who could put another one
    in its place."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._fd)

    def worker_s(self, message: bytes) -> Tuple[bytes, Any]:
        """As `channel.unwrap` of what a worker says; raises MalformedError for what none says."""
        kind, content = self._unwrap(message)
        if kind not in _WORKER_SAYS:
            raise wire.MalformedError(f"a message of the kind {kind!r}")
        said = checked(wire.shaped(_WORKER_SAYS[kind], content))
        return kind, (said[0], said[1][:_MOST_OF_A_LINE]) if kind == channel.NOTICE else said

    def zygote_s(self, message: bytes) -> Tuple[bytes, Any]:
        """The same of what a zygote says."""
        kind, content = self._unwrap(message)
        if kind not in _ZYGOTE_SAYS:
            raise wire.MalformedError(f"a message of the kind {kind!r}")
        shape = _ZYGOTE_SAYS[kind]
        if kind == channel.DIED and type(content) is tuple and content[-1:] and isinstance(content[-1], str):
            shape = _NEVER_BEGAN
        said = checked(wire.shaped(shape, content))
        if kind == channel.DIED:
            _check_death(said)
        return kind, (said[0][:_MOST_OF_A_LINE],) if kind == channel.NOTICE else said

    def _unwrap(self, message: bytes) -> Tuple[bytes, Any]:
        if not channel.is_in_file(message):
            return message[:1], wire.unpack(message[2:])
        folder, _, name = os.fsdecode(message[2:]).rpartition("/")
        if folder != self._folder or not name.startswith("message-") or "\0" in name:
            raise wire.MalformedError(f"a message names the file {folder}/{name}")
        try:
            body = self._read(name)
            os.unlink(name, dir_fd=self._fd)
        except OSError as error:
            raise wire.MalformedError(f"a message in a file: {error}") from None
        return message[:1], wire.unpack(body)

    def _read(self, name: str) -> bytes:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._fd)
        with open(fd, "rb") as file:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
                raise wire.MalformedError(f"a message in a file of {found.st_size} bytes, or in none")
            return file.read(_MOST_BYTES)


def _check_death(said: Tuple[Any, ...]) -> None:
    _, status, *used = said
    numbers = [one for one in used if not isinstance(one, str)]
    if not (status is None or status in _STATUSES) or not all(0 <= one < float("inf") for one in numbers):
        raise wire.MalformedError("a death that is none")
