"""The composition root: the only place that wires settings, journal, store and executors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from penstock.artifacts.opening import open_store
from penstock.model.shares import Amount
from penstock.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.artifacts.store import BlobStore
    from penstock.engine.ports import Executor, Host
    from penstock.executors.inline import Variables
    from penstock.executors.interpreters import Interpreters
    from penstock.journal.journal import Journal
    from penstock.project_far import FarEnvironments
    from penstock.project_tiers import ProjectTiers

    class StepEnvironments(Interpreters, Variables, FarEnvironments, Protocol):
        """What makes the environments of steps ready, in workers, in the flow's own process, and at agents."""


class Project:
    """A folder with its journal, its store and its settings. Nothing is opened before it is used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def find(cls, cwd: Path | None = None) -> Project:
        """The project of a folder (None: the current one). Raises UsageError for a settings file that is wrong."""
        project = cls(Settings.load(cwd or os.curdir, os.environ))
        _sweep(project.folder("containers"))
        return project

    @cached_property
    def root(self) -> Path:
        """The project's folder, as `home` is one."""
        from pathlib import Path

        return Path(self.settings.root)

    @cached_property
    def home(self) -> Path:
        """`.penstock/`, for who looks around in it. A start asks `folder`: to import pathlib is a twentieth of it."""
        from pathlib import Path

        return Path(self.settings.folder)

    @property
    def is_new(self) -> bool:
        """Whether it has no journal yet."""
        return self.journal_file is None

    @property
    def journal_file(self) -> tuple[int, int] | None:
        """Which file its journal is: another one may be put in the place of one. None: there is none yet."""
        from penstock.journal.journal import FILE

        try:
            found = os.stat(self.folder(FILE))
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @cached_property
    def journal(self) -> Journal:
        """The journal, for writing. Raises JournalError where the project can't be written."""
        from penstock.journal.journal import Journal

        return Journal.open(self.folder())

    @cached_property
    def reader(self) -> Journal:
        """The journal, for reading; works in a project that can't be written, and in one without runs."""
        from penstock.journal.journal import Journal

        return Journal.open(self.folder(), read_only=True)

    @cached_property
    def store(self) -> BlobStore:
        """The store, for reading and writing: the project's own folder, joined with its far tiers, if it has any.
        Nothing is made in a project that is only looked at."""
        return open_store(self.folder("store")) if self.tiers is None else self.tiers.store

    @cached_property
    def tiers(self) -> ProjectTiers | None:
        """The project's far tiers; None: its settings name none."""
        if not self.settings.tiers:
            return None
        from penstock.project_tiers import ProjectTiers

        return ProjectTiers(self.settings)

    def folder(self, *names: str) -> str:
        """A place in `.penstock/`. A run's own folder is that of a kind (`logs`, `scratch`, `checkpoints`, `files` or
        `calls`) and of the name that `RunRow.folder` says."""
        return os.path.join(self.settings.folder, *names)


def _sweep(notes: str) -> None:
    """Remove the containers that ran when their keeper and whoever held them were killed, and say which stay."""
    with suppress(OSError):
        if not os.listdir(notes):
            return
        from penstock.executors import container_notes

        for name in container_notes.sweep(notes, os.environ):
            if line := container_notes.stays(notes, name):
                sys.stderr.write(f"penstock: {line}\n")


def wire_executors(
    settings: Settings,
    environments: StepEnvironments,
    *,
    max_workers: int | None,
    inline_only: bool,
    tiers: ProjectTiers | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Executor]:
    """New executors for a run, by the names that steps use. `inline_only`: each stands for the flow's own process.
    `tiers`: the project's far ones; None: it has none. `tell` says a line to the user, from any thread."""
    from penstock.executors.inline import InlineExecutor
    from penstock.executors.process import ProcessExecutor
    from penstock.worker import shared_process

    shared = shared_process.of_this_process()
    inline = _staged(InlineExecutor(shared_process=shared, variables=environments), tiers)
    by_name: dict[str, Executor] = {}
    for name, declared in settings.executors.items():
        if inline_only or declared.kind == "inline":
            by_name[name] = inline
        elif declared.is_far:
            from penstock.project_sites import far_executor, wiring_of

            assert tiers is not None  # the settings say so
            by_name[name] = far_executor(name, settings, wiring_of(name, settings, environments, tiers, tell))
        else:
            process = ProcessExecutor(
                name=name,
                max_workers=max_workers or declared.max_workers or settings.max_workers,
                cpu=declared.cpu,
                memory_bytes=declared.memory_bytes,
                gpus=declared.gpus,
                interpreters=environments,
                environ=shared.before,
            )
            by_name[name] = _staged(process, tiers)
    return by_name


def _staged(executor: Executor, tiers: ProjectTiers | None) -> Executor:
    """One of this machine, which is brought what its attempts need of the far tiers."""
    if tiers is None:
        return executor
    from penstock.executors.staged_inputs import StagingExecutor

    return StagingExecutor(executor, tiers.store)


def wire_host(executors: Mapping[str, Executor], root: str) -> Host | None:
    """The other runs on this machine, for a run with these executors. None: they are not asked, since no executor takes
    of it, or since this process runs inside of a step: it has what that was granted, and waiting for more could mean to
    wait for the run that waits for it."""
    from penstock.executors import capacity
    from penstock.executors.host import HostFolder

    profiles = [executor.profile for executor in executors.values() if executor.profile.shared]
    if not profiles or capacity.granted():
        return None
    gpus = tuple(dict.fromkeys(name for profile in profiles for name in profile.gpus))
    total = Amount(capacity.cpu() * 1_000_000, capacity.memory_bytes(), gpus)
    return HostFolder(total, root, os.environ)
