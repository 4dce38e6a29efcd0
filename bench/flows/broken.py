"""A map whose last task fails as long as there is a file `broken`."""

from pathlib import Path

from penstock import flow, step


@step
def work(number: int, tasks: int) -> int:
    if number == tasks - 1 and Path("broken").exists():
        raise RuntimeError("planned")
    return number


@flow
def broken(tasks: int) -> None:
    assert sum(work.map(range(tasks), tasks=tasks).result()) == tasks * (tasks - 1) // 2
    print("whole")
