"""Under which versions of its code the tasks of a step ran, where there were several: a run that was resumed after an
edit keeps what the older code had made."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from penstock.code.differences import differences
from penstock.code.elsewhere import LOCK, without_packages
from penstock.code.fingerprint import Tree
from penstock.journal import queries
from penstock.journal.journal import Journal
from penstock.journal.views import CodeRow, RunRow
from penstock.reading.structs import VersionInfo
from penstock.reading.trees import tree_of

_CHANGES = 5


def versions(journal: Journal, run: RunRow, step: str | None = None) -> tuple[VersionInfo, ...]:
    """The versions of the code of each step (None: of all) that ran under several, oldest first; () where none did."""
    if run.drivers == 1:  # it has taken one look at the code
        return ()
    found = queries.codes_that_ran(journal, run.id, step)
    return tuple(info for _, rows in groupby(found, itemgetter(0)) for info in _versions(run, rows))


def mixed(journal: Journal, run: RunRow, step: str, code: bytes) -> str:
    """What to say of a task of a step that ran under several versions of its code; "" where it did not."""
    infos = versions(journal, run, step)
    rows = queries.codes_that_ran(journal, run.id, step) if infos else []
    first = next((f"{run.run_id}/{row.name}/{row.first}" for row in rows if row.code == code), "")
    if not infos or not first:
        return ""
    mine = next((n for n, info in enumerate(infos, 1) if first in info.firsts), len(infos))
    news = next((info.changes[0] for info in reversed(infos) if info.changes), "")
    return f"under version {mine} of {len(infos)} of its code in this run" + (f" ({news})" if news else "")


def _versions(run: RunRow, rows: Iterable[CodeRow]) -> list[VersionInfo]:
    found: list[tuple[Tree, VersionInfo]] = []
    for row in rows:
        first = f"{run.run_id}/{row.name}/{row.first}"
        tree = tree_of(row.tree, first)
        same = next((n for n, (known, _) in enumerate(found) if not _is_edited(known, tree)), None)
        if same is not None:
            known, info = found[same]
            found[same] = (known, VersionInfo(info.step, info.tasks + row.tasks, (*info.firsts, first), info.changes))
            continue
        changes = tuple(map(str, differences(found[-1][0], tree)[:_CHANGES])) if found else ()
        found.append((tree, VersionInfo(row.name, row.tasks, (first,), changes)))
    return [info for _, info in found] if len(found) > 1 else []


def _is_edited(old: Tree, new: Tree) -> bool:
    """Whether a piece that both reach differs. What only one of them reaches came with its inputs' classes, or with an
    edit of what led there."""
    if any(LOCK in tree.nodes for tree in (old, new)):
        old, new = without_packages(old), without_packages(new)
    both = old.nodes.keys() & new.nodes.keys()
    common = [name for name in old.nodes if name in both and new.nodes[name].kind != "library"]
    one, other = (tree._replace(nodes={name: tree.nodes[name] for name in common}) for tree in (old, new))
    return bool(differences(one, other))
