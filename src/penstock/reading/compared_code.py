"""How the code of several runs differs: of their steps, by what their fingerprints reach; of their flows' bodies.

Packages and Python are no code here: they are told of by themselves. Sources come from the snapshots that the drivers
took; two runs differ in their code where a step differs that both have called.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from penstock.code import elsewhere, outlining
from penstock.code.changed_lines import diff_of
from penstock.code.differences import differences
from penstock.code.fingerprint import Tree
from penstock.journal import several_runs
from penstock.journal.several_runs import LatestCode
from penstock.journal.views import RunDetail, RunRow
from penstock.model.tuples import NamedTuple
from penstock.reading.comparison_structs import CodeDifferenceInfo
from penstock.reading.kept_sources import KeptSources, snapshot_at, unpacked
from penstock.reading.reader import JournalReader
from penstock.reading.traits import Held, Trait, Traits
from penstock.reading.trees import tree_of

_LINES = 2_000
"""A longer diff is cut."""


class ReachedCode(NamedTuple):
    """What a step of a run reaches, and where its sources are kept."""

    tree: Tree  # as it was recorded
    own: Tree  # without packages
    version: int  # of this step's code among the runs, from 1
    snapshot: str  # digest; "": none was taken


class Body(NamedTuple):
    """The body of a run's flow."""

    name: str  # "digits"
    place: str  # "flows/digits.py"
    version: int
    snapshot: str


