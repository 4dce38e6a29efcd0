"""Locks: the exact versions that an environment's request was resolved to, with the hashes of their archives.

A lock is text that pip and uv can install from. It is stored with each run, so that its resumes and forks get the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from pathlib import Path

from penstock.environments import (
    archives,
    collect,
    environment_request,
    indexes,
    interpreter_search,
    locking,
    requirement_files,
    uv,
)
from penstock.errors import DamagedError, PlatformError, UsageError
from penstock.model.environments import Environment
from penstock.model.tuples import NamedTuple

_HEAD = re.compile(
    r"# penstock lock ([12]) (b3-[0-9a-f]{64})\n# python ([^\n]+)\n(?:# which is ([^\n]+)\n)?((?:--[^\n]+\n)*)\n",
    re.ASCII,
)


class Lock(NamedTuple):
    """What an environment consists of. Equal digests: the same interpreter version and the same archives."""

    digest: str  # "b3-..." of `python`, `selection` and the pins with their hashes; where they come from doesn't count
    python: str  # "3.10", "3.10.13", "pypy3.9"; a path where the request named one
    text: str  # a requirements file with hashes, behind a head of comments and of where packages are looked for
    packages: tuple[tuple[str, str], ...]  # name and version, sorted
    version: str = ""  # of an interpreter that is named by its path, "3.10.13"

    @property
    def options(self) -> tuple[str, ...]:
        """Where its packages are looked for, beside the user's own settings: option lines of a requirements file."""
        return tuple(line for line in self.text.partition("\n\n")[0].splitlines() if line.startswith("--"))

    @property
    def selection(self) -> str:
        """Which archives of a package may be taken, as the options say it; "": any."""
        return _selection(self.options)

    @property
    def builds(self) -> tuple[tuple[str, str, str], ...]:
        """Name, version and build of each package: what was built anew under its old version has another build."""
        return _builds(self.text.partition("\n\n")[2])


class Beside(NamedTuple):
    """What is not this machine, and packages are resolved for: they will lie beside others."""

    version: str  # "3.12.4", of CPython
    platform: str  # "x86_64-manylinux_2_36", as uv calls it
    has: tuple[tuple[str, str], ...]  # names and versions of the packages that are there: they stay where they fit

    @property
    def words(self) -> list[str]:
        """How uv is told of it."""
        return ["--python-version", self.version, "--python-platform", self.platform, "--only-binary", ":all:"]


def asked(environment: Environment, beside: Beside | None = None) -> str:
    """The digest of the request, which a run that goes on asks again. Raises UsageError."""
    return _beside(environment_request.read(environment).asked, beside)


def _beside(digest: str, beside: Beside | None) -> str:
    from blake3 import blake3

    return digest if beside is None else blake3(repr((digest, tuple(beside))).encode()).hexdigest()


def resolve(
    environment: Environment, folder: Path, tell: uv.Tell, *, again: bool = False, beside: Beside | None = None
) -> Lock:
    """The environment's lock: what is kept in `folder` for an equal request, else resolved by uv and kept.

    The content of the files that are named counts, and what lies in folders of archives. `again`: resolved even where
    one is kept. `beside`: only what is not there already is locked. Blocks: a few milliseconds where one is kept, else
    for seconds, with lines of progress to `tell`. Raises UsageError where the request can't be met or uv is missing,
    PlatformError where the machine fails.
    """
    request = environment_request.read(environment)
    file = folder / "locks" / f"{_beside(request.digest, beside)}.txt"
    if not again and (kept := _kept(file)):
        return kept
    with locking.alone(file.with_suffix(".lock"), lambda: tell("waits for another process that resolves the same")):
        if not again and (kept := _kept(file)):
            return kept
        lock = _resolved(request, tell) if beside is None else _resolved_beside(request, beside, tell)
        _keep(file, lock.text)
        return lock


def parse(text: str) -> Lock:
    """The lock that a text of `resolve` holds, as when it was stored with a run. Raises DamagedError for any other."""
    head = _HEAD.match(text)
    if head is None:
        raise DamagedError("a stored lock of an environment is damaged, or was written by a newer Penstock")
    form, digest, python, version, options = head.groups(default="")
    pins = text[head.end() :]
    selection = _selection(options.splitlines()) if form != "1" else ""  # the first form did not count it
    if _digest(python, version, pins, selection) != digest:
        raise DamagedError(f"the stored lock {digest} of an environment is damaged")
    return Lock(digest, python, text, tuple(one[:2] for one in _builds(pins)), version)


