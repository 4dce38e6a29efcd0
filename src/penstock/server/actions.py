"""Verbs of the command line that the API starts, each in a process of its own, which outlives the server: what is known
of one stands in its folder, where a later server finds it. Knows no verb and no run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from penstock.model.tuples import NamedTuple
from penstock.roots import make_home
from penstock.server.refusals import Refusal
from penstock.space.left_actions import FOLDER, is_running

HERE = "{action}"
"""In the words of a verb: the action's folder."""

_KEPT = 200  # that have ended, the latest
_AT_ONCE = 32
_WORDS_BYTES = 100_000  # the system takes 128 kB for one word
_TAIL_BYTES = 16_384
_OUT_BYTES = 4_000_000
_IDS = re.compile(r"[0-9a-f]{32}")
# The first shell says how the verb has ended, and keeps its lock, by stdin, for as long as that takes; the second one
# says its number before it becomes the verb.
_SCRIPT = """
sh -c 'echo $$ >"$0/pid"; exec "$@"' "$0" "$@" </dev/null >"$0/out" 2>"$0/log"
echo $? >"$0/code.new" && mv "$0/code.new" "$0/code"
"""


class VerbOrder(NamedTuple):
    """What is to be done."""

    words: Sequence[str]  # after `penstock`; `HERE` stands for the action's folder
    shown: Sequence[str]  # the same as a user would type it
    run: str = ""  # the run that it concerns; "": it makes one
    after: int = 0  # the newest run there is, by `RunRow.id`
    files: Mapping[str, bytes] = {}  # for its folder


class ActionRecord(msgspec.Struct, frozen=True):
    """What stands in an action's folder from the beginning."""

    command: tuple[str, ...]  # as a user would type it
    asked: str  # digest of the request; "": it had no key
    run: str
    after: int
    started_at: float


class Action(NamedTuple):
    """An action as it stands."""

    id: str
    record: ActionRecord
    state: str  # "running", "done", "failed", or "lost": it was killed, and nobody knows how far it came
    code: int | None  # that its process has ended with; None: it has not, or nobody knows
    ended_at: float | None
    pid: int | None  # None: it has not begun
    log: bytes  # the end of what it told
    out: bytes  # what it printed, once it is done


class Actions:
    """The actions of a project. For many threads, and several servers of one project."""

    def __init__(self, root: Path, home: Path) -> None:
        self._root = root
        self._folder = home / FOLDER
        self._started: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()

    def start(self, order: VerbOrder, key: str, asked: bytes) -> str:
        """Start a process; gives the action's id. By the same key it is started once, however often it is asked for.
        `asked`: the request. Raises Refusal where the key stood for another one, or too many run."""
        if any("\0" in word for word in order.words) or sum(map(len, order.words)) > _WORDS_BYTES:
            raise Refusal(422, "wrong_value", f"words may have {_WORDS_BYTES} characters in all, and no NUL")
        digest = hashlib.blake2b(asked, digest_size=16).hexdigest() if key else ""
        id_ = hashlib.blake2b(key.encode(), digest_size=16).hexdigest() if key else secrets.token_hex(16)
        with self._lock:
            if key and (known := self._record(id_)) is not None:
                if known.asked != digest:
                    raise Refusal(422, "other_request", "this Idempotency-Key stood for another request")
                return id_
            self._make_room()
            record = ActionRecord(tuple(order.shown), digest, order.run, order.after, time.time())
            try:
                self._begin(id_, record, order)
            except OSError as error:  # the disk is full or read-only, or no more processes may begin
                told = f"nothing was started: {error.strerror or error} ({error.filename or self._folder})"
                raise Refusal(503, "not_started", told) from None
        return id_

    def _begin(self, id_: str, record: ActionRecord, order: VerbOrder) -> None:
        make_home(self._folder.parent)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder = self._folder / id_
        made = self._folder / f"new-{secrets.token_hex(8)}"
        made.mkdir(mode=0o700)
        try:
            (made / "action.json").write_bytes(msgspec.json.encode(record))
            for name, data in order.files.items():
                (made / name).write_bytes(data)
            with open(made / "lock", "wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                made.rename(folder)
                self._spawn(folder, order.words, lock)
        except OSError:
            if made.exists() and folder.is_dir():  # another server was asked for the same at the same time
                return
            raise
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def _spawn(self, folder: Path, verb: Sequence[str], lock: BinaryIO) -> None:
        words = [word.replace(HERE, os.fspath(folder)) for word in verb]
        command = ["sh", "-c", _SCRIPT, os.fspath(folder), sys.executable, "-P", "-m", "penstock", *words]
        nowhere = subprocess.DEVNULL  # whoever reads what the server says waits for no action
        try:
            process = subprocess.Popen(
                command, stdin=lock, stdout=nowhere, stderr=nowhere, cwd=self._root, start_new_session=True
            )
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)  # else it would stand for one that began
            raise
        self._started.append(process)

    def find(self, id_: str) -> Action | None:
        """What is known of an action; None: there is none."""
        record = self._record(id_)
        if record is None:
            return None
        folder = self._folder / id_
        goes_on = is_running(folder)  # first: what it has left is whole once it does not run
        code = _number(folder / "code")
        state = "running" if goes_on else {None: "lost", 0: "done"}.get(code, "failed")
        ended_at = None if goes_on or code is None else (folder / "code").stat().st_mtime
        out = b"" if goes_on else _end_of(folder / "out", _OUT_BYTES)
        log = _end_of(folder / "log", _TAIL_BYTES)
        return Action(id_, record, state, None if goes_on else code, ended_at, _number(folder / "pid"), log, out)

    def _record(self, id_: str) -> ActionRecord | None:
        if not _IDS.fullmatch(id_):
            return None
        try:
            return msgspec.json.decode((self._folder / id_ / "action.json").read_bytes(), type=ActionRecord)
        except (OSError, msgspec.MsgspecError):
            return None

    def _make_room(self) -> None:
        self._started = [process for process in self._started if process.poll() is None]
        try:
            entries = sorted(self._folder.iterdir(), key=lambda entry: -entry.stat().st_mtime)
        except OSError:  # it is not there yet, or another server does the same
            return
        running = [entry for entry in entries if is_running(entry)]
        if len(running) >= _AT_ONCE:
            raise Refusal(429, "too_many", f"{_AT_ONCE} actions run, and more may not", headers={"Retry-After": "5"})
        for entry in [entry for entry in entries if entry not in running][_KEPT:]:
            shutil.rmtree(entry, ignore_errors=True)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_bytes())
    except (OSError, ValueError):
        return None


def _end_of(path: Path, most: int) -> bytes:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - most))
            return file.read(most)
    except OSError:
        return b""
