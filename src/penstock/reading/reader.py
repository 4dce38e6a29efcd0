"""A project as one looks at it: its journal and its store, opened for reading alone, and its folders."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from penstock.project import Project
from penstock.reading.log_places import LogPlace, places_in

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.journal.journal import Journal
    from penstock.journal.views import RunRow


class JournalReader:
    """Works in a project that can't be written, beside a run that writes, and in many threads at once. Nothing is
    opened before it is used."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._of_thread = threading.local()

    @classmethod
    def find(cls) -> JournalReader:
        """Of the current folder's project."""
        return cls(Project.find())

    @property
    def journal(self) -> Journal:
        """The journal, by a connection of this thread's own; closed when the thread has ended, or nothing that was read
        through this reader is in use any more."""
        known: _Connection | None = vars(self._of_thread).get("connection")
        if known is None or known.file != self.project.journal_file:
            known = self._of_thread.connection = _Connection(self.project)
        return known.journal

    def logs(self, run: RunRow, kind: str = ".log") -> list[LogPlace]:
        """All logs of a run, by name; or other files among them whose names end so."""
        return places_in(self.project.folder("logs", run.folder), kind)

    def log(self, run: RunRow, name: str) -> LogPlace:
        """One of them; it need not be there."""
        return LogPlace(self.project.folder("logs", run.folder), name)

    def files(self, run: RunRow) -> Path:
        """Where the files among a run's results are written when somebody asks for them."""
        from pathlib import Path

        return Path(self.project.folder("files", run.folder))


class _Connection:
    """A journal that is closed with the last that uses it. One that is not there yet reads as an empty one."""

    def __init__(self, project: Project) -> None:
        self.file = project.journal_file
        self.journal = Project(project.settings).reader  # not the project's, which others may still read
        weakref.finalize(self.journal, self.journal.database.close)
