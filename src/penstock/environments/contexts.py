"""What a Dockerfile sees: the files of a folder, without those that its .dockerignore leaves out."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from penstock.errors import UsageError
from penstock.model.tuples import NamedTuple

IGNORE = ".dockerignore"
_OURS = ".penstock"  # changes with each run, and holds all that runs have made


class IgnoreRule(NamedTuple):
    """A line of a .dockerignore."""

    pattern: str  # a regular expression for a path, or for a folder above it
    keeps: bool  # it began with "!"


def rules(text: str) -> list[IgnoreRule]:
    """Those of a .dockerignore, the last that fits counts. Pure. Raises UsageError for what is no pattern."""
    found: list[IgnoreRule] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        keeps = line.startswith("!")
        path = os.path.normpath(line[keeps:].strip()).lstrip("/")
        if path not in ("", "."):
            pattern = _expression(path)
            try:
                re.compile(pattern)
            except re.error as error:
                raise UsageError(f"line {number} of {IGNORE}, `{line}`, is no pattern: {error.msg}: mend it") from error
            found.append(IgnoreRule(pattern, keeps))
    return found


def is_left_out(path: str, known: list[IgnoreRule]) -> bool:
    """Whether the rules leave out a path, relative to their folder. Pure."""
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    left_out = False
    for rule in known:
        if rule.keeps == left_out and any(re.fullmatch(rule.pattern, one) for one in above):
            left_out = not rule.keeps
    return left_out


def _expression(path: str) -> str:
    """A regular expression that fits what the pattern fits: `*` and `?` within a name, `**` any number of folders."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]*\])", path)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(known.get(one, one if one.startswith("[") else re.escape(one)) for one in pieces)


def files(context: str) -> list[str]:
    """The paths of all that counts in a context, sorted. Raises UsageError where it can't be read."""
    folder = Path(context)
    if not folder.is_dir():
        raise UsageError(
            f"the folder {context}, of which an image is built, is not there: bring it back, or say context="
        )
    try:
        known = rules((folder / IGNORE).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        known = []
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{folder / IGNORE} can't be read: {error}") from error
    return sorted(_below(context, "", known, any(rule.keeps for rule in known)))


def _below(context: str, inside: str, known: list[IgnoreRule], looks_everywhere: bool) -> Iterator[str]:
    try:
        entries = list(os.scandir(os.path.join(context, inside)))
    except OSError as error:
        raise UsageError(f"can't read {error.filename}: {error.strerror}: leave it out by a {IGNORE}") from error
    for entry in entries:
        path = os.path.join(inside, entry.name)
        if entry.name == _OURS and entry.is_dir(follow_symlinks=False):
            continue
        left_out = bool(known) and is_left_out(path, known)
        if entry.is_dir(follow_symlinks=False):
            if not left_out:
                yield path
            if looks_everywhere or not left_out:
                yield from _below(context, path, known, looks_everywhere)
        elif not left_out and (entry.is_symlink() or entry.is_file()):  # neither a socket nor a pipe
            yield path


def digest(context: str, paths: Sequence[str] | None = None) -> str:
    """64 hex digits of what counts in a context: paths, contents, and which files are programs. `paths`: what counts,
    where that is known. Blocks for the reading of all of them. Raises UsageError."""
    from blake3 import blake3

    total = blake3()
    for path in files(context) if paths is None else paths:
        file = os.path.join(context, path)
        try:
            status = os.lstat(file)
            if stat.S_ISLNK(status.st_mode):
                content = os.readlink(file).encode(errors="surrogateescape")
            elif stat.S_ISREG(status.st_mode):
                content = blake3(max_threads=1).update_mmap(file).digest()
            else:
                content = b""
        except OSError as error:
            raise UsageError(f"can't read {file}: {error.strerror}: leave it out by a {IGNORE}") from error
        kind = stat.S_IFMT(status.st_mode), bool(status.st_mode & 0o100)
        total.update(repr((path, kind, content)).encode(errors="surrogatepass"))
    return total.hexdigest()


def stage(context: str, target: Path) -> list[str]:
    """Copy what counts in a context into a new folder, for what is built of links would see what the user edits; gives
    the paths of it. Raises OSError."""
    target.mkdir(parents=True)
    paths = files(context)
    for path in paths:
        source, place = os.path.join(context, path), target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.path.islink(source):
            os.symlink(os.readlink(source), place)
        elif os.path.isdir(source):
            place.mkdir(exist_ok=True)
            with suppress(OSError):
                shutil.copymode(source, place)
        else:
            shutil.copy2(source, place)
    return paths
