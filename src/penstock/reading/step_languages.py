"""In which languages the steps of a run are written, where these are programs: their code says so."""

from __future__ import annotations

import functools

from penstock.journal import queries
from penstock.journal.journal import Journal
from penstock.reading.trees import tree_of


def languages_of_run(journal: Journal, run: int) -> dict[str, str]:
    """By the short names of steps, as far as a task of theirs is over; of functions there is none."""
    found = {name: language_of_tree(packed) for name, packed, _ in queries.codes(journal, run)}
    return {name: language for name, language in found.items() if language}


def language_of_task(journal: Journal, code: bytes) -> str:
    """Of a task, by its code's digest; "": it is a function's, or nothing is known."""
    packed = queries.code_tree(journal, code) if code else None
    return "" if packed is None else language_of_tree(packed)


@functools.lru_cache(256)
def language_of_tree(packed: bytes) -> str:
    """By the packed tree of its code."""
    tree = tree_of(packed, "a task")
    node = tree.nodes.get(tree.roots[0]) if tree.roots else None
    return "" if node is None else node.language
