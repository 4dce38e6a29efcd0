"""Sends values up to the far tier on purpose, and brings them down: those of some runs, or of all that is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

from penstock.errors import UsageError
from penstock.journal import needs, queries
from penstock.space.space_structs import MovedInfo
from penstock.tiers.transfer_words import Tell, Transfer

if TYPE_CHECKING:
    from penstock.journal.journal import Journal
    from penstock.project import Project
    from penstock.project_tiers import ProjectTiers

_THREADS = 4


def push(
    project: Project, runs: Iterable[str], tell: Tell, *, as_new: bool = False, take_over: bool = False
) -> MovedInfo:
    """What `penstock.client.space.push` does, of any project."""
    tiers = tiers_of(project)
    tiers.hear(tell)
    url = project.settings.store.url
    with closing(project.reader) as journal:
        wanted = _wanted(journal, runs)
    if as_new or take_over:
        for each in project.settings.tiers:
            tiers.claimed(each, take_over=take_over, anew=as_new)
    if not url:
        raise UsageError(f"the project's own far tier has no URL: {_MEND}")
    near = {blob.digest: blob.size for blob in tiers.store.near.list() if blob.digest in wanted}
    there = {blob.digest: blob.size for blob in tiers.own(url).blobs.list() if blob.digest in wanted}
    going = [blob for blob in near.items() if there.get(blob[0]) != blob[1]]
    uploads = tiers.uploads(url)
    _move(going, lambda digest, size: uploads.send_now([(digest, size)]), "sending", f"up to {url}", tell)
    return _info(url, going, [*there, *near], wanted)


def pull(project: Project, runs: Iterable[str], tell: Tell) -> MovedInfo:
    """What `penstock.client.space.pull` does, of any project."""
    tiers = tiers_of(project)
    tiers.hear(tell)
    with closing(project.reader) as journal:
        wanted = _wanted(journal, runs)
    here = {blob.digest for blob in tiers.store.near.list() if blob.digest in wanted}
    there = {
        blob.digest: blob.size
        for tier in tiers.readable()
        for blob in tier.blobs.list()
        if blob.digest in wanted and blob.digest not in here
    }

    def bring(digest: bytes, size: int) -> None:
        tiers.store.bring(digest, size)

    place = ", ".join(project.settings.tiers)
    _move(list(there.items()), bring, "bringing", f"down from {place}", tell)
    return _info(place, list(there.items()), [*here, *there], wanted)


def tiers_of(project: Project) -> ProjectTiers:
    """The far tiers of a project. Raises UsageError where it has none."""
    if project.tiers is None:
        raise UsageError(f"this project has no far tier: {_MEND}")
    return project.tiers


_MEND = 'write `[store]` and `url = "file:///folder"` or `"ssh://user@host/folder"` in penstock.toml'


def _wanted(journal: Journal, runs: Iterable[str]) -> set[bytes]:
    """The blobs that these runs need; without any, those that anything kept needs."""
    rows = list({row.id: row for row in (queries.resolve(journal, name) for name in runs)}.values())
    if rows:
        return {digest for row in rows for digest in needs.blobs_of_run(journal, row.id)}
    kept = {digest for row in queries.runs(journal) for digest in needs.blobs_of_run(journal, row.id)}
    kept.update(digest for _, digest in needs.blobs_of_cache(journal))
    return kept | needs.blobs_of_pins(journal)


def _move(
    blobs: list[tuple[bytes, int]], move: Callable[[bytes, int], None], verb: str, place: str, tell: Tell
) -> None:
    """Move all of them, several at once. The first failure is raised when those that had begun are over."""
    done, size = 0, sum(size for _, size in blobs)
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="penstock-moving")
    try:
        moving = [(threads.submit(move, *blob), blob[1]) for blob in blobs]
        with Transfer(verb, size, place, tell) as told:
            for future, moved in moving:
                future.result()
                done += moved
                told(done)
    finally:
        threads.shutdown(cancel_futures=True)


def _info(url: str, moved: list[tuple[bytes, int]], found: Iterable[bytes], wanted: set[bytes]) -> MovedInfo:
    there = set(found)
    return MovedInfo(
        url=url,
        blobs=len(moved),
        bytes=sum(size for _, size in moved),
        already=len(there) - len(moved),
        missing=len(wanted - there),
    )
