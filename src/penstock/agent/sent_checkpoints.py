"""What a task's attempts leave one another, on whichever machine the next one runs: its checkpoints go up when they
have settled, and come down before a retry.

An object of the tier, named by the task's key, says which blobs a task's folder consists of, and which files of points
belong to it. Whoever ran the task last has written it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.artifacts import checkpoints, digests
from penstock.errors import DamagedError, StoreError
from penstock.model import wire
from penstock.model.ids import driver_number
from penstock.model.luggage import DataFile
from penstock.model.specs import Attempt, Places, RunSpec
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.tiers.port import Tier

_FORMAT = 1
_CHUNK = 8 << 20
_RENEWED_S = 6 * 3600.0
"""So old are its blobs at most, however long nothing new is saved: a sweep takes what is a day old."""

_Signature = dict[str, tuple[int, int]]
"""Size and modification time of each file, by its path."""


class SentFolder(NamedTuple):
    """A task's folder as it went up."""

    format: int
    files: tuple[DataFile, ...]  # below the folder
    points: tuple[DataFile, ...]  # among the logs

    def plain(self) -> tuple[object, ...]:
        """Plain data."""
        return self.format, tuple(map(tuple, self.files)), tuple(map(tuple, self.points))


class _WatchedFolder(NamedTuple):
    signature: _Signature
    sent: _Signature | None  # None: nothing was sent since it was brought or made
    sent_at: float


