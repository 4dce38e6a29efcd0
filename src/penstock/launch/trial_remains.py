"""Takes away what a trial of a site has left: its agent, and what it put into the tier."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from penstock.agent import joining
from penstock.errors import PenstockError
from penstock.executors.site_port import Site
from penstock.launch.findings import Finding
from penstock.tiers.port import Tier

_GONE_S = 30.0
_LOOK_S = 0.2


def end_agent(site: Site, handle: str, *, by_hand: bool) -> Iterator[Finding]:
    """Have an agent gone that was told to go, also where the tier could not tell it. Blocks for half a minute at most.
    `by_hand`: nobody knows of it but who started it."""
    if by_hand:
        site.end([handle])
        return
    with suppress(PenstockError):
        if _is_over(site, handle):
            return
        site.end([handle])
        until = time.monotonic() + _GONE_S
        while time.monotonic() < until:
            if _is_over(site, handle):
                return
            time.sleep(_LOOK_S)
    yield Finding("end", "note", f"its site still shows the agent {handle}", "it was told to go: ask there again")


def _is_over(site: Site, handle: str) -> bool:
    return site.look([handle])[handle].state not in ("running", "pending")


def sweep(tier: Tier, nonce: str, agent: str, blobs: Iterable[tuple[bytes, int]]) -> None:
    """Remove the letters of a trial, its values, and what its site has kept of its agent there ("": none). Raises
    StoreError."""
    left = [joining.door(nonce), *tier.list(f"mail/{nonce}/"), *tier.list(f"checkpoints/{nonce}/")]
    if agent:
        job = tier.get(f"agents/{agent}/job")
        left += tier.list(f"agents/{agent}/")
        left += [f"agents/slurm-{job.decode().strip()}.out"] if job else []
    tier.delete(left)
    for digest, _ in blobs:
        tier.blobs.delete(digest)
