"""One list of all that has a text in its name, for who knows what it is called and not where it stands."""

from __future__ import annotations

from typing import Annotated

import msgspec

from penstock.journal import conditions, queries, run_search
from penstock.journal.journal import Journal
from penstock.journal.run_search import NEWEST_FIRST
from penstock.server.api_call import ApiCall
from penstock.server.routing import route


class SearchQuery(msgspec.Struct, frozen=True):
    """What is looked for."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class Hit(msgspec.Struct, frozen=True):
    """Something that has the text in its name."""

    kind: str  # "flow", "run", "tag" or "step"
    name: str  # "digits", "digits/3", "nightly", "train"
    runs: int  # how many have it; of a run 1
    run: str  # the latest of them; "": a flow or a tag
    rank: int  # 0: this is its name; 1: the name begins so; 2: it is in the name; 3: of a run, in what it was given


class SearchPage(msgspec.Struct, frozen=True):
    """What was found, by rank; of one rank flows first, then runs, tags and steps."""

    rows: tuple[Hit, ...]


def _search(call: ApiCall, query: SearchQuery) -> SearchPage:
    part = query.q.encode(errors="replace").lower().decode()  # as the journal lowers: ASCII alone
    hits = _hits(call.reader.journal, part, query.limit)
    return SearchPage(tuple(sorted(hits, key=lambda hit: hit.rank)[: query.limit]))


def _hits(journal: Journal, part: str, limit: int) -> list[Hit]:
    database = journal.database
    flows = run_search.flows_found(database, part, limit)
    runs = queries.found_runs(journal, conditions.text(part), NEWEST_FIRST, limit)
    counts = run_search.counts(database, conditions.flow_in(flows), conditions.flow())
    hits = [Hit("flow", name, counts.get(name, 0), "", _rank(name, part)) for name in flows]
    hits = [hit for hit in hits if hit.runs]  # of a flow whose runs were all removed the name alone is left
    hits += [Hit("run", row.run_id, 1, row.run_id, _rank(row.run_id, part)) for row, _ in runs]
    hits += [Hit("tag", tag, n, "", _rank(tag, part)) for tag, n in run_search.tags_found(database, part, limit)]
    for name, count, latest in run_search.steps_found(database, part, limit):
        hits.append(Hit("step", name, count, queries.run_by_id(journal, latest).run_id, _rank(name, part)))
    return hits


def _rank(name: str, part: str) -> int:
    name = name.lower()
    return 0 if name == part else 1 if name.startswith(part) else 2 if part in name else 3


ROUTES = (route("GET", "/search", "Flows, runs, tags and steps with a text in their names", _search),)
