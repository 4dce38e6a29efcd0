"""Who may ask: the token of a project, which a file keeps that its owner alone can read, and tickets for a moment."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import stat
import time
from pathlib import Path

FILE = "ui-token"
TICKET_S = 30
_LENGTH = 43  # of 32 bytes in base64 without its filling


class Keyring:
    """The token, and what signs tickets, which ends with the server."""

    def __init__(self, token: str) -> None:
        self.token = token
        self._secret = secrets.token_bytes(32)

    def opens(self, header: str) -> bool:
        """Whether an Authorization header carries the token."""
        scheme, _, given = header.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self.token.encode())

    def ticket(self, path: str, now: float | None = None) -> str:
        """What stands for the token for `TICKET_S`, for this path alone."""
        until = int(time.time() if now is None else now) + TICKET_S
        return f"{until}.{self._signature(until, path)}"

    def admits(self, ticket: str, path: str, now: float | None = None) -> bool:
        """Whether it is a ticket for this path, and still holds."""
        until, _, signature = ticket.partition(".")
        if not (until.isascii() and until.isdecimal() and len(until) < 16):
            return False
        expected = self._signature(int(until), path)
        same = hmac.compare_digest(signature.encode(errors="replace"), expected.encode())
        return same and int(until) >= (time.time() if now is None else now)

    def _signature(self, until: int, path: str) -> str:
        made = hmac.digest(self._secret, f"{until} {path}".encode(errors="replace"), hashlib.sha256)
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def token_of(folder: Path) -> str:
    """The token that a project's folder keeps; made where there is none, or where others could have read it. In a
    folder that can't be written: one that ends with the server."""
    path, made = folder / FILE, folder / f"{FILE}-{secrets.token_hex(8)}"
    if known := _kept(path):
        return known
    token = secrets.token_urlsafe(32)
    try:
        number = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return token
    try:
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(token)
        try:
            os.link(made, path)  # whole, and by one of several servers that begin at once
        except FileExistsError:
            if known := _kept(path):
                return known
            os.replace(made, path)
    except OSError:
        pass  # the disk is full, say: the token ends with the server
    finally:
        made.unlink(missing_ok=True)
    return token


def _kept(path: Path) -> str:
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # a pipe is not waited for
    except OSError:
        return ""
    with os.fdopen(number, encoding="ascii", errors="replace") as file:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077 or found.st_uid != os.geteuid():
            return ""
        token = file.read(200).strip()
    return token if len(token) == _LENGTH and token.isascii() else ""
