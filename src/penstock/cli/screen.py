"""The one place where the command line writes: what it is given comes from steps, values, files and users.

All of it is masked, and nothing of it does more than colour a terminal; in a pipe it has no colours. What is a value's
own text, for another program, goes out as it is.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from penstock.artifacts.masking import masked
from penstock.model.visible import in_json, visible

_ROOM = 40  # columns


def out(text: str) -> None:
    """Lines on stdout. Raises OSError where nobody reads it any more."""
    _write(sys.stdout, f"{text}\n")


def err(text: str) -> None:
    """Lines on stderr, in one piece; a reader that went away stops nothing."""
    if sys.stderr is None:
        return
    try:
        _write(sys.stderr, f"{text}\n")
    except (OSError, ValueError):
        pass  # a closed pipe, or a script that closed stderr


def document(text: str) -> None:
    """A JSON document on stdout: what is no harmless character is escaped as JSON has it."""
    print(_encodable(sys.stdout, in_json(text)), flush=True)  # noqa: T201


def raw(value: Any) -> None:
    """Bytes, or text and a newline, for another program, as they are."""
    if isinstance(value, str):
        print(_encodable(sys.stdout, value), flush=True)  # noqa: T201
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(value)
        sys.stdout.buffer.flush()


def has_colours(stream: Any) -> bool:
    """Whether a stream is a terminal that is to have them."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and stream.isatty()


def is_live(stream: Any) -> bool:
    """Whether a stream can show what moves: it takes the escapes that colours take, and has the characters of bars."""
    if not os.environ.get("TERM") or os.environ.get("CI", "").lower() not in ("", "0", "false"):
        return False
    is_utf = (getattr(stream, "encoding", None) or "").lower().startswith("utf")
    return stream is not None and is_utf and has_colours(stream) and is_wide()


def is_wide() -> bool:
    """Whether the terminal has room for a table; else plain lines, which wrap, say more."""
    import shutil

    return shutil.get_terminal_size().columns >= _ROOM


def _write(stream: Any, text: str) -> None:
    stream.write(_encodable(stream, visible(masked(text), has_colours(stream))))
    stream.flush()


def _encodable(stream: Any, text: str) -> str:
    """Characters that the stream's encoding lacks are written as escapes."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
