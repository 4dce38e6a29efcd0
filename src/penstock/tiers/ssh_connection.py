"""The connection of an ssh tier, which is made when it is needed, and made anew, with patience, when it was cut."""

from __future__ import annotations

import os
import shlex
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from penstock.artifacts.folder import store_error
from penstock.errors import StoreError
from penstock.model.ssh_words import ssh_command, ssh_mend
from penstock.model.tier_urls import TierUrl
from penstock.model.words import duration
from penstock.tiers.ssh_session import Answer, RefusedThere, SessionLost, SshSession
from penstock.tiers.transfer_words import Tell

PATIENCE_S = 60.0
"""How long a connection that was cut is tried again, before what needs it fails."""

_FIRST_PAUSE_S, _MOST_PAUSE_S = 0.1, 5.0
_ENOUGH = 3
"""A connection that has answered so often stood: the patience begins anew."""

_NO_PYTHON = (126, 127)
_SSHS_OWN = 255
"""What ssh ends with for failures of its own."""

T = TypeVar("T")


class SshConnection:
    """What reaches one project's folder on another host. From any thread."""

    def __init__(self, place: TierUrl, project: str, tell: Tell) -> None:
        port = f":{place.port}" if place.port else ""
        user = f"{place.user}@" if place.user else ""
        is_plain = not place.port and not place.host.startswith("[")
        self.address = f"{user}{place.host}" if is_plain else f"ssh://{user}{place.host}{port}"
        self.root = place.folder
        self._project = project
        self._tell = tell
        self._patience_s = PATIENCE_S
        self._lock = threading.Lock()
        self._session: SshSession | None = None
        self._stood = False  # it has been reached once, so that nothing but time is needed
        self._lost_at: float | None = None

    def call(self, op: str, data: bytes | memoryview = b"", **args: Any) -> Answer:
        """The answer to a request that may be made twice. Raises RefusedThere for a word of the helper's, StoreError
        where the system there refuses, or it can't be reached."""
        return self.persist(lambda session: session.ask(op, data, **args).result())

    def persist(self, action: Callable[[SshSession], T]) -> T:
        """What an action gives that may be begun anew on another connection."""
        pause_s = _FIRST_PAUSE_S
        while True:
            session = None
            try:
                session = self._connected()
                return action(session)
            except SessionLost as lost:
                self._wait(lost, session, pause_s)
                pause_s = min(2 * pause_s, _MOST_PAUSE_S)
            except RefusedThere as refused:
                raise self.explained(refused) from None

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _connected(self) -> SshSession:
        with self._lock:
            if self._session is None:
                command = ssh_command(self.address, os.environ)
                self._session = SshSession(command, self.root, self._project, os.environ)
                self._stood = True
                if self._lost_at is not None:
                    self._tell(f"{self.address} is reached again, after {duration(time.monotonic() - self._lost_at)}")
                    self._lost_at = None
            return self._session

    def _wait(self, lost: SessionLost, session: SshSession | None, pause_s: float) -> None:
        """Wait before the next try, or raise StoreError where none would help."""
        with self._lock:
            now = time.monotonic()
            if session is not None and session is self._session:
                self._session = None
            if session is not None and session.answered > _ENOUGH:
                self._lost_at = None
            is_first = self._lost_at is None
            self._lost_at = now if self._lost_at is None else self._lost_at
            is_over = now - self._lost_at > self._patience_s
        if lost.code in _NO_PYTHON and session is None:
            raise StoreError(f"{self.address}: {_said(lost)}: the far tier needs `python3` there, version 3.6 or newer")
        if is_over or not self._stood:
            self._lost_at = None
            raise self.unreachable(lost) from lost
        if is_first:
            self._tell(
                f"{self.address} can't be reached ({_said(lost)}); trying again for {duration(self._patience_s)}"
            )
        time.sleep(pause_s)

    def unreachable(self, lost: SessionLost) -> StoreError:
        """What to raise where the connection is gone."""
        mend = f"; {ssh_mend(self.address, lost.said)}" if lost.code == _SSHS_OWN else ""
        return StoreError(f"the far tier at {self.address} can't be reached: {_said(lost)}{mend}")

    def explained(self, refused: RefusedThere) -> Exception:
        """What to raise where the system there refuses; a word of the helper's is left to who knows its meaning."""
        if refused.errno:
            error = OSError(refused.errno, refused.word)
            return store_error("used", f"{self.address}:{refused.path or self.root}", error)
        if refused.word == "no root":
            return StoreError(
                f"the far tier's folder {self.root} is not there on {self.address}: mount what it lies in, or make it: "
                f"`ssh {self.address} {shlex.quote(f'mkdir -p {shlex.quote(self.root)}')}`"
            )
        return refused


def _said(lost: SessionLost) -> str:
    return lost.said.splitlines()[-1] if lost.said else "the connection was cut"
