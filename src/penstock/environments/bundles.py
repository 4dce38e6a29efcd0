"""Bundles: what an agent needs on a machine that has nothing of ours, in one archive that `sh` can unpack.

A bundle is named by its content and made once; `bootstrap.sh` unpacks it once on each machine, and starts the agent.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from penstock.environments import bundle_files, collect, interpreter_search, locking, shared_libraries, uv
from penstock.environments.bundle_files import BundledFile
from penstock.errors import PlatformError
from penstock.model.tuples import NamedTuple

_FORMAT = b"1"
_LEVEL = 6


class Bundle(NamedTuple):
    """A bundle in this machine's cache."""

    file: Path  # gzip of tar
    name: str  # "Linux-x86_64-glibc2.35-0123456789abcdef.tar.gz"
    script: bytes  # what starts an agent from it, with `sh`

    @property
    def requires(self) -> str:
        """What the machine must be: "Linux-x86_64-glibc2.35"."""
        return self.name.rpartition("-")[0]


def folder_of_cache(environ: Mapping[str, str]) -> Path:
    """Where bundles are kept for all projects of this user."""
    cache = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".cache")
    return Path(cache, "penstock", "bundles")


def made(folder: Path, tell: uv.Tell) -> Bundle:
    """The bundle for machines like this one: as it lies in `folder`, else made there.

    Blocks: some tens of milliseconds where it lies there, else for seconds, or while another process makes it. Raises
    UsageError where uv is missing, PlatformError where the folder can't be written.
    """
    key = _key()
    index = folder / f"{key}.name"
    if bundle := _kept(folder, index):
        return bundle
    with locking.alone(folder / f"{key}.lock", lambda: tell("waits for another process that makes a bundle")):
        if bundle := _kept(folder, index):
            return bundle
        tell("makes the bundle that agents start from, once for this version")
        try:
            name = _make(bundle_files.found(tell), folder, key)
            collect.replace(index, name.encode())
        except OSError as error:
            raise PlatformError(f"can't make a bundle for agents in {folder}: {error.strerror or error}") from error
    bundle = _kept(folder, index)
    assert bundle is not None
    return bundle


def script(name: str, sha256: str) -> bytes:
    """The `sh` script that starts an agent from a bundle which lies in `bundles/` beside it."""
    text = Path(__file__).with_name("bootstrap.sh").read_text(encoding="utf-8")
    system, machine, libc, _ = name.split("-")
    values = {"BUNDLE": name, "SHA256": sha256, "SYSTEM": system, "MACHINE": machine, "LIBC": libc}
    values |= {"PROGRAM": bundle_files.PROGRAM, "LIBRARIES": bundle_files.LIBRARIES}
    head = "".join(f"{variable}='{value}'\n" for variable, value in values.items())
    return text.replace("# VALUES\n", head).encode()


def _kept(folder: Path, index: Path) -> Bundle | None:
    name = collect.content(index).decode()
    file = folder / name
    sha256 = collect.content(folder / f"{name}.sha256").decode()
    if not name or not sha256 or not file.is_file():
        return None
    with suppress(OSError):
        os.utime(index)
    return Bundle(file, name, script(name, sha256))


def _key() -> str:
    """Changes with this Penstock, what it depends on, and its Python, without a look into them."""
    from blake3 import blake3

    files = [*bundle_files.ours(), BundledFile("", Path(interpreter_search.base()))]
    stats = [(path, (found := os.stat(source)).st_size, found.st_mtime_ns) for path, source in files]
    return blake3(_FORMAT + repr((sys.version, stats)).encode()).hexdigest(16)


def _make(files: Sequence[BundledFile], folder: Path, key: str) -> str:
    temporary = folder / f"{key}.tmp"
    try:
        _archive(files, temporary)
        with open(temporary, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        name = f"{_platform(files)}-{sha256[:16]}.tar.gz"
        (folder / f"{name}.sha256").write_text(sha256)
        temporary.replace(folder / name)
        return name
    finally:
        temporary.unlink(missing_ok=True)


def _archive(files: Sequence[BundledFile], target: Path) -> None:
    """Equal files make equal bytes: no times, no owners."""
    with (
        open(target, "wb") as raw,
        gzip.GzipFile("", "wb", _LEVEL, raw, 0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path, source in files:
            info = tarfile.TarInfo(path)
            with open(source, "rb") as content:
                status = os.fstat(content.fileno())
                info.size = status.st_size
                info.mode = 0o755 if status.st_mode & 0o100 else 0o644
                archive.addfile(info, content)


def _platform(files: Sequence[BundledFile]) -> str:
    system = os.uname()
    programs = (source for path, source in files if path.startswith(("python/bin/", bundle_files.LIBRARIES)))
    modules = (source for path, source in files if ".so" in os.path.basename(path))
    major, minor = shared_libraries.newest_glibc(source.read_bytes() for source in {*programs, *modules})
    return f"{system.sysname}-{system.machine}-glibc{major}.{minor}"
