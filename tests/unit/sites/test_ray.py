"""What is posted to Ray, word for word, and how what it says of a job is read."""

from __future__ import annotations

from penstock.model.agents import AgentRequest, AgentSight, AgentSize
from penstock.model.states import Cause
from penstock.sites.ray import job_request, sight
from penstock.sites.shared_folder import library

AGENT = AgentRequest("r1-ray-3", "code'3", AgentSize(2.5, 3 << 30, 1))


def test_a_job():
    request = job_request(AGENT, ("sh", "/shared/agent"), {"special": 1.0}, "/shared/r1-ray-3/private")
    script = library("ray_job.sh").replace("'", "'\"'\"'")
    assert request == {
        "submission_id": "r1-ray-3",
        "entrypoint": f"""exec sh -c '{script}' r1-ray-3 sh /shared/agent 'code'"'"'3'""",
        "entrypoint_num_cpus": 2.5,
        "entrypoint_num_gpus": 1,
        "entrypoint_memory": 3221225472,
        "entrypoint_resources": {"special": 1.0},
        "runtime_env": {
            "env_vars": {
                "PENSTOCK_AGENT_SIZE": "2.5 3221225472 1",
                "PENSTOCK_AGENT_PRIVATE": "/shared/r1-ray-3/private",
            }
        },
        "metadata": {"penstock_run": "r1"},
    }


def test_what_nobody_said_is_not_posted():
    request = job_request(AGENT._replace(size=AgentSize(1, None)), ("true",), {})
    assert {"entrypoint_memory", "entrypoint_resources"} & set(request) == set()
    assert request["runtime_env"] == {"env_vars": {"PENSTOCK_AGENT_SIZE": "1 0 0"}}


def test_how_an_agent_is():
    waiting = {"status": "PENDING", "message": "Job has not started yet. It may be waiting for resources."}
    assert sight(waiting).why.startswith("it waits for CPUs, GPUs, memory or custom resources")
    assert sight({"status": "RUNNING", "message": "Job is currently running."}) == AgentSight("running")
    assert sight({"status": "SUCCEEDED", "driver_exit_code": 0}) == AgentSight("ended", "it went")
    assert sight({"status": "FAILED", "driver_exit_code": 3}) == AgentSight("ended", "exit status 3")
    assert sight({"status": "FAILED", "driver_exit_code": -9}) == AgentSight("ended", "killed by SIGKILL")
    assert sight({"status": "STOPPED"}) == AgentSight("ended", "its job was stopped", cause=Cause.LOST)
    assert sight({"status": "SOMETHING"}).state == "unknown"


def test_a_lost_node_is_told_from_what_else_fails():
    died = {
        "status": "FAILED",
        "message": "Job supervisor actor died: The actor died.\nThe actor died because its node has died. Node Id: 3d",
        "driver_exit_code": None,
    }
    assert sight(died) == AgentSight("ended", "Ray has lost it: its node has died", cause=Cause.LOST)
    setup = {"status": "FAILED", "message": "runtime_env setup failed: no space left\nmore", "driver_exit_code": None}
    assert sight(setup).why == "Ray has lost it: runtime_env setup failed: no space left"
