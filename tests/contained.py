"""Interpreters that are in containers of one of the tests' images, without anything that finds images for a step."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from penstock.environments import kits
from penstock.executors.interpreters import Interpreter, OwnInterpreter
from penstock.executors.keepers import NOTES, ContainerKeeper
from penstock.model.containers import Container, ContainerEngine, Mount
from penstock.model.environments import Environment
from tests.containers import Engine


class Contained(OwnInterpreter):
    """All steps run in containers of one image."""

    def __init__(self, found: Interpreter) -> None:
        self.found = found

    def of(self, environment: Environment | None) -> Interpreter:
        return self.found


def mark(folder: Path) -> str:
    """The value of the label `penstock.test` of what is started for a folder: podman is shared by all sessions."""
    return hashlib.sha256(os.fspath(folder).encode()).hexdigest()[:16]


@contextmanager
def contained(
    engine: Engine, folder: Path, *mounts: Path, image: str = "python", python: str = "/usr/bin/python3"
) -> Generator[Contained]:
    """Such interpreters; `folder` takes what they need, and `mounts` are folders that their steps write to."""
    keeper = ContainerKeeper(os.fspath(folder / NOTES))
    try:
        with kits.in_use(folder / "kits") as kit:
            container = Container(
                ContainerEngine(engine.kind, engine.program),
                engine.image_id(image),
                python,
                user=f"{os.getuid()}:{os.getgid()}",
                mounts=(Mount(os.fspath(kit.folder)), *(Mount(os.fspath(each), True) for each in mounts)),
                labels=(("penstock.test", mark(folder)),),
                keeper=keeper.path,
            )
            yield Contained(Interpreter(python, os.fspath(kit.folder), kit.digest, container=container))
    finally:
        keeper.close()


def outer_pids(scratch: str) -> dict[int, int]:
    """The processes of the containers whose workers have this scratch folder: their numbers here, by those inside."""
    mark = f"HOME={scratch}/home".encode()
    found: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError, StopIteration):
            status = Path("/proc", name, "status").read_text().splitlines()
            numbers = next(line for line in status if line.startswith("NSpid:")).split()[1:]
            if len(numbers) > 1 and mark in Path("/proc", name, "environ").read_bytes().split(b"\0"):
                found[int(numbers[-1])] = int(name)
    return found
