"""What Slurm is given, word for word, and how what it says is read."""

from __future__ import annotations

import pytest

from penstock.model.agents import AgentRequest, AgentSize
from penstock.model.states import Cause
from penstock.sites import slurm_words
from penstock.sites.shared_folder import library
from penstock.sites.slurm_job import SlurmOptions, job_script, submitting
from penstock.sites.slurm_words import SlurmJob

SIZE = AgentSize(2.5, 3 << 30, 1)


def agents(*numbers: int, size: AgentSize = SIZE) -> list[AgentRequest]:
    return [AgentRequest(f"r1-big-{number}", f"code {number}", size) for number in numbers]


def test_a_job_script():
    options = SlurmOptions("gpu", "lab", "high", 5400, ("#SBATCH --constraint=a100", "module load cuda"))
    script = job_script(agents(8, 9), ("sh", "/shared/agent"), "/shared/my project", options)
    assert script.removesuffix(library("slurm_job.sh")) == (
        "#!/bin/sh\n"
        "#SBATCH --job-name=r1-big-8\n"
        "#SBATCH --array=0-1\n"
        "#SBATCH --nodes=1\n"
        "#SBATCH --ntasks=1\n"
        "#SBATCH --cpus-per-task=3\n"
        "#SBATCH --mem=3072M\n"
        "#SBATCH --gres=gpu:1\n"
        "#SBATCH --partition=gpu\n"
        "#SBATCH --account=lab\n"
        "#SBATCH --qos=high\n"
        "#SBATCH --time=90\n"
        '#SBATCH --output="/shared/my project/slurm-%A_%a.out"\n'
        "#SBATCH --open-mode=append\n"
        "#SBATCH --requeue\n"
        "#SBATCH --constraint=a100\n"
        "module load cuda\n"
        "cd '/shared/my project' || exit 1\n"
        "case $SLURM_ARRAY_TASK_ID in\n"
        "0) penstock_name=r1-big-8 penstock_code='code 8' ;;\n"
        "1) penstock_name=r1-big-9 penstock_code='code 9' ;;\n"
        "esac\n"
        "export PENSTOCK_AGENT_SIZE='2.5 3221225472 1'\n"
        'set -- sh /shared/agent "$penstock_code"\n'
    )


def test_what_nobody_said_is_left_to_slurm():
    script = job_script(agents(1, size=AgentSize(1, None)), ("true",), "/shared", SlurmOptions())
    assert [word for word in ("--mem", "--gres", "--partition", "--account", "--qos", "--time") if word in script] == []


def test_arrays_are_of_one_size_and_of_numbers_that_follow_one_another():
    given = [*agents(9, 10, 12), *agents(13, size=AgentSize(1, None))]
    calls = submitting(given, {"TOKEN": "x"}, ("true",), "/shared", SlurmOptions())
    assert [call[:1] + call[2:] for call in calls] == [
        ("keep", "r1-big-9", "r1-big-10"),
        ("submit", "r1-big-9", "r1-big-10"),
        ("keep", "r1-big-12"),
        ("submit", "r1-big-12"),
        ("keep", "r1-big-13"),
        ("submit", "r1-big-13"),
    ]
    assert [call[1] for call in calls[::2]] == ['{"TOKEN": "x"}'] * 3
    assert all("TOKEN" not in call[1] for call in calls[1::2])


def test_a_thousand_agents_are_an_array_each():
    calls = submitting(agents(*range(1, 2502)), {}, ("true",), "/shared", SlurmOptions())
    assert [len(call) - 2 for call in calls if call[0] == "submit"] == [1000, 1000, 501]


@pytest.mark.parametrize(
    ("line", "job"),
    [
        ("12_1|r1-big-8|RUNNING|None", SlurmJob("12_1", "r1-big-9", "running")),
        (
            "12_0|r1-big-8|PENDING|Priority",
            SlurmJob("12_0", "r1-big-8", "pending", "others are before it in the queue"),
        ),
        ("12_0|r1-big-8|PREEMPTED|None", SlurmJob("12_0", "r1-big-8", "ended", *slurm_words._ENDS["PREEMPTED"])),
        ("12_0|r1-big-8|COMPLETED|None", SlurmJob("12_0", "r1-big-8", "ended")),
        ("13|interactive|RUNNING|None", None),
        ("13|my-job-1|RUNNING|None", None),
        ("14_0|sweep|RUNNING|None", None),
    ],
)
def test_a_line_of_the_queue(line: str, job: SlurmJob | None):
    assert slurm_words.job(line) == job


def test_causes_are_told_apart():
    causes = {state: cause for state, (_, cause) in slurm_words._ENDS.items()}
    assert causes["PREEMPTED"] == causes["TIMEOUT"] == Cause.PREEMPTED
    assert causes["NODE_FAIL"] == causes["CANCELLED"] == Cause.LOST
    assert len({why for why, _ in slurm_words._ENDS.values()}) == len(causes)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Resources", "it waits for free nodes"),
        ("QOSMaxCpuPerUserLimit", "a limit of its QOS is reached (QOSMaxCpuPerUserLimit)"),
        ("AssocGrpGRES", "a limit of its account is reached (AssocGrpGRES)"),
        (
            "ReqNodeNotAvail, UnavailableNodes:n1",
            "the nodes that it asks for are not available (UnavailableNodes:n1)",
        ),
        ("SomethingNew", "Slurm says SomethingNew"),
        ("None", "Slurm has not looked at it yet"),
    ],
)
def test_why_a_job_waits(reason: str, words: str):
    assert slurm_words.waits(reason) == words
