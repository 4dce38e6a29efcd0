"""A folder that all machines see as a tier: `<root>/<project id>/` with `blobs/`, `tmp/`, and the objects as files.

It is written by rename alone. Nothing is made above the project's own folder: where `root` is not there, what it lies
in is not mounted, and what would be written there instead nobody else would see.
"""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from penstock.artifacts.folder import store_error
from penstock.errors import StoreError
from penstock.tiers.folder_blobs import FolderBlobs
from penstock.tiers.object_names import checked, checked_prefix

_TRIES = 5
"""How often a folder is made anew for an object, while somebody removes it as an empty one."""


class FolderTier:
    """Implements `port.Tier` in a folder. `root`: the tier's folder, absolute; `project`: the project's id, whose own
    folder is made when something is put there."""

    def __init__(self, root: str, project: str) -> None:
        self.url = Path(root).as_uri()
        self.root = root
        self.project = project
        self.folder = os.path.join(root, checked(project))
        self.blobs = FolderBlobs(os.path.join(self.folder, "blobs"), make=self._make)
        self._tmp = os.path.join(self.folder, "tmp")
        self._emptied: set[str] = set()  # folders that deletes may have left empty

    def put(self, name: str, data: bytes) -> None:
        path, temporary = self._path(name), os.path.join(self._tmp, _unique())
        try:
            self._write(temporary, data)
            self._keep(temporary, path)
        except OSError as error:
            with suppress(OSError):  # it was never made, or the disk refuses this too
                os.unlink(temporary)
            raise store_error("written", path, error) from error

    def get(self, name: str) -> bytes | None:
        path = self._path(name)
        try:
            return _read(path)
        except FileNotFoundError:
            return self._looked_again(path)
        except OSError as error:
            raise store_error("read", path, error) from error

    def list(self, prefix: str) -> list[str]:
        checked_prefix(prefix)
        try:
            return sorted(_files_in(os.path.join(self.folder, prefix.rstrip("/")), prefix))
        except OSError as error:
            raise store_error("read", self.folder, error) from error

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects. Folders that are empty then go with the next ones, or at the close: mostly more is written
        there meanwhile. Who writes to one that is gone makes it again."""
        emptied, self._emptied = self._emptied, set[str]()
        self._prune(emptied)
        for name in names:
            path = self._path(name)
            try:
                os.unlink(path)
                self._emptied.add(os.path.dirname(path))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise store_error("written", path, error) from error

    def close(self) -> None:
        """Remove what folders of ours are empty. Nothing is open."""
        self._prune(self._emptied)

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, checked(name))

    def _make(self) -> None:
        """Make the project's own folder, for nobody else to write: what lies there is unpickled."""
        try:
            os.mkdir(self.folder, 0o700)
        except FileExistsError:
            pass
        except FileNotFoundError:
            raise StoreError(
                f"the far tier's folder {self.root} is not there: mount what it lies in, or make it where it lies, "
                f"with `mkdir -p {shlex.quote(self.root)}`"
            ) from None
        except OSError as error:
            raise store_error("written", self.folder, error) from error

    def _prune(self, folders: Iterable[str]) -> None:
        for folder in folders:
            while folder != self.folder:
                try:
                    os.rmdir(folder)
                except OSError:  # it is not empty, or gone
                    break
                folder = os.path.dirname(folder)

    def _write(self, path: str, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            file = os.open(path, flags, 0o600)
        except FileNotFoundError:
            self._make()
            os.makedirs(self._tmp, exist_ok=True)
            file = os.open(path, flags, 0o600)
        with open(file, "wb", buffering=0) as whole:
            view = memoryview(data)
            while view:
                view = view[whole.write(view) :]

    def _keep(self, temporary: str, path: str) -> None:
        for left in reversed(range(_TRIES)):
            try:
                os.replace(temporary, path)
                return
            except FileNotFoundError:
                if not left:
                    raise
                with suppress(FileNotFoundError):
                    os.makedirs(os.path.dirname(path), exist_ok=True)

    def _looked_again(self, path: str) -> bytes | None:
        """A network file system remembers for some seconds that there was no such file, unless its folder is opened."""
        try:
            os.close(os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY))
            return _read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise store_error("read", path, error) from error


def _unique() -> str:
    return f"{os.getpid()}-{threading.get_ident()}-{os.urandom(6).hex()}"


def _read(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY)
    with open(file, "rb", buffering=0) as whole:
        return whole.readall()


def _files_in(folder: str, prefix: str) -> Iterator[str]:
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files_in(entry.path, f"{prefix}{entry.name}/")
            else:
                yield f"{prefix}{entry.name}"
