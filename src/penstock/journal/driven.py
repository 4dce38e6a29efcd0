"""Which run a process has made: whoever started the process asks for it by the process's number."""

from __future__ import annotations

import os
from functools import partial

from penstock.journal import sql_files
from penstock.journal.journal import Journal

_sql = partial(sql_files.statement, "queries")


def latest(journal: Journal) -> int:
    """The newest run by `RunRow.id`; 0: there is none."""
    return journal.database.row(_sql("latest_run"))[0]


def run_of_process(journal: Journal, pid: int, after: int) -> str:
    """The run, newer than `after`, that a process of this machine drives or drove; "": none, or not yet."""
    row = journal.database.row(_sql("run_of_process"), {"after": after, "pid": pid, "host": os.uname().nodename})
    return "" if row is None else row[0]
