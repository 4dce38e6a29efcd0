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
from penstock.model.containers import DOCKER, PODMAN, ContainerEngine

CREATING_S = 30.0
"""So long an engine may take to make a container, once it was asked to: until then there may be one soon."""
_WRITING_S = 5.0
_WHERE = {
    PODMAN: (
        "CONTAINERS_CONF",
        "CONTAINERS_CONF_OVERRIDE",
        "CONTAINERS_STORAGE_CONF",
        "STORAGE_DRIVER",
        "STORAGE_OPTS",
    ),
    DOCKER: ("DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_HOST"),
}
"""Variables by which an engine's client knows these containers or those."""
_OF_USER = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
"""Likewise, where podman has a storage for each user."""
_BEGIN = "penstock-"
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
        note = {"engine": engine.kind, "where": _where(engine.kind, environ)}
        os.write(self.fd, json.dumps(note).encode())
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

    Steps may have written what is read here: it names a container, and says neither which program is run, nor how. That
    is for `environ`. Costs nothing where there are none. Blocks while an engine removes what there is.
    """
    left: list[str] = []
    until = time.monotonic() + _SWEEP_S
    try:
        names = os.listdir(folder)
    except OSError:
        return left
    for name in names:
        path = os.path.join(folder, name)
        try:
            fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:  # it went meanwhile
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if name.endswith(".keeper"):
                keeper = os.fsdecode(os.read(fd, 1 << 12))
                if keeper and not _is_noted_so(keeper, name):
                    os.unlink(path)
                elif keeper:
                    forget_keeper(folder, keeper)
            elif name.endswith(".new"):
                if _age_s(fd) > _WRITING_S:  # else whoever is about to lock it writes it
                    os.unlink(path)
            elif _removed(fd, name, environ, until):
                os.unlink(path)
            else:
                left.append(name)
        except OSError:  # somebody holds it
            pass
        finally:
            os.close(fd)
    return left


def stays(folder: str, name: str) -> str:
    """What is said of a container that a sweep could not remove; "": its engine may be making it still."""
    path = os.path.join(folder, name)
    try:
        age_s = time.time() - os.stat(path).st_mtime
    except OSError:
        return ""
    if age_s <= CREATING_S:
        return ""
    return (
        f"the container {name} of a run that was killed is still there: its engine does not answer, or was reached by "
        f"other settings (as DOCKER_HOST, CONTAINERS_CONF): once `podman rm --force {name}`, or docker's, has removed "
        f"it, remove {path}"
    )


def _removed(fd: int, name: str, environ: Mapping[str, str], until: float) -> bool:
    timeout_s = until - time.monotonic()
    if not _is_name(name):
        return True
    if timeout_s <= 0:
        return False
    try:
        note = json.loads(os.read(fd, 1 << 16))
        kind, where = str(note["engine"]), note["where"]
    except (ValueError, KeyError, TypeError, RecursionError):
        kind, where = "", None
    if kind not in _WHERE:  # damaged: whose it was, nobody knows
        for one in _WHERE:
            program = _found(one, environ)
            if program and _was_there(ContainerEngine(one, program), name, environ, timeout_s):
                break
        return True
    program = _found(kind, environ)
    if not program or where != _where(kind, environ):
        return False
    was_there = _was_there(ContainerEngine(kind, program), name, environ, timeout_s)
    # The engine's client outlives a keeper that was killed, and makes the container all the same.
    return was_there is True or (was_there is False and _age_s(fd) > CREATING_S)


def _where(kind: str, environ: Mapping[str, str]) -> dict[str, str]:
    names = (*_WHERE[kind], *(_OF_USER if kind == PODMAN and os.geteuid() else ()))
    return {name: environ[name] for name in names if environ.get(name)}


def _is_noted_so(keeper: str, name: str) -> bool:
    """Whether a note of a keeper, by its name, may lead to this socket: what lies beside that is removed."""
    folder, socket = os.path.split(keeper)
    return name.startswith(_BEGIN) and name == f"{os.path.basename(folder)}.keeper" and socket == "keeper"


def _is_name(name: str) -> bool:
    """Whether a container of ours may be called so: neither a word for its engine, nor another one's."""
    return name.startswith(_BEGIN) and name.isascii() and name.replace("-", "").isalnum()


def _found(kind: str, environ: Mapping[str, str]) -> str:
    import shutil

    return shutil.which(kind, path=environ.get("PATH") or os.defpath) or ""


def _age_s(fd: int) -> float:
    return time.time() - os.fstat(fd).st_mtime


def _lives(keeper: str) -> bool:
    connection: Any = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        return connection.connect_ex(keeper) == 0
    finally:
        connection.close()
