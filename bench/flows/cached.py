"""A map whose results serve the next run."""

from penstock import flow, step


@step(cache=True)
def work(number: int) -> int:
    return number


@flow
def cached(tasks: int) -> None:
    assert sum(work.map(range(tasks)).result()) == tasks * (tasks - 1) // 2
    print("whole")
