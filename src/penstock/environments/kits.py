"""The kit: the part of Penstock that travels into any interpreter, named by the digest of its content.

It is made from the installed files, cloudpickle's included, so that what runs there is what is tested here: a folder
that stands on a path. A project has one for each version of Penstock that has run there.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from penstock.environments import locking
from penstock.errors import PlatformError, StoreError
from penstock.model.tuples import NamedTuple

ROOMS = ("__init__.py", "errors.py", "shadows.py", "model", "artifacts", "sdk", "worker", "integrations")
_PACKAGE = Path(__file__).resolve().parents[1]
_NAME = "kit-"  # and the digest
_HELD = Path("penstock", "__init__.py")
"""The file of a kit that those who use it hold."""
_GONE = ".gone"
"""Ends the name of a kit that is being removed."""


class Kit(NamedTuple):
    """A kit in a folder of its own."""

    folder: Path
    digest: str  # of its content, as text


def unpack_kit(folder: Path) -> Path:
    """The kit as a folder in `folder`, named by the digest of its content, so that interpreters can keep its byte code.

    Written only where it is missing; that it is used now is written into its time. Blocks for some milliseconds. Raises
    StoreError where the folder can't be written.
    """
    members = _members()
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
            shutil.rmtree(temporary, ignore_errors=True)
            if not target.exists():  # else another process has put it there meanwhile
                raise StoreError(f"can't write the kit to {folder}: {error.strerror or error}") from error
    with suppress(OSError):  # a project that can't be written works all the same
        os.utime(target)
    return target


@contextmanager
def in_use(folder: Path) -> Generator[Kit]:
    """This Penstock's kit, below the folder. Inside, nobody removes it; that ends with this process, however it ends.

    Raises StoreError where it can't be written.
    """
    with locking.held(lambda: unpack_kit(folder), lambda path: path / _HELD) as path:
        yield Kit(path, path.name.removeprefix(_NAME))


def unused(folder: Path, before: float, unfinished_before: float) -> Iterator[Path]:
    """Kits of other versions that nobody uses, or has used since `before`; and what was cut off while it was unpacked,
    begun before `unfinished_before`, or while it was removed. Both in seconds since the epoch."""
    paths = sorted(folder.glob(f"{_NAME}*"))
    current = _name(_members()) if paths else ""
    for path in paths:
        try:
            used_at = path.stat().st_mtime
        except FileNotFoundError:  # removed meanwhile
            continue
        is_old = path.name != current and used_at < before
        if path.suffix == ".tmp":
            if used_at < unfinished_before:
                yield path
        elif path.suffix == _GONE or (is_old and not locking.is_shared(path / _HELD)):
            yield path


def take_away(path: Path) -> bool:
    """Remove one of these; False where a process uses it. Raises PlatformError where it can't be removed."""
    gone = path.with_name(f"{path.name}{_GONE}")
    try:
        if path.suffix in (".tmp", _GONE):
            shutil.rmtree(path)
            return True
        with locking.unshared(path / _HELD):
            shutil.rmtree(gone, ignore_errors=True)
            path.rename(gone)  # first: what is left of it must not look whole
        shutil.rmtree(gone)
    except BlockingIOError:
        return False
    except FileNotFoundError:  # another one has removed it
        return True
    except OSError as error:
        raise PlatformError(f"can't remove {path}: {error.strerror}") from error
    return True


def _is_damaged(target: Path, members: list[tuple[str, bytes]]) -> bool:
    """Whether an unpacked kit lacks something; False where there is none."""
    try:
        return target.exists() and any(os.stat(target / name).st_size != len(data) for name, data in members)
    except OSError:
        return True


def _clear(target: Path, members: list[tuple[str, bytes]]) -> None:
    """Remove a damaged kit, but never the one that another process has put into its place meanwhile."""
    with locking.alone(target.parent / ".damaged.lock", lambda: None):
        if _is_damaged(target, members):
            shutil.rmtree(target, ignore_errors=True)


def _name(members: list[tuple[str, bytes]]) -> str:
    from blake3 import blake3

    hasher = blake3()
    for name, data in members:
        hasher.update(f"{name}\0{len(data)}\0".encode())
        hasher.update(data)
    return f"{_NAME}b3-{hasher.hexdigest()}"


def _members() -> list[tuple[str, bytes]]:
    spec = importlib.util.find_spec("cloudpickle")
    if spec is None or not spec.submodule_search_locations:
        raise PlatformError("cloudpickle is not installed: pip install cloudpickle")
    roots = [*((_PACKAGE / room, f"penstock/{room}") for room in ROOMS)]
    roots.append((Path(spec.submodule_search_locations[0]), "cloudpickle"))
    return sorted(member for path, name in roots for member in _files(path, name))


def _files(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    if path.is_file():
        yield name, path.read_bytes()
    elif path.is_dir() and path.name != "__pycache__":
        for entry in path.iterdir():
            yield from _files(entry, f"{name}/{entry.name}")