def kept(folder: Path, needed: Set[str]) -> Iterator[Path]:
    """The files of locks of other requests than the needed ones; their times tell when one was asked for last.

    Without it an equal request is resolved anew. Runs have copies of their own.
    """
    return (file for file in (folder / "locks").glob("*.txt") if file.stem not in needed)


def unfinished(folder: Path) -> Iterator[Path]:
    """Locks that are being written, or whose writing was cut off."""
    return (folder / "locks").glob("*.tmp")


def _resolved(request: environment_request.EnvironmentRequest, tell: uv.Tell) -> Lock:
    import tempfile

    try:
        with tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
            bare = interpreter_search.bare(request.python, Path(scratch, "bare"), tell)
            if bound := next((one for one in request.project.bounds if not one.allows(bare.version)), None):
                raise UsageError(f"{bound.place}, and the step's Python is {bare.version}: say python=")
            tell(f"resolves packages for Python {bare.name}")
            pins = _pins(request, bare.python, scratch, tell)
    except OSError as error:
        raise PlatformError(f"can't write temporary files: {error.strerror}") from error
    indexes.refuse_secrets(pins)
    version = bare.full_version if os.sep in bare.name else ""
    return parse(written(bare.name, version, pins, (*request.options, *request.project.explicit)))


def _resolved_beside(request: environment_request.EnvironmentRequest, beside: Beside, tell: uv.Tell) -> Lock:
    import tempfile

    if bound := next((one for one in request.project.bounds if not one.allows(beside.version)), None):
        raise UsageError(f"{bound.place}, and the image's Python is {beside.version}")
    tell(f"resolves packages for Python {beside.version} on {beside.platform}")
    there = {(requirement_files.normal(name), version) for name, version in beside.has}
    try:
        with tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
            known = Path(scratch, "known.txt")
            known.write_text("".join(f"{name}=={version}\n" for name, version in sorted(there)), encoding="utf-8")
            words = [*beside.words, "--output-file", os.fspath(known)]
            pins = _pins(request, interpreter_search.base(), scratch, tell, words)
    except OSError as error:
        raise PlatformError(f"can't write temporary files: {error.strerror}") from error
    indexes.refuse_secrets(pins)
    new = [
        line
        for line in requirement_files.logical_lines(pins)
        if _normal(requirement_files.named(line.partition(" --hash=")[0].strip())) not in there
    ]
    lines = dict.fromkeys((*request.options, *request.project.explicit, "--only-binary :all:"))
    python = f"{beside.version} on {beside.platform}"
    return parse(written(python, beside.version, "".join(map(_spread, new)), lines))


def _normal(named: tuple[str, str]) -> tuple[str, str]:
    return requirement_files.normal(named[0]), named[1]


def _spread(line: str) -> str:
    """A pin with its hashes on lines of their own."""
    requirement, *hashes = line.split(" --hash=")
    return " \\\n    ".join([requirement.strip(), *(f"--hash={one.strip()}" for one in hashes)]) + "\n"


def written(python: str, version: str, pins: str, lines: Iterable[str] = ()) -> str:
    """The text of a lock. `version`: of an interpreter that is named by its path; `lines`: its options."""
    options = "".join(f"{line}\n" for line in lines)
    digest = _digest(python, version, pins, _selection(options.splitlines()))
    head = f"# python {python}\n{f'# which is {version}' if version else ''}".rstrip()
    return f"# penstock lock 2 {digest}\n{head}\n{options}\n{pins}"


