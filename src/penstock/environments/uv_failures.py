"""What uv says when it fails, as an error that a user can act on. Pure."""

from __future__ import annotations

import re

from penstock.errors import PenstockError, PlatformError, UsageError
from penstock.model.tuples import NamedTuple

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DRAWING = re.compile(
    r"error: |  × |\s*(?:cause|Caused by): |  [│├╰][─▶ ]* | {9}| {6}"
)  # one of two styles, by uv's version
_PLACE = re.compile(r" in `-`| at position \d+")
_ADDRESS = re.compile(r"`?((?:https?|file)://[^\s`)]+)`?")
_NOISE = ("hint: uv embeds available Python downloads", "hint: `VIRTUAL_ENV`")
_MAX_LINES = 30


class _Kind(NamedTuple):
    """A kind of failure, known by what it says."""

    signs: tuple[str, ...]
    error: type[PenstockError]
    mend: str


_KINDS = (
    _Kind(
        ("No space left on device", "Disk quota exceeded"),
        PlatformError,
        "Free some space there: `penstock gc`, `uv cache clean`",
    ),
    _Kind(("Permission denied", "Read-only file system"), PlatformError, "Make it writable"),
    _Kind(
        ("No interpreter found", "No download found"),
        UsageError,
        "Install it, or name another one; `uv python list` shows those that there are",
    ),
    _Kind(
        ("unexpected argument", "unrecognized subcommand"),
        UsageError,
        "It is too old: pip install --upgrade 'penstock[env]'",
    ),
    _Kind(
        ("Hash mismatch", "must have a hash"),
        UsageError,
        "What lies there is not what was locked, or demanded with --hash. `penstock env lock --upgrade FILE` locks "
        "anew for new runs; a run that goes on needs the archive that it had",
    ),
    _Kind(
        ("No solution found", "not found in the package registry", "Couldn't parse", "parsing"),
        UsageError,
        "Mend what the environment asks for",
    ),
)
_UNREACHABLE = ("error sending request", "client error (Connect)", "dns error", "timed out", "onnection refused")


def failure(purpose: str, said: str, code: int, program: str) -> PenstockError:
    """The error for what uv said on stderr before it exited with that code (negative: killed by that signal).

    UsageError where the user's request can't be met, PlatformError where the machine failed.
    """
    lines = _reason(said)
    if len(lines) > _MAX_LINES:  # its conclusion stands last
        lines = [*lines[: _MAX_LINES // 2], "...", *lines[-_MAX_LINES // 2 :]]
    reason = "\n  ".join(lines) or f"{program} said nothing"
    if code < 0:
        return PlatformError(f"can't {purpose}: {program} was killed by signal {-code}. Run it again")
    for kind in _KINDS[:2]:
        if any(sign in said for sign in kind.signs):
            return kind.error(f"can't {purpose}: {reason}\n{kind.mend}")
    if any(sign in said for sign in _UNREACHABLE):
        return UsageError(_unreachable(purpose, lines))
    for kind in _KINDS[2:]:
        if any(sign in reason for sign in kind.signs):
            return kind.error(f"can't {purpose}: {reason}\n{kind.mend}")
    return UsageError(f"can't {purpose}: {reason}")


def _unreachable(purpose: str, lines: list[str]) -> str:
    address = next((found[1] for line in lines if (found := _ADDRESS.search(line))), "what it needs")
    return (
        f"can't {purpose}: {address} can't be reached: {lines[-1]}\n"
        "Check the network, or name an index that can be reached, as with UV_DEFAULT_INDEX"
    )


def _reason(said: str) -> list[str]:
    """uv's own words, without what it warned of before, its drawing, and hints that don't help here."""
    lines = _ANSI.sub("", said).splitlines()
    begin = next((at for at, line in enumerate(lines) if line.startswith(("error: ", "  × "))), max(0, len(lines) - 5))
    reason: list[str] = []
    for line in lines[begin:]:
        drawing = _DRAWING.match(line)
        text = _PLACE.sub("", line[drawing.end() :] if drawing else line).rstrip()
        if text.startswith(("Usage: ", "For more information")):
            break
        if text and not text.startswith(_NOISE):
            reason.append(text)
    return reason
