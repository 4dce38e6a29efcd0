"""What gc frees, and what it leaves alone."""

from __future__ import annotations

import fcntl
import os
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from penstock.artifacts.folder import FolderStore
from penstock.client.space import collect, usage
from penstock.errors import NotFoundError, UsageError
from penstock.journal import changes, needs, pins
from penstock.model.rows import Batch, RunEnd, WantedResult
from penstock.space import left_actions, sweep
from penstock.space.space_structs import PileInfo
from tests.journal_records import digest
from tests.recorded import Recorded, outcome, task
from tests.spacious import DAY_S, Spacious, anything, on_disk, run_ids

POLICIES: list[dict[str, Any]] = [
    {},
    {"keep_last": 0},
    {"keep_last": 2},
    {"keep_last": 1, "keep_tags": ["best"]},
    {"older_than": "10d"},
    {"older_than": "1h", "flows": ["digits"]},
    {"keep_last": 1, "older_than": timedelta(days=1), "drop_cache": True},
]


@pytest.fixture
def spacious(recorded: Recorded) -> Iterator[Spacious]:
    return Spacious(recorded)


def blobs_of(home: Path) -> set[bytes]:
    return {blob.digest for blob in FolderStore(home / "store").list()}


def needed(spacious: Spacious) -> set[bytes]:
    """By the runs, the cached results and the pins that are there."""
    tables = ("run_blob", "cache_blob", "pin_blob")
    return {row[0] for table in tables for row in spacious.rows(f"SELECT digest FROM {table}")}  # type: ignore[misc]


@pytest.mark.parametrize("live", [False, True], ids=["alone", "beside a run"])
@pytest.mark.parametrize("seed", range(14))
def test_the_deed_frees_what_the_dry_run_said_and_nothing_that_is_needed(
    spacious: Spacious, seed: int, live: bool
) -> None:
    runs = anything(spacious, random.Random(seed), live=live)
    asked = POLICIES[seed % len(POLICIES)]
    before, all_runs = on_disk(spacious.home), run_ids(spacious.home)

    dry = collect(**asked)
    assert (on_disk(spacious.home), run_ids(spacious.home)) == (before, all_runs)
    deed = collect(**asked, remove=True)

    as_dry = msgspec.structs.replace(deed, removed=False, journal_bytes=0)
    assert as_dry == dry
    assert before - on_disk(spacious.home) == deed.bytes == sum(pile.bytes for pile in deed.piles)
    assert all_runs - run_ids(spacious.home) == {run.id for run in deed.runs}
    kept = {blob for run in runs if run.run_id in run_ids(spacious.home) for blob in run.blobs}
    assert kept <= needed(spacious) <= blobs_of(spacious.home)
    if not live:
        assert needed(spacious) == blobs_of(spacious.home)
    assert collect(**asked, remove=True).bytes == 0


@pytest.mark.parametrize("seed", range(7))
def test_what_a_run_holds_alone_is_what_its_going_frees(spacious: Spacious, seed: int) -> None:
    run = random.Random(seed).choice(anything(spacious, random.Random(seed)))
    collect(remove=True)
    (said,) = (info.alone_bytes for info in collect(keep_last=0, older_than="0s").runs if info.id == run.run_id)
    changes.delete_run(spacious.recorded.journal, run.id)
    info = collect(remove=True)
    others = ("code snapshots", "environments", "locks for new runs")
    assert sum(pile.bytes for pile in info.piles if pile.what not in others) == said


def test_runs_that_share_a_blob_hold_it_alone_only_together(spacious: Spacious) -> None:
    shared, own = spacious.blob(10_000), spacious.blob(300)
    spacious.run([shared, own], logs=7)
    spacious.run([shared])
    info = collect(keep_last=0)
    assert [(run.id, run.bytes, run.alone_bytes, run.folder_bytes) for run in info.runs] == [
        ("digits/2", 10_000, 0, 0),
        ("digits/1", 10_307, 307, 7),
    ]
    assert info.bytes == 10_307


