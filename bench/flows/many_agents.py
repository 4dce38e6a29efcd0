"""python many_agents.py AGENTS SECONDS WAVES: the CPU time of a driver whose attempts, which last for SECONDS each, run
at so many agents, WAVES times as many attempts as agents. The agents are played by one process (crowd.py)."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import agents_at

from penstock import flow, step
from penstock.model.agents import AgentRequest, AgentSight

HERE = Path.cwd()
CODES = HERE / "codes"


class Paper:
    """A site where whoever is asked for comes."""

    def place(self, agents: Sequence[AgentRequest], private: Mapping[str, str]) -> tuple[str, ...]:
        with open(CODES, "a", encoding="ascii") as file:
            file.writelines(f"{agent.code}\n" for agent in agents)
        return tuple(agent.name for agent in agents)

    def look(self, handles: Sequence[str]) -> Mapping[str, AgentSight]:
        return dict.fromkeys(handles, AgentSight("running"))

    def end(self, handles: Sequence[str]) -> None:
        pass

    def find(self, run: str) -> Mapping[str, str]:
        return {}

    def refresh(self, handles: Sequence[str], private: Mapping[str, str]) -> None:
        pass


@step(on="agents")
def played(number: int) -> None:
    raise AssertionError("the crowd runs it")


@flow
def many(agents: int, waves: int) -> dict[str, float]:
    first = played.map(range(agents))
    first.result()  # all agents are there
    began, cpu_s = time.perf_counter(), time.process_time()
    for wave in range(1, waves):
        played.map(range(wave * agents, (wave + 1) * agents)).result()
    wall_s = time.perf_counter() - began
    return {"cores": (time.process_time() - cpu_s) / wall_s, "seconds": wall_s / (waves - 1)}


if __name__ == "__main__":
    (HERE / "far").mkdir(exist_ok=True)
    Path("penstock.toml").write_text(f"[store]\nurl = '{(HERE / 'far').as_uri()}'\n")
    agents_at.site(Paper(), int(sys.argv[1]))
    with subprocess.Popen([sys.executable, "crowd.py", str(CODES), sys.argv[2]], stdin=subprocess.PIPE) as crowd:
        print("RESULT " + json.dumps(many(int(sys.argv[1]), int(sys.argv[3]))))
        assert crowd.stdin is not None
        crowd.stdin.close()
