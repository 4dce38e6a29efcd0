"""Names of runs, tasks and attempts, and how they are written."""

from __future__ import annotations

from typing import Optional, cast

from penstock.model.tuples import NamedTuple

_DIGITS = 18  # of a number: what the journal has room for


class TaskPath(NamedTuple):
    """`digits/3/train/2`, taken apart; missing ends are None."""

    flow: str
    run: Optional[int] = None
    step: Optional[str] = None
    number: Optional[int] = None

    @property
    def run_id(self) -> str:
        return f"{self.flow}/{self.run}"


def run_of(task: str) -> str:
    """`digits/3` of `digits/3/train/2`."""
    return "/".join(task.split("/")[:2])


def folder_name(run_id: str, nonce: str) -> str:
    """`digits/3-5f0c9a1e7b2d4c68`: where what belongs to a run and lies outside of its rows is. By its number alone
    another journal's run, of before this one was begun or put back, would be met there. `nonce` "": an old run, which
    had none."""
    return f"{run_id}-{nonce}" if nonce else run_id


def step_of(task: str) -> str:
    """`train` of `digits/3/train/2`, or of an attempt of it."""
    return task.split("/")[2]


def driver_number(driver: str) -> int:
    """1 of the first driver of a run, and of `1-2`, under which its body was called a second time; 0 of none."""
    return int(driver.partition("-")[0] or 0)


def how_to_resume(run_id: str, file: str, qualname: str) -> str:
    """What to type to go on with a run: in a shell, or where its flow has no file (`file` ""), in the notebook.
    `qualname` "": another tool ran it, and it can only be looked at."""
    if not qualname:
        return f"penstock show {run_id}"
    return f"penstock resume {run_id}" if file else f'penstock.resume("{run_id}", flow={qualname})'


def parse_path(text: str) -> TaskPath:
    """Take apart `flow`, `flow/run`, `flow/run/step` or `flow/run/step/number`; raises ValueError."""
    parts = text.strip("/").split("/")
    if not 1 <= len(parts) <= 4 or not all(parts):
        raise ValueError(f"{text!r} is not FLOW/RUN/STEP/NUMBER")
    for index in (1, 3):
        if len(parts) > index and not (parts[index].isdecimal() and len(parts[index]) <= _DIGITS):
            raise ValueError(f"{parts[index]!r} in {text!r} is not a number")
    flow, run, step, number = (*parts, *(None,) * (4 - len(parts)))
    return TaskPath(cast("str", flow), int(run) if run else None, step, int(number) if number else None)
