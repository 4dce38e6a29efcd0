"""What must be there before a run's body is called: parameters, snapshot, the lease, the run's surroundings."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.artifacts import codec
from penstock.code import fingerprint, installed
from penstock.environments import snapshot
from penstock.errors import UsageError
from penstock.journal.columns import Surroundings
from penstock.journal.handle import RunHandle as JournalHandle
from penstock.journal.journal import Journal
from penstock.journal.owners import owner_of_this_process
from penstock.launch.codes import CodeBook, what_is_new
from penstock.launch.how import How
from penstock.launch.past import Past
from penstock.launch.targets import Module, module_of
from penstock.model.outcomes import Stored
from penstock.model.rows import NewRun, Origin
from penstock.model.specs import RunContext
from penstock.project import Project
from penstock.sdk.flows import Flow


@dataclass(frozen=True)
class Order:
    """What is to be run."""

    flow: Flow[Any, Any]
    params: dict[str, Any]
    run_id: str = ""  # the run to go on with; "": a new one
    origin: Origin | None = None  # of a new run that is a fork
    trial: Callable[[], Any] | None = None  # runs in the place of the flow's body; None: that

    @property
    def name(self) -> str:
        """What a new run is counted under; trials of a step are kept apart from the flow's own runs."""
        if self.origin is None or not self.origin.only:
            return self.flow.name
        return f"{self.flow.name}-{self.origin.only.partition('/')[0]}"

    def call(self) -> Any:
        """Call the body."""
        return self.flow.call(self.params) if self.trial is None else self.trial()


@dataclass(frozen=True)
class Prepared:
    """A run whose lease this process holds, and all that its driver needs of the world."""

    order: Order
    handle: JournalHandle
    context: RunContext
    codes: CodeBook
    past: Past
    origin: Origin | None


def take_lease(project: Project, order: Order, how: How) -> Prepared:
    """Take the lease of a new run, or of an existing one. Nothing runs yet."""
    flow, module = order.flow, module_of(order.flow)
    journal = project.journal  # first: where nothing can be written, it says so best
    with project.store_held():
        stored = encode_params(project, order.params)
        taken = take_snapshot(project, module)
        around = _surroundings(taken)
        owner, now, monotonic = owner_of_this_process(), time.time(), time.monotonic()
        if order.run_id:
            is_at = (module.name, module.file) if module.file else None
            handle = journal.take(order.run_id, owner, now, monotonic, around, is_at)
        else:
            known = (order.name, module.name, flow.fn.__qualname__, module.file)
            handle = journal.create(NewRun(*known, stored, how.tags, *around, order.origin), owner, now, monotonic)
    if taken.note:
        how.watcher.said(taken.note)
    context, past = context_of(project, handle.run_id, module, stored, taken), Past(project)
    codes = CodeBook(context, project.home / "sources", past.tree, how.watcher.said)
    if not order.run_id:
        return Prepared(order, handle, context, codes, past, order.origin)
    from penstock.journal import queries

    for note in changes_since(journal, handle.id, codes, how):
        how.watcher.said(note)
    return Prepared(order, handle, context, codes, past, queries.detail(journal, handle.id).origin)


def changes_since(journal: Journal, run: int, codes: CodeBook, how: How) -> list[str]:
    """What to say of the finished tasks of a run whose code is not what it was."""
    from penstock.journal import queries

    notes: list[str] = []
    for name, tree, count in queries.codes(journal, run):
        try:
            news = what_is_new(tree, fingerprint.pack(codes.now(fingerprint.unpack(tree)).tree))
        except UsageError as error:
            news = str(error)
        if not news:
            continue
        results = f"{count:,} result{'' if count == 1 else 's'} that it finished"
        if how.policy.changed:
            notes.append(f"{name}: {news} since this run began: {results} run{'s' if count == 1 else ''} again")
        else:
            notes.append(
                f"{name}: {news} since this run began: {results} {'is' if count == 1 else 'are'} kept, "
                "what has still to run uses the new code; `penstock resume --changed` runs all of it again"
            )
    return notes


def encode_params(project: Project, params: dict[str, Any]) -> tuple[tuple[str, Stored], ...]:
    """A run's parameters as they are stored."""
    return tuple((name, codec.encode(value, project.store, where=name).stored) for name, value in params.items())


def take_snapshot(project: Project, module: Module) -> snapshot.Snapshot:
    """The project's sources as they are now."""
    roots = [Path(module.root)] if module.file else []
    if (project.settings.root / "penstock.toml").exists():
        roots.append(project.settings.root)
    extra = [Path(module.file)] if module.file else []
    return snapshot.take(roots, extra, project.home / "sources")


def _surroundings(taken: snapshot.Snapshot) -> Surroundings:
    python, packages = installed.describe_interpreter(), installed.installed_packages()
    return Surroundings(taken.digest, python, packages, tuple(sys.argv), os.getcwd())


def context_of(
    project: Project, run_id: str, module: Module, params: tuple[tuple[str, Stored], ...], taken: snapshot.Snapshot
) -> RunContext:
    """What is the same for all attempts of a run."""
    return RunContext(
        run=run_id,
        store=os.fspath(project.home / "store"),
        scratch=os.fspath(project.folder("scratch", run_id)),
        checkpoints=os.fspath(project.folder("checkpoints", run_id)),
        logs=os.fspath(project.folder("logs", run_id)),
        cwd=os.getcwd(),
        params=tuple((name, value.record) for name, value in params),
        sources=os.fspath(taken.file),
        module=module.name,
        module_path=module.file,
        argv=tuple(sys.argv),
        sys_path=tuple(dict.fromkeys((module.root, *filter(None, sys.path)))),
    )
