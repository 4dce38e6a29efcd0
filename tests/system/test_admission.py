"""A machine runs what fits: cpu, memory, GPUs and named limits are never oversubscribed; what can't fit says so."""

from __future__ import annotations

import json

import pytest

from tests.system.flows import Project

AT_ONCE = """
@step(OPTIONS)
def work(x):
    note("in", x, os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ["OMP_NUM_THREADS"], os.getpid())
    for _ in range(20_000):  # the first ones wait for each other, so that as many are at work as can be
        with open("trace") as file:
            if sum(line.startswith("in ") for line in file) >= MOST:
                break
        time.sleep(0.001)
    note("out", x)
    return x

@flow
def main(n: int = 8):
    return work.map(range(n)).result()
"""


def at_once(options: str, most: int) -> str:
    """A module whose calls don't end before `most` have begun."""
    return f"MOST = {most}\n" + AT_ONCE.replace("OPTIONS", options)


def most_at_once(project: Project) -> int:
    """How many calls were between their `in` and their `out` at most."""
    now = most = 0
    for line in project.trace():
        now += 1 if line.startswith("in ") else -1 if line.startswith("out ") else 0
        most = max(most, now)
    return most


@pytest.mark.parametrize(
    ("options", "settings", "most"),
    [
        ("", "max_workers = 3", 3),
        ("cpu=2", "[executors.process]\ncpu = 4", 2),
        ("cpu=0.5", "[executors.process]\ncpu = 2", 4),
        ("cpu=3", "[executors.process]\ncpu = 4", 1),
        ("cpu=0.1, memory='2GiB'", "[executors.process]\ncpu = 8\nmemory = '5GiB'", 2),
        ("cpu=0.1, gpu=2", "[executors.process]\ncpu = 8\ngpus = 4", 2),
        ("cpu=0.1, limit='db'", "[limits]\ndb = 2\n[executors.process]\ncpu = 8", 2),
        ("cpu=0.1, limit=('db', 'api')", "[limits]\ndb = 3\napi = 1\n[executors.process]\ncpu = 8", 1),
        ("on='cluster'", "[executors.cluster]\nmax_workers = 2", 2),
    ],
)
def test_no_more_runs_at_once_than_fits(project: Project, options: str, settings: str, most: int) -> None:
    project.settings(settings)
    project.write(at_once(options, most))
    assert project.run().value() == list(range(8))
    assert most_at_once(project) == most


def test_gpus_are_assigned_one_by_one_and_given_back(project: Project) -> None:
    project.settings("[executors.process]\ncpu = 8\ngpus = ['3', 'GPU-abc', '5']")
    project.write(at_once("cpu=0.1, gpu=1", 3))
    project.run().value()
    taken: dict[str, str] = {}
    seen: set[str] = set()
    workers: list[str] = []
    for line in project.trace():
        kind, call, *more = line.split()
        if kind == "in":
            assert more[0] not in taken.values()
            taken[call] = more[0]
            workers.append(more[2])
        else:
            seen.add(taken.pop(call))
    assert seen == {"3", "GPU-abc", "5"}
    assert len(set(workers)) == len(workers), "a GPU attempt owns its process"


def test_two_gpus_of_one_attempt(project: Project) -> None:
    project.settings("[executors.process]\ncpu = 2\ngpus = 2")
    project.write(at_once("gpu=2", 1))
    project.run(n=2).value()
    assert {line.split()[2] for line in project.trace() if line.startswith("in ")} == {"0,1"}


def test_a_step_without_gpus_sees_what_the_environment_gives(project: Project) -> None:
    project.write(at_once("cpu=2", 1))
    project.settings("[executors.process]\ncpu = 2")
    project.run(n=1, environ={"CUDA_VISIBLE_DEVICES": "7"}).value()
    (line,) = [line for line in project.trace() if line.startswith("in ")]
    assert line.split()[2:4] == ["7", "2"], "and as many threads as it has processors"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("cpu=5", ["cpu=5", "has 4"]),
        ("memory='100GiB'", ["100.00 GiB", "8.00 GiB"]),
        ("gpu=3", ["gpu=3", "has 2"]),
        ("limit='unknown'", ["'unknown'", "[limits]", "penstock.toml"]),
        ("on='nowhere'", ["'nowhere'", "[executors.nowhere]", "penstock.toml"]),
    ],
)
def test_what_can_never_fit_fails_at_once_and_says_so(project: Project, options: str, words: list[str]) -> None:
    project.settings("[executors.process]\ncpu = 4\nmemory = '8GiB'\ngpus = 2")
    project.write(at_once(options, 1))
    report = project.run()
    assert report.error["type"] == "UsageError"
    assert all(word in report.error["text"] for word in ["work", *words]), report.error["text"]
    assert project.trace() == []


def test_a_large_call_is_not_starved_by_small_ones(project: Project) -> None:
    project.settings("[executors.process]\ncpu = 2")
    project.write(
        """
        @step
        def small(x):
            note("small")
            time.sleep(0.01)

        @step(cpu=2)
        def large():
            note("large")

        @flow
        def main():
            first = small.map(range(20))
            middle = large.submit()
            rest = small.map(range(20))
            middle.result()
        """
    )
    project.run().value()
    assert project.trace().count("small") == 40
    assert project.trace().index("large") >= 20


def test_kinds_of_work_share_the_machine(project: Project) -> None:
    """Calls of several steps, each with its own wishes, never use more than there is in all."""
    project.settings("[limits]\ndb = 1\n[executors.process]\ncpu = 4\nmemory = '4GiB'\ngpus = 2")
    kinds = {"a": {"cpu": 1}, "b": {"cpu": 3, "memory": 2}, "c": {"cpu": 0.5, "gpu": 1}, "d": {"cpu": 1, "memory": 3}}
    steps = "\n".join(
        f"""
@step(cpu={wish["cpu"]}, gpu={wish.get("gpu", 0)}, memory={wish.get("memory", 0.1)} * 2**30)
def {name}(x):
    note("in", "{name}")
    time.sleep(0.005)
    note("out", "{name}")
"""
        for name, wish in kinds.items()
    )
    project.write(
        f"""
{steps}
@flow
def main():
    futures = [item for x in range(10) for item in (a.submit(x), b.submit(x), c.submit(x), d.submit(x))]
    for future in futures:
        future.result()
"""
    )
    project.run().value()
    now = dict.fromkeys(kinds, 0)
    for line in project.trace():
        kind, name = line.split()
        now[name] += 1 if kind == "in" else -1
        for resource, amount in {"cpu": 4, "memory": 4, "gpu": 2}.items():
            used = sum(
                count * kinds[name].get(resource, 0.1 if resource == "memory" else 0) for name, count in now.items()
            )
            assert used <= amount, (json.dumps(now), resource)
    assert project.trace().count("in a") == 10
