"""Shells that are told what to do by their input: one of this host, and those of others, by OpenSSH."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from penstock.errors import PlatformError
from penstock.model.ssh_words import ssh_command, ssh_mend

_PATIENCE_S = 120.0
_REFUSED = 255  # what ssh itself ends with


class Shell(Protocol):
    """A POSIX shell somewhere. Blocks; may be used by several threads."""

    place: str  # where it is, in words

    def tell(self, script: str) -> str:
        """What a script prints. Raises PlatformError, with the mend, where the shell can't be had or the script fails;
        the script says why by its last line on standard error."""
        ...


class LocalShell:
    """A shell of this host."""

    place = "this host"

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """`environ`: variables beside this process's."""
        self._environ = dict(environ or {})

    def tell(self, script: str) -> str:
        """What a script prints."""
        return _told(self.place, ["sh", "-s"], script, {**os.environ, **self._environ})


class SshShell:
    """A shell of another host. Calls within a minute share one connection."""

    def __init__(self, address: str) -> None:
        """`address`: as ssh takes it; an alias of its configuration, too."""
        self.place = address

    def tell(self, script: str) -> str:
        """What a script prints."""
        shared = ("ControlMaster=auto", f"ControlPath={_sockets() / '%C'}", "ControlPersist=60")
        # The login's own shell may be any: `exec sh` is the same in all.
        command = [*ssh_command(self.place, os.environ, *shared), "exec sh -s"]
        return _told(self.place, command, script, os.environ)


def _sockets() -> Path:
    """A folder for connections. A socket's path has some 105 bytes at most, and its name takes 57 of them."""
    name = f"penstock-ssh-{os.getuid()}"
    places = [os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"]
    folder = next(path for place in places if place and len(os.fsencode(path := Path(place, name))) < 46)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid != os.getuid():
        raise PlatformError(f"{folder} is another user's: set XDG_RUNTIME_DIR to a folder of your own")
    return folder


def _told(place: str, command: Sequence[str], script: str, environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            command, input=script.encode(), capture_output=True, env=environ, timeout=_PATIENCE_S, check=False
        )
    except FileNotFoundError as error:
        raise PlatformError(f"{place}: there is no program `{command[0]}` here: install it") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlatformError(f"{place} does not answer: {error}") from error
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode:
        last = said.splitlines()[-1] if said else f"exit status {done.returncode}"
        mend = f"; {ssh_mend(place, said)}" if done.returncode == _REFUSED and command[0] != "sh" else ""
        raise PlatformError(f"{place}: {last}{mend}")
    return done.stdout.decode(errors="replace")
