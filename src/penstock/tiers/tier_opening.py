"""Opens the tier that a URL names: all others know tiers by their port alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.errors import UsageError
from penstock.model.tier_urls import parse_tier_url
from penstock.tiers.transfer_words import Tell, silent

if TYPE_CHECKING:
    from penstock.tiers.port import Tier


def open_tier(url: str, project: str, tell: Tell = silent) -> Tier:
    """The part of a far tier that is one project's. Nothing is read or made before it is used. `tell`: who is told that
    it can't be reached for a while.

    Raises UsageError for a URL that names none.
    """
    try:
        place = parse_tier_url(url)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if place.host:
        from penstock.tiers.ssh_tier import SshTier

        return SshTier(place, project, tell)
    from penstock.tiers.folder_tier import FolderTier

    return FolderTier(place.folder, project)
