"""What a project takes in its far tiers, and its removal there.

Nothing there can be held or touched for long from here, so ages count: by the tier's own clock, and twice a margin that
is longer than anything takes between the need of a blob and the row that tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from penstock.agent.sent_checkpoints import SentFolder
from penstock.errors import StoreError
from penstock.journal import queries
from penstock.model import wire
from penstock.model.states import RunStatus
from penstock.space.space_structs import FarSpaceInfo, PileInfo

if TYPE_CHECKING:
    from penstock.journal.journal import Journal
    from penstock.project import Project
    from penstock.space.sweep import Marked
    from penstock.tiers.port import Tier

MARGIN_S = 86_400.0
"""A blob that is needed and older than this is renewed there, by who is about to refer to it."""

_BY_RUN = ("mail/", "runs/", "checkpoints/")
"""Objects whose names go on with a run's nonce."""

_OPEN = (RunStatus.RUNNING, RunStatus.CRASHED, RunStatus.INTERRUPTED)
"""Runs whose attempts may still be at work there, or whose outcomes have not been read."""


class FarSwept:
    """What was removed there, or would be, and what there is to say of it."""

    def __init__(self) -> None:
        self.piles: list[PileInfo] = []
        self.spared_bytes = 0
        self.notes: list[str] = []


Places = list[tuple[str, "Tier"]]
"""Tiers, and their URLs as the settings have them."""


def owned(project: Project, *, remove: bool) -> Places:
    """The project's own folders in its far tiers. Raises UsageError where another journal has one of them. `remove`:
    own them anew, so that no copy of the project does the same meanwhile."""
    if project.tiers is None:
        return []
    found = [(url, project.tiers.checked(url, claim=remove)) for url in project.settings.tiers]
    return [(url, tier) for url, tier in found if tier is not None]


def sweep_far(places: Places, journal: Journal, marked: Marked, *, remove: bool) -> FarSwept:
    """Remove what is not marked (`remove` False: only count it)."""
    swept = FarSwept()
    rows = queries.runs(journal)
    oldest = min((row.created_at for row in rows if row.status in _OPEN), default=marked.now)
    age_s = max(marked.now - marked.before, marked.now - oldest + MARGIN_S, 2 * MARGIN_S)
    nonces = {row.nonce for row in rows}
    is_quiet = not any(row.status in _OPEN for row in rows)
    for url, tier in places:
        try:
            _sweep_one(url, tier, marked, age_s, nonces, swept, remove)
            if is_quiet:  # else an agent may be about to unpack one
                _sweep_bundles(url, tier, swept, remove)
        except StoreError as error:
            swept.notes.append(f"{url} was not swept: {error}")
    return swept


def far_infos(project: Project) -> Iterator[FarSpaceInfo]:
    """What lies in each far tier."""
    if project.tiers is None:
        return
    near = {blob.digest for blob in project.tiers.store.near.list()}
    for url, tier in project.tiers.places():
        try:
            blobs = list(tier.blobs.list())
        except StoreError as error:
            yield FarSpaceInfo(url, 0, 0, 0, str(error))
            continue
        alone = sum(blob.size for blob in blobs if blob.digest not in near)
        yield FarSpaceInfo(url, len(blobs), sum(blob.size for blob in blobs), alone)


def _sweep_one(
    url: str, tier: Tier, marked: Marked, age_s: float, nonces: set[str], swept: FarSwept, remove: bool
) -> None:
    blobs = tier.blobs.sweep(marked.blobs | _checkpoints(tier, nonces), tier.blobs.now() - age_s, remove=remove)
    left = [name for prefix in _BY_RUN for name in tier.list(prefix) if name.split("/")[1] not in nonces]
    if remove:
        tier.delete(left)
    piles = (
        PileInfo(f"blobs in {url}", blobs.blobs, blobs.blob_bytes),
        PileInfo(f"unfinished writes in {url}", blobs.cut_off, blobs.cut_off_bytes),
        PileInfo(f"letters of removed runs in {url}", len(left), 0),
    )
    swept.piles += [pile for pile in piles if pile.count]
    swept.spared_bytes += blobs.spared_bytes


def _sweep_bundles(url: str, tier: Tier, swept: FarSwept, remove: bool) -> None:
    """What agents of other versions of Penstock started from: the script that starts them names one."""
    script = tier.get("agent") or b""
    old = [name for name in tier.list("bundles/") if name.rpartition("/")[2].encode() not in script]
    if remove:
        tier.delete(old)
    swept.piles += [PileInfo(f"old bundles for agents in {url}", len(old), 0)] if old else []


def _checkpoints(tier: Tier, nonces: set[str]) -> set[bytes]:
    """The blobs of the checkpoints that tasks of kept runs have left there."""
    found = set[bytes]()
    for name in tier.list("checkpoints/"):
        data = tier.get(name) if name.split("/")[1] in nonces else None
        if data is None:
            continue
        try:
            folder = wire.read(SentFolder, data)
        except wire.MalformedError:  # nobody can read it, nor what it names
            continue
        found.update(file.digest for file in (*folder.files, *folder.points))
    return found