class ComparedCode:
    """The code of these runs. The first is what the others are compared with."""

    def __init__(self, reader: JournalReader, runs: Sequence[RunRow], details: Mapping[int, RunDetail]) -> None:
        self._reader = reader
        self._kept = KeptSources(reader)
        self._runs = runs
        self._details = details
        self._known_forms: dict[tuple[bytes, str], tuple[bytes, ...]] = {}

    @cached_property
    def steps(self) -> list[LatestCode]:
        """All steps of all runs."""
        return several_runs.latest_codes(self._reader.journal, [row.id for row in self._runs])

    @cached_property
    def _reached(self) -> dict[int, dict[str, ReachedCode]]:
        """By run and name of the step."""
        packed = several_runs.trees(self._reader.journal, {step.code for step in self.steps} - {0})
        trees = {code: tree_of(tree, "a compared task") for code, tree in packed.items()}
        owns = {code: elsewhere.without_packages(tree) for code, tree in trees.items()}
        versions: dict[str, dict[int, int]] = {}  # by step: of each code
        found: dict[int, dict[str, ReachedCode]] = {row.id: {} for row in self._runs}
        order = {row.id: place for place, row in enumerate(self._runs)}
        for step in sorted(self.steps, key=lambda step: order[step.run]):
            if step.code in trees:
                known = versions.setdefault(step.name, {})
                version = _version(known, step.code, owns)
                taken = snapshot_at(self._details.get(step.run), step.began_at)
                found[step.run][step.name] = ReachedCode(trees[step.code], owns[step.code], version, taken)
        return found

    @cached_property
    def _bodies(self) -> dict[int, Body]:
        found: dict[int, Body] = {}
        versions: dict[tuple[bytes, ...], int] = {}
        for row in self._runs:
            detail = self._details.get(row.id)
            taken = snapshot_at(detail, 0.0)
            if detail is not None and (forms := self._forms(taken, detail.file, detail.qualname)):
                version = versions.setdefault(forms, len(versions) + 1)
                place = os.path.relpath(detail.file, detail.root)
                found[row.id] = Body(detail.qualname, place, version, taken)
        return found

    def _forms(self, taken: str, file: str, name: str) -> tuple[bytes, ...]:
        """What a function comes to, comments apart; empty where its source is not kept."""
        source = self._kept.packed(taken, file)
        if source is None:
            return ()
        if (source, name) not in self._known_forms:
            pieces = outlining.outline(unpacked(source).encode()).names.get(name, ())
            self._known_forms[source, name] = tuple(piece.digest for piece in pieces)
        return self._known_forms[source, name]

    def traits(self) -> list[Trait]:
        """Which version of its code each run's steps and body are of, and the packages that steps have of their own."""
        found = Traits()
        for run, body in self._bodies.items():
            found.add(run, "code", f"{body.name}()", Held(body.version, f"version {body.version}"))
        for run, steps in self._reached.items():
            for name, reached in steps.items():
                found.add(run, "code", name, Held(reached.version, f"version {reached.version}"))
                has_own = elsewhere.LOCK in reached.tree.nodes
                for package, node in reached.tree.nodes.items():
                    if node.version and (has_own or node.kind == "library"):
                        held = Held((node.kind, node.digest), node.version)
                        found.add(run, "package", f"{package} of {name}", held)
        return found.all()

    def infos(self) -> tuple[CodeDifferenceInfo, ...]:
        """Each code that is not the first run's, once."""
        of_code: dict[tuple[object, ...], list[RunRow]] = {}
        names = dict.fromkeys(name for steps in self._reached.values() for name in steps)
        for row in self._runs:
            body = self._bodies.get(row.id)
            steps = self._reached[row.id]
            versions = [steps[name].version if name in steps else None for name in names]
            of_code.setdefault((body and body.version, *versions), []).append(row)
        found = (self._info(rows) for rows in of_code.values() if self._runs[0] not in rows)
        return tuple(info for info in found if info.steps)

    def _info(self, rows: Sequence[RunRow]) -> CodeDifferenceInfo:
        base, row = self._runs[0], rows[0]
        steps: list[str] = []
        changes: dict[str, None] = {}
        changed: dict[str, _ChangedFile] = {}
        one, other = self._bodies.get(base.id), self._bodies.get(row.id)
        if one and other and one.version != other.version:
            steps.append(f"{other.name}()")
            changes[f"{other.name}() in {other.place} changed"] = None
            changed[other.place] = _ChangedFile(one.place, one.snapshot, other.snapshot, {one.name, other.name})
        for name, reached in self._reached[row.id].items():
            old = self._reached[base.id].get(name)
            if old is None or old.version == reached.version:
                continue
            steps.append(name)
            for change in differences(old.own, reached.own):
                changes[str(change)] = None
                node = reached.own.nodes.get(change.id) or old.own.nodes[change.id]
                if node.place:
                    file = _ChangedFile(node.place, old.snapshot, reached.snapshot, set())
                    changed.setdefault(node.place, file).names.add(change.id.partition(":")[2])
        diff = "\n".join(self._diffs(base, row, changed))
        runs = tuple(one.run_id for one in rows)
        return CodeDifferenceInfo(row.run_id, base.run_id, runs, tuple(steps), tuple(changes), diff)

    def _diffs(self, base: RunRow, row: RunRow, changed: Mapping[str, _ChangedFile]) -> Iterator[str]:
        lines: list[str] = []
        for place, file in changed.items():
            if self._kept.has(file.old) and self._kept.has(file.new):
                old, new = self._source(base, file.old_place, file.old), self._source(row, place, file.new)
                heads = f"{file.old_place}  {base.run_id}", f"{place}  {row.run_id}"
                lines += diff_of(old, new, file.names, *heads)
        yield from lines[:_LINES]
        if len(lines) > _LINES:
            yield f"... and {len(lines) - _LINES:,} lines more"

    def _source(self, row: RunRow, place: str, taken: str) -> str:
        """A file's text; "" where the snapshot has none of that place."""
        detail = self._details.get(row.id)
        return self._kept.text(taken, place, detail.root if detail else "") or ""


class _ChangedFile(NamedTuple):
    old_place: str
    old: str  # the snapshots that hold it
    new: str
    names: set[str]


def _version(known: dict[int, int], code: int, trees: Mapping[int, Tree]) -> int:
    if code not in known:
        same = (version for other, version in known.items() if not differences(trees[other], trees[code]))
        known[code] = next(same, max(known.values(), default=0) + 1)
    return known[code]
