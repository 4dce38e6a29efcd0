"""Opens the tier that a URL names: all others know tiers by their port alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from penstock.errors import UsageError

if TYPE_CHECKING:
    from penstock.tiers.port import Tier

_FORMS = "file:///folder"


def open_tier(url: str, project: str) -> Tier:
    """The part of a far tier that is one project's. Nothing is read or made before it is used.

    Raises UsageError for a URL that names none.
    """
    from penstock.tiers.folder_tier import FolderTier

    return FolderTier(_folder(url), project)


def _folder(url: str) -> str:
    """The folder that a `file:` URL names."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise UsageError(f"{url!r} names no far tier; write it as {_FORMS}")
    if parts.netloc not in ("", "localhost"):
        raise UsageError(f"{url!r} names a host; a folder that this machine sees is file:///{parts.netloc}{parts.path}")
    if parts.query or parts.fragment:
        raise UsageError(f"{url!r} says more than a folder; write ? and # in its name as %3F and %23")
    folder = os.path.normpath(unquote(parts.path))
    if not os.path.isabs(folder) or folder == "/" or "\0" in folder:
        raise UsageError(f"{url!r} names no folder below /; write it as {_FORMS}")
    return folder
