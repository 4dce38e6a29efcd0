"""`penstock env`: the environments that steps run in."""

from __future__ import annotations

import os
from typing import Any

import click

from penstock.cli import output
from penstock.cli.loading import load
from penstock.cli.shared_options import json_option
from penstock.environments import builds, built_environments, library_builds, locks
from penstock.environments.built_environments import Entry
from penstock.errors import UsageError
from penstock.launch.preparing import steps_there
from penstock.launch.run_environments import RunEnvironments
from penstock.launch.secrets import Secrets
from penstock.model.containers import short_id
from penstock.model.environments import Environment
from penstock.model.words import packages, size, utc, when
from penstock.project import Project
from penstock.space.environments_in_use import folder_of

_EPILOG = """\b
Examples:
  penstock env ls                      what is built, and what it takes up
  penstock env build digits.py         before the first run needs it
  penstock env lock digits.py          print what the steps get, as files of requirements
  penstock env lock --upgrade digits.py
  penstock env rm 79a9b32ace1f
  penstock gc                          what no run needs
"""


@click.group(epilog=_EPILOG)
def command() -> None:
    """List, build, lock and remove the environments and images of steps that have their own."""


@command.command()
@json_option
def ls(as_json: bool) -> None:
    """List the environments and images that are built, the last used one first."""
    entries = built_environments.listed(folder_of(Project.find().home))
    if as_json:
        output.json([_plain(entry) for entry in entries])
        return
    if not entries:
        output.note(
            "no environment is built: a step has one with @step(packages=[...]), libraries=[...] or image=Image(...)"
        )
        return
    rows = [
        (
            entry.name,
            entry.python or "not whole",
            packages(entry.packages),
            size(entry.size_bytes),
            size(entry.frees_bytes),
            when(utc(entry.used_at)),
            "in use" if entry.in_use else "",
        )
        for entry in entries
    ]
    output.table(("environment", "python", "packages", "size", "frees", "last used", ""), rows, right=("size", "frees"))
    output.next_command(f"penstock env rm {rows[-1][0]}", "remove the one that was not used for longest")


@command.command()
@click.argument("target", metavar="FILE[:FLOW]")
@click.option(
    "--upgrade",
    is_flag=True,
    help="Resolve anew: the newest versions that are asked for, and what names of images are now.",
)
@json_option
def lock(target: str, upgrade: bool, as_json: bool) -> None:
    """Print the lock of each step's environment. Resolves what is not locked yet; builds nothing."""
    project = Project.find()
    images = _images(project, upgrade)
    found: list[tuple[str, str, str, str]] = []
    for name, environment in _steps(project, target):
        if environment.image:
            images.lock(environment, name)
            found.extend((name, *one) for one in images.locked(environment))
        elif environment.is_foreign:  # libraries are asked for by locks
            got = locks.resolve(environment, folder_of(project.home), output.note, again=upgrade)
            found.append((name, got.digest, got.python, got.text))
    if as_json:
        output.json(
            [{"step": name, "digest": digest, "python": python, "lock": text} for name, digest, python, text in found]
        )
        return
    for name, _, _, text in found:
        output.line(f"# step {name}")
        output.line(text)
    output.next_command(f"penstock env build {target}", "build what is not there yet")


@command.command()
@click.argument("target", metavar="FILE[:FLOW]")
@click.option("--again", is_flag=True, help="Build anew what is there already.")
def build(target: str, again: bool) -> None:
    """Build the environments that a flow's steps ask for, and bring their images here."""
    project = Project.find()
    images = _images(project, again)
    for name, environment in _steps(project, target):
        if environment.image:
            images.build(environment, name)
            image, identity, python = images.image_of(environment)
            has = f"Python {python}" if python else "without Python"
            output.line(f"step {name}: image {image} ({short_id(identity)}), {has}")
        elif environment.is_foreign:
            lock = locks.resolve(environment, folder_of(project.home), output.note)
            builds.build(lock, folder_of(project.home), output.note, again=again)
            output.line(f"step {name}: environment {builds.short(lock.digest)}, Python {lock.python}")
        for library, beside in library_builds.read(environment.libraries):
            library_builds.build(library, folder_of(project.home), output.note, beside=beside, again=again)
            output.line(f"step {name}: library {builds.short(library.digest)}, {library.kind}")
    output.next_command(f"penstock run {target}", "start a run")


@command.command()
@click.argument("digests", metavar="ENVIRONMENT...", nargs=-1, required=True)
def rm(digests: tuple[str, ...]) -> None:
    """Remove environments, by the digits that `penstock env ls` shows. A run that needs one again builds it."""
    folder = folder_of(Project.find().home)
    for digest in digests:
        entry = built_environments.remove(folder, digest)
        output.note(f"removed {digest}: {size(entry.frees_bytes)} freed")


def _steps(project: Project, target: str) -> list[tuple[str, Environment]]:
    """The steps with an interpreter, packages or libraries of their own, by name, and these; one with several stands
    there for each. Raises UsageError where there are none."""
    flow = load(target)
    found = [
        (step.name, environment)
        for step, environment, _ in steps_there(project, flow)
        if environment is not None and (environment.is_foreign or environment.libraries)
    ]
    found = list(dict.fromkeys(found))  # at several executors it may be the same
    if not found:
        raise UsageError(
            f"no step that {target} names has an environment of its own: @step(packages=[...]), image= or "
            "libraries=[...] gives it one"
        )
    return found


def _images(project: Project, again: bool) -> RunEnvironments:
    settings = project.settings
    secrets = Secrets(settings.root, os.environ)
    folder, engine = folder_of(project.home), settings.project.containers
    return RunEnvironments(folder, {}, secrets, output.note, containers=engine, root=settings.root, again=again)


def _plain(entry: Entry) -> dict[str, Any]:
    return {**entry._asdict(), "folder": os.fspath(entry.folder), "packages": dict(entry.packages)}
