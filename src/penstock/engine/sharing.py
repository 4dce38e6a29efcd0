"""How runs share a machine: each applies this rule to what all have written down, while it alone may write.

Owns fairness among runs. No clock, no files: what is decided here is one run's own share, and what it gives back.

Who holds least comes first, and among equals who has waited longest; what they lack is not given to those behind them.
A run gives back what another one lacks as long as that one would still hold less than it does; where both would hold as
much, or where the other one holds nothing at all, after a turn. Nothing is killed for it: it is given back as attempts
end. So whoever waits gets its fair share or, where that is less than one call needs, its turn: a call that asks for all
of the machine gets all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from penstock.engine.facts import HostWish
from penstock.model.shares import Amount, Share, Weight
from penstock.model.tuples import NamedTuple

TURN_S = 1.0
"""How long a run keeps at least what others have as much of: below it, handing over would cost more than it gives."""

STALE_S = 5.0
"""What a run lacks is kept for it as long as it says so again: one that is stopped, or busy, holds nobody up."""


class Agreed(NamedTuple):
    """A run's share from now on."""

    share: Share
    bound: Amount | None  # for its lanes; less than it uses: it is to give back. None: it is alone
    rings: bool = False  # whether others have something to do now


def agree(mine: Share, wish: HostWish, others: Sequence[Share], total: Amount, now: float) -> Agreed:
    """What this run's share becomes. `mine`: what it has written last; `others`: the living ones."""
    if not others:
        return Agreed(mine._replace(told=False, holds=wish.used, lacks=(), granted_at=0.0, at=now), None)
    share = mine._replace(
        told=True,
        holds=_kept(mine, wish),
        lacks=wish.lacks,
        since=mine.since if mine.told and mine.lacks else now,
        granted_at=mine.granted_at or now,
        at=now,
    )
    bound, given, gives = _settled(share, others, total, now)
    holds = Amount(
        max(bound.cpu_millionths, wish.used.cpu_millionths), max(bound.memory_bytes, wish.used.memory_bytes), bound.gpus
    )
    share = share._replace(holds=holds, lacks=tuple(weight for weight in share.lacks if weight not in given))
    if given or gives:  # who has had something, or gives something back, waits behind those who wait
        share = share._replace(since=now, granted_at=now if given else share.granted_at)
    return Agreed(share, bound, _rings(mine, share, others))


def _kept(mine: Share, wish: HostWish) -> Amount:
    """What of its share a run keeps though it does not use it: between two calls it must not lose what it needs again
    at once. It keeps nothing idle that it has not used for long, or while it waits for more, and no GPU."""
    used = wish.used
    if wish.lacks or not mine.told:
        return used
    cpu_millionths, memory_bytes = mine.holds.cpu_millionths, mine.holds.memory_bytes
    if wish.peak is not None:
        cpu_millionths, memory_bytes = min(cpu_millionths, wish.peak[0]), min(memory_bytes, wish.peak[1])
    return Amount(max(used.cpu_millionths, cpu_millionths), max(used.memory_bytes, memory_bytes), used.gpus)


def _settled(
    mine: Share, others: Sequence[Share], total: Amount, now: float
) -> tuple[Amount, tuple[Weight, ...], bool]:
    """What this run may use, what it was given of what it lacks, and whether it is to give something back."""
    # Who has not answered by then is stopped, and holds nobody up.
    all_told = now - mine.since >= STALE_S or all(other.told for other in others)
    left, own = _Left(total, (mine, *others), all_told), mine.holds
    given: tuple[Weight, ...] = ()
    gives = False
    for share, weight in _queue(mine, others, total, now):
        names = left.names(weight)
        cpu_millionths, memory_bytes = left.missing(weight)
        if weight.gpu > len(names):
            left.taken.update(names)  # cpu and memory are not kept for it: it could wait long
        elif share is mine:
            if cpu_millionths == memory_bytes == 0 and not gives:
                left.keep(weight, names)
                own, given = _sum(own, weight, names), (*given, weight)
        else:
            part = min(own.cpu_millionths, cpu_millionths), min(own.memory_bytes, memory_bytes)
            if any(part) and not given and _is_due(mine, own, share, weight, total, now):
                own, gives = own._replace(cpu_millionths=own[0] - part[0], memory_bytes=own[1] - part[1]), True
                left.cpu_millionths += part[0]
                left.memory_bytes += part[1]
            left.keep(weight, names)
    return own, given, gives


