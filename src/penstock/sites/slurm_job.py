"""What Slurm is given to run agents. Pure, but for reading `slurm_job.sh`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil

from penstock.model.agents import SIZE, AgentRequest, AgentSize
from penstock.model.tuples import NamedTuple
from penstock.sites import shared_folder

_LONGEST_ARRAY = 1000  # Slurm's own bound, where nobody has changed it, is 1001


class SlurmOptions(NamedTuple):
    """How jobs are submitted. "" and None: as Slurm has it by itself."""

    partition: str = ""
    account: str = ""
    qos: str = ""
    time_limit_s: float | None = None
    lines: tuple[str, ...] = ()  # "#SBATCH" ones, and commands that run before the agent


def submitting(
    agents: Sequence[AgentRequest],
    private: Mapping[str, str],
    command: Sequence[str],
    folder: str,
    options: SlurmOptions,
) -> list[tuple[str, ...]]:
    """The calls that submit agents: an array for those of one size whose numbers follow one another."""
    calls: list[tuple[str, ...]] = []
    for batch in _batches(agents):
        names = [agent.name for agent in batch]
        calls.append(shared_folder.keeping(names, private))
        calls.append(("submit", job_script(batch, command, folder, options), *names))
    return calls


def _batches(agents: Iterable[AgentRequest]) -> list[list[AgentRequest]]:
    batches: list[list[AgentRequest]] = []
    for agent in sorted(agents, key=_number):
        last = batches[-1] if batches else []
        follows = last and last[-1].size == agent.size and _after(last[-1].name) == agent.name
        if follows and len(last) < _LONGEST_ARRAY:
            last.append(agent)
        else:
            batches.append([agent])
    return batches


def _number(agent: AgentRequest) -> tuple[str, int]:
    prefix, _, number = agent.name.rpartition("-")
    return prefix, int(number)


def _after(name: str) -> str:
    prefix, _, number = name.rpartition("-")
    return f"{prefix}-{int(number) + 1}"


def job_script(agents: Sequence[AgentRequest], command: Sequence[str], folder: str, options: SlurmOptions) -> str:
    """What `sbatch` is given: an array of agents of one size, whose numbers follow one another."""
    size = agents[0].size
    own = [line for line in options.lines if line.startswith("#SBATCH")]
    before = [line for line in options.lines if not line.startswith("#SBATCH")]
    cases = [
        f"{i}) penstock_name={shlex.quote(a.name)} penstock_code={shlex.quote(a.code)} ;;" for i, a in enumerate(agents)
    ]
    lines = [
        "#!/bin/sh",
        *(f"#SBATCH {option}" for option in _options(agents, size, folder, options)),
        *own,
        *before,
        f"cd {shlex.quote(folder)} || exit 1",
        "case $SLURM_ARRAY_TASK_ID in",
        *cases,
        "esac",
        f"export {SIZE}={shlex.quote(size.text)}",
        f'set -- {shlex.join(command)} "$penstock_code"',
    ]
    return "\n".join(lines) + "\n" + shared_folder.library("slurm_job.sh")


def _options(agents: Sequence[AgentRequest], size: AgentSize, folder: str, options: SlurmOptions) -> Iterator[str]:
    yield f"--job-name={agents[0].name}"
    yield f"--array=0-{len(agents) - 1}"
    yield "--nodes=1"
    yield "--ntasks=1"
    yield f"--cpus-per-task={max(1, ceil(size.cpu))}"
    if size.memory_bytes is not None:
        yield f"--mem={-(-size.memory_bytes // (1 << 20))}M"
    if size.gpus:
        yield f"--gres=gpu:{size.gpus}"
    for name in ("partition", "account", "qos"):
        if value := getattr(options, name):
            yield f"--{name}={value}"
    if options.time_limit_s is not None:
        yield f"--time={max(1, int(options.time_limit_s // 60))}"
    yield f'--output="{folder.replace("%", "%%")}/slurm-%A_%a.out"'
    yield "--open-mode=append"
    yield "--requeue"
