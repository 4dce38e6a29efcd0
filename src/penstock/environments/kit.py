"""The kit: the part of Penstock that travels into any interpreter, as one zip that stands on its path.

It is zipped from the installed files, cloudpickle's included, so that what runs there is what is tested here.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from penstock.errors import PlatformError, StoreError

ROOMS = ("__init__.py", "errors.py", "shadows.py", "model", "artifacts", "sdk", "worker")
_PACKAGE = Path(__file__).resolve().parents[1]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold: equal files make equal zips


def build_kit(folder: Path) -> Path:
    """The kit as a zip in `folder`, named by the digest of its content; written only where it is missing.

    Blocks for some milliseconds. Raises StoreError where the folder can't be written.
    """
    members = sorted(_members())
    target = folder / f"{_name(members)}.zip"
    if not target.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(members, target)
        except OSError as error:
            raise StoreError(f"can't write the kit to {folder}: {error.strerror or error}") from error
    return target


def unpack_kit(folder: Path) -> Path:
    """The kit as a folder in `folder`, named likewise, so that interpreters can keep its byte code.

    Written only where it is missing; that it is used now is written into its time. Blocks for some milliseconds. Raises
    StoreError where the folder can't be written.
    """
    members = sorted(_members())
    target = folder / _name(members)
    if _is_damaged(target, members):
        _clear(target, members)
    if not target.exists():
        temporary = folder / f"{target.name}.{os.getpid()}.tmp"
        try:
            for name, data in members:
                file = temporary / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            temporary.rename(target)
        except OSError as error:
            import shutil

            shutil.rmtree(temporary, ignore_errors=True)
            if not target.exists():  # else another process has put it there meanwhile
                raise StoreError(f"can't write the kit to {folder}: {error.strerror or error}") from error
    try:
        os.utime(target)
    except OSError:
        pass  # a project that can't be written works all the same
    return target


def _is_damaged(target: Path, members: list[tuple[str, bytes]]) -> bool:
    """Whether an unpacked kit lacks something; False where there is none."""
    try:
        return target.exists() and any(os.stat(target / name).st_size != len(data) for name, data in members)
    except OSError:
        return True


def _clear(target: Path, members: list[tuple[str, bytes]]) -> None:
    """Remove a damaged kit, but never the one that another process has put into its place meanwhile."""
    import shutil

    from penstock.environments import locking

    with locking.alone(target.parent / ".damaged.lock", lambda: None):
        if _is_damaged(target, members):
            shutil.rmtree(target, ignore_errors=True)


def name() -> str:
    """What the kit of this Penstock is called, unpacked. Blocks for some milliseconds."""
    return _name(sorted(_members()))


def _name(members: list[tuple[str, bytes]]) -> str:
    return f"kit-{_digest(members)}"


def _members() -> Iterator[tuple[str, bytes]]:
    for room in ROOMS:
        yield from _files(_PACKAGE / room, f"penstock/{room}")
    spec = importlib.util.find_spec("cloudpickle")
    if spec is None or not spec.submodule_search_locations:
        raise PlatformError("cloudpickle is not installed: pip install cloudpickle")
    yield from _files(Path(spec.submodule_search_locations[0]), "cloudpickle")


def _files(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    if path.is_file():
        yield name, path.read_bytes()
    elif path.is_dir() and path.name != "__pycache__":
        for entry in path.iterdir():
            yield from _files(entry, f"{name}/{entry.name}")


def _digest(members: list[tuple[str, bytes]]) -> str:
    from blake3 import blake3

    hasher = blake3()
    for name, data in members:
        hasher.update(f"{name}\0{len(data)}\0".encode())
        hasher.update(data)
    return f"b3-{hasher.hexdigest()}"


def _write(members: list[tuple[str, bytes]], target: Path) -> None:
    import zipfile

    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members:
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