def test_pinned_values_outlive_their_run_until_no_pin_is_left(spacious: Spacious) -> None:
    blob, other = spacious.blob(1_000), spacious.blob(2_000)
    run = spacious.run([blob, other])
    spacious.cached(run, [blob], used_s=50 * DAY_S)
    first, second = spacious.pinned([blob]), spacious.pinned([blob])
    (info,) = collect(keep_last=0, drop_cache=True).runs
    assert (info.bytes, info.alone_bytes) == (3_000, 2_000)
    info = collect(keep_last=0, drop_cache=True, remove=True)
    assert (info.cached.alone_bytes, info.bytes, blobs_of(spacious.home)) == (0, 2_000, {blob})
    for name in (first, second):
        assert collect(remove=True).bytes == 0
        pins.unpin(spacious.recorded.journal, name)
    assert collect(remove=True).bytes == 1_000
    assert pins.pins(spacious.recorded.journal) == []


def test_cached_results_outlive_their_run_until_they_are_not_used(spacious: Spacious) -> None:
    blob, stale = spacious.blob(1_000), spacious.blob(2_000)
    run = spacious.run([blob, stale])
    spacious.cached(run, [blob], used_s=5 * DAY_S)
    spacious.cached(run, [blob, stale], used_s=50 * DAY_S)
    assert collect(keep_last=0, remove=True).cached.results == 0
    assert blobs_of(spacious.home) == {blob, stale}
    info = collect(older_than="30d", remove=True)
    assert (info.cached.results, info.cached.bytes, info.cached.alone_bytes, info.bytes) == (1, 3_000, 2_000, 2_000)
    assert blobs_of(spacious.home) == {blob}
    assert collect(drop_cache=True, flows=["digits"]).bytes == 1_000
    collect(drop_cache=True, remove=True)
    assert blobs_of(spacious.home) == set()
    assert spacious.rows("SELECT * FROM cache_blob") == []


def test_a_cached_result_that_is_used_after_it_was_chosen_stays(spacious: Spacious) -> None:
    blob = spacious.blob(1_000)
    spacious.cached(spacious.run([blob]), [blob], used_s=50 * DAY_S)
    (row,) = needs.cached_results(spacious.recorded.journal)
    spacious.sql("UPDATE cache SET used_at = ?", time.time())
    changes.forget_cached(spacious.recorded.journal, [row])
    assert len(needs.cached_results(spacious.recorded.journal)) == 1
    assert list(needs.blobs_of_cache(spacious.recorded.journal)) == [(row.id, blob)]


def test_beside_a_run_what_it_may_be_about_to_refer_to_stays(spacious: Spacious) -> None:
    goes_on = spacious.run(status="running", age_s=0.0)
    fresh, old = spacious.blob(100, at=time.time() - 3_600), spacious.blob(200)
    info = collect(remove=True)
    assert blobs_of(spacious.home) == {fresh}
    assert (info.bytes, info.spared_bytes) == (200, 100)
    assert not spacious.file_of(old).exists()
    spacious.sql("UPDATE run SET status = 'done', ended_at = 1 WHERE id = ?", goes_on.id)
    assert collect(remove=True).bytes == 100


