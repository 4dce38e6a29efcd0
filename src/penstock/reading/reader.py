"""A project as one looks at it: its journal and its store, opened for reading alone, and its folders."""

from __future__ import annotations

import os
import weakref
from functools import cached_property
from typing import TYPE_CHECKING

from penstock.project import Project
from penstock.reading.log_places import LogPlace, places_in

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.artifacts.store import BlobStore
    from penstock.journal.journal import Journal
    from penstock.journal.views import RunRow


class JournalReader:
    """Works in a project that can't be written, and beside a run that writes. Nothing is opened before it is used."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @classmethod
    def here(cls) -> JournalReader:
        """The project of the current folder."""
        return cls(Project.find())

    @cached_property
    def journal(self) -> Journal:
        """The journal; closed when nothing that was read through it is in use any more."""
        journal = Project(self.project.settings).reader  # not the project's, which others may still read
        weakref.finalize(self, journal.close)
        return journal

    @property
    def store(self) -> BlobStore:
        """The store."""
        return self.project.store

    def logs(self, run: RunRow) -> list[LogPlace]:
        """All logs of a run, by name."""
        return places_in(os.fspath(self.project.folder("logs", run.folder)))

    def log(self, run: RunRow, name: str) -> LogPlace:
        """One of them; it need not be there."""
        return LogPlace(os.fspath(self.project.folder("logs", run.folder)), name)

    def files(self, run: RunRow) -> Path:
        """Where the files among a run's results are written when somebody asks for them."""
        return self.project.folder("files", run.folder)
