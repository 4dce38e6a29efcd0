"""Finds what runs containers here: podman or docker, of this very machine."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from penstock.environments import engine_calls, engine_failures
from penstock.errors import PlatformError, UsageError
from penstock.model.containers import DOCKER, PODMAN, ContainerEngine

_INSTALL = (
    "install one: `sudo apt-get install podman` (Debian, Ubuntu), `sudo dnf install podman` (Fedora, RHEL); what asks "
    "for no image needs neither"
)
_HERE = "unix://"
_INFO = "{{json .SecurityOptions}}\n{{json .OperatingSystem}}"


def find(asked: str, environ: Mapping[str, str], platform: str = sys.platform) -> ContainerEngine:
    """The engine that `[project] containers` asks for; "": podman where it is on PATH, else docker.

    Blocks for docker's answer. Raises UsageError where there is none, or only one of another machine: what a container
    is to see lies on this one.
    """
    program = _program(asked, environ)
    kind = asked or os.path.basename(program)
    if platform == "darwin":
        raise UsageError(
            f"{program} on macOS runs containers in a machine of its own, which has neither this one's processes nor "
            "its sockets: leave image= out here, or run the flow on Linux"
        )
    if kind == PODMAN:
        if host := environ.get("CONTAINER_HOST") or environ.get("CONTAINER_CONNECTION"):
            raise _elsewhere(program, host, "CONTAINER_HOST and CONTAINER_CONNECTION")
        return ContainerEngine(PODMAN, program, os.geteuid() != 0)
    return _docker(program, environ)


def of_kind(kind: str, environ: Mapping[str, str]) -> ContainerEngine:
    """The engine of a kind, to be asked about what it has. Raises PlatformError where it is gone from here."""
    program = shutil.which(kind, path=environ.get("PATH", os.defpath))
    if program is None:
        raise PlatformError(f"{kind} is not on PATH any more, and holds what was built with it: {_INSTALL}")
    return ContainerEngine(kind, os.path.abspath(program))


def _program(asked: str, environ: Mapping[str, str]) -> str:
    path = environ.get("PATH", os.defpath)
    for kind in (asked,) if asked else (PODMAN, DOCKER):
        if program := shutil.which(kind, path=path):
            return os.path.abspath(program)
    if not asked:
        raise UsageError(f"images are run by podman or docker, and neither is on PATH: {_INSTALL}")
    other = DOCKER if asked == PODMAN else PODMAN
    mend = f'`containers = "{other}"` takes the one that is' if shutil.which(other, path=path) else _INSTALL
    raise UsageError(f"`containers = {asked!r}` asks for {asked}, which is not on PATH: {mend}")


def _docker(program: str, environ: Mapping[str, str]) -> ContainerEngine:
    host, source = _docker_host(program, environ)
    if host and not host.startswith(_HERE):
        raise _elsewhere(program, host, source)
    done = engine_calls.ask([program, "info", "--format", _INFO])
    options, system = _answers(done.out)
    if done.code or options is None:  # an older client exits with 0 where no daemon answers
        if "podman" in engine_calls.ask([program, "--version"]).out:
            raise UsageError(f'{program} is podman by another name: say `containers = "podman"` in [project]')
        raise engine_failures.failure("ask docker what it is", done.said or done.out, done.code, DOCKER, "")
    if system == "Docker Desktop":
        raise UsageError(
            "Docker Desktop runs containers in a machine of its own, which is not this one: install podman, or "
            "docker's engine, and say `containers = ...` in [project] where both are there"
        )
    return ContainerEngine(DOCKER, program, any("rootless" in option for option in options))


def _answers(said: str) -> tuple[list[str] | None, str]:
    """Security options and operating system of a daemon; None: it does not answer."""
    lines = said.splitlines()
    try:
        options, system = json.loads(lines[0]), json.loads(lines[1])
    except (IndexError, ValueError):
        return None, ""
    return (options or [], system) if system else (None, "")


def _docker_host(program: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Where docker's client looks for a daemon, and what says so; "": at its own default."""
    if host := environ.get("DOCKER_HOST"):
        return host, "DOCKER_HOST"
    context = environ.get("DOCKER_CONTEXT") or _context_of(environ)
    if context in ("", "default"):
        return "", ""
    words = [program, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}", context]
    return engine_calls.ask(words).out.strip(), f"docker's context {context}"


def _context_of(environ: Mapping[str, str]) -> str:
    folder = environ.get("DOCKER_CONFIG") or os.path.join(environ.get("HOME", "/"), ".docker")
    try:
        settings: Any = json.loads(Path(folder, "config.json").read_bytes())
        return str(settings.get("currentContext", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _elsewhere(program: str, host: str, source: str) -> UsageError:
    return UsageError(
        f"{program} is set to run containers at {host}, by {source}, and an image of a step is run on this very "
        "machine, where the project lies: unset it, or name the other engine with `containers = ...` in [project]"
    )
