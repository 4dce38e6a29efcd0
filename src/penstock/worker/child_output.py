"""What a program prints while it runs, through the streams of this process, and how it has ended."""

from __future__ import annotations

import codecs
import os
import signal
import time
from typing import Any, Callable, Dict, NoReturn, Optional, Protocol

from penstock.model.tuples import NamedTuple

_PIECE = 1 << 16
_LAST_BYTES = 4096
_LAST_LINES = 10
_TURNS = 64
"""So many reads empty a pipe whose writers are dead; one that lives on must not hold anybody up."""


class Ending(Protocol):
    """How whoever watches the process asks for the end of an attempt whose program is to have a moment for it."""

    def program(self, pid: int) -> None:
        """The program that runs now; 0: none does."""
        ...

    def is_ending(self) -> bool:
        """Whether the attempt is to end: this process is killed as soon as its program is gone."""
        ...

    def limit(self) -> Optional[int]:
        """How much memory a program may have that this process can't be killed for; None: any."""
        ...

    def sample(self, size: int) -> None:
        """How much memory it has now, which nobody else sees."""
        ...


class ChildEnd(NamedTuple):
    """How a program has ended."""

    status: int  # its exit code; -9: SIGKILL has ended it
    last: str  # its last lines

    def told(self, title: str) -> str:
        """What an error says where it has failed."""
        number = -self.status
        if number > 0:
            how = f"was killed by signal {number} ({signal.strsignal(number)})"
        else:
            how = f"exited with {self.status}"
            if self.status > 128 and self.status - 128 in set(signal.Signals):
                how += f", as a shell says of signal {self.status - 128} ({signal.strsignal(self.status - 128)})"
        return self.with_last_lines(f"{title} {how}")

    def with_last_lines(self, message: str) -> str:
        return f"{message}; its last lines:\n{self.last}" if self.last else message


class Printed:
    """What a program prints: into the streams of this process, and its end for an error."""

    def __init__(self) -> None:
        self._last = b""

    def taker(self, stream: Any) -> Callable[[bytes], None]:
        """Takes the bytes that go to a stream; b"": there are no more."""
        into_text = codecs.getincrementaldecoder("utf-8")("backslashreplace")

        def take(data: bytes) -> None:
            text = into_text.decode(data, final=not data)
            if text:
                stream.write(text)
            self._last = (self._last + data)[-_LAST_BYTES:]

        return take

    def last_lines(self) -> str:
        return "\n".join(self._last.decode("utf-8", "backslashreplace").splitlines()[-_LAST_LINES:])


def pass_on(fd: int, take: Callable[[bytes], None]) -> int:
    """Pass on what is there; gives the number of bytes, 0 where nobody writes any more, -1 where there is nothing."""
    try:
        data = os.read(fd, _PIECE)
    except BlockingIOError:
        return -1
    take(data)
    return len(data)


def drain(takers: Dict[int, Callable[[bytes], None]]) -> None:
    """Pass on what lies in pipes whose writers are gone."""
    for fd, take in takers.items():
        for _ in range(_TURNS):
            if pass_on(fd, take) <= 0:
                break


def await_kill() -> NoReturn:
    """The attempt was ended: nothing that it might say counts any more."""
    while True:
        time.sleep(60)
