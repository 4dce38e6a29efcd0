"""Builds libraries of other languages beside the environments of Python, by each language's own tool."""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from penstock.environments import builds, library_kinds, locking, marks, placing
from penstock.environments.library_kinds import KINDS, LibraryKind
from penstock.environments.placing import Placing
from penstock.environments.uv import Tell
from penstock.errors import PlatformError, UsageError
from penstock.model.program_libraries import Leads, Library
from penstock.model.tuples import NamedTuple

_LAST_LINES = 12
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_FULL = ("No space left on device", "ENOSPC", "Disk quota exceeded")
_UNREACHABLE = ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN", "cannot open URL", "Could not resolve host")


class BuiltLibrary(NamedTuple):
    """A library that is whole."""

    folder: str
    digest: str
    leads: Leads

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"library {builds.short(self.digest)}"


def build(library: Library, folder: Path, tell: Tell, *, beside: str = "", again: bool = False) -> BuiltLibrary:
    """The library, below `folder`: as it lies there, else built by its language's tool.

    One that is damaged, or whose tool has changed since, is built anew, with a line that says so. `beside`: the user's
    own folder of the files, whose settings hold while it is built; "": there is none. `again`: built even where it lies
    there. Blocks: for a look where it lies there, else for seconds. Raises UsageError where the tool is missing or says
    no, PlatformError where the machine fails; then nothing is left of it.
    """
    kind = KINDS[library.kind]
    program = shutil.which(kind.PROGRAM)
    if program is None:
        asked = " and ".join(name for name, _ in library.files[:1])
        raise UsageError(f"libraries: what {asked} asks for is installed by {kind.MISSING}")
    place = folder / builds.name_of(library.digest, library.kind)
    count = f"{len(library.packages)} package{'' if len(library.packages) == 1 else 's'}"
    order = Placing(
        place,
        f"library {builds.short(library.digest)}",
        f"{library.kind} with {count}",
        partial(_lack, place, library, program),
        partial(_build, library, kind, program, place, beside),
    )
    placing.placed(order, tell, again=again)
    return BuiltLibrary(os.fspath(place), library.digest, kind.leads(place))


def held(library: Library, folder: Path, tell: Tell, *, beside: str = "") -> AbstractContextManager[BuiltLibrary]:
    """The library, as `build` gives it. Inside, nobody removes it; that ends with this process, however it ends."""
    return locking.held(
        lambda: build(library, folder, tell, beside=beside), lambda built: Path(built.folder, marks.NAME)
    )


def note_of(library: Library) -> str:
    """What a run keeps of it: which packages it had. It is made from the files again, not from this."""
    lines = (f"{name} {version} {build}\n" for name, version, build in library.packages)
    return f"# penstock library 1 {library.digest}\n# {library.kind}\n\n{''.join(lines)}"


def _lack(place: Path, library: Library, program: str) -> str | None:
    mark = marks.read(place)
    if mark is None:
        return "was not built to its end" if place.exists() else None
    if mark.lock != library.digest:
        return "is another one"
    if noted := marks.noted(place):
        return noted
    try:
        changed = marks.file_of(program) != mark.base
    except OSError:
        changed = True
    return f"{os.path.basename(program)} has changed" if changed else marks.missing(place, mark)


def _build(
    library: Library, kind: LibraryKind, program: str, place: Path, beside: str, tell: Tell, held: int, afresh: bool
) -> None:
    """`afresh` counts for nothing: none of these tools shares its cache's files with what it installs."""
    (place / kind.SITE).mkdir(parents=True)
    for name, data in library.files:
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    environ = kind.settings(os.environ, place)
    version = _version(kind, environ, place, held)
    given = Path(beside, kind.SETTINGS) if beside and kind.SETTINGS else None
    try:
        if given is not None and given.is_file():
            shutil.copyfile(given, place / kind.SETTINGS)
        for command in kind.commands(place, tuple(name for name, _ in library.files), program):
            _run(f"build the {library.kind} library {builds.short(library.digest)}", command, environ, place, held)
    finally:
        if given is not None:
            (place / kind.SETTINGS).unlink(missing_ok=True)
    site = place / kind.SITE
    site.mkdir(exist_ok=True)  # npm leaves none where nothing is locked
    names, base = tuple(sorted(os.listdir(site))), marks.file_of(program)
    packages = tuple(one[:2] for one in library.packages)
    mark = marks.Mark(library.digest, library.kind, version, base, kind.SITE, names, packages, time.time())
    marks.note_files(place, site)
    marks.write(place, mark)


def _version(kind: LibraryKind, environ: dict[str, str], place: Path, held: int) -> str:
    program = shutil.which(kind.INTERPRETER)
    if program is None:
        raise UsageError(f"libraries: there is {kind.PROGRAM}, and no {kind.INTERPRETER} on PATH: install it too")
    found = _VERSION.search(_run(f"ask {program} for its version", [program, "--version"], environ, place, held))
    return found[0] if found else ""


def _run(purpose: str, command: list[str], environ: dict[str, str], place: Path, held: int) -> str:
    """What it prints. Raises UsageError with its last lines where it fails. An exception from outside ends it."""
    import subprocess
    import tempfile

    with tempfile.TemporaryFile() as printed:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                cwd=place,
                env=environ,
                pass_fds=(held,),
            )
        except OSError as error:
            raise PlatformError(f"can't start {command[0]}: {error.strerror}") from error
        with process:
            try:
                code = process.wait()
            except BaseException:
                process.kill()
                raise
        printed.seek(0)
        said = printed.read().decode("utf-8", "replace")
    if code:
        raise failure(purpose, command[0], said, code)
    return said


def failure(purpose: str, program: str, said: str, code: int) -> UsageError | PlatformError:
    """The error for what a tool said before it exited with that code; negative: killed by that signal."""
    if code < 0:
        return PlatformError(f"can't {purpose}: {program} was killed by signal {-code}. Run it again")
    lines = [line.rstrip() for line in said.splitlines() if line.strip()][-_LAST_LINES:]
    reason = "\n  ".join(lines) or f"{program} said nothing"
    if any(sign in said for sign in _FULL):
        return PlatformError(f"can't {purpose}: {reason}\nFree some space there: `penstock gc`")
    mend = "Mend what the files ask for"
    if any(sign in said for sign in _UNREACHABLE):
        mend = "Check the network, or set a registry that can be reached, for npm in a .npmrc beside the lock"
    if "there is no package called" in said and "renv" in said:
        mend = "renv restores its locks: `Rscript -e 'install.packages(\"renv\")'` installs it"
    return UsageError(f"can't {purpose}: {program} exited with {code}:\n  {reason}\n{mend}")


def read(paths: tuple[str, ...]) -> tuple[tuple[Library, str], ...]:
    """The libraries that files ask for, each with the folder of its files. Raises as `library_kinds.read`."""
    folders = {library_kinds.kind_of(path): os.path.dirname(path) for path in paths}
    return tuple((library, folders[library.kind]) for library in library_kinds.read(paths))
