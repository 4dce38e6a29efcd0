"""Asks sites while somebody looks at them, in threads of its own: one that does not answer keeps nobody waiting."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence

from penstock.journal.views import RunRow
from penstock.project import Project
from penstock.reading import far_agents, site_facts
from penstock.reading.reader import JournalReader
from penstock.reading.site_facts import SiteAnswer
from penstock.reading.site_structs import SiteInfo
from penstock.settings import ExecutorSettings, Settings

FRESH_S = 5.0
"""A site that has answered is not asked again so soon, however many look."""


class SiteWatch:
    """What the sites of a project have said last. From any thread."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._answers: dict[str, SiteAnswer] = {}
        self._asked_at: dict[str, float] = {}  # when it was asked last, by the monotonic clock
        self._asking: set[str] = set()

    def sites(self, reader: JournalReader) -> tuple[SiteInfo, ...]:
        """All sites that the settings name, as they are now, and what is known of each; those of which that is old are
        asked meanwhile. Raises UsageError where the settings are wrong."""
        project = self._of_today()
        far = far_agents.far_executors(project)
        if not far:
            return ()
        rows = far_agents.open_runs(reader.journal)
        for name, declared in far.items():
            self._ask_soon(project, name, declared, rows)
        runs = site_facts.noted(reader.journal, rows)
        with self._lock:
            answers = {name: self._answers.get(name, SiteAnswer()) for name in far}
        current = {row.run_id for row in rows}
        return tuple(
            site_facts.told(
                name,
                declared,
                project.settings.tier_of(declared),
                answers[name]._replace(
                    agents={key: one for key, one in answers[name].agents.items() if one.run in current}
                ),
                runs,
            )
            for name, declared in far.items()
        )

    def _of_today(self) -> Project:
        """The project with its settings as they stand in its file now."""
        settings = Settings.load(self._project.settings.root, os.environ)
        with self._lock:
            if settings != self._project.settings:
                self._project = Project(settings)
                self._answers, self._asked_at = {}, {}
            return self._project

    def _ask_soon(self, project: Project, name: str, declared: ExecutorSettings, rows: Sequence[RunRow]) -> None:
        with self._lock:
            now = time.monotonic()
            if name in self._asking or now - self._asked_at.get(name, -FRESH_S) < FRESH_S:
                return
            self._asking.add(name)
        # One that a silent site holds up does not hold up the server's end.
        ask = threading.Thread(target=self._ask, args=(project, name, declared, rows), daemon=True)
        ask.start()

    def _ask(self, project: Project, name: str, declared: ExecutorSettings, rows: Sequence[RunRow]) -> None:
        answer = SiteAnswer()
        try:
            answer = far_agents.asked(project, name, declared, rows)
        except Exception as error:  # noqa: BLE001  the page says it; whoever looks asks again
            answer = SiteAnswer({}, f"{type(error).__name__}: {error}", time.time())
        with self._lock:
            self._asking.discard(name)
            if project is self._project:
                self._answers[name], self._asked_at[name] = answer, time.monotonic()
