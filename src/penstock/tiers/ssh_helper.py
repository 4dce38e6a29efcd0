"""What an ssh tier runs on the other host, for one project's folder there: it is sent as source over the connection, so
that nothing has to be installed. Python 3.6 and its standard library alone; it imports nothing of ours.

A request is a frame: the lengths of two parts as `!II`, then a JSON object and bytes. So is its answer, which comes in
the order of the requests: `{"ok": ...}`, or `{"error": ..., "errno": ..., "path": ...}`. The layout of the folder is
that of `FolderTier` and `FolderStore`; every change is a rename. What is locked is let go when the connection ends.
"""

import errno
import fcntl
import hashlib
import json
import os
import struct
import sys
import time
from typing import Any, Dict, Iterator, List, Optional, Tuple

_HEAD = struct.Struct("!II")
_TRIES = 5


class CannotDo(Exception):
    """Said to who asked, by a word."""


class Helper:
    """The folder of one project, which is made when something is put: `root` itself never is."""

    def __init__(self, root: str, project: str) -> None:
        self.root = root
        self.folder = os.path.join(root, project)
        self.blobs = os.path.join(self.folder, "blobs")
        self.tmp = os.path.join(self.blobs, "tmp")
        self.parts: Dict[str, Tuple[int, str]] = {}
        self.locks: Dict[str, int] = {}

    def answer(self, ask: Dict[str, Any], data: bytes) -> Tuple[Any, bytes]:
        """What a request comes to."""
        op = ask.pop("op")
        method: Any = getattr(self, "do_" + op)
        found = method(data, **ask) if op in ("put", "part_write") else method(**ask)
        return (None, found) if isinstance(found, bytes) else (found, b"")

    # Objects.

    def do_put(self, data: bytes, name: str) -> None:
        temporary = os.path.join(self.folder, "tmp", _unique())
        try:
            file = self._made(temporary)
            try:
                _write(file, data)
            finally:
                os.close(file)
            _keep(temporary, os.path.join(self.folder, name))
        except OSError:
            _remove(temporary)
            raise

    def do_get(self, name: str) -> Any:
        path = os.path.join(self.folder, name)
        for _ in range(2):
            try:
                with open(path, "rb") as file:
                    return file.read()
            except FileNotFoundError:
                # A network file system remembers for some seconds that there was none, unless its folder is opened.
                try:
                    os.close(os.open(os.path.dirname(path), os.O_RDONLY))
                except FileNotFoundError:
                    break
        raise CannotDo("none")

    def do_list(self, prefix: str) -> List[str]:
        found: List[str] = []
        for folder, _, files in os.walk(os.path.join(self.folder, prefix.rstrip("/"))):
            within = os.path.relpath(folder, self.folder).replace(os.sep, "/")
            found.extend(within + "/" + name for name in files)
        return sorted(found)

    def do_delete(self, names: List[str]) -> None:
        paths = [os.path.join(self.folder, name) for name in names]
        for folder in {os.path.dirname(path) for path in paths if _remove(path)}:
            while folder != self.folder:
                try:
                    os.rmdir(folder)
                except OSError:  # it is not empty, or gone
                    break
                folder = os.path.dirname(folder)

    # Blobs.

    def do_renew(self, digest: str, size: int) -> bool:
        path = self._path(digest)
        try:
            if os.stat(path).st_size != size:
                return False
            os.utime(path)
            return True
        except FileNotFoundError:
            return self._recall(digest) and self.do_renew(digest, size)

    def do_read(self, digest: str, size: int, at: int, most: int) -> bytes:
        path = self._path(digest)
        if not os.path.exists(path):
            self._recall(digest)
        try:
            with open(path, "rb") as file:
                found = os.fstat(file.fileno()).st_size
                if found != size:
                    raise CannotDo("has %d bytes instead of %d" % (found, size))
                file.seek(at)
                return file.read(most)
        except FileNotFoundError:
            raise CannotDo("gone") from None

    def do_remove(self, digest: str) -> bool:
        return _remove(self._path(digest))

    def do_files(self) -> List[Tuple[str, int, float]]:
        found: List[Tuple[str, int, float]] = []
        for folder in _entries(self.blobs):
            if len(folder.name) == 2:
                found.extend(_sized(entry) for entry in _entries(folder.path) if _is_digest(entry.name))
        for entry in _entries(self.tmp):
            if _is_digest(entry.name) and not os.path.exists(self._path(entry.name)):
                found.append(_sized(entry))
        return found

    def do_now(self) -> float:
        try:
            os.utime(os.path.join(self.blobs, "sweep.lock"))
            return os.stat(os.path.join(self.blobs, "sweep.lock")).st_mtime
        except OSError:
            return time.time() - 0.02

    # Parts: blobs on their way here, `tmp/NAME.part`, each locked by who fills it and names it by a token.

    def do_part_open(self, name: str, token: str) -> int:
        """How much of it is there."""
        path = os.path.join(self.tmp, name + ".part")
        for _ in range(_TRIES):
            part = self._made(path, exclusive=False)
            try:
                fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(part), os.stat(path)):
                    self.parts[token] = part, path
                    return os.fstat(part).st_size
            except FileNotFoundError:
                pass
            except BlockingIOError:
                os.close(part)
                raise CannotDo("busy") from None
            os.close(part)
        raise CannotDo("busy")

    def do_part_write(self, data: bytes, token: str, at: int) -> int:
        part, path = self.parts[token]
        try:
            os.ftruncate(part, at)
            os.lseek(part, at, os.SEEK_SET)
            _write(part, data)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):  # what is cut off must not be what fills the disk
                _remove(path)
            raise
        return at + len(data)

    def do_part_keep(self, token: str, digest: str, size: int, sha256: str) -> bool:
        """Make a blob of it; False, and nothing is left of it, where it holds other bytes than were sent."""
        part, path = self.parts[token]
        is_whole = os.fstat(part).st_size == size and _sha256(path) == sha256
        if is_whole:
            os.utime(path)
            _keep(path, self._path(digest))
        else:
            _remove(path)
        self.do_part_close(token)
        return is_whole

    def do_part_drop(self, token: str) -> None:
        _remove(self.parts[token][1])
        self.do_part_close(token)

    def do_part_close(self, token: str) -> None:
        if token in self.parts:
            os.close(self.parts.pop(token)[0])

    # Sweeping.

    def do_lock(self, token: str, alone: bool) -> bool:
        if token in self.locks:
            return True
        file = self._made(os.path.join(self.blobs, "sweep.lock"), exclusive=False)
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self.locks[token] = file
        return True

    def do_unlock(self, token: str) -> None:
        if token in self.locks:
            os.close(self.locks.pop(token))

    def do_recall(self, digests: List[str]) -> None:
        """Put back what a sweep had set aside before it was killed."""
        for digest in digests:
            self._recall(digest)

    def do_aside(self) -> List[str]:
        return [entry.name for entry in _entries(self.tmp) if _is_digest(entry.name)]

    def do_remove_older(self, digests: List[str], before: float) -> List[str]:
        """Those of the blobs that were removed: nobody has needed them since."""
        return [digest for digest in digests if self._remove_older(digest, before)]

    def do_cut_off(self, before: float, remove: bool) -> List[int]:
        """The sizes of what writes have left that did not come to their end."""
        sizes: List[int] = []
        for folder in (self.tmp, os.path.join(self.folder, "tmp")):
            for entry in _entries(folder):
                try:
                    status = entry.stat()
                except FileNotFoundError:
                    continue
                if not _is_digest(entry.name) and status.st_mtime < before and (not remove or _remove(entry.path)):
                    sizes.append(status.st_size)
        return sizes

    def _remove_older(self, digest: str, before: float) -> bool:
        path, aside = self._path(digest), os.path.join(self.tmp, digest)
        try:
            try:
                os.rename(path, aside)
            except FileNotFoundError:
                pass
            if os.stat(aside).st_mtime >= before:
                os.rename(aside, path)
                return False
            os.unlink(aside)
            return True
        except FileNotFoundError:
            return False

    def _recall(self, digest: str) -> bool:
        aside = os.path.join(self.tmp, digest)
        try:
            os.utime(aside)
            os.rename(aside, self._path(digest))
        except OSError:
            return False
        return True

    def _path(self, digest: str) -> str:
        return os.path.join(self.blobs, digest[3:5], digest)

    def _made(self, path: str, exclusive: bool = True) -> int:
        """The open file, in folders that are there then."""
        flags = os.O_RDWR | os.O_CREAT | (os.O_EXCL if exclusive else 0)
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            try:
                os.mkdir(self.folder, 0o700)
            except FileExistsError:
                pass
            except FileNotFoundError:
                raise CannotDo("no root") from None
            os.makedirs(os.path.dirname(path), exist_ok=True)
            return os.open(path, flags, 0o600)


