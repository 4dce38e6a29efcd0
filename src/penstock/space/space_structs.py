"""What `usage` and `collect` give, and what `penstock du --json` and `penstock gc --json` print.

Of the same kind as `structs`: documented, stable. Sizes are bytes as a file's length has them.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class PileInfo(msgspec.Struct, frozen=True):
    """Things of one kind, and what they take."""

    what: str  # "blobs", "folders of logs", "code snapshots", ...
    count: int
    bytes: int


class RunSpaceInfo(msgspec.Struct, frozen=True):
    """What a run takes. Its tasks' rows are part of the journal, and not counted."""

    id: str  # "digits/3"
    flow: str
    status: str
    seen_at: datetime  # its end, or its last sign of life
    tags: tuple[str, ...]
    bytes: int  # all blobs that it refers to, and its folders
    alone_bytes: int  # of these, what nobody else refers to, nor cached result nor pin: free once the run is gone
    folder_bytes: int  # of both: its logs, checkpoints and files; while it runs, its scratch folder too


class FlowSpaceInfo(msgspec.Struct, frozen=True):
    """What the runs of a flow take together; a blob counts once."""

    flow: str
    runs: int
    bytes: int
    alone_bytes: int  # of these, what no run of another flow, no cached result and no pin refers to
    folder_bytes: int


class CacheSpaceInfo(msgspec.Struct, frozen=True):
    """What cached results take. The results themselves, without their large buffers, are part of the journal."""

    results: int
    bytes: int  # all blobs that they refer to
    alone_bytes: int  # of these, what no run and no pin refers to, and no cached result that is not among these


class EnvironmentSpaceInfo(msgspec.Struct, frozen=True):
    """What an environment takes that steps run in."""

    id: str  # the digits that `penstock env rm` takes
    python: str  # "3.10.13"; "": its build or its removal was cut off, or goes on
    packages: dict[str, str]  # versions by names
    used_at: datetime
    in_use: bool  # a process runs in it, or builds it
    runs: int  # how many have it, of those that stay
    bytes: int
    alone_bytes: int  # of these, what is free once it is gone: uv's cache may share the rest


class FarSpaceInfo(msgspec.Struct, frozen=True):
    """What the project takes in a far tier."""

    url: str
    blobs: int
    bytes: int
    alone_bytes: int  # of these, what lies there and not in `.penstock/`
    error: str = ""  # why nothing is known of it; "": it is


class MovedInfo(msgspec.Struct, frozen=True):
    """What `push` has sent up, or `pull` has brought down."""

    url: str  # of the far tier; of several, with commas between them
    blobs: int
    bytes: int
    already: int  # how many blobs were there before
    missing: int  # how many are needed, and not to be had


class SpaceInfo(msgspec.Struct, frozen=True):
    """Who uses the space of a project."""

    bytes: int  # all of `.penstock/`
    parts: tuple[PileInfo, ...]  # of the whole project, whatever was asked for; they add up to `bytes`
    flows: tuple[FlowSpaceInfo, ...]  # here and below those that hold most alone first
    runs: tuple[RunSpaceInfo, ...]
    cache: CacheSpaceInfo
    environments: tuple[EnvironmentSpaceInfo, ...] = ()  # all of the project, the last used one first
    far: tuple[FarSpaceInfo, ...] = ()  # what lies elsewhere, and is not in `bytes`


class SweepInfo(msgspec.Struct, frozen=True):
    """What was removed, or would be."""

    removed: bool  # False: nothing was changed
    bytes: int  # that are freed, all in all; of several runs that share a blob, only the last one's going frees it
    runs: tuple[RunSpaceInfo, ...]  # that go, newest first
    cached: CacheSpaceInfo  # cached results that go
    piles: tuple[PileInfo, ...]  # all that goes from the disk, by its kind; they add up to `bytes`
    journal_bytes: int = 0  # that the journal's own file became smaller, besides; 0 where that is not known before
    spared_bytes: int = 0  # that nobody refers to, but runs that go on may be about to
    notes: tuple[str, ...] = ()  # what looks like a slip, as a tag that no run has; which environments stay, and why
    environments: tuple[EnvironmentSpaceInfo, ...] = ()  # that go
