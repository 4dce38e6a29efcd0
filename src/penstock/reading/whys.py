"""Why a task ran, or was reused: what was decided and noted then, or else a comparison with the step's earlier task."""

from __future__ import annotations

from penstock.code.fingerprint import Tree
from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.states import TaskStatus
from penstock.reading.explain import Explain, of_row
from penstock.reading.reader import JournalReader
from penstock.reading.structs import CodeInfo, WhyInfo
from penstock.reading.trees import tree_of
from penstock.reading.versions import mixed


def why(reader: JournalReader, run: RunRow, row: TaskRow) -> WhyInfo:
    """What `task.why()` gives."""
    journal = reader.journal
    path = run.path(row)
    packed = queries.code_tree(journal, row.code) if row.code else None
    tree = None if packed is None else tree_of(packed, path)
    code = () if tree is None else code_infos(tree)
    unfollowed = () if tree is None else tree.unfollowed
    if row.origin:
        return WhyInfo(
            path, False, f"{path} was reused from {row.origin}", row.origin, code=code, unfollowed=unfollowed
        )
    origin = queries.detail(journal, run.id).origin
    version = mixed(journal, run, row.step, row.code)
    explain = Explain(journal, run.id, origin)
    subject = of_row(journal, row, queries.is_cached(journal, run.id, row.step))
    earlier = explain.earlier(subject)
    verb = "runs" if row.status == TaskStatus.RUNNING.value else "ran"
    reason = row.why or explain.line(subject)
    line = f"{path} {verb} because {'of ' if reason.startswith('--') else ''}{reason}"
    compared, changes = ("", ()) if earlier is None else (explain.path(earlier), explain.changes(subject, earlier))
    return WhyInfo(path, True, line, "", compared, tuple(changes), code, unfollowed, version)


def code_infos(tree: Tree) -> tuple[CodeInfo, ...]:
    """The nodes of a tree, from its roots on, nearest first."""
    return tuple(CodeInfo(name, node.kind, node.place, node.version, node.reaches) for name, node in tree.nodes.items())
