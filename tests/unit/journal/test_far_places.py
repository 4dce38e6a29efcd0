"""Where else values of a project lie."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from penstock.journal import far_places
from penstock.journal.far_places import FarPlace
from penstock.journal.journal import Journal

OLD = Path(__file__).parent / "old" / "0016.sql"


def test_a_project_has_one_name_in_all_tiers_until_it_gets_another(tmp_path: Path):
    with closing(Journal.open(tmp_path)) as journal:
        assert far_places.places(journal) == []
        first = far_places.settle(journal, "file:///a", "digits-1")
        assert far_places.settle(journal, "file:///a", "digits-2") == first == FarPlace("file:///a", "digits-1")
        assert far_places.settle(journal, "file:///b", "digits-3").project == "digits-1"
        anew = far_places.settle(journal, "file:///a", "digits-4", anew=True)
        assert far_places.settle(journal, "file:///a", "digits-5") == anew
        assert far_places.places(journal) == [anew, FarPlace("file:///b", "digits-1"), first]


def test_what_is_about_to_be_written_is_known_before_it_is(tmp_path: Path):
    with closing(Journal.open(tmp_path)) as journal:
        place, other = (far_places.settle(journal, url, "digits-1") for url in ("file:///a", "file:///b"))
        far_places.intend(journal, place, "1 aa")
        assert far_places.settle(journal, "file:///a", "") == place._replace(next_mark="1 aa")
        far_places.own(journal, place, "1 aa")
        assert far_places.places(journal) == [other, place._replace(mark="1 aa")]


def test_they_are_read_as_they_were_first_written(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
    with closing(Journal.open(tmp_path, read_only=True)) as journal:
        place = FarPlace("file:///shared", "digits-0a1b2c3d", "2 9f86d081", "3 00c0ffee")
        assert far_places.places(journal) == [place]
