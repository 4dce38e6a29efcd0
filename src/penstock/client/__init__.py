"""Looking at runs, tasks and values from Python. Reads by previews; only what is asked for by value is unpickled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from penstock.client.flow_runs import Run, Runs
    from penstock.sdk.flows import Flow


def run(name: str = "") -> Run:
    """A run of the current folder's project: "digits/3", "digits" (its latest), an unambiguous prefix, "" (the latest).

    Raises NotFoundError, which says what could be meant.
    """
    from penstock.client.flow_runs import Run
    from penstock.client.reader import Reader

    return Run.find(Reader.here(), name)


def runs(
    flow: str | None = None,
    *,
    status: str | None = None,
    tag: str | None = None,
    since: datetime | timedelta | str | None = None,
    limit: int | None = None,
) -> Runs:
    """The runs of the current folder's project, newest first. None: of any flow, status or tag, from ever, all.

    `status`: "running", "done", "failed", "cancelled", "interrupted" or "crashed". `since`: a time, how long ago
    (a timedelta, or "2d"), or an ISO date. Raises UsageError for a status or a time that is none.
    """
    from penstock.client.flow_runs import list_runs
    from penstock.client.reader import Reader

    return list_runs(Reader.here(), flow, status, tag, since, limit)


def resume(name: str = "", flow: Flow[Any, Any] | None = None) -> Any:
    """Go on with a run; blocks until it is over, and gives the flow's result, or raises what ended the run.

    `flow` None: it is found in the file that the run came from; a run that came from a notebook needs it given, unless
    this notebook defines it. Raises NotFoundError, RunBusyError, and UsageError for a run that is done.
    """
    from penstock.client.reader import Reader
    from penstock.client.resuming import resume_run

    return resume_run(Reader.here(), name, flow)