class _Left:
    """What nobody holds, and nobody comes first for. Less than nothing where a run alone took more than there is."""

    def __init__(self, total: Amount, shares: Sequence[Share], all_told: bool) -> None:
        self.cpu_millionths = total.cpu_millionths - sum(share.holds.cpu_millionths for share in shares)
        self.memory_bytes = total.memory_bytes - sum(share.holds.memory_bytes for share in shares)
        self.taken = {name for share in shares for name in share.holds.gpus}
        self._told = all_told

    def names(self, weight: Weight) -> tuple[str, ...]:
        """The GPUs that such a lane may have; too few: there are no more."""
        return tuple(name for name in weight.of if name not in self.taken and self._told)[: weight.gpu]

    def missing(self, weight: Weight) -> tuple[int, int]:
        """How much cpu and memory has to be given back for it. All, while somebody has not told what he holds."""
        if not self._told:
            return weight.cpu_millionths, weight.memory_bytes
        return self._short(weight.cpu_millionths, self.cpu_millionths), self._short(
            weight.memory_bytes, self.memory_bytes
        )

    def _short(self, wanted: int, left: int) -> int:
        return max(0, wanted - left) if wanted else 0

    def keep(self, weight: Weight, names: tuple[str, ...]) -> None:
        self.cpu_millionths -= weight.cpu_millionths
        self.memory_bytes -= weight.memory_bytes
        self.taken.update(names)


def _queue(mine: Share, others: Sequence[Share], total: Amount, now: float) -> list[tuple[Share, Weight]]:
    """What all lack, in the order in which they get it."""
    living = [mine, *(other for other in others if now - other.at < STALE_S)]
    living.sort(key=lambda share: (_part(share.holds, total), share.since, share.project, share.run))
    return [(share, weight) for share in living for weight in _firsts(share, total)]


def _firsts(share: Share, total: Amount) -> Iterator[Weight]:
    """The oldest call of a run that could have what it lacks beside what the run holds (else its own lanes have to end
    first), and the oldest that asks for a GPU: the others wait for these, and all ask again once something is given."""
    found = set[bool]()
    for weight in share.lacks:
        sum_ = _sum(share.holds, weight)
        is_possible = sum_.cpu_millionths <= total.cpu_millionths and sum_.memory_bytes <= total.memory_bytes
        if is_possible and (weight.gpu > 0) not in found:
            found.add(weight.gpu > 0)
            yield weight


def _is_due(mine: Share, own: Amount, other: Share, weight: Weight, total: Amount, now: float) -> bool:
    """Whether this run, which has `own`, gives back what the other one lacks."""
    theirs, ours = _part(_sum(other.holds, weight), total), _part(own, total)
    if theirs < ours:
        return True
    return (theirs == ours or _part(other.holds, total) == 0) and now - mine.granted_at >= TURN_S


def _sum(amount: Amount, weight: Weight, names: tuple[str, ...] = ()) -> Amount:
    return Amount(
        amount.cpu_millionths + weight.cpu_millionths, amount.memory_bytes + weight.memory_bytes, (*amount.gpus, *names)
    )


def _part(amount: Amount, total: Amount) -> float:
    """The part of the machine that somebody holds, of what it holds most of (dominant resource fairness)."""
    return max(
        amount.cpu_millionths / max(1, total.cpu_millionths),
        amount.memory_bytes / max(1, total.memory_bytes),
        len(amount.gpus) / max(1, len(total.gpus)),
    )


def _rings(before: Share, after: Share, others: Sequence[Share]) -> bool:
    """Whether others should look again: this run lacks something new, or leaves more of what somebody lacks."""
    if set(after.lacks) - set(before.lacks):
        return True
    leaves_more = (
        not before.told
        or after.holds.cpu_millionths < before.holds.cpu_millionths
        or after.holds.memory_bytes < before.holds.memory_bytes
        or not set(before.holds.gpus) <= set(after.holds.gpus)
        or len(after.lacks) < len(before.lacks)
    )
    return leaves_more and any(other.lacks for other in others)
