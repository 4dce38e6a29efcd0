"""Who uses the space of a project, and what of it can be given back: `penstock du` and `penstock gc` from Python;
`penstock push` and `penstock pull`, too.

from penstock.client.space import collect, pull, push, usage
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import timedelta

from penstock.errors import UsageError
from penstock.project import Project
from penstock.setting_values import parse_age
from penstock.settings import GcSettings
from penstock.space.space_structs import MovedInfo, SpaceInfo, SweepInfo
from penstock.tiers.transfer_words import silent


def usage(of: str = "", *, limit: int | None = None) -> SpaceInfo:
    """Who uses the space of the current folder's project. Reads only; takes seconds for 100,000 blobs.

    `of`: a run, "digits/3", or a flow, "digits": only it, or its runs, are listed. "": all. `limit`: at most so many
    runs are listed; None: all. Raises NotFoundError.
    """
    from penstock.space.usage import measured

    project = Project.find()
    with closing(project.reader) as journal:
        return measured(project, journal, of, limit)


def collect(
    *,
    keep_last: int | None = None,
    older_than: timedelta | str | None = None,
    keep_tags: Iterable[str] = (),
    flows: Iterable[str] = (),
    drop_cache: bool = False,
    remove: bool = False,
) -> SweepInfo:
    """Free the space of what is no longer needed in the current folder's project, or (`remove` False) say what it is.

    A run goes when it is beyond the last `keep_last` of its flow, and ended longer ago than `older_than` ("30d"), and
    has none of the `keep_tags`. Cached results go that were not used for `older_than`. None: as `penstock.toml` says,
    and where it says nothing, no restriction; but with neither of the two, no run goes. Tags of the settings are kept
    too. `flows`: whose runs and cached results may go; empty: of all. `drop_cache`: all cached results go.

    Then all goes that nobody refers to. An environment goes with the last run that has it; one that no run has, when it
    was not used for `older_than`, or where nothing is said, for 7 days. One that a process uses stays, with a note.

    Safe beside running flows; runs that are about to begin wait until it is over.
    Raises UsageError, NotFoundError for a flow that never had a run, StoreError, JournalError.
    """
    from penstock.space import collecting

    asked = GcSettings(_count(keep_last), _age_s(older_than), tuple(keep_tags) or None)
    return collecting.collect(Project.find(), asked, flows, drop_cache=drop_cache, remove=remove)


def push(*runs: str, as_new: bool = False, take_over: bool = False, tell: Callable[[str], None] = silent) -> MovedInfo:
    """Send up to the far tier of the current folder's project what these runs need, or, without any, all that is kept.

    What is there already stays. `as_new`: the project gets a folder of its own there, since it is a copy of one that is
    used still; `take_over`: it takes the folder from a copy that is used no more. `tell`: is given a line now and then
    where it takes long. Raises UsageError where there is no far tier, or another journal owns the project's folder
    there, NotFoundError, StoreError. Blocks.
    """
    from penstock.space import moving

    return moving.push(Project.find(), runs, tell, as_new=as_new, take_over=take_over)


def pull(*runs: str, tell: Callable[[str], None] = silent) -> MovedInfo:
    """Bring down what these runs need, or, without any, all that is kept: as `push` sends it up. What nobody asks for
    comes down by itself when it is touched."""
    from penstock.space import moving

    return moving.pull(Project.find(), runs, tell)


def _count(keep_last: int | None) -> int | None:
    if keep_last is not None and keep_last < 0:
        raise UsageError(f"keep_last: {keep_last} is not a whole number from 0 on")
    return keep_last


def _age_s(older_than: timedelta | str | None) -> float | None:
    if older_than is None:
        return None
    if isinstance(older_than, timedelta) and older_than >= timedelta():
        return older_than.total_seconds()
    try:
        return parse_age(older_than)
    except ValueError as error:
        raise UsageError(f"older_than: {error}") from None
