"""Reads all that an environment's request names, and says in one digest what it comes to. Runs nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from penstock.environments import archives, indexes, interpreter_search, projects, requirement_files, uv_settings
from penstock.environments.projects import Pyproject
from penstock.environments.requirement_files import Requirements
from penstock.model.environments import Environment
from penstock.model.tuples import NamedTuple


class EnvironmentRequest(NamedTuple):
    """An environment's request, read and ready to be resolved."""

    digest: str  # 64 hex digits; equal requests have equal ones, wherever their files lie
    asked: str  # likewise, whatever lies in the folders that are searched and however uv is set: what a run that goes
    # on asks for again
    python: str
    lines: tuple[str, ...]  # of the requirements file that says it; (): nothing is asked for
    options: tuple[str, ...]  # where packages are looked for, and which of their archives are taken
    required: Requirements  # what the user pins and demands himself
    project: Pyproject  # whose dependencies are asked for; `NONE`: none's


def read(environment: Environment) -> EnvironmentRequest:
    """Blocks for the reading of some small files. Raises UsageError for one that can't be read, for what can't be
    honoured, and for a password."""
    from blake3 import blake3

    required = Requirements()
    lines = [_package(line, required) for line in environment.packages]
    contents: list[object] = [None for _ in environment.packages]  # runs of earlier versions have recorded it so
    required.options.extend(indexes.lines(environment.indexes, environment.find_links))
    for role, path in _files(environment):
        before = len(required.contents)
        requirement_files.read(path, role, required)
        lines.append(f"{'-c' if role == 'constraints' else '-r'} {path}")
        contents.extend((role, blake3(content).hexdigest()) for content in required.contents[before:])
    project = projects.read(environment.pyproject) if environment.pyproject else projects.NONE
    options = [*required.options, *project.options]
    for text in (*lines, *options, *project.explicit):
        indexes.refuse_secrets(text)
    python = interpreter_search.asked(environment.python)
    system = os.uname()
    contents += [python, sys.implementation.name, system.sysname, system.machine, environment.packages, options]
    contents.append(project.digested)
    uv = uv_settings.read(os.environ)
    now = [*map(archives.signature, required.archives), *archives.found(options), *uv.counting, *uv.selecting]
    for text in (*environment.packages, *(content.decode("utf-8", "replace") for content in required.contents)):
        now.extend(indexes.variables(text, os.environ))
    if os.sep in python:
        now.append(archives.signature(os.path.realpath(python)))
    return EnvironmentRequest(
        digest=blake3(repr([*contents, *now]).encode()).hexdigest(),
        asked=blake3(repr(contents).encode()).hexdigest(),
        python=python,
        lines=tuple(lines),
        options=tuple(dict.fromkeys((*options, *uv.selecting))),
        required=required,
        project=project,
    )


def _files(environment: Environment) -> Iterator[tuple[str, str]]:
    if environment.requirements:
        yield "requirements", environment.requirements
    for path in environment.constraints:
        yield "constraints", path


def _package(line: str, required: Requirements) -> str:
    """A line of `packages` as uv is given it, with the absolute path of an archive that it names."""
    requirement_files.take_requirement(required, line, f"packages={line!r}", is_asked_for=True)
    requirement = line.partition(" --")[0].strip()
    if os.sep in requirement and "://" not in requirement and os.path.isfile(requirement):
        return os.path.abspath(requirement)
    return line
