"""The shared libraries that programs of this machine load, as far as they can be taken to another one.

The C library itself can't: it belongs to the loader there. What is built against a newer one than is there does not
start, which whoever starts it has to say.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from penstock.errors import PlatformError

_LINE = re.compile(r"^\s*(\S+) => (/\S+) \(0x", re.MULTILINE)
_MISSING = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)
_OF_LIBC = re.compile(r"(?:ld-linux|ld-musl|libc\.|lib(?:m|dl|pthread|rt|util|resolv|nsl|anl|BrokenLocale)\.so)")
_VERSION = re.compile(rb"\0GLIBC_2\.(\d+)(?=\0|\.)")


def needed(files: Iterable[Path]) -> dict[str, Path]:
    """The libraries that these programs and modules load, by the names they go by there, but for the C library's own.

    Blocks for some tens of milliseconds: asks `ldd`. Raises PlatformError where that is missing, or one of them is.
    """
    printed = _ldd(list(files))
    if missing := sorted(set(_MISSING.findall(printed))):
        raise PlatformError(f"this machine itself lacks {', '.join(missing)}, which its Python needs: install it")
    return {name: Path(path).resolve() for name, path in _LINE.findall(printed) if not is_libc(name)}


def is_libc(name: str) -> bool:
    """Whether a library is part of the C library."""
    return _OF_LIBC.match(name) is not None


def newest_glibc(contents: Iterable[bytes]) -> tuple[int, int]:
    """The version of the GNU C library that the most demanding of these files asks for; (2, 0): none says."""
    minors = [int(minor) for content in contents for minor in set(_VERSION.findall(content))]
    return 2, max(minors, default=0)


def _ldd(files: Sequence[Path]) -> str:
    if not files:
        return ""
    try:
        # What it says of a file that is no program goes to stderr, and does no harm.
        return subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False).stdout
    except OSError as error:
        raise PlatformError(f"can't ask ldd which libraries this Python needs: {error.strerror}") from error
