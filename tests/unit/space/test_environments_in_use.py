"""What gc does with environments."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from penstock.client.space import collect
from penstock.environments import built_environments, kits, locking, marks
from penstock.errors import PlatformError
from penstock.journal import changes
from penstock.space import environments_in_use
from penstock.space.space_structs import SweepInfo
from tests.recorded import Recorded
from tests.spacious import DAY_S, Spacious, on_disk, run_ids


@pytest.fixture
def spacious(recorded: Recorded) -> Iterator[Spacious]:
    return Spacious(recorded)


def piles(info: SweepInfo) -> dict[str, int]:
    return {pile.what: pile.count for pile in info.piles}


def test_an_environment_goes_with_the_last_run_that_has_it(spacious: Spacious) -> None:
    old, new = spacious.run(), spacious.run()
    lost = spacious.environment("old", 1_000, runs=[old])
    kept = {spacious.environment("both", runs=[old, new]), spacious.environment("new", used_s=99 * DAY_S, runs=[new])}
    before = on_disk(spacious.home)
    dry = collect(keep_last=1)
    assert [(one.id, one.runs) for one in dry.environments] == [(lost[3:15], 0)]
    assert spacious.environments() == {lost} | kept
    deed = collect(keep_last=1, remove=True)
    assert msgspec.structs.replace(deed, removed=False) == dry
    assert before - on_disk(spacious.home) == deed.bytes > 1_000
    assert (spacious.environments(), run_ids(spacious.home)) == (kept, {"digits/2"})
    assert deed.notes == ()
    assert spacious.rows("SELECT DISTINCT lock FROM environment ORDER BY lock") == [("text of both",), ("text of new",)]


def test_the_environment_of_a_run_that_goes_on_stays(spacious: Spacious) -> None:
    lock = spacious.environment("one", used_s=99 * DAY_S, runs=[spacious.run(status="running", age_s=0.0)])
    assert collect(keep_last=0, older_than="0s", remove=True).environments == ()
    assert spacious.environments() == {lock}


@pytest.mark.parametrize(
    ("asked", "toml", "said", "left"),
    [
        ({}, "", "used within 7 d 0 h, and stays: 1.2 KiB, which `penstock env rm", 1),
        ({"keep_last": 0}, "", "used within 7 d 0 h", 1),
        ({"older_than": "2d"}, "", "used within 2 d 0 h", 1),
        ({"older_than": "1h"}, "", "", 0),
        ({}, "[gc]\nolder_than = '30d'", "2 environments that no run has were used within 30 d 0 h, and stay:", 2),
        ({"older_than": "1h"}, "[gc]\nolder_than = '30d'", "", 0),
    ],
)
def test_one_that_no_run_has_goes_when_it_was_not_used_for_a_while(
    spacious: Spacious, asked: dict[str, Any], toml: str, said: str, left: int
) -> None:
    """As one that `penstock env build` has made before the first run."""
    Path("penstock.toml").write_text(toml)
    spacious.environment("new", used_s=DAY_S)
    spacious.environment("old", used_s=10 * DAY_S)
    info = collect(**asked, remove=True)
    assert len(spacious.environments()) == left == 2 - len(info.environments)
    assert len(info.notes) == bool(said)
    assert said in "".join(info.notes)


def test_one_of_a_run_that_was_removed_before_waits_too(spacious: Spacious) -> None:
    run = spacious.run()
    spacious.environment("one", used_s=DAY_S, runs=[run])
    changes.delete_run(spacious.recorded.journal, run.id)
    assert collect(remove=True).environments == ()
    assert [one.python for one in collect(older_than="1h").environments] == ["3.11.7"]


def test_one_whose_build_was_cut_off_goes_at_once(spacious: Spacious) -> None:
    spacious.environment("one", whole=False, runs=[spacious.run()])
    assert [one.python for one in collect(remove=True).environments] == [""]
    assert list((spacious.home / "environments").iterdir()) == []


def test_what_is_used_or_built_stays_with_a_note(spacious: Spacious) -> None:
    used = spacious.environment("used", used_s=9 * DAY_S, runs=[spacious.run()])
    built = spacious.environment("built", whole=False)
    places = {entry.name: Path(entry.folder) for entry in built_environments.listed(spacious.home / "environments")}
    fd = locking.share(places[used[3:15]] / marks.NAME)
    with locking.alone(places[built[3:15]].with_name(f"{places[built[3:15]].name}.lock"), None):
        info = collect(keep_last=0, remove=True)
    os.close(fd)
    assert info.environments == ()
    assert set(info.notes) == {
        f"environment {used[3:15]} is in use, and stays",
        f"environment {built[3:15]} is being built, and stays",
    }
    assert len(collect(older_than="1d", remove=True).environments) == 2


def test_one_that_somebody_uses_after_it_was_chosen_stays(spacious: Spacious, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, choose = spacious.environment("one", runs=[spacious.run()]), environments_in_use.choose

    def choose_and_use(*arguments: Any) -> environments_in_use.Chosen:
        chosen = choose(*arguments)
        (place,) = (spacious.home / "environments").glob("*-py*")
        os.utime(place / marks.NAME)
        return chosen

    monkeypatch.setattr(environments_in_use, "choose", choose_and_use)
    info = collect(keep_last=0, remove=True)
    assert (info.environments, spacious.environments()) == ((), {lock})
    assert info.notes == (f"environment {lock[3:15]} is used again, and stays",)
    assert "environments" not in piles(info)


def test_one_that_can_t_be_removed_hinders_nothing_else(spacious: Spacious, monkeypatch: pytest.MonkeyPatch) -> None:
    spacious.environment("one", runs=[spacious.run(logs=10)])

    def refuse(_: built_environments.Entry) -> bool:
        raise PlatformError("can't remove it: Permission denied")

    monkeypatch.setattr(built_environments, "take_away", refuse)
    info = collect(keep_last=0, remove=True)
    assert info.notes == ("can't remove it: Permission denied",)
    assert (info.bytes, run_ids(spacious.home)) == (10, set())


def test_locks_are_kept_for_runs_to_come_until_nobody_has_asked_for_long(spacious: Spacious) -> None:
    spacious.environment("had", runs=[spacious.run()])
    had, old, new = (
        spacious.kept_lock(word, asked_s=days * DAY_S) for word, days in (("had", 9), ("old", 9), ("new", 6))
    )
    cut_off = old.with_name("wish.txt.7.tmp")
    cut_off.touch()
    os.utime(cut_off, (1e9, 1e9))
    assert piles(collect(remove=True)) == {"locks for new runs": 1, "unfinished locks": 1}
    assert (had.exists(), new.exists()) == (True, True)
    collect(older_than="5d", keep_last=1, remove=True)
    assert (had.exists(), new.exists()) == (True, False)


def test_kits_of_other_versions_go_when_nobody_uses_them(spacious: Spacious) -> None:
    folder = spacious.home / "environments" / "kits"
    with kits.in_use(folder) as (current, _):
        pass
    for name, days in (("old", 2), ("new", 0.5)):
        file = folder / f"kit-{name}" / "penstock" / "__init__.py"
        file.parent.mkdir(parents=True)
        file.write_bytes(bytes(100))
        os.utime(file.parents[1], (os.stat(file).st_mtime - days * DAY_S,) * 2)
    os.utime(current, (1e9, 1e9))
    dry = collect()
    assert (piles(dry), dry.bytes) == ({"kits of other versions": 1}, 100)
    assert collect(remove=True).piles == dry.piles
    assert {path.name for path in folder.iterdir()} == {current.name, "kit-new"}


def test_environments_without_any_run(spacious: Spacious) -> None:
    for file in spacious.home.glob("journal.db*"):
        file.unlink()
    spacious.environment("one", used_s=9 * DAY_S)
    assert len(collect().environments) == 1
    assert len(collect(remove=True).environments) == 1
    assert spacious.environments() == set()
