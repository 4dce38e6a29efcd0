"""A driver whose far tier is behind a network that is cut: packets are lost, and nobody says so."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from penstock.tiers.tier_opening import open_tier
from tests.contract.far_bench import LIMITS, PROJECT
from tests.networks import network
from tests.sshd import served
from tests.system.test_far_faults import bench_of, is_told

PARTITION_S = 4.0
IMPATIENT = "-o ServerAliveInterval=1 -o ServerAliveCountMax=2 -o ConnectTimeout=2"


def test_a_network_that_is_cut_for_longer_than_a_seat_may_be_silent_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    began, go, said = tmp_path / "began", tmp_path / "go", list[str]()
    (tmp_path / "tier").mkdir()
    with network() as cable, served(tmp_path / "sshd", cable) as server:
        monkeypatch.setenv("PENSTOCK_SSH", f"{server.command} {IMPATIENT}")
        tier = open_tier(f"ssh://login{tmp_path / 'tier'}", PROJECT, said.append)
        limits = LIMITS._replace(partition_s=PARTITION_S, max_agents=1)
        with bench_of(tmp_path, tier=tier, limits=limits) as bench:
            attempt = bench.start("wait_for", str(began), str(go))
            bench.until(began.exists)
            cable.cut()
            since = time.monotonic()
            go.touch()  # it ends meanwhile, and its agent can say so; the driver can't hear it
            bench.until(lambda: any("can't be reached" in line for line in said))
            bench.until(lambda: time.monotonic() - since > 1.5 * PARTITION_S)
            assert not bench.ended()
            cable.mend()
            assert bench.value(bench.outcome(attempt)) == "seen"
            assert began.read_text() == "x"
            assert bench.value(bench.run("ok")) == 7  # by the same agent
            assert not is_told(bench, "lost")
        tier.close()
