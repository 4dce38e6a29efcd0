"""What has not settled yet, for others to look at. Nothing is decided by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from penstock.engine.book import Book
from penstock.engine.jobs import Job
from penstock.model.rows import InFlight

SHOWN = 200
"""So many tasks are named at most: a look costs the same whatever the size of the run."""


def in_flight(book: Book, epoch: float, awaited: Callable[[int], str]) -> tuple[InFlight, ...]:
    """The tasks that run, oldest first, then those that wait, in the order of their calls. `epoch`: what makes UTC of
    the monotonic clock; `awaited`: what a task waits for that other runs have. Within a turn alone."""
    running = list(islice(book.attempts.values(), SHOWN))
    found = list(_running(book, running, epoch))
    named = {task for task, _ in running}
    # One step of C code: another thread may submit meanwhile.
    jobs = list(islice(book.jobs.values(), SHOWN + len(book.attempts))) if len(found) < SHOWN else []
    waiting = (_told(job, "waiting", epoch)._replace(awaited=awaited(job.id)) for job in jobs if job.id not in named)
    return (*found, *islice(waiting, SHOWN - len(found)))


def _running(book: Book, attempts: list[tuple[int, int]], epoch: float) -> Iterator[InFlight]:
    busy = set[tuple[str, int]]()
    for task, attempt in attempts:
        job = book.jobs[task]
        executor = job.call.options.on
        status = "placed" if (executor, job.lane) in busy else "running"
        if job.lane:
            busy.add((executor, job.lane))
        yield _told(job, status, epoch)._replace(attempt=attempt, executor=executor)


def _told(job: Job, status: str, epoch: float) -> InFlight:
    return InFlight(job.id, f"{job.call.name}/{job.number}", status, round(epoch + job.since, 3))
