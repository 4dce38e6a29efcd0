"""What becomes of an executor's table: how many agents, how large, and what all of them hold."""

from __future__ import annotations

from penstock.model.agents import AgentSize
from penstock.project_sites import limits_of, profile_of
from penstock.setting_values import HostSettings
from penstock.settings import ExecutorSettings


def test_a_size_that_nobody_says_is_that_of_what_is_asked_for():
    limits = limits_of(ExecutorSettings("slurm"))
    assert (limits.size, limits.max_agents) == (None, 10)
    profile = profile_of("far", limits)
    assert (profile.cpu, profile.memory_bytes, profile.unnamed_gpus, profile.lanes) == (None, None, None, 10)


def test_a_size_that_is_said_in_part_holds():
    limits = limits_of(ExecutorSettings("slurm", gpus=("0", "1"), max_agents=3))
    assert limits.size == AgentSize(1.0, None, 2)
    profile = profile_of("far", limits)
    assert (profile.cpu, profile.memory_bytes, profile.unnamed_gpus, profile.lanes) == (3.0, None, 6, None)


def test_hosts_have_as_many_agents_as_they_have_room_for():
    hosts = (HostSettings("a", cpu=16), HostSettings("b", cpu=6), HostSettings("c"))
    limits = limits_of(ExecutorSettings("ssh", cpu=4, memory_bytes=1 << 30, hosts=hosts))
    assert limits.max_agents == 4 + 1 + 1
    assert profile_of("far", limits).memory_bytes == 6 << 30
    assert limits_of(ExecutorSettings("agent")).max_agents == 1


def test_what_outlives_its_driver_says_so():
    profile = profile_of("far", limits_of(ExecutorSettings("ray")))
    assert profile.outlives_driver
    assert profile.begins_later
    assert profile.table == "executors.far"
