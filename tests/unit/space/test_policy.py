"""Which runs and cached results gc removes."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.environments.built_environments import Entry
from penstock.journal.needs import CachedRow
from penstock.journal.views import RunRow
from penstock.settings import GcSettings, Settings
from penstock.space.policy import Retention, results_to_forget, runs_to_remove, unneeded_environments
from tests.journal_records import OWNER

NOW = 1_800_000_000.0
DAY_S = 86_400.0
NOTHING_SET = Settings()


def run(
    id_: int, days: float = 10.0, *, flow: str = "digits", status: str = "done", tags: tuple[str, ...] = ()
) -> RunRow:
    """A run that ended, or was heard of last, so many days ago; its number is its id."""
    at = NOW - days * DAY_S
    ended_at = None if status in ("running", "crashed") else at
    return RunRow(id_, flow, id_, status, at - 60, at - 60, ended_at, 1, OWNER, at, False, (), tags)


def removed(
    runs: list[RunRow],
    settings: Settings = NOTHING_SET,
    origins: dict[int, int] | None = None,
    flows: tuple[str, ...] = (),
    **asked: Any,
) -> list[int]:
    """The ids of the runs that go."""
    newest_first = sorted(runs, key=lambda row: -row.id)
    policy = Retention(settings, GcSettings(**asked), frozenset(flows))
    return [row.id for row in runs_to_remove(newest_first, origins or {}, policy, NOW)]


RUNS = [run(1, 40), run(2, 30), run(3, 20), run(4, 5)]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, []),
        ({"keep_tags": ("best",)}, []),
        ({"keep_last": 4}, []),
        ({"keep_last": 3}, [1]),
        ({"keep_last": 0}, [4, 3, 2, 1]),
        ({"older_than_s": 25 * DAY_S}, [2, 1]),
        ({"older_than_s": 0.0}, [4, 3, 2, 1]),
        ({"keep_last": 3, "older_than_s": 10 * DAY_S}, [1]),
        ({"keep_last": 1, "older_than_s": 35 * DAY_S}, [1]),
    ],
)
def test_a_run_goes_when_it_is_beyond_the_last_and_old_enough(asked: dict[str, Any], ids: list[int]) -> None:
    assert removed(RUNS, **asked) == ids


def test_the_last_runs_are_counted_for_each_flow_whatever_became_of_them() -> None:
    runs = [run(1), run(2, flow="wide"), run(3, status="failed"), run(4, flow="wide"), run(5, flow="wide", tags=("a",))]
    assert removed(runs, keep_last=1) == [4, 2, 1]


def test_a_run_with_a_kept_tag_stays() -> None:
    runs = [run(1, tags=("best", "old")), run(2, tags=("old",)), run(3)]
    assert removed(runs, keep_last=0, keep_tags=("best", "paper")) == [3, 2]


def test_a_run_that_goes_on_stays() -> None:
    assert removed([run(1, status="running"), run(2, status="crashed")], keep_last=0, older_than_s=0.0) == [2]


@pytest.mark.parametrize("status", ["failed", "interrupted", "cancelled", "crashed"])
def test_a_fresh_run_that_can_be_resumed_stays_unless_its_age_is_named(status: str) -> None:
    runs = [run(1, 2, status=status), run(2, 0.5, status=status), run(3, 0.5)]
    assert removed(runs, keep_last=0) == [3, 1]
    assert removed(runs, keep_last=0, older_than_s=0.1 * DAY_S) == [3, 2, 1]


def test_age_counts_from_the_end() -> None:
    long = run(1, 1)._replace(created_at=NOW - 90 * DAY_S, started_at=NOW - 80 * DAY_S)
    assert removed([long], older_than_s=2 * DAY_S) == []


def test_a_run_of_the_future_stays() -> None:
    assert removed([run(1, -3)], older_than_s=0.0) == []


def test_only_the_flows_that_are_named_lose_runs() -> None:
    assert removed([run(1), run(2, flow="wide")], keep_last=0, flows=("wide",)) == [2]


def test_the_origin_of_a_fork_that_can_be_gone_on_with_stays() -> None:
    runs = [run(1), run(2), run(3), run(4, status="failed", tags=("best",)), run(5, tags=("best",))]
    origins = {2: 1, 4: 2, 5: 3}  # 2 is done: it has all that it needs of 1
    assert removed(runs, origins=origins, keep_last=0, keep_tags=("best",)) == [3, 1]
    runs[1] = run(2, status="crashed")
    assert removed(runs, origins=origins, keep_last=0, keep_tags=("best",)) == [3]


def test_a_fork_that_goes_itself_keeps_nothing() -> None:
    assert removed([run(1), run(2, status="failed")], origins={2: 1}, keep_last=0) == [2, 1]
    assert removed([run(2, status="failed")], origins={2: 1}, keep_last=0) == [2]


def test_what_is_asked_wins_over_the_settings_and_a_flow_over_all() -> None:
    settings = Settings(
        gc=GcSettings(keep_last=3, keep_tags=("best",)),
        gc_of_flows={"wide": GcSettings(keep_last=1, keep_tags=())},
    )
    runs = [run(n) for n in range(1, 6)] + [run(n, flow="wide", tags=("best",)) for n in range(6, 9)]
    assert removed(runs, settings) == [7, 6, 2, 1]
    assert removed(runs, settings, keep_last=4) == [1]
    assert removed(runs, settings, flows=("digits",)) == [2, 1]


def test_tags_of_the_settings_and_of_the_call_are_kept_alike() -> None:
    settings = Settings(gc=GcSettings(keep_last=0, keep_tags=("best",)))
    assert removed([run(1, tags=("best",)), run(2, tags=("mine",)), run(3)], settings, keep_tags=("mine",)) == [3]


def forgotten(rows: list[CachedRow], policy: Retention) -> list[int]:
    return [row.id for row in results_to_forget(rows, policy, NOW)]


def test_cached_results_go_by_their_last_use_alone() -> None:
    rows = [CachedRow(1, "digits/1/train/1", NOW - 40 * DAY_S), CachedRow(2, "wide/7/draw/1", NOW - 20 * DAY_S)]
    assert forgotten(rows, Retention(Settings())) == []
    assert forgotten(rows, Retention(Settings(), GcSettings(keep_last=0))) == []
    assert forgotten(rows, Retention(Settings(), GcSettings(older_than_s=30 * DAY_S))) == [1]
    settings = Settings(gc_of_flows={"wide": GcSettings(older_than_s=DAY_S)})
    assert forgotten(rows, Retention(settings)) == [2]
    assert forgotten(rows, Retention(settings, flows=frozenset(["digits"]))) == []


def test_the_whole_cache_goes_when_that_is_asked() -> None:
    rows = [CachedRow(1, "digits/1/train/1", NOW), CachedRow(2, "wide/7/draw/1", NOW)]
    assert forgotten(rows, Retention(Settings(), drop_cache=True)) == [1, 2]
    assert forgotten(rows, Retention(Settings(), flows=frozenset(["wide"]), drop_cache=True)) == [2]


def entry(digest: str, days: float, *, whole: bool = True, in_use: bool = False) -> Entry:
    """An environment that was used last so many days ago."""
    return Entry(digest, "", "", (), 0, 0, 0.0, NOW - days * DAY_S, whole, in_use)


@pytest.mark.parametrize(
    ("one", "going", "busy", "fresh"),
    [
        (entry("needed", 99), 0, 0, 0),
        (entry("needed", 99, in_use=True), 0, 0, 0),
        (entry("leaving", 0), 1, 0, 0),
        (entry("leaving", 0, in_use=True), 0, 1, 0),
        (entry("none", 6), 0, 0, 1),
        (entry("none", 8), 1, 0, 0),
        (entry("none", 8, in_use=True), 0, 1, 0),
        (entry("needed", 0, whole=False), 1, 0, 0),
        (entry("needed", 0, whole=False, in_use=True), 0, 1, 0),
    ],
)
def test_an_environment_goes_when_no_run_needs_it(one: Entry, going: int, busy: int, fresh: int) -> None:
    found = unneeded_environments([one], {"needed"}, {"leaving"}, Retention(NOTHING_SET), NOW)
    assert (len(found.going), len(found.busy), len(found.fresh)) == (going, busy, fresh)


@pytest.mark.parametrize(
    ("settings", "asked", "days"),
    [
        (Settings(), GcSettings(), 7),
        (Settings(gc=GcSettings(older_than_s=30 * DAY_S)), GcSettings(keep_last=0), 30),
        (Settings(gc=GcSettings(older_than_s=30 * DAY_S)), GcSettings(older_than_s=0.0), 0),
        (Settings(gc_of_flows={"digits": GcSettings(older_than_s=1.0)}), GcSettings(), 7),
    ],
)
def test_how_long_an_environment_may_be_wanted(settings: Settings, asked: GcSettings, days: float) -> None:
    assert Retention(settings, asked).wanted_s == days * DAY_S
