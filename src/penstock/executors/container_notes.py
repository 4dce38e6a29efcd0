"""Notes of containers, a file for each, named as it is: they survive whatever kills the processes that hold them.

A note is locked as long as the keeper or its client lives; what it names is nobody's once the lock is free, and `sweep`
removes it. The engines are asked here to remove what is left, and how it ended.
"""

from __future__ import annotations

import _socket
import fcntl
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from penstock.model import containers
from penstock.model.containers import ContainerEngine

CREATING_S = 30.0
"""So long an engine may take to make a container, once it was asked to: until then there may be one soon."""
_WRITING_S = 5.0
_GONE = ("no such container", "no container with name or id")
_TRIES = 8
_PAUSE_S = 0.25
_PATIENCE_S = 60.0
_SWEEP_S = 10.0


class ContainerNote:
    """A note that this process holds."""

    def __init__(self, folder: str, engine: ContainerEngine, name: str, environ: Mapping[str, str]) -> None:
        os.makedirs(folder, exist_ok=True)
        self._path = os.path.join(folder, name)
        self.fd = os.open(f"{self._path}.new", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.fd, fcntl.LOCK_EX)
        known = {key: environ[key] for key in sorted(containers.CLIENT_NAMES) if key in environ}
        os.write(self.fd, json.dumps({"engine": list(engine), "environ": known}).encode())
        os.rename(f"{self._path}.new", self._path)

    def is_made(self) -> None:
        """The container is there: once it is not, it is gone."""
        os.utime(self.fd, (0, 0))

    def remove(self) -> None:
        """The container is gone."""
        with suppress(OSError):
            os.unlink(self._path)
        self.close()

    def close(self) -> None:
        """It may be there still, or come to be: a sweep looks."""
        with suppress(OSError):
            os.utime(self.fd)
        os.close(self.fd)


def note_keeper(folder: str, keeper: str) -> int:
    """Note a keeper by the path of its socket; gives the descriptor that locks the note as long as its driver lives."""
    os.makedirs(folder, exist_ok=True)
    fd = os.open(_note_of_keeper(folder, keeper), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.write(fd, os.fsencode(keeper))
    return fd


def forget_keeper(folder: str, keeper: str) -> None:
    """Its driver needs it no more, or it has ended. What it has is removed where it is dead."""
    if not _lives(keeper):
        remove_keeper(keeper)
        with suppress(OSError):
            os.unlink(_note_of_keeper(folder, keeper))


def _note_of_keeper(folder: str, keeper: str) -> str:
    return os.path.join(folder, f"{os.path.basename(os.path.dirname(keeper))}.keeper")


def errors_of(keeper: str) -> str:
    """The file of what a keeper could not do."""
    return os.path.join(os.path.dirname(keeper), "errors")


def remove_keeper(path: str) -> None:
    """Remove the folder of a keeper's socket: it needs it no more, or is dead."""
    for left in (path, errors_of(path), os.path.join(os.path.dirname(path), "oom")):
        with suppress(OSError):
            os.unlink(left)
    with suppress(OSError):
        os.rmdir(os.path.dirname(path))


def told(words: Sequence[str], environ: Mapping[str, str], timeout_s: float = _PATIENCE_S) -> tuple[int, str, str]:
    """What a command of an engine's client says: exit code, output, errors. Blocks, for so long at most."""
    import subprocess

    try:
        done = subprocess.run(
            words,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            start_new_session=True,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, "", str(error)
    return done.returncode, done.stdout, done.stderr


def remove(
    engine: ContainerEngine,
    name: str,
    environ: Mapping[str, str],
    tries: int = _TRIES,
    timeout_s: float = _PATIENCE_S,
) -> bool:
    """Remove a container; whether there is none by this name now. Blocks, for some seconds where its engine does not
    answer."""
    for turn in range(tries):
        if turn:
            time.sleep(_PAUSE_S)
        if _was_there(engine, name, environ, timeout_s) is not None:
            return True
    return False


def _was_there(engine: ContainerEngine, name: str, environ: Mapping[str, str], timeout_s: float) -> bool | None:
    """Remove a container; whether there was one. None: its engine did not remove it, or does not answer."""
    code, printed, errors = told(containers.remove_words(engine, name), environ, timeout_s)
    if any(words in errors.lower() for words in _GONE):
        return False
    return bool(printed.strip()) if code == 0 else None  # podman says nothing of one that is not there


def ran_out_of_memory(engine: ContainerEngine, name: str, environ: Mapping[str, str]) -> bool:
    """Whether the kernel has killed a container, which is not removed yet, for its memory."""
    words = [engine.program, "inspect", "--type=container", "--format={{.State.OOMKilled}}", name]
    return told(words, environ)[1].strip() == "true"


def sweep(folder: str, environ: Mapping[str, str]) -> list[str]:
    """Remove the containers that nobody holds any more; gives the names of those that could not be removed.

    Costs nothing where there are none. Blocks while an engine removes what there is.
    """
    left: list[str] = []
    try:
        names = os.listdir(folder)
    except OSError:
        return left
    for name in names:
        path = os.path.join(folder, name)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:  # it went meanwhile
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if name.endswith(".keeper"):
                if keeper := os.fsdecode(os.read(fd, 1 << 12)):
                    forget_keeper(folder, keeper)
            elif name.endswith(".new"):
                if _age_s(fd) > _WRITING_S:  # else whoever is about to lock it writes it
                    os.unlink(path)
            elif _removed(fd, name, environ):
                os.unlink(path)
            else:
                left.append(name)
        except OSError:  # somebody holds it
            pass
        finally:
            os.close(fd)
    return left


def _removed(fd: int, name: str, environ: Mapping[str, str]) -> bool:
    try:
        note = json.loads(os.read(fd, 1 << 16))
        engine = ContainerEngine(*note["engine"])
        known = {str(key): str(value) for key, value in note["environ"].items()}
    except (ValueError, KeyError, TypeError):  # damaged: whose it was, nobody knows
        return True
    was_there = _was_there(engine, name, {**environ, **known}, _SWEEP_S)
    # The engine's client outlives a keeper that was killed, and makes the container all the same.
    return was_there is True or (was_there is False and _age_s(fd) > CREATING_S)


def _age_s(fd: int) -> float:
    return time.time() - os.fstat(fd).st_mtime


def _lives(keeper: str) -> bool:
    connection: Any = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        return connection.connect_ex(keeper) == 0
    finally:
        connection.close()
