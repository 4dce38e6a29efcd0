"""`penstock doctor --on NAME`: one agent, one task, where the time went, and what is wrong; nothing stays."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from tests import slurm, sshd
from tests.system.flows import PATIENCE_S, Project

STAGES = ["tier", "upload", "lock", "order", "queue", "start", "environment", "task", "download", "end"]
AGENT = f'agent = ["{sys.executable}", "-m", "penstock.agent"]'


def settings(tmp_path: Path, kind: str, more: str = "", agent: str = AGENT) -> str:
    agent = "" if kind == "agent" else agent
    folder = tmp_path / "shared"
    folder.mkdir(exist_ok=True)
    return f'[store]\nurl = "{folder.as_uri()}"\n[executors.far]\nkind = "{kind}"\n{agent}\n{more}\n'


def doctor(project: Project, *words: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Ask for the executor `far`."""
    command = [sys.executable, "-m", "penstock", "doctor", "--on", "far", "--json", *words]
    return project.popen(command, dict(environ or {}))


def asked(project: Project, *words: str, environ: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """Its exit code, and what it says."""
    process = doctor(project, *words, environ=environ)
    try:
        printed, _ = process.communicate(timeout=2 * PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    return process.returncode, json.loads(printed[printed.index("{") :])


def problems(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["what"], one["found"], one["mend"]) for one in report["findings"] if one["level"] == "problem"]


def files_in(tmp_path: Path) -> list[str]:
    """What lies in the tier, but for what says whose it is."""
    files = [path.relative_to(tmp_path / "shared") for path in (tmp_path / "shared").rglob("*") if path.is_file()]
    return [str(file) for file in files if file.name != "owner"]


def agents_in(home: Path) -> list[psutil.Process]:
    """The agents of a home that still run."""
    found = psutil.process_iter(["environ", "cmdline"])
    return [
        one
        for one in found
        if str(home) in str(one.info["environ"]) and "penstock.agent" in (one.info["cmdline"] or ())
    ]


def test_a_host_is_tried_and_left_as_it_was(project: Project, tmp_path: Path) -> None:
    home = tmp_path / "there"
    project.settings(settings(tmp_path, "ssh", f'hosts = [{{ host = "gpu1", home = "{home}", cpu = 2 }}]'))
    with sshd.served(tmp_path / "sshd") as host:
        code, report = asked(project, environ=host.environ)
        assert (code, problems(report)) == (0, [])
        assert [stage["stage"] for stage in report["stages"]] == STAGES
        assert all(stage["took_s"] >= 0.0 for stage in report["stages"])
        assert (report["kind"], report["place"]) == ("ssh", "gpu1")
        assert files_in(tmp_path) == []
        assert agents_in(home) == []


def test_a_host_that_does_not_answer_is_named_with_a_mend(project: Project, tmp_path: Path) -> None:
    project.settings(settings(tmp_path, "ssh", 'hosts = ["gpu1"]'))
    with sshd.served(tmp_path / "sshd") as host:
        host.stop()
        code, report = asked(project, environ=host.environ)
    ((what, found, _),) = problems(report)
    assert (code, what) == (1, "place")
    assert "Connection refused" in found
    assert "See `ssh -v gpu1`" in found
    assert files_in(tmp_path) == []


def test_an_agent_that_does_not_start_is_told_with_what_it_printed(project: Project, tmp_path: Path) -> None:
    hosts = f'hosts = [{{ host = "gpu1", home = "{tmp_path}/there", cpu = 2 }}]'
    project.settings(settings(tmp_path, "ssh", hosts, 'agent = ["/no/such/program"]'))
    with sshd.served(tmp_path / "sshd") as host:
        code, report = asked(project, environ=host.environ)
    ((what, found, mend),) = problems(report)
    assert (code, what) == (1, "agent")
    assert "exit status 127" in found
    assert "/no/such/program" in found
    assert "leave it out" in mend
    assert files_in(tmp_path) == []


def test_a_tier_that_is_gone_is_named_with_its_mend(project: Project, tmp_path: Path) -> None:
    project.settings(settings(tmp_path, "agent"))
    (tmp_path / "shared").rmdir()
    code, report = asked(project)
    ((what, found, _),) = problems(report)
    assert (code, what) == (1, "tier")
    assert f"mkdir -p '{tmp_path}/shared'" in found or f"mkdir -p {tmp_path}/shared" in found


def test_processes_of_this_machine_are_tried_too(project: Project) -> None:
    process = project.popen([sys.executable, "-m", "penstock", "doctor", "--on", "process"])
    printed, _ = process.communicate(timeout=2 * PATIENCE_S)
    assert process.returncode == 0, printed
    assert "attempts run there" in printed


def test_an_executor_that_nobody_named_is_a_usage_error(project: Project) -> None:
    process = project.popen([sys.executable, "-m", "penstock", "doctor", "--on", "proces"])
    printed, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert "did you mean process?" in printed


def test_slurm_is_tried_and_an_unknown_partition_is_named(project: Project, tmp_path: Path) -> None:
    more = f'cpu = 1\nmemory = "300MiB"\ntime_limit = "10m"\nhome = "{tmp_path}/there"\n'
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, slurm.served(Path(folder)) as cluster:
        project.settings(settings(tmp_path, "slurm", more))
        code, report = asked(project, environ=cluster.environ)
        assert (code, problems(report)) == (0, [])
        assert [stage["stage"] for stage in report["stages"]] == STAGES
        assert not cluster.ask("squeue", "-h").strip()
        assert files_in(tmp_path) == []

        project.settings(settings(tmp_path, "slurm", f'{more}partition = "none"'))
        code, report = asked(project, environ=cluster.environ)
        ((what, found, _),) = problems(report)
        assert (code, what) == (1, "place")
        assert "correct `partition`: `sinfo` lists them" in found
        assert files_in(tmp_path) == []
