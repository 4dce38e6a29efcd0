"""A real cluster of Ray with two nodes on this host, one of which has a resource of its own. Ray is in an environment
apart from the checkout's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests import built_environments, interpreters
from tests.free_ports import free_ports

REQUIREMENTS = ("ray[default]==2.60.*",)
_SERVE = """
import json, os, sys
from ray.cluster_utils import Cluster
port, agent_port = map(int, sys.argv[1:])
own = {"include_dashboard": True, "dashboard_host": "127.0.0.1", "dashboard_port": port, "num_cpus": 2}
own["dashboard_agent_listen_port"] = agent_port  # one for all clusters of a host else, which the first has
cluster = Cluster(initialize_head=True, head_node_args={**own, "object_store_memory": 100 << 20})
def add():
    return cluster.add_node(num_cpus=2, resources={"special": 2}, object_store_memory=100 << 20)
second = add()
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "kill":
        cluster.remove_node(second, allow_graceful=False)
    else:
        second = add()
    print("done", flush=True)
cluster.shutdown()
"""
_PATIENCE_S = 240.0


def other_python() -> Path:
    """An interpreter with Ray of another version of Python than ours, where the machine has such: whoever uses a
    cluster has seldom chosen its Python."""
    for version in ("3.12", "3.13", "3.10"):
        base = interpreters.find(f"python{version}")
        if base and version != f"{sys.version_info[0]}.{sys.version_info[1]}":
            return built_environments.python("ray", REQUIREMENTS, base, version)
    return built_environments.python("ray", REQUIREMENTS)


class RayCluster:
    """A process that keeps one. `python`: has Ray."""

    def __init__(self, folder: Path, python: Path) -> None:
        self._folder, self.python = folder, python
        self._ports = free_ports(2)
        self.address = f"http://127.0.0.1:{self._ports[0]}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Have it up: returns once its dashboard answers."""
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RAY_", "PENSTOCK_"))
        }
        environ = {**own, "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": str(self._folder), "RAY_DEDUP_LOGS": "0"}
        with open(self._folder / "cluster.log", "a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [str(self.python), "-c", _SERVE, *map(str, self._ports)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environ,
                text=True,
                start_new_session=True,
            )
        self._hear("ready")
        until = time.monotonic() + _PATIENCE_S
        while True:
            with suppress(OSError), urllib.request.urlopen(f"{self.address}/api/jobs/", timeout=5) as answer:
                json.load(answer)
                return
            assert time.monotonic() < until
            time.sleep(0.1)

    def kill_node(self) -> None:
        """Kill the second node, as when its machine is switched off."""
        self._say("kill")

    def add_node(self) -> None:
        """Add a second node again."""
        self._say("add")

    def stop(self) -> None:
        """End all of it."""
        if self._process is not None:
            with suppress(BrokenPipeError), self._process:
                pass
            self._process = None

    def _say(self, word: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        self._hear("done")

    def _hear(self, word: str) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == word:
                return
        raise AssertionError((self._folder / "cluster.log").read_text(encoding="utf-8")[-3000:])


@contextmanager
def served(folder: Path, python: Path | None = None) -> Iterator[RayCluster]:
    """One whose files lie in a folder, with a short path since there are sockets among them. `python`: that has Ray;
    None: of our version."""
    cluster = RayCluster(folder, python or built_environments.python("ray", REQUIREMENTS))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
