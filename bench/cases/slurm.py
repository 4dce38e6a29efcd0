"""A map of 10,000 empty tasks in one allocation of a real Slurm on this host, against local workers."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.finding import Finding, Must
from bench.workplace import Workplace
from tests import slurm

_SETTINGS = """
[store]
url = "{tier}"
[executors.there]
kind = "slurm"
agent = ["{python}", "-m", "penstock.agent"]
home = "{folder}/home"
max_agents = 1
cpu = 2
memory = "1GiB"
"""


def measure(workplace: Workplace) -> Iterator[Finding]:
    tasks = workplace.scale.map_small
    found: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, slurm.served(Path(folder)) as cluster:
        os.environ.update(cluster.environ)
        for _ in range(workplace.scale.times):
            project = workplace.project("map_there.py")
            (project.folder / "far").mkdir()
            tier = (project.folder / "far").as_uri()
            settings = _SETTINGS.format(tier=tier, python=sys.executable, folder=project.folder)
            (project.folder / "penstock.toml").write_text(settings)
            found.append(project.script("map_there.py", tasks, 0.0))
            project.remove()
        jobs = {line.split()[0] for line in Path(folder, "completed").read_text().splitlines()}
    there, here = [one["there"] for one in found], [one["process"] for one in found]
    what = f"a map of {tasks:,} empty tasks in an allocation of Slurm"
    yield Finding(what, there, "s", here, "at 2 local workers", Must(2.0))
    yield Finding("  jobs that were submitted for it", [len(jobs) / len(found)], "", must=Must(1.0, "value"))
