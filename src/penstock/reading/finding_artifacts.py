"""Which stored results a filter means: the language of `filter_syntax`, with the words of artifacts."""

from __future__ import annotations

import re
from functools import partial

from penstock.errors import NotFoundError
from penstock.journal import artifact_search, conditions, queries
from penstock.journal.conditions import Condition
from penstock.journal.journal import Journal
from penstock.model.ids import parse_path
from penstock.model.quantities import parse_bytes
from penstock.model.tuples import NamedTuple
from penstock.reading.filter_syntax import wrong
from penstock.reading.filter_words import NumberWord, WordMeanings, condition_of
from penstock.reading.finding_runs import MOST_IDS
from penstock.reading.makers import is_telling

ORDERS = ("-made", "-size")
"""The newest first, or the largest."""

USERS = 20_000
"""The latest tasks of a step that are asked what they were given."""

_KINDS = ("table", "column", "array")
_DIGITS = re.compile(r"(b3|s2)-((?:[0-9a-f]{2}){1,32})")


class ArtifactIndex(NamedTuple):
    """Artifacts as ids alone, in order."""

    ids: list[int]  # `artifact_search.artifact_id`, at most `MOST_IDS`
    total: int
    revision: int  # of the journal: what changes later has a larger one


def index(journal: Journal, text: str, sort: str) -> ArtifactIndex:
    """The results of tasks that a filter holds for: by flow, run, step, type, kind, digest, size and the step that
    they were given to, or a part of "train/2". `sort`: one of `ORDERS`; "": the first. Raises FilterError."""
    if sort and sort not in ORDERS:
        raise wrong(f"artifacts are sorted by {', '.join(ORDERS)}", sort, 0, len(sort))
    revision = queries.revision(journal)  # first: what changes meanwhile is found by the next
    where = condition_of(text, _words(journal))
    ids = artifact_search.ids(journal, where, MOST_IDS, sort == ORDERS[1])
    total = len(ids) if len(ids) < MOST_IDS else artifact_search.count(journal, where)
    return ArtifactIndex(ids, total, revision)


def _words(journal: Journal) -> WordMeanings:
    same = {
        "flow": artifact_search.of_flow,
        "run": partial(_run, journal),
        "step": artifact_search.of_step,
        "type": artifact_search.of_type,
        "kind": _kind,
        "digest": _digest,
        "used_by": partial(_used_by, journal),
    }
    return WordMeanings(
        "artifacts", same, {"size": NumberWord(artifact_search.size(), _bytes, "size")}, artifact_search.text
    )


def _bytes(text: str) -> float:
    return float(parse_bytes(text))  # which may be more than the journal has whole numbers for


def _run(journal: Journal, text: str) -> Condition:
    path = parse_path(text)
    if path.run is None or path.step is not None:
        raise ValueError(f"{text!r} is no run: write FLOW/NUMBER")
    try:
        return artifact_search.of_run(queries.run_by_number(journal, path.flow, path.run).id)
    except NotFoundError:
        return conditions.either(())


def _used_by(journal: Journal, step: str) -> Condition:
    return artifact_search.given_to(journal, step, USERS, is_telling)


def _kind(text: str) -> Condition:
    if text not in _KINDS:
        raise ValueError(f"{text!r} is no kind of artifact; there are: {', '.join(_KINDS)}")
    return artifact_search.of_kind(text)


def _digest(text: str) -> Condition:
    """All of it, or how it begins."""
    match = _DIGITS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no digest: b3- or s2-, and an even number of digits")
    begin = bytes((1 if match[1] == "b3" else 2,)) + bytes.fromhex(match[2])
    return artifact_search.of_digest(begin, begin + b"\xff" * 33)