def _pins(
    request: environment_request.EnvironmentRequest,
    python: str,
    scratch: str,
    tell: uv.Tell,
    more: Sequence[str] = (),
) -> str:
    """Requirements with exact versions and hashes; "" where nothing is asked for. `more`: words for uv."""
    lines, hashes = list(request.lines), dict(request.required.hashes)
    purpose = "resolve the environment"
    settings = indexes.settings(request.options, os.environ)
    project = request.project
    if project.locked:
        frozen = [
            "export",
            "--frozen",
            "--no-dev",
            "--no-emit-project",
            "--project",
            project.locked,
            "--python",
            python,
        ]
        exported = uv.run(purpose, [*frozen, "--quiet", "--no-header"], tell, settings=settings)
        for line in requirement_files.logical_lines(exported):
            if " --hash=" not in line:
                raise _can_not_lock(line)
            name = requirement_files.normal(requirement_files.named(line.partition(" --")[0])[0])
            hashes[name] = [*hashes.get(name, ()), *requirement_files.demanded(line)]
        Path(scratch, "exported.txt").write_text(exported, encoding="utf-8")
        lines.append(f"-r {scratch}/exported.txt")
        settings = indexes.settings((*request.options, *project.explicit), os.environ)
    if not lines and not project.pyproject:
        return ""
    own = (
        [project.pyproject, "--project", os.path.dirname(project.pyproject)] if project.pyproject else []
    )  # settings count
    compiled = uv.run(
        purpose,
        [
            *("pip", "compile", "-", *own, "--generate-hashes", "--no-header"),
            *("--no-annotate", "--python", python),
            *more,
            *(["--prerelease", "allow"] if request.required.allows_prereleases else []),
        ],
        tell,
        stdin="".join(f"{line}\n" for line in lines),
        settings=settings,
    )
    return _checked(compiled, hashes, request)


def _checked(compiled: str, demanded: Mapping[str, list[str]], request: environment_request.EnvironmentRequest) -> str:
    """One pin for each package; the hashes that the user demands himself in the place of the index's."""
    required = request.required
    pins: list[str] = []
    versions: dict[str, str] = {}
    for line in requirement_files.logical_lines(compiled):
        if line.startswith("-") and not line.startswith("-e "):
            continue  # options are in the head
        requirement, hashes = line.partition(" --hash=")[0].strip(), requirement_files.demanded(line)
        name, version = requirement_files.named(requirement)
        name = requirement_files.normal(name)
        versions[name] = version
        hashes = hashes or archives.hashes_of_sources(request.options, name, version)
        if not hashes:
            raise _can_not_lock(requirement)
        if requirement.startswith("."):
            requirement = os.path.abspath(requirement)
        if required.requires_hashes and name not in demanded:
            raise UsageError(f"{required.requires_hashes}: --require-hashes, and {requirement} has no --hash")
        pins.append(" \\\n    ".join([requirement, *(f"--hash={hash_}" for hash_ in demanded.get(name, hashes))]))
    for name, pin in required.pins.items():
        found = versions.get(name, "" if pin.is_asked_for else pin.version)
        if not found or requirement_files.is_another_version(pin.version, found):
            raise UsageError(
                f"{pin.place}: {name}=={pin.version} is asked for, and uv's settings make it {found or 'left out'}: "
                "look for overrides and exclusions in UV_OVERRIDE, UV_EXCLUDE, uv.toml and [tool.uv]"
            )
    return "".join(f"{pin}\n" for pin in sorted(pins))


def _can_not_lock(requirement: str) -> UsageError:
    return UsageError(
        f"can't lock {requirement}: a folder or a repository has no hash that says what is in it. Build a wheel of it, "
        "as with `uv build --wheel`, and name the wheel's folder in find_links"
    )


def _digest(python: str, version: str, pins: str, selection: str) -> str:
    from blake3 import blake3

    parts = [python, version, pins, *([selection] if selection else [])]
    text = "\n".join(parts)
    return f"b3-{blake3(text.encode()).hexdigest()}"


def _selection(options: Iterable[str]) -> str:
    return "\n".join(sorted({line for line in options if line.startswith(indexes.SELECTING)}))


def _builds(pins: str) -> tuple[tuple[str, str, str], ...]:
    from blake3 import blake3

    found: list[tuple[str, str, str]] = []
    for line in requirement_files.logical_lines(pins):
        requirement, _, _ = line.partition(" --hash=")
        hashes = sorted(requirement_files.demanded(line))
        build = blake3("\n".join(hashes).encode()).hexdigest(16)
        found.append((*requirement_files.named(requirement.strip()), build))
    return tuple(sorted(found))


def _kept(file: Path) -> Lock | None:
    """None where none is kept, or what is kept is damaged. That it was used is written into its times."""
    try:
        lock = parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, DamagedError):
        return None
    if lock.selection and lock.text.startswith("# penstock lock 1 "):  # its digest is that of a lock without
        return None
    with suppress(OSError):  # a project that can't be written works all the same
        os.utime(file)
    return lock


def _keep(file: Path, text: str) -> None:
    try:
        collect.replace(file, text.encode())
    except OSError as error:
        raise PlatformError(f"can't keep a lock in {file.parent}: {error.strerror}") from error
