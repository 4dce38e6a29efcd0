"""Who owns a project's folder in a far tier: one journal, whose drivers each write a new mark there. Pure, but for the
two texts that `owner_of` and `write_owner` exchange with the tier."""

from __future__ import annotations

from penstock.errors import UsageError
from penstock.model.tuples import NamedTuple
from penstock.tiers.port import Tier

_NAME = "owner"


class TierOwner(NamedTuple):
    """What stands there."""

    mark: str  # a generation, which each driver raises, and what tells it from that of a copied journal: "3 9f86d081"
    who: str = ""  # in words


def owner_of(tier: Tier) -> TierOwner | None:
    """Who owns the folder; None: nobody, since it is new, or was emptied."""
    found = tier.get(_NAME)
    if found is None:
        return None
    mark, _, who = found.decode("utf-8", "replace").strip().partition("\n")
    return TierOwner(mark, who)


def write_owner(tier: Tier, owner: TierOwner) -> None:
    """Own the folder."""
    tier.put(_NAME, f"{owner.mark}\n{owner.who}\n".encode())


def next_mark(mark: str, nonce: str) -> str:
    """What a driver writes in the place of a mark; `nonce`: a few random letters."""
    generation = mark.partition(" ")[0]
    return f"{int(generation) + 1 if generation.isdecimal() else 1} {nonce}"


def check_owner(found: TierOwner | None, mine: tuple[str, ...], place: str) -> None:
    """Raise UsageError where another journal owns the folder. `mine`: the marks that this one may have left there."""
    if found is None or found.mark in mine:
        return
    raise UsageError(
        f"{place} belongs to another journal: {found.who or 'nobody knows whose'}. One of the two projects is a copy, "
        "or older than it was. Where both are used, give this one a folder of its own there: `penstock push --as-new`. "
        "Where this one alone is used from now on: `penstock push --take-over`"
    )
