"""The route of sites: it answers at once, whatever its sites do, and says what is wrong with them."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.project import Project as Opened
from tests.api_server import ApiServer, serving
from tests.system.flows import Project, wait_until

FLOW = """
@step(on="far")
def hold(x):
    await_file("go")

@flow
def main():
    hold(1)
"""


@pytest.fixture
def server(project: Project) -> Iterator[ApiServer]:
    with serving(project.folder) as server:
        yield server


def sites(server: ApiServer) -> list[dict[str, Any]]:
    reply = server.get("/sites")
    assert reply.status == 200, reply
    return reply.json


def test_sites_are_those_of_the_settings_as_they_stand_now(project: Project, server: ApiServer):
    assert sites(server) == []
    project.settings('[store]\nurl = "file:///nowhere"\n[executors.far]\nkind = "ssh"\nhosts = ["gpu1"]\n')
    (site,) = sites(server)
    assert (site["executor"], site["kind"], site["place"]) == ("far", "ssh", "gpu1")
    assert (site["agents"], site["waiting"], site["trouble"], site["asked_at"]) == ([], [], "", None)
    project.settings('[executors.far]\nkind = "cloud"\n')
    reply = server.get("/sites")
    assert 400 <= reply.status < 500
    assert "penstock.toml" in reply.error["message"]


@pytest.mark.parametrize("tier", ["folder", "ssh"])
def test_what_waits_is_told_though_the_site_does_not_answer(
    project: Project, server: ApiServer, tmp_path: Path, tier: str
):
    """Nor the tier, where that is reached by ssh."""
    (tmp_path / "shared").mkdir()
    url = (tmp_path / "shared").as_uri() if tier == "folder" else f"ssh://gpu1{tmp_path}/shared"
    agent = f'agent = ["{sys.executable}", "-m", "penstock.agent"]\n'
    project.settings(f'[store]\nurl = "{url}"\n[executors.far]\nkind = "ssh"\nhosts = ["gpu1"]\n{agent}')
    project.write(FLOW)
    drive = project.spawn(environ={"PENSTOCK_SSH": "false"})
    try:

        def waiting() -> dict[str, Any] | None:
            (site,) = sites(server)
            return site if any(waits["why"].startswith("an agent: ") for waits in site["waiting"]) else None

        (waits,) = wait_until(waiting, "for a task without an agent")["waiting"]
        assert (waits["run"], waits["step"], waits["tasks"]) == ("main/1", "hold", 1)
        assert "gpu1" in waits["why"]
        (flight,) = server.get("/runs/main/1").json["run"]["in_flight"]
        assert (flight["status"], flight["executor"], flight["awaited"]) == ("placed", "far", waits["why"])
        assert "far: waits for an agent: " in project.penstock("show", "main/1")[1]
        if tier == "folder":
            site = wait_until(lambda: next((site for site in sites(server) if site["trouble"]), None), "for why")
            assert "gpu1: " in site["trouble"]
    finally:
        drive.kill()


def test_a_tier_that_is_gone_is_trouble_and_a_damaged_row_no_end_of_the_server(
    project: Project, server: ApiServer, tmp_path: Path
):
    shared = tmp_path / "shared"
    shared.mkdir()
    project.settings(f'[store]\nurl = "{shared.as_uri()}"\n[executors.far]\nkind = "ssh"\nhosts = ["gpu1"]\n')
    tiers = Opened.find(project.folder).tiers
    assert tiers is not None
    tiers.claimed(shared.as_uri())
    project.write(FLOW.replace('@step(on="far")', "@step"))
    drive = project.spawn()
    wait_until(lambda: project.rows("SELECT 1 FROM in_flight WHERE tasks LIKE '%hold%'"), "for a task")
    drive.kill()
    shutil.rmtree(shared)
    site = wait_until(lambda: next((site for site in sites(server) if site["trouble"]), None), "for what is wrong")
    assert site["agents"] == []

    with contextlib.closing(sqlite3.connect(project.folder / ".penstock" / "journal.db")) as journal, journal:
        journal.execute("UPDATE in_flight SET tasks = '[[1'")
    reply = server.get("/sites")
    assert reply.status >= 400
    assert reply.error["message"]
    with contextlib.closing(sqlite3.connect(project.folder / ".penstock" / "journal.db")) as journal, journal:
        journal.execute("UPDATE in_flight SET tasks = '[]'")
    assert sites(server)
