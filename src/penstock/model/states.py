"""The states that runs and tasks go through, and the causes for which an attempt fails."""

from __future__ import annotations

import enum


class RunStatus(str, enum.Enum):
    """A run's state. `CRASHED` is never stored: it is `RUNNING` seen by a reader whose owner is dead."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    CRASHED = "crashed"

    __str__ = str.__str__


class TaskStatus(str, enum.Enum):
    """A task's state. `READY` is never written to the journal, nor is `WAITING` but for a next attempt."""

    WAITING = "waiting"  # for the results it was given, or for its next attempt
    READY = "ready"  # for resources
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    __str__ = str.__str__


class Cause(str, enum.Enum):
    """Why an attempt failed."""

    RAISED = "raised"  # the step's code raised
    EXITED = "exited"  # the step's code ended its interpreter, or crashed it
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out of memory"
    KILLED = "killed"  # the worker was killed from outside
    LOST = "lost"  # the node vanished
    PREEMPTED = "preempted"
    UNPLACED = "could not be placed"  # nothing far away runs it: no machine was to be had, or none came up
    CANCELLED = "cancelled"
    UPSTREAM = "upstream"  # a result that it was given failed; the attempt never began
    DAMAGED = "damaged"  # an input's stored bytes are truncated, changed or gone
    PLATFORM = "platform"  # a full disk, no memory for a fork, a store that can't be read, descriptors used up

    __str__ = str.__str__


PLATFORM_CAUSES = frozenset({Cause.KILLED, Cause.LOST, Cause.PREEMPTED, Cause.UNPLACED, Cause.DAMAGED, Cause.PLATFORM})
"""Failures of the machine: retried from a budget of their own, never counted against a step's `retries`, and never
replayed by a resume."""