def _keep(temporary: str, path: str) -> None:
    for left in reversed(range(_TRIES)):
        try:
            os.rename(temporary, path)
            return
        except FileNotFoundError:
            if not left:
                raise
            os.makedirs(os.path.dirname(path), exist_ok=True)


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def _unique() -> str:
    return "%d-%s" % (os.getpid(), os.urandom(6).hex())


def _entries(folder: str) -> "Iterator[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return


def _sized(entry: "os.DirEntry[str]") -> Tuple[str, int, float]:
    try:
        status = entry.stat()
    except FileNotFoundError:
        return entry.name, -1, 0.0
    return entry.name, status.st_size, status.st_mtime


def _is_digest(name: str) -> bool:
    return len(name) == 67 and name[:3] in ("b3-", "s2-")


def _sha256(path: str) -> str:
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            found.update(chunk)
    return found.hexdigest()


def _frame(stream: Any) -> Optional[Tuple[Dict[str, Any], bytes]]:
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    said, size = _HEAD.unpack(head)
    asked, data = stream.read(said), stream.read(size)
    if len(asked) < said or len(data) < size:  # it was cut off: half of it must not be done
        return None
    return json.loads(asked.decode()), data


def serve(helper: Helper, asked: Any, answers: Any) -> None:
    """Answer until who asks is gone. `asked`, `answers`: binary streams."""
    while True:
        frame = _frame(asked)
        if frame is None:
            return
        data = b""
        try:
            found, data = helper.answer(*frame)
            said: Dict[str, Any] = {"ok": found}
        except CannotDo as error:
            said = {"error": str(error)}
        except OSError as error:
            said = {"error": error.strerror or str(error), "errno": error.errno, "path": error.filename}
        head = json.dumps(said).encode()
        answers.write(_HEAD.pack(len(head), len(data)) + head)
        answers.write(data)
        answers.flush()


def main() -> None:
    """A line of the input says root and project; then come frames. What a login prints comes before the mark."""
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    root, project = json.loads(asked.readline().decode())
    answers.write(b"\0penstock tier 1\n")
    answers.flush()
    serve(Helper(root, project), asked, answers)


if __name__ == "__main__":
    main()
