"""A program with an image that is called outside of a run, or inside of another step: it runs in a container of its
own, whatever the image has."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from penstock.launch.run_environments import RunEnvironments
from penstock.launch.secrets import Secrets
from penstock.model.environments import Environment
from penstock.model.program_containers import ProgramContainer
from penstock.project import Project
from penstock.sdk.this_process import this_process

if TYPE_CHECKING:
    from penstock.model.specs import Program
    from penstock.sdk.program_files import Content


class _CalledImages:
    """The environments of programs that this process has called so, by the folder of their project."""

    def __init__(self) -> None:
        self.of: dict[str, RunEnvironments] = {}


def run_in_image(
    program: Program, content: Content, arguments: dict[str, Any], environment: Environment
) -> dict[str, Any]:
    """Run it, and give its outputs. Blocks, also for as long as a pull of its image takes. Raises what
    `worker.program.run_here` raises, and UsageError where the image can't be had."""
    from penstock.worker.program import run_here

    project = Project.find()
    known = this_process.the_one(_CalledImages).of
    home = os.fspath(project.home)
    environments = known.get(home)
    if environments is None:
        root, engine = project.settings.root, project.settings.project.containers
        environments = known[home] = RunEnvironments(
            project.home / "environments", {}, Secrets(root, os.environ), _tell, containers=engine, root=root
        )
    environments.ready(environment, program.name)
    found = environments.of(environment)
    assert found.container is not None
    return run_here(program, content, arguments, ProgramContainer(found.container), dict(found.variables))


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
