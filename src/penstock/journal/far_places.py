"""Where else values of the project lie: its folders in far tiers, and what it has written there to own them."""

from __future__ import annotations

from functools import partial

from penstock.journal import sql_files
from penstock.journal.journal import Journal
from penstock.model.tuples import NamedTuple

_sql = partial(sql_files.statement, "far_places")


class FarPlace(NamedTuple):
    """A folder in a far tier."""

    url: str  # of the tier
    project: str  # the folder's name
    mark: str = ""  # what this journal has written there last, to own it; "": nothing
    next_mark: str = ""  # what was about to be written in the place of that; "": nothing


def places(journal: Journal) -> list[FarPlace]:
    """All of them, the newest first: that is, of each URL, first the one that is the project's own."""
    return [FarPlace(*row) for row in journal.database.rows(_sql("places"))]


def settle(journal: Journal, url: str, project: str, *, anew: bool = False) -> FarPlace:
    """The project's own folder in a tier; `project`: its name, where there is none yet, and the project has no name in
    another tier. `anew`: a new one, which has this name."""
    with journal.database.transaction():
        known = places(journal)
        found = [place for place in known if place.url == url]
        if found and not anew:
            return found[0]
        name = project if anew or not known else known[0].project
        journal.database.run(_sql("insert_place"), (url, name))
    return FarPlace(url, name)


def intend(journal: Journal, place: FarPlace, mark: str) -> None:
    """Note what is about to be written there: it may be there from now on."""
    with journal.database.transaction():
        journal.database.run(_sql("intend"), (mark, place.url, place.project))


def own(journal: Journal, place: FarPlace, mark: str) -> None:
    """Note what is written there."""
    with journal.database.transaction():
        journal.database.run(_sql("own"), (mark, place.url, place.project))
