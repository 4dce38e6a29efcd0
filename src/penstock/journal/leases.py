"""Who may take a run. The rules alone, as values; the journal performs them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

from penstock.errors import RunBusyError
from penstock.model.rows import Owner
from penstock.model.tuples import NamedTuple

EXPIRY_S = 30.0
"""A driver that has not renewed its lease for so long loses it."""

SKEWED_EXPIRY_S = 120.0
"""The same between machines whose clocks differ."""


class Lease(NamedTuple):
    """A run's lease as the journal holds it."""

    token: int
    renewals: int
    renewed_monotonic: float
    renewed_at: float
    owner: Owner


def lease_of(columns: Sequence[Any]) -> Lease:
    """A lease from its columns."""
    token, renewals, renewed_monotonic, renewed_at, *owner = columns
    return Lease(token, renewals, renewed_monotonic, renewed_at, Owner(*owner))


class LeaseVerdict(enum.Enum):
    """What a lease allows."""

    FREE = "free"
    HELD = "held"
    WATCH = "watch"  # only a watch on its renewals can tell


class View(NamedTuple):
    """What the taker can see of the owner."""

    alive: bool | None  # None: can't be seen from here
    same_boot: bool  # the owner reads the same monotonic clock
    rebooted: bool  # the owner's machine is this one, and it has booted since
    monotonic: float


def judge(lease: Lease, view: View) -> LeaseVerdict:
    """Whether the lease of a run that is noted as running may be taken."""
    if view.alive is False or view.rebooted:
        return LeaseVerdict.FREE
    if not view.same_boot:
        return LeaseVerdict.WATCH
    return LeaseVerdict.FREE if view.monotonic - lease.renewed_monotonic > EXPIRY_S else LeaseVerdict.HELD


def looks_dead(lease: Lease, view: View, now: float) -> bool:
    """Whether to show the run as crashed. Wall clocks serve where nothing better can be seen."""
    if view.alive is not None or view.rebooted:
        return view.rebooted or not view.alive
    if view.same_boot:
        return view.monotonic - lease.renewed_monotonic > EXPIRY_S
    return now - lease.renewed_at > SKEWED_EXPIRY_S


def busy(run_id: str, lease: Lease) -> RunBusyError:
    """What to raise where another process holds the run."""
    host, _, pid, _ = lease.owner
    return RunBusyError(
        f"{run_id} is driven by process {pid} on {host}, which is alive. Wait for it, stop it with "
        f"`penstock cancel {run_id}`, or, if it is stuck, end that process; then `penstock resume {run_id}`"
    )
