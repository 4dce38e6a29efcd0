"""Wheels of what is installed here, for a machine of the same kind that reaches no index.

An installed package lists its files; packed again they install as the archive did that they came from, under other
hashes. Knows nothing of where wheels go.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from penstock.environments import locks
from penstock.environments.locks import Lock
from penstock.errors import PlatformError
from penstock.model.tuples import NamedTuple

_DROPPED = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json", "uv_build.json")
_SHEBANG = re.compile(rb"\A#!(?:/bin/sh\n'''exec' [^\n]*\n' '''|[^\n]*python[^\n]*)\n")
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Wheel(NamedTuple):
    """A wheel that was packed."""

    file: Path
    name: str  # of its package
    version: str
    sha256: str


def packed(infos: Iterable[Path], folder: Path) -> list[Wheel]:
    """A wheel of each package, given by its folder of metadata, `NAME-VERSION.dist-info`. Equal files make equal
    wheels. Blocks. Raises PlatformError where one can't be read or written."""
    wheels: list[Wheel] = []
    for info in infos:
        try:
            wheels.append(_packed(info, folder))
        except (OSError, KeyError, ValueError, StopIteration) as error:
            raise PlatformError(
                f"can't pack {info.name.removesuffix('.dist-info')} for another machine: {error}"
            ) from error
    return wheels


def locked(lock: Lock, wheels: Iterable[Wheel]) -> str:
    """The text of a lock like this one whose packages are these wheels."""
    pins = sorted(f"{one.name}=={one.version} \\\n    --hash=sha256:{one.sha256}\n" for one in wheels)
    return locks.written(lock.python, lock.version, "".join(pins))


def _packed(info: Path, folder: Path) -> Wheel:
    name, _, version = info.name.removesuffix(".dist-info").partition("-")
    tags = [line.partition(":")[2].strip() for line in _lines(info / "WHEEL") if line.startswith("Tag:")]
    parts = zip(*(tag.split("-") for tag in tags), strict=True)
    file = folder / f"{name}-{version}-{'-'.join('.'.join(dict.fromkeys(part)) for part in parts)}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    record: list[tuple[str, str, str]] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for place, source in _files(info):
            data = source.read_bytes()
            if place.startswith(f"{name}-{version}.data/scripts/"):
                data = _SHEBANG.sub(b"#!python\n", data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            record.append((place, f"sha256={digest}", str(len(data))))
            _add(archive, place, data, source)
        record.append((f"{info.name}/RECORD", "", ""))
        lines = "".join(",".join(f'"{one}"' if "," in one else one for one in line) + "\n" for line in record)
        _add(archive, record[-1][0], lines.encode(), None)
    return Wheel(file, name, version, hashlib.sha256(file.read_bytes()).hexdigest())


def _add(archive: zipfile.ZipFile, place: str, data: bytes, source: Path | None) -> None:
    entry = zipfile.ZipInfo(place, _EPOCH)
    executable = source is not None and os.access(source, os.X_OK)
    entry.external_attr = (0o100755 if executable else 0o100644) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


def _files(info: Path) -> Iterator[tuple[str, Path]]:
    """The place in a wheel of each file that the package lists, and where it lies."""
    site = info.parent
    data = f"{info.name.removesuffix('.dist-info')}.data"
    for path, _, _ in csv.reader(_lines(info / "RECORD")):
        if path.endswith(".pyc") or (path.startswith(info.name) and os.path.basename(path) in _DROPPED):
            continue
        source = Path(os.path.normpath(site / path))
        if source.is_relative_to(site):
            yield path, source
        elif source.parent.name == "bin":
            if not _is_generated(info, source.name):
                yield f"{data}/scripts/{source.name}", source
        else:
            yield f"{data}/data/{os.path.relpath(source, site.parents[2])}", source


def _is_generated(info: Path, program: str) -> bool:
    """Whether whoever installs makes it himself, of what the package declares."""
    entries = info / "entry_points.txt"
    return entries.exists() and any(line.partition("=")[0].strip() == program for line in _lines(entries))


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()
