"""Packs what a run needs on another machine: its sources, and the data files that the project includes.

Reads the snapshot that the run's own workers import from: what runs there is what runs here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from penstock.artifacts import names
from penstock.artifacts.store import BlobStore
from penstock.errors import PlatformError, UsageError
from penstock.model import luggage, wire
from penstock.model.luggage import DataFile, Luggage
from penstock.model.quantities import format_bytes
from penstock.model.specs import Places, RunSpec

MOST_BYTES = 1 << 30
"""So much do all the data files of a project come to at most: what is larger is a value, or has a place of its own."""
_CHUNK = 8 << 20
_OUTSIDE = ".."


def send(spec: RunSpec, places: Places, root: Path, include: Sequence[str], blobs: BlobStore) -> RunSpec:
    """The run as it travels, once its code and data files are blobs of this store.

    `root`: the project's folder, from which the patterns of `include` are read. Blocks for the transfer. Raises
    UsageError for a pattern that finds nothing, and for too much of it; PlatformError where a file can't be read, and
    StoreError where the store can't be written.
    """
    files = included(root, include)
    sources = _sources(places.sources)
    base = _base([*sources, *map(str, files)], places, root)
    data = tuple(_sent(file, base, blobs) for file in files if os.fspath(file) not in sources)
    packed = luggage.packed(_luggage(places, sources, data, base, root))
    return spec._replace(luggage=blobs.put(packed))


def included(root: Path, patterns: Sequence[str]) -> list[Path]:
    """The files of a project's folder that its settings include, each once. Raises UsageError."""
    found: dict[Path, int] = {}
    for pattern in patterns:
        try:
            files = [path for path in sorted(root.glob(pattern)) if path.is_file()]
        except (ValueError, NotImplementedError) as error:
            raise UsageError(f"[project] include: {pattern!r} is no pattern of files below {root}: {error}") from error
        if not files:
            raise UsageError(
                f"[project] include: {pattern!r} finds no file below {root}: correct it in penstock.toml, or drop it"
            )
        found.update((path, path.stat().st_size) for path in files)
    if (size := sum(found.values())) > MOST_BYTES:
        largest = max(found, key=lambda path: found[path])
        raise UsageError(
            f"[project] include finds {format_bytes(size)}, and at most {format_bytes(MOST_BYTES)} go with a run; the "
            f"largest is {largest}: have a step read it and pass on what it gives, or keep it where both see it"
        )
    return list(found)


def _sources(snapshot: str) -> Mapping[str, bytes]:
    """Compressed sources by absolute path."""
    if not snapshot:
        return {}
    try:
        found: Any = wire.unpack(Path(snapshot).read_bytes())
    except (OSError, wire.MalformedError) as error:
        raise PlatformError(f"can't read the run's recorded sources, {snapshot}: {error}") from error
    return {path: source for path, (_, _, source) in found.items()}


def _base(files: Iterable[str], places: Places, root: Path) -> str:
    """The nearest folder that the project and all the files are below."""
    folders = {os.fspath(root), *map(os.path.dirname, files)}
    if places.module_path:
        folders.add(os.path.dirname(places.module_path))
    return os.path.commonpath(folders)


def _luggage(
    places: Places, sources: Mapping[str, bytes], data: tuple[DataFile, ...], base: str, root: Path
) -> Luggage:
    below = {os.path.relpath(path, base): source for path, source in sources.items()}
    folders = {os.path.dirname(path) for path in (*below, *(file.path for file in data))}
    known = {"", *(part for folder in folders for part in _parents(folder))}
    return Luggage(
        luggage.FORMAT,
        tuple(sorted(below.items())),
        data,
        os.path.relpath(places.module_path, base) if places.module_path else "",
        tuple(path for path in map(_below(base), filter(_is_user_s, places.sys_path)) if path in known),
        next(path for path in map(_below(base), (places.cwd, os.fspath(root))) if path != _OUTSIDE),
    )


def _below(base: str) -> Callable[[str], str]:
    """A path below the base as it travels, "" of the base itself."""

    def relative(path: str) -> str:
        path = os.path.relpath(path, base)
        return "" if path == "." else _OUTSIDE if path.split(os.sep)[0] == ".." else path

    return relative


def _parents(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = os.path.dirname(folder)


def _is_user_s(folder: str) -> bool:
    return names.is_project_file(os.path.join(folder, "")) and not folder.endswith(".zip")


def _sent(file: Path, base: str, blobs: BlobStore) -> DataFile:
    try:
        with open(file, "rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            digest, size = blobs.put_chunks(iter(lambda: opened.read(_CHUNK), b""))
    except OSError as error:
        raise PlatformError(f"can't read {file}, which [project] include names: {error.strerror}") from error
    return DataFile(os.path.relpath(file, base), digest, size, bool(mode & 0o100))
