"""A map of 1,000 tasks of 10 ms at two agents on a real Ray with two nodes on this host, against plain tasks of Ray."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.finding import Finding, Must
from bench.workplace import HERE, Workplace, figures
from tests import built_environments, ray_cluster

TASKS, SLEEP_S = 1_000, 0.01
_SETTINGS = """
[store]
url = "{tier}"
[executors.there]
kind = "ray"
address = "{address}"
agent = ["{python}", "-m", "penstock.agent"]
home = "{folder}/home"
max_agents = 2
cpu = 2
"""


def measure(workplace: Workplace) -> Iterator[Finding]:
    plain: list[float] = []
    there: list[float] = []
    with tempfile.TemporaryDirectory(prefix="ray-") as folder, ray_cluster.served(Path(folder)) as cluster:
        for _ in range(workplace.scale.times):
            plain.append(_plain(cluster.address))
            project = workplace.project("map_there.py")
            (project.folder / "far").mkdir()
            tier = (project.folder / "far").as_uri()
            known = {"tier": tier, "python": sys.executable, "folder": project.folder, "address": cluster.address}
            (project.folder / "penstock.toml").write_text(_SETTINGS.format(**known))
            there.append(project.script("map_there.py", TASKS, SLEEP_S)["there"])
            project.remove()
    yield Finding("a map of 1,000 tasks of 10 ms on Ray, durable", there, "s", plain, "plain tasks of Ray", Must(2.0))


def _plain(address: str) -> float:
    """Seconds, by a job of the cluster."""
    python = built_environments.python("ray", ray_cluster.REQUIREMENTS)
    words = shlex.join(map(str, (python, HERE / "floors" / "ray_tasks.py", TASKS, SLEEP_S)))
    job = _ask(f"{address}/api/jobs/", {"entrypoint": words})["submission_id"]
    until = time.monotonic() + 300
    while (status := _ask(f"{address}/api/jobs/{job}")["status"]) in ("PENDING", "RUNNING"):
        if time.monotonic() > until:
            raise TimeoutError(f"the job {job} of Ray is {status}")
        time.sleep(0.2)
    printed = _ask(f"{address}/api/jobs/{job}/logs")["logs"]
    if status != "SUCCEEDED":
        raise RuntimeError(f"plain tasks of Ray have failed:\n{printed}")
    return figures(printed)["seconds"]


def _ask(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": "application/json"})) as answer:
        return json.load(answer)
