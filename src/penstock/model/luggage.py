"""What goes with a run to another machine, and what comes back from there beside outcomes: plain data.

Sources go as one blob, since a project has hundreds of small ones; data files are blobs of their own.
"""

from __future__ import annotations

from typing import Any, Optional, Tuple, cast

from penstock.model import wire
from penstock.model.environments import Environment
from penstock.model.tuples import NamedTuple

FORMAT = 1


class DataFile(NamedTuple):
    """A file that goes with a project's sources."""

    path: str  # below the folder that all paths of one luggage are below
    digest: bytes  # of its blob
    size: int  # bytes
    executable: bool = False


class Luggage(NamedTuple):
    """A run's code, and the files that it brings. All paths are below one folder, which each machine has elsewhere."""

    format: int
    sources: Tuple[Tuple[str, bytes], ...]  # path and zlib-compressed content
    data: Tuple[DataFile, ...] = ()
    module_path: str = ""  # file of the flow's module; "": it is found by its name alone
    sys_path: Tuple[str, ...] = ()  # folders of the user's sources; "": that folder itself
    cwd: str = ""


class TravellingLibrary(NamedTuple):
    """A library of another language, ready to be built on another machine."""

    kind: str
    digest: str
    files: Tuple[DataFile, ...]  # below the library's own place
    packages: Tuple[Tuple[str, str, str], ...]


class TravellingImage(NamedTuple):
    """The image of an environment, ready to be had on another machine."""

    note: str  # what a run keeps of it
    machine: str  # that it is made for, "amd64"
    engine: str = ""  # what is to run it there, "podman" or "docker"; "": whichever is there
    archive: Optional[DataFile] = None  # of an image that no registry has


class TravellingEnvironment(NamedTuple):
    """An environment of steps, ready to be built on another machine."""

    environment: Tuple[Any, ...]  # fields of an `Environment`; (): the flow's own packages
    lock: str  # text of its lock; "": there is nothing to install, but for the flow's own packages
    wheels: Tuple[DataFile, ...] = ()  # archives of its packages, for a machine without an index; (): there are none
    left_out: Tuple[str, ...] = ()  # packages of the flow's own that can't be had elsewhere, each with the reason
    python: str = ""  # of the flow's own packages: version of its interpreter, "3.11.7"
    packages: Tuple[Tuple[str, str], ...] = ()  # likewise: names and versions; where they are there, nothing is built
    libraries: Tuple[TravellingLibrary, ...] = ()
    image: Optional[TravellingImage] = None  # what it runs in; of one without Python, what its programs run in


class LogPiece(NamedTuple):
    """What was written in a log file."""

    file: str  # its place among the run's logs
    offset: int  # bytes
    data: bytes  # zlib-compressed
    end: int = -1  # where the file ends now, since what came behind was cut off; -1: nothing was


def packed(luggage: Luggage) -> bytes:
    """Bytes of a luggage: equal ones for equal content."""
    return wire.pack(plain(luggage))


def read(data: bytes) -> Luggage:
    """The luggage of these bytes. Raises MalformedError for any other, or one of a newer Penstock."""
    found = wire.unpack(data)
    if not isinstance(found, tuple) or not found or found[0] != FORMAT:
        raise wire.MalformedError("no luggage of a run, or one of a newer Penstock")
    return wire.shaped(Luggage, found)


def plain(luggage: Luggage) -> Tuple[Any, ...]:
    """Plain data of it."""
    fields = luggage._asdict()
    return tuple({**fields, "data": tuple(map(tuple, luggage.data))}.values())


def environment_of(travelling: TravellingEnvironment) -> Optional[Environment]:
    """Whose it is; None: the flow's own packages."""
    return Environment(*travelling.environment) if travelling.environment else None


def environment_to_plain(environment: TravellingEnvironment) -> Tuple[Any, ...]:
    """Plain data for a letter."""
    return _plain(environment)


def environment_from_plain(data: Any) -> TravellingEnvironment:
    """What `environment_to_plain` was given. Raises MalformedError."""
    return wire.shaped(TravellingEnvironment, data)


def _plain(data: Any) -> Any:
    return tuple(map(_plain, cast("Tuple[Any, ...]", data))) if isinstance(data, tuple) else data
