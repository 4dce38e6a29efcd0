"""Messages of `channel.py` from whoever is not trusted with this process: out of a container. They are plain data of a
known shape, and nothing else is read; a file that one names lies in the folder for such files, and leads nowhere."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional, Tuple

from penstock.model import wire
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
_REFUSED: Any = Tuple[int, Optional[int], int, int, bool, float, int, int, str]


def unwrap_worker_s(message: bytes, folder: str) -> Tuple[bytes, Any]:
    """As `channel.unwrap` of what a worker says; raises MalformedError for what none says. `folder`: where files of
    messages lie."""
    kind, content = _unwrap(message, folder)
    if kind not in _WORKER_SAYS:
        raise wire.MalformedError(f"a message of the kind {kind!r}")
    return kind, wire.shaped(_WORKER_SAYS[kind], content)


def unwrap_zygote_s(message: bytes, folder: str) -> Tuple[bytes, Any]:
    """The same of what a zygote says."""
    kind, content = _unwrap(message, folder)
    if kind not in _ZYGOTE_SAYS:
        raise wire.MalformedError(f"a message of the kind {kind!r}")
    shape = _ZYGOTE_SAYS[kind]
    if kind == channel.DIED and type(content) is tuple and content[-1:] and isinstance(content[-1], str):
        shape = _REFUSED
    return kind, wire.shaped(shape, content)


def _unwrap(message: bytes, folder: str) -> Tuple[bytes, Any]:
    if not channel.is_in_file(message):
        return message[:1], wire.unpack(message[2:])
    path = os.fsdecode(message[2:])
    if os.path.dirname(path) != folder or not os.path.basename(path).startswith("message-"):
        raise wire.MalformedError(f"a message names the file {path!r}")
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            body = file.read()
        os.unlink(path)
    except OSError as error:
        raise wire.MalformedError(f"a message in a file: {error}") from None
    return message[:1], wire.unpack(body)
