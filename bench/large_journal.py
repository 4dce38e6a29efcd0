"""A journal of 10,000 runs and 1,000,000 tasks, of which one run has 100,000."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
from pathlib import Path

import penstock
from bench.scale import FULL
from bench.workplace import Project, Workplace


def filled(workplace: Workplace, *scripts: str) -> Project:
    """A project with these scripts and a copy of a journal that is made once and kept in the user's cache, since that
    takes minutes."""
    scale = workplace.scale
    sizes = (scale.many_runs, scale.tasks_per_run, 1, scale.of_one_run)
    project = workplace.project("fill.py", *scripts)
    journal = project.home / "journal.db"
    kept = _cache() / f"{_version(project)}-{'-'.join(map(str, sizes))}.db"
    if scale is FULL and kept.exists():
        shutil.copy(kept, journal)
        return project
    project.script("fill.py", *sizes)
    if scale is FULL:
        with contextlib.closing(sqlite3.connect(journal)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(journal, kept.with_suffix(".new"))
        kept.with_suffix(".new").rename(kept)
    return project


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "penstock-bench"


def _version(project: Project) -> str:
    """Of what fills a journal, and of its tables."""
    tables = Path(penstock.__file__).parent / "journal" / "migrations" / "tables.sql"
    return hashlib.sha256(tables.read_bytes() + (project.folder / "fill.py").read_bytes()).hexdigest()[:16]
