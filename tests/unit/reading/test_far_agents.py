from __future__ import annotations

from pathlib import Path

from penstock.project import Project
from penstock.reading.far_agents import sites
from penstock.reading.site_structs import SiteInfo
from penstock.settings import Settings


def test_sites_are_shown_as_they_are_named_and_nothing_is_made(tmp_path: Path):
    (tmp_path / "penstock.toml").write_text(
        """
        [store]
        url = "file:///shared"
        [executors.gpus]
        kind = "ssh"
        hosts = ["gpu1", { host = "gpu2", cpu = 16 }]
        cpu = 4
        [executors.cluster]
        kind = "slurm"
        via = "me@login"
        partition = "gpu"
        [executors.ray]
        kind = "ray"
        address = "http://head:8265"
        max_agents = 3
        [executors.wide]
        kind = "process"
        """
    )
    assert sites(Project(Settings.load(tmp_path, {}))) == (
        SiteInfo("gpus", "ssh", "gpu1, gpu2", "file:///shared", 5),
        SiteInfo("cluster", "slurm", "partition gpu of me@login", "file:///shared", 10),
        SiteInfo("ray", "ray", "http://head:8265", "file:///shared", 3),
    )
    assert [path.name for path in tmp_path.iterdir()] == ["penstock.toml"]
