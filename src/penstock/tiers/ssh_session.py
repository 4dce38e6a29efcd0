"""One connection of OpenSSH to a helper on another host, which is sent over it. It knows frames, and not what they ask.

Requests may be many at once, from any thread: they are answered in their order.
"""

from __future__ import annotations

import json
import struct
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from penstock.model.tuples import NamedTuple

_HEAD = struct.Struct("!II")
_MARK = b"\0penstock tier 1\n"
_NOISE = 1 << 20  # bytes that a login may print before that
_GONE_S = 5.0
HELPER = Path(__file__).with_name("ssh_helper.py")

BOOTSTRAP = (
    """exec python3 -c 'import sys; b = sys.stdin.buffer; """
    """exec(compile(b.read(int(b.readline())), "penstock", "exec"), {"__name__": "__main__"})'"""
)
"""What runs there; the same in every shell that a login may have."""


class SessionLost(Exception):
    """The connection ended, or could not be made. `code`: what ssh ended with; 255 is its own failure."""

    def __init__(self, said: str, code: int) -> None:
        super().__init__(said, code)
        self.said = said
        self.code = code


class Answer(NamedTuple):
    """What the helper gave."""

    ok: Any
    data: bytes


class RefusedThere(Exception):
    """The helper's own answer that it can't. `errno`: of the system there; 0: it is a word of the helper's."""

    def __init__(self, word: str, errno: int, path: str) -> None:
        super().__init__(word, errno, path)
        self.word = word
        self.errno = errno
        self.path = path


class SshSession:
    """A connection that stands. Raises SessionLost where it can't be made."""

    def __init__(self, command: Sequence[str], root: str, project: str, environ: Mapping[str, str]) -> None:
        self.answered = 0
        self._lock = threading.Lock()
        self._waiting: deque[Future[Answer]] = deque()
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  closed with the session
        try:
            # Of a session of its own: Ctrl-C is for the flow, which may have something to send still.
            self._process = subprocess.Popen(
                [*command, BOOTSTRAP],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                env=environ,
                start_new_session=True,
            )
        except OSError as error:
            self._words.close()
            raise SessionLost(f"{command[0]}: {error.strerror}", 127) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self._greet(root, project)
        self._reader = threading.Thread(target=self._read, name="penstock-ssh", daemon=True)
        self._reader.start()

    def ask(self, op: str, data: bytes | memoryview = b"", **args: Any) -> Future[Answer]:
        """Send a request; its answer comes later. Blocks while the connection takes nothing."""
        head = json.dumps({"op": op, **args}).encode()
        answer = Future[Answer]()
        with self._lock:
            self._waiting.append(answer)
            try:
                self._in.write(_HEAD.pack(len(head), len(data)) + head)
                self._in.write(data)
                self._in.flush()
            except (OSError, ValueError):  # it is over: the reader sees that, too, and says so to all
                pass
        return answer

    def close(self) -> None:
        """End it; whoever waits is told that it is lost. Idempotent."""
        self._process.kill()
        self._reader.join()

    def _greet(self, root: str, project: str) -> None:
        source = HELPER.read_bytes()
        try:
            self._in.write(b"%d\n%s%s\n" % (len(source), source, json.dumps([root, project]).encode()))
            self._in.flush()
            found = b""
            while not found.endswith(_MARK):
                line = self._out.readline(_NOISE)
                found = (found + line)[-_NOISE:]
                if not line:
                    raise OSError
        except OSError:
            raise SessionLost(*self._last_words()) from None

    def _read(self) -> None:
        while (answer := self._next()) is not None:
            waiting = self._waiting.popleft()
            self.answered += 1
            if isinstance(answer, Answer):
                waiting.set_result(answer)
            else:
                waiting.set_exception(answer)
        lost = SessionLost(*self._last_words())
        with self._lock:
            left, self._waiting = list(self._waiting), _Closed(lost)
        for waiting in left:
            waiting.set_exception(lost)

    def _next(self) -> Answer | RefusedThere | None:
        head = self._out.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        said, size = _HEAD.unpack(head)
        text, data = self._out.read(said), self._out.read(size)
        if len(text) < said or len(data) < size:
            return None
        found = json.loads(text)
        if "error" in found:
            return RefusedThere(found["error"], found.get("errno") or 0, found.get("path") or "")
        return Answer(found["ok"], data)

    def _last_words(self) -> tuple[str, int]:
        """What ssh printed, and what it ended with. It is ended first where its network is silent: who writes to it,
        and holds the pipe's lock, is stopped by that."""
        try:
            code = self._process.wait(_GONE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        with suppress(OSError):
            self._in.close()
        self._out.close()
        with self._words as words:
            words.seek(0)
            said = words.read().decode("utf-8", "replace").strip()
        return said, code


class _Closed(deque[Future[Answer]]):
    """In the place of those that wait, once the session is over: nobody waits any more."""

    def __init__(self, lost: SessionLost) -> None:
        super().__init__()
        self._lost = lost

    def append(self, answer: Future[Answer]) -> None:
        answer.set_exception(self._lost)