def test_a_cached_result_that_a_driver_takes_while_its_entry_goes_stays_whole(
    spacious: Spacious, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It renews the blobs, then commits; here both come after all was marked."""
    blob = spacious.blob(1_000)
    spacious.cached(spacious.run([blob]), [blob], used_s=50 * DAY_S)
    handle = spacious.recorded.begin("wide")
    handle.commit(Batch())
    mark = sweep.mark

    def mark_and_let_the_driver_go_on(*arguments: Any) -> sweep.Marked:
        marked = mark(*arguments)
        os.utime(spacious.file_of(blob))
        taken = task(1, "wide.draw", 1, outcome(spacious.recorded.stored(1)._replace(blobs=(blob,))))
        handle.commit(Batch((taken,)))
        return marked

    monkeypatch.setattr(sweep, "mark", mark_and_let_the_driver_go_on)
    info = collect(keep_last=0, older_than="1d", remove=True)
    assert (len(info.runs), info.cached.results) == (1, 1)
    assert blobs_of(spacious.home) == {blob} == needed(spacious)
    handle.end(RunEnd("done"))
    handle.close()


def test_a_run_that_somebody_goes_on_with_after_it_was_chosen_stays(
    spacious: Spacious, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = spacious.run([spacious.blob(100)], status="failed", logs=5)
    delete = changes.delete_run

    def resume_first(journal: Any, id_: int) -> None:
        spacious.sql("UPDATE run SET status = 'running' WHERE id = ?", id_)
        spacious.sql("UPDATE lease SET renewed_at = ? WHERE run_id = ?", time.time(), id_)
        delete(journal, id_)

    monkeypatch.setattr(changes, "delete_run", resume_first)
    info = collect(keep_last=0, remove=True)
    assert (info.runs, info.bytes) == ((), 0)
    assert (run_ids(spacious.home), blobs_of(spacious.home)) == ({run.run_id}, set(run.blobs))


def test_a_removal_that_was_cut_short_is_finished_by_the_next(
    spacious: Spacious, monkeypatch: pytest.MonkeyPatch
) -> None:
    spacious.run([spacious.blob(100)], logs=3)
    spacious.run([spacious.blob(200)], flow="wide")

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(changes, "finish_removals", die)
        with pytest.raises(KeyboardInterrupt):
            collect(keep_last=0, flows=["digits"], remove=True)
    assert run_ids(spacious.home) == {"wide/1"}
    assert len(spacious.rows("SELECT id FROM task")) == 2
    assert len(blobs_of(spacious.home)) == 2
    assert collect(remove=True).bytes == 103
    assert len(spacious.rows("SELECT id FROM task")) == len(spacious.rows("SELECT id FROM step")) == 1


def test_what_a_killed_gc_has_set_aside_is_put_back_or_goes(spacious: Spacious) -> None:
    needed_blob, other = spacious.blob(1_000), spacious.blob(2_000)
    spacious.run([needed_blob])
    for blob in (needed_blob, other):
        file = spacious.file_of(blob)
        file.rename(spacious.home / "store" / "tmp" / file.name)
    dry = collect()
    assert [(pile.what, pile.count, pile.bytes) for pile in dry.piles] == [("blobs", 1, 2_000)]
    assert collect(remove=True).piles == dry.piles
    assert spacious.file_of(needed_blob).stat().st_size == 1_000
    assert list((spacious.home / "store" / "tmp").iterdir()) == []


def test_a_run_of_many_tasks_goes_in_pieces(spacious: Spacious, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_PIECE", 3)
    monkeypatch.setattr(changes, "_TURN_S", 0.0)
    handle = spacious.recorded.begin("wide")
    handle.commit(Batch(tuple(task(number, "wide.draw", number, outcome()) for number in (1, 2, 3, 5, 8, 13, 1 << 31))))
    handle.end(RunEnd("done"))
    handle.close()
    spacious.run()
    changes.delete_run(spacious.recorded.journal, handle.id)
    assert [row[0] for row in spacious.rows("SELECT run_id FROM step")] == [2]
    assert len(spacious.rows("SELECT id FROM task")) == 1


def test_code_goes_with_the_last_task_that_it_made_but_not_beside_a_run(spacious: Spacious) -> None:
    first, second, third = (digest("code", number) for number in range(3))
    spacious.run(code=first)
    kept = spacious.run(code=second, tags=("best",))
    spacious.cached(kept, code=third)
    running = spacious.run(flow="wide", status="running", code=second, age_s=0.0)
    collect(keep_last=0, keep_tags=["best"], remove=True)
    assert len(spacious.rows("SELECT * FROM code")) == 3
    spacious.sql("UPDATE run SET status = 'done', ended_at = 1 WHERE id = ?", running.id)
    collect(remove=True)
    assert {row[0] for row in spacious.rows("SELECT digest FROM code")} == {second, third}
    collect(drop_cache=True, remove=True)
    assert {row[0] for row in spacious.rows("SELECT digest FROM code")} == {second}


def test_claims_stay_only_while_their_driver_drives(spacious: Spacious) -> None:
    keys: list[bytes] = []
    for status in ("goes on", "crashed", "gone"):
        handle = spacious.recorded.begin("wide", alive=status == "goes on")
        keys.append(digest(status))
        handle.seek((WantedResult(key=keys[-1], content=keys[-1], task=f"{handle.run_id}/draw/1"),))
        handle.close()
        if status == "crashed":
            spacious.sql("UPDATE lease SET token = token + 1 WHERE run_id = ?", handle.id)
        if status == "gone":
            spacious.sql("DELETE FROM run WHERE id = ?", handle.id)
    assert len(spacious.rows("SELECT * FROM cache_claim")) == 2, "that of a run that is gone has gone with it"
    collect(remove=True)
    assert spacious.rows("SELECT key FROM cache_claim") == [(keys[0],)]


def test_a_journal_that_was_never_put_in_its_place_goes(spacious: Spacious) -> None:
    left, fresh = [spacious.home / f"journal.db.{pid}-1.tmp" for pid in (123, 124)]
    for file in (left, fresh):
        file.write_bytes(bytes(70))
    long_ago = time.time() - 30 * 86_400
    os.utime(left, (long_ago, long_ago))
    info = collect(remove=True)
    assert [(pile.what, pile.bytes) for pile in info.piles] == [("unfinished journals", 70)]
    assert (left.exists(), fresh.exists()) == (False, True)


def test_of_the_sources_only_snapshots_go(spacious: Spacious) -> None:
    used, unused = spacious.snapshot("used", 10), spacious.snapshot("unused", 20)
    spacious.run(snapshot=used)
    for name in ("last", "outlines", "outlines.db-wal", "notes.txt"):
        spacious.source(name, 30)
    spacious.source(f"{used}.123.tmp", 40)
    spacious.source("outlines.123.tmp", 50, at=time.time() - 60)  # somebody may be writing it
    info = collect(remove=True)
    assert [(pile.what, pile.bytes) for pile in info.piles] == [("code snapshots", 20), ("unfinished snapshots", 40)]
    assert {file.name for file in (spacious.home / "sources").iterdir()} == {
        used, "last", "outlines", "outlines.db-wal", "notes.txt", "outlines.123.tmp"
    }  # fmt: skip
    assert unused not in {file.name for file in (spacious.home / "sources").iterdir()}


def test_actions_of_the_api_go_a_day_after_their_end(spacious: Spacious) -> None:
    spacious.run([])
    home = spacious.home / left_actions.FOLDER
    for name, age_s in (("fresh", 0), ("ended", 2 * DAY_S), ("running", 2 * DAY_S), ("half-made", 2 * DAY_S)):
        (home / name).mkdir(parents=True)
        (home / name / "log").write_bytes(b"x" * 10)
        (home / name / "lock").touch()
        os.utime(home / name, (time.time() - age_s, time.time() - age_s))
    (home / "a file").write_text("of somebody's")
    with open(home / "running" / "lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        parts = {part.what: (part.count, part.bytes) for part in usage().parts}
        assert (parts["actions of the API"], parts["what nobody refers to"]) == ((2, 20), (2, 20))
        piles = [PileInfo("actions that have ended", 2, 20)]
        assert list(collect().piles) == list(collect(remove=True).piles) == piles
        assert sorted(entry.name for entry in home.iterdir()) == ["a file", "fresh", "running"]
        assert not collect(remove=True).piles


def test_the_settings_of_the_project_hold(spacious: Spacious) -> None:
    for flow in ("digits", "wide"):
        for _ in range(3):
            spacious.run(flow=flow)
    Path("penstock.toml").write_text("[gc]\nkeep_last = 2\n[gc.flows.wide]\nkeep_last = 1\n")
    assert [run.id for run in collect().runs] == ["wide/2", "wide/1", "digits/1"]
    assert [run.id for run in collect(keep_last=0, flows=["digits"]).runs] == ["digits/3", "digits/2", "digits/1"]


def test_what_looks_like_a_slip_is_noted(spacious: Spacious) -> None:
    spacious.run(tags=("best",))
    Path("penstock.toml").write_text("[gc.flows.digit]\nkeep_last = 9\n[gc.flows.later]\nkeep_last = 9\n")
    assert collect(keep_tags=["bset", "best", "x"]).notes == (
        "penstock.toml: gc.flows.digit: no flow of this name has run; did you mean digits?",
        "no run has the tag 'bset'; did you mean best?",
        "no run has the tag 'x'",
    )


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"keep_last": -1}, "keep_last: -1 is not a whole number from 0 on"),
        ({"older_than": "soon"}, "older_than: 'soon' is not an age; write a text such as \"30d\""),
        ({"older_than": 30}, 'older_than: 30 is an age without a unit; write a text such as "30d"'),
        ({"older_than": timedelta(days=-1)}, "is not an age"),
    ],
)
def test_a_wrong_call_is_refused(spacious: Spacious, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        collect(**asked)
    assert words in str(caught.value)


def test_an_unknown_flow_is_refused_and_one_whose_runs_are_gone_is_not(spacious: Spacious) -> None:
    changes.delete_run(spacious.recorded.journal, spacious.run().id)
    assert collect(flows=["digits"], keep_last=0).runs == ()
    with pytest.raises(NotFoundError, match="no flow is named 'digit'; did you mean digits"):
        collect(flows=["digit"])


def test_a_project_without_runs_stays_untouched(project_folder: Path) -> None:
    assert collect(remove=True).bytes == collect(keep_last=0).bytes == 0
    assert not (project_folder / ".penstock").exists()
