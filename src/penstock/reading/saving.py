"""A value as a file that other programs read: whole, or not at all, and never another value's.

The kind of file follows from its suffix, else from the value. Knows nothing of runs.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from penstock.errors import UsageError
from penstock.model.words import one_line
from penstock.reading import formats

_ANOTHER = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR)


def save(value: Any, to: Path, *, name: str = "value", force: bool = False) -> Path:
    """Write the value to a file, or, where `to` is a folder, into it as `name` and a suffix; the file that was written.

    A file or folder (`Path`) is copied, bytes and text are written as they are, arrays as .npy, tables as .parquet or
    .csv, figures as pictures, what JSON can hold as .json, all else as .pkl. Raises UsageError where something is there
    and not `force`, for a suffix that does not fit the value, and for what can't be written: nothing is left then.
    """
    offered = formats.of(value)
    with _told(to):  # a name may be too long, or a folder one that can't be looked into
        is_folder = to.is_dir()
    if is_folder:
        to = to / (value.name if isinstance(value, Path) else f"{name}{formats.default(offered)}")
    with _told(to):
        _refuse_place(value, to, force)
        writer = formats.copy if isinstance(value, Path) else _chosen(value, offered, to)
        with tempfile.TemporaryDirectory(prefix=".penstock-", dir=to.parent, ignore_cleanup_errors=True) as folder:
            partial = Path(folder, to.name)
            _write(value, writer, offered, partial, to)
            _put(partial, to, Path(folder, f"{to.name}.old"))
    return to.absolute()


def _refuse_place(value: Any, to: Path, force: bool) -> None:
    found = to.stat() if to.exists() else None
    if found is not None and not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise UsageError(f"{to} is no file: name one, or leave -o out and redirect")
    if os.path.lexists(to) and not force:
        raise UsageError(f"{to} is there already; overwrite it with --force, or name another file")
    if found is not None and stat.S_ISDIR(found.st_mode) and not (isinstance(value, Path) and value.is_dir()):
        raise UsageError(f"{to} is a folder, and not replaced by a file; name another file")
    if not to.parent.is_dir():
        raise UsageError(f"there is no folder {to.parent}; make it with: mkdir -p {shlex.quote(os.fspath(to.parent))}")


def _chosen(value: Any, offered: formats.Formats, to: Path) -> formats.Writer:
    suffix = to.suffix.lower()
    if not suffix:
        suffix = formats.default(offered)
    found = offered.get(suffix, offered.get(""))
    if callable(found):
        return found
    why = f": {found}" if found else ""
    raise UsageError(f"{_a(type(value).__name__)} can't be saved as {suffix}{why}; it can as {_usable(offered)}")


def _a(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def _usable(offered: formats.Formats, but: str = "") -> str:
    return ", ".join(
        suffix for suffix, how in offered.items() if suffix and callable(how) and suffix not in (but, ".pickle")
    )


def _write(value: Any, writer: formats.Writer, offered: formats.Formats, partial: Path, to: Path) -> None:
    try:
        writer(value, partial)
    except UsageError:
        raise
    except OSError as error:
        if error.errno is not None:
            raise
        raise _refused(value, offered, to, error) from error
    except Exception as error:  # a library's writer, or the value's own code
        raise _refused(value, offered, to, error) from error


def _refused(value: Any, offered: formats.Formats, to: Path, error: Exception) -> UsageError:
    why = one_line(str(error) or type(error).__name__, 200)
    suffix = to.suffix.lower()
    others = _usable(offered, suffix)
    as_what = f" as {suffix}" if suffix else ""
    return UsageError(f"{_a(type(value).__name__)} can't be saved{as_what}: {why}{others and f'; it can as {others}'}")


def _put(partial: Path, to: Path, old: Path) -> None:
    """In one step, but for a folder in the place of another; a link is replaced, and nothing is written through it."""
    if not partial.is_dir() or not os.path.lexists(to):
        os.replace(partial, to)
        return
    os.rename(to, old)
    try:
        os.rename(partial, to)
    except OSError:
        os.rename(old, to)
        raise


@contextmanager
def _told(to: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        mend = "free some space, or name another place" if full else "name another place"
        hint = f"; {mend}" if full or error.errno in _ANOTHER else ""
        raise UsageError(f"{to} can't be written: {error.strerror or error}{hint}") from error