class SentCheckpoints:
    """The checkpoints of one run at one agent. All methods block, for transfers; a thread of its own calls them."""

    def __init__(self, tier: Tier, spec: RunSpec, places: Places) -> None:
        self._tier, self._spec, self._places = tier, spec, places
        self._is_again = driver_number(spec.driver) > 1
        self._seen: dict[str, _WatchedFolder] = {}  # by the names of folders
        self._new: dict[str, Attempt] = {}  # at which nobody has looked yet: most are over before

    def may_bring(self, attempt: Attempt) -> bool:
        """Whether another attempt of its task may have left something."""
        return self._is_again or attempt.number > 1

    def watch(self, attempts: Iterable[Attempt]) -> None:
        """Look after what attempts leave for which nothing is brought. From any thread, and never blocks."""
        self._new.update((attempt.id, attempt) for attempt in attempts)

    def forget(self, attempt: Attempt) -> bool:
        """A task is done; False: something may have been sent for it, so that `over` has to see to it. Likewise."""
        return self._new.pop(attempt.id, None) is not None

    def bring(self, attempt: Attempt) -> None:
        """Before an attempt starts: put its folder there as the last one left it, wherever that ran. Then look after
        it. Raises StoreError where it can't be had."""
        folder = self._folder(attempt)
        if self.may_bring(attempt):
            self._bring(folder)
        self._seen.setdefault(folder.name, _WatchedFolder(_signature(folder), None, 0.0))

    def over(self, attempt: Attempt, *, is_done: bool, now: float) -> None:
        """After an attempt: what it left goes up, or, where the task is done, away."""
        self._look_at_new()
        folder = self._folder(attempt)
        seen = self._seen.pop(folder.name, None)
        if seen is None or not folder.is_dir():
            return
        if not is_done:
            self._send_news(folder, seen._replace(signature=_signature(folder)), now)
        else:
            self._tier.delete([self._object(folder.name)])

    def look(self, now: float) -> None:
        """Send what has changed since it was sent and has not since the last look: who writes a checkpoint is not read
        in the midst of it. Called each second or so."""
        for name, folder, seen in self._there():
            signature = _signature(folder)
            if signature == seen.signature and signature:
                seen = self._send_news(folder, seen, now)
            self._seen[name] = seen._replace(signature=signature)

    def flush(self, now: float) -> None:
        """Send what has changed since it was sent, settled or not: this machine is about to go."""
        for name, folder, seen in self._there():
            self._seen[name] = self._send_news(folder, seen._replace(signature=_signature(folder)), now)

    def _there(self) -> list[tuple[str, Path, _WatchedFolder]]:
        """Those of which there is a folder: most attempts save nothing."""
        self._look_at_new()
        root = self._places.checkpoints
        try:
            found = self._seen.keys() & os.listdir(root)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"can't read the checkpoints in {root}: {error.strerror}") from error
        return [(name, Path(root, name), self._seen[name]) for name in sorted(found)]

    def _look_at_new(self) -> None:
        for id_ in list(self._new):
            attempt = self._new.pop(id_, None)
            if attempt is not None:  # else it is over meanwhile
                self._seen.setdefault(self._folder(attempt).name, _WatchedFolder({}, None, 0.0))

    def _folder(self, attempt: Attempt) -> Path:
        return Path(checkpoints.folder_of(self._spec, self._places, attempt))

    def _send_news(self, folder: Path, seen: _WatchedFolder, now: float) -> _WatchedFolder:
        is_old = now - seen.sent_at > _RENEWED_S
        if not seen.signature or (seen.signature == seen.sent and not is_old):
            return seen
        try:
            files = tuple(self._sent(file, folder) for file in _files(folder))
            logs = Path(self._places.logs)
            points = tuple(self._sent(file, logs) for file in sorted(logs.glob(f"{folder.name}.*.points")))
        except FileNotFoundError:  # it changes now: the next look finds it settled
            return seen
        except OSError as error:
            raise StoreError(f"can't read the checkpoints in {folder}: {error.strerror}") from error
        if _signature(folder) == seen.signature:
            data = wire.pack(SentFolder(_FORMAT, files, points).plain())
            self._tier.put(self._object(folder.name), data)
            _note(folder, data)
            return seen._replace(sent=seen.signature, sent_at=now)
        return seen

    def _bring(self, folder: Path) -> None:
        data = self._tier.get(self._object(folder.name))
        if data is None or _noted(folder) == digests.digest(data):
            return  # none went up, or this machine has sent it, and may have saved more since
        try:
            found = wire.read(SentFolder, data)
            part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
            shutil.rmtree(part, ignore_errors=True)
            self._write(found.files, part)
            self._write(found.points, Path(self._places.logs))
            shutil.rmtree(folder, ignore_errors=True)
            part.mkdir(parents=True, exist_ok=True)
            part.rename(folder)
            _note(folder, data)
        except wire.MalformedError as error:
            raise DamagedError(f"the checkpoints that {self._object(folder.name)} names can't be read") from error
        except OSError as error:
            raise StoreError(f"can't write the checkpoints to {folder}: {error.strerror}") from error

    def _sent(self, file: Path, folder: Path) -> DataFile:
        with open(file, "rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            digest, size = self._tier.blobs.put_chunks(iter(lambda: opened.read(_CHUNK), b""))
        return DataFile(os.path.relpath(file, folder), digest, size, bool(mode & 0o100))

    def _write(self, files: tuple[DataFile, ...], folder: Path) -> None:
        for one in files:
            if os.path.isabs(one.path) or ".." in Path(one.path).parts:
                raise wire.MalformedError(f"{one.path} is outside of the folder")
            file = folder / one.path
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(file, "wb") as opened:
                opened.write(self._tier.blobs.get(one.digest, one.size, True))
            if one.executable:
                file.chmod(0o755)

    def _object(self, name: str) -> str:
        return f"checkpoints/{self._spec.nonce}/{name}"


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names) if not os.path.islink(os.path.join(place, name)))


def _signature(folder: Path) -> _Signature:
    """Empty where there is no folder, or nothing in it."""
    found: _Signature = {}
    for file in _files(folder):
        try:
            status = file.stat()
        except OSError:
            continue
        found[os.fspath(file)] = status.st_size, status.st_mtime_ns
    return found


def _note(folder: Path, data: bytes) -> None:
    """Write down which of the objects this folder has come from, or went to."""
    _note_of(folder).write_bytes(digests.digest(data))


def _noted(folder: Path) -> bytes:
    try:
        return _note_of(folder).read_bytes() if folder.is_dir() else b""
    except OSError:
        return b""


def _note_of(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.sent")
