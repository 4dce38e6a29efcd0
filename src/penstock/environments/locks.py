"""Locks: the exact versions that an environment's wish was resolved to, with the hashes of their archives.

A lock is text that pip and uv can install from. It is stored with each run, so that its resumes and forks get the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from penstock.environments import indexes, interpreters, locking, requirement_files, uv, wishes
from penstock.errors import DamagedError, PlatformError, UsageError
from penstock.model.environments import Environment

_HEAD = re.compile(r"# penstock lock 1 (b3-[0-9a-f]{64})\n# python ([^\n]+)\n((?:--[^\n]+\n)*)\n", re.ASCII)
_PIN = re.compile(r"^(?:([A-Za-z0-9][\w.-]*)(?:\[[^\]\n]*\])?(?:==| @ )|(?=/))(\S+)", re.MULTILINE)
_WHEEL = re.compile(r".*?([^/]+?)-([^/-]+)(?:-[^/]*\.whl|\.tar\.gz|\.zip)")


class Lock(NamedTuple):
    """What an environment consists of. Equal digests: the same interpreter version and the same archives."""

    digest: str  # "b3-..." of `python` and the pins with their hashes; where they come from doesn't count
    python: str  # "3.10", "3.10.13", "pypy3.9"; a path where the wish named one
    text: str  # a requirements file with hashes, behind a head of comments and of where packages are looked for
    packages: tuple[tuple[str, str], ...]  # name and version, sorted

    @property
    def options(self) -> tuple[str, ...]:
        """Where its packages are looked for, beside the user's own settings: option lines of a requirements file."""
        return tuple(line for line in self.text.partition("\n\n")[0].splitlines() if line.startswith("--"))


def resolve(environment: Environment, folder: Path, tell: uv.Tell, *, again: bool = False) -> Lock:
    """The environment's lock: what is kept in `folder` for an equal wish, else resolved by uv and kept.

    The content of the files that are named counts, and what lies in folders of archives. `again`: resolved even where
    one is kept. Blocks: a few milliseconds where one is kept, else for seconds, with lines of progress to `tell`.
    Raises UsageError where the wish can't be met or uv is missing, PlatformError where the machine fails.
    """
    wish = wishes.read(environment)
    file = folder / "locks" / f"{wish.digest}.txt"
    if not again and (kept := _kept(file)):
        return kept
    with locking.alone(file.with_suffix(".lock"), lambda: tell("waits for another process that resolves the same")):
        if not again and (kept := _kept(file)):
            return kept
        lock = _resolved(wish, tell)
        _keep(file, lock.text)
        return lock


def parse(text: str) -> Lock:
    """The lock that a text of `resolve` holds, as when it was stored with a run. Raises DamagedError for any other."""
    head = _HEAD.match(text)
    if head is None:
        raise DamagedError("a stored lock of an environment is damaged, or was written by a newer Penstock")
    pins = text[head.end() :]
    if _digest(head[2], pins) != head[1]:
        raise DamagedError(f"the stored lock {head[1]} of an environment is damaged")
    return Lock(head[1], head[2], text, _packages(pins))


def _resolved(wish: wishes.Wish, tell: uv.Tell) -> Lock:
    import tempfile

    try:
        with tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
            bare = interpreters.bare(wish.python, Path(scratch, "bare"), tell)
            tell(f"resolves packages for Python {bare.name}")
            pins = _pins(wish, bare.python, scratch, tell)
    except OSError as error:
        raise PlatformError(f"can't write temporary files: {error.strerror}") from error
    options = "".join(f"{line}\n" for line in (*wish.options, *wish.explicit))
    indexes.refuse_secrets(pins)
    return parse(f"# penstock lock 1 {_digest(bare.name, pins)}\n# python {bare.name}\n{options}\n{pins}")


def _pins(wish: wishes.Wish, python: str, scratch: str, tell: uv.Tell) -> str:
    """Requirements with exact versions and hashes; "" where nothing is asked for."""
    lines, demanded = list(wish.lines), dict(wish.hashes)
    purpose = "resolve the environment"
    settings = indexes.settings(wish.options, os.environ)
    if wish.locked:
        frozen = ["export", "--frozen", "--no-dev", "--no-emit-project", "--project", wish.locked, "--python", python]
        exported = uv.run(purpose, [*frozen, "--quiet", "--no-header"], tell, settings=settings)
        for line in requirement_files.logical_lines(exported):
            if " --hash=" not in line:
                raise _can_not_lock(line)
            demanded.update(requirement_files.hashes(line))
        Path(scratch, "exported.txt").write_text(exported, encoding="utf-8")
        lines.append(f"-r {scratch}/exported.txt")
        settings = indexes.settings((*wish.options, *wish.explicit), os.environ)
    if not lines and not wish.pyproject:
        return ""
    files = ["-", *filter(None, [wish.pyproject])]
    compiled = uv.run(
        purpose,
        ["pip", "compile", *files, "--generate-hashes", "--no-header", "--no-annotate", "--python", python],
        tell,
        stdin="".join(f"{line}\n" for line in lines),
        settings=settings,
    )
    return _checked(compiled, demanded)


def _checked(compiled: str, demanded: Mapping[tuple[str, str], list[str]]) -> str:
    """One pin for each package; the hashes that the user demands himself in the place of the index's."""
    pins: list[str] = []
    for line in requirement_files.logical_lines(compiled):
        if line.startswith("-") and not line.startswith("-e "):
            continue  # options are in the head
        requirement, _, listed = line.partition(" --hash=")
        requirement = requirement.strip()
        hashes = [hash_.strip() for hash_ in listed.split("--hash=") if hash_.strip()]
        if not hashes:
            raise _can_not_lock(requirement)
        if requirement.startswith("."):
            requirement = os.path.abspath(requirement)
        key = next(iter(requirement_files.hashes(line)), ("", ""))
        pins.append(" \\\n    ".join([requirement, *(f"--hash={hash_}" for hash_ in demanded.get(key, hashes))]))
    return "".join(f"{pin}\n" for pin in sorted(pins))


def _can_not_lock(requirement: str) -> UsageError:
    return UsageError(
        f"can't lock {requirement}: a folder or a repository has no hash that says what is in it. Build a wheel of it, "
        "as with `uv build --wheel`, and name the wheel's folder in find_links"
    )


def _digest(python: str, pins: str) -> str:
    from blake3 import blake3

    text = f"{python}\n\n{pins}"
    return f"b3-{blake3(text.encode()).hexdigest()}"


def _packages(pins: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for name, version in _PIN.findall(pins):
        archive = _WHEEL.fullmatch(version) if "/" in version else None
        found.append((name or (archive[1] if archive else version), archive[2] if archive else version))
    return tuple(sorted(found))


def _kept(file: Path) -> Lock | None:
    """None where none is kept, or what is kept is damaged. That it was used is written into its times."""
    try:
        lock = parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, DamagedError):
        return None
    try:
        os.utime(file)
    except OSError:
        pass  # a project that can't be written works all the same
    return lock


def _keep(file: Path, text: str) -> None:
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise PlatformError(f"can't keep a lock in {file.parent}: {error.strerror}") from error
