"""An image: what a warm task costs in a container of podman's and of docker's, and what starting one adds to the first
task. The images are those of the tests."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from bench.finding import Finding, Must
from bench.workplace import Workplace
from tests import containers

TASKS = 1_000


def measure(workplace: Workplace) -> Iterator[Finding]:
    yield from _measured(workplace, containers.podman())
    with containers.docker() as engine:
        yield from _measured(workplace, engine)


def _measured(workplace: Workplace, engine: containers.Engine) -> Iterator[Finding]:
    os.environ.update(engine.environ)
    image, steps = engine.image("python"), min(TASKS, workplace.scale.chain * 4)
    project = workplace.project("contained.py")
    (project.folder / "penstock.toml").write_text(f'[project]\ncontainers = "{engine.kind}"\n')
    project.script("contained.py", 1, image)  # looks at the image
    found: list[dict[str, float]] = []

    def first() -> float:
        found.append(project.script("contained.py", steps, image))
        return found[-1]["first_other"]

    def engine_s_own() -> float:
        began = time.perf_counter()
        engine.ask("run", "--rm", "--network=none", image, "/bin/true")
        return time.perf_counter() - began

    run, first_other = workplace.in_turn(engine_s_own, first)
    project.remove()
    own, other = ([figures[name] for figures in found[-len(run) :]] for name in ("own", "other"))
    what = f"a warm task in a container of {engine.kind}"
    yield Finding(what, other, "s", own, "one in the flow's own environment", Must(1.5))
    yield Finding(what, other, "s", must=Must(0.010, "value"))
    what = f"the first task in an image, with {engine.kind}"
    yield Finding(what, first_other, "s", run, f"`{engine.kind} run` of it", Must(0.3, "difference"))
