"""The URL of a far tier: `file:///folder`, or `ssh://user@host:port/folder`. Pure: opens nothing."""

from __future__ import annotations

import posixpath
import re
from typing import Any, Optional

from penstock.model.tuples import NamedTuple

FORMS = '"file:///folder" or "ssh://user@host/folder"'
_LOGIN = r"[A-Za-z0-9_][\w.+-]*"
_HOST = r"[A-Za-z0-9_][\w.-]*|\[[0-9A-Fa-f:.]+\]"


class TierUrl(NamedTuple):
    """Where a far tier lies."""

    folder: str  # absolute, as the machine there names it
    host: str = ""  # as ssh knows it; "": this machine sees the folder itself
    user: str = ""  # "": what ssh's configuration says
    port: Optional[int] = None  # None: likewise

    def text(self) -> str:
        """The URL, the same for all ways to write it."""
        from urllib.parse import quote

        user, port = f"{self.user}@" if self.user else "", f":{self.port}" if self.port else ""
        scheme = "ssh" if self.host else "file"
        return f"{scheme}://{user}{self.host}{port}{quote(self.folder)}"


def parse_tier_url(value: Any) -> TierUrl:
    """Raises ValueError, with a word on how to write it."""
    from urllib.parse import unquote, urlsplit

    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no URL of a far tier; write it as {FORMS}")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{value!r} is no URL: {error}") from None
    if parts.scheme not in ("file", "ssh"):
        raise ValueError(f"{value!r} names no far tier; write it as {FORMS}")
    if parts.query or parts.fragment:
        raise ValueError(f"{value!r} says more than a folder; write ? and # in its name as %3F and %23")
    if parts.password is not None:
        raise ValueError("a password has no place in a URL: have ssh log in by a key or an agent")
    folder = posixpath.normpath(unquote(parts.path))
    if not folder.startswith("/") or folder.startswith("//") or folder == "/" or not folder.isprintable():
        raise ValueError(f"{value!r} names no folder below /; write it as {FORMS}")
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise ValueError(f"{value!r} names a host; a folder that this machine sees is file:///...")
        return TierUrl(folder)
    user, _, host = parts.netloc.rpartition("@")
    host = host if port is None else host.rpartition(":")[0]
    host = host.rstrip(":") if port is None and not host.startswith("[") else host
    if not re.fullmatch(_HOST, host, re.ASCII) or (user and not re.fullmatch(_LOGIN, user, re.ASCII)):
        raise ValueError(f"{value!r} names no host; write it as {FORMS}")
    return TierUrl(folder, host, user, port)
