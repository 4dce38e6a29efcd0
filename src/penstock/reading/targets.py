"""What a user's words name: runs, steps, tasks and parts of values. Prefixes will do where they are unambiguous."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any

from penstock.errors import NotFoundError, UsageError
from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.edges import Part
from penstock.model.ids import TaskPath, parse_path
from penstock.model.nearest import hint
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple
from penstock.reading.reader import JournalReader

_STEP = r"(?:\[[^\]]+\]|\.[A-Za-z_]\w*)"
_TARGET = re.compile(rf"(.*?)({_STEP}*)", re.DOTALL)


class Target(NamedTuple):
    """A run, a step of it, or a task of it."""

    run: RunRow
    step: str | None = None  # short name
    task: TaskRow | None = None


class RunsBefore(NamedTuple):
    """Runs to look back at."""

    flow: str
    number: int | None = None  # None: all runs of the flow
    step: str | None = None  # short name; None: all steps

    @property
    def name(self) -> str:
        """`digits`, `digits/3`, `digits/3/train`."""
        return "/".join(str(part) for part in self if part is not None)


def find(reader: JournalReader, text: str) -> Target:
    """What `digits/3`, `digits/3/train` or `digits/3/train/2` names; raises NotFoundError with the nearest match."""
    path = _parsed(text)
    named = "" if path is None else path.flow if path.run is None else path.run_id
    run = queries.resolve(reader.journal, named)
    if path is None or path.step is None:
        return Target(run)
    step = find_step(reader, run, path.step)
    if path.number is None:
        return Target(run, step)
    return Target(run, step, find_task(reader, run, step, path.number))


def find_run(reader: JournalReader, name: str) -> RunRow:
    """The run that `digits/3`, `digits` or "" names; raises NotFoundError, and UsageError for what is no text."""
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]  nothing checks a notebook
        raise UsageError(f'{name!r} names no run: write a text, such as "digits/3" or "digits"')
    return queries.resolve(reader.journal, name)


def find_runs(reader: JournalReader, names: Sequence[str]) -> list[RunRow]:
    """The runs that names mean, each once, in their order. One query where all are written out: `digits/3`. Raises as
    `find_run` does."""
    paths = [_parsed(name) if isinstance(name, str) else None for name in names]  # pyright: ignore[reportUnnecessaryIsInstance]
    named = [(path.flow, path.run) for path in paths if path and path.run is not None and path.step is None]
    known = {row.run_id: row for row in queries.runs_numbered(reader.journal, named)}
    found = [known.get(name) or find_run(reader, name) for name in names]
    return list({row.id: row for row in found}.values())


def find_flow(reader: JournalReader, text: str) -> str:
    """A flow that has runs, by its name or the beginning of it; raises NotFoundError."""
    path = _parsed(text)
    return queries.resolve(reader.journal, path.flow if path else "").flow


def find_past(reader: JournalReader, text: str) -> RunsBefore:
    """The runs that `digits` (all of it), `digits/3`, `digits/3/train` or "" (the latest run's flow) names.

    Raises NotFoundError, and UsageError for a task.
    """
    path = _parsed(text)
    if path is None or path.run is None:
        return RunsBefore(find_flow(reader, text))
    if path.number is not None:
        raise UsageError(f"{text} is one task: name a flow, a run, or a step, as {path.run_id}/{path.step}")
    found = find(reader, text)
    return RunsBefore(found.run.flow, found.run.number, found.step)


def _parsed(text: str) -> TaskPath | None:
    if not text:
        return None
    try:
        return parse_path(text)
    except ValueError:
        raise NotFoundError(
            f"{text!r} names nothing: write FLOW, FLOW/NUMBER or FLOW/NUMBER/STEP/NUMBER; see `penstock ls`"
        ) from None


def find_step(reader: JournalReader, run: RunRow, text: str) -> str:
    """The short name of a run's step that a user means: it, its module-qualified name, or the beginning of it."""
    rows = queries.steps(reader.journal, run.id)
    for row in rows:
        if text in (row.name, row.step):
            return row.name
    names = list(dict.fromkeys(row.name for row in rows))
    meant = [name for name in names if name.startswith(text)]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise NotFoundError(f"{text!r} may mean {' or '.join(meant)} of {run.run_id}: write more of the name")
    raise NotFoundError(f"{run.run_id} has no step {text!r} in its journal{_hint(run, text, names)}")


def _hint(run: RunRow, text: str, names: list[str]) -> str:
    others = f"; it has {', '.join(names)}" if names else f"; see `penstock show {run.run_id}`"
    if run.status == RunStatus.RUNNING:
        others = f" yet: tasks are listed when they have ended; see `penstock show {run.run_id}`"
    return hint(text, names, others)


def find_task(reader: JournalReader, run: RunRow, step: str, number: int) -> TaskRow:
    """A task of a step whose name is known."""
    try:
        return queries.task(reader.journal, run.id, step, number)
    except NotFoundError:
        yet = " yet: a task is listed when it has ended" if run.status == RunStatus.RUNNING else ""
        task = f"{run.run_id}/{step}/{number}"
        raise NotFoundError(f"there is no task {task}{yet}; see `penstock show {run.run_id}/{step}`") from None


def split_part(text: str) -> tuple[str, Part]:
    """`digits/3/train/2[0].accuracy` -> its path, and how to get to the part."""
    match = _TARGET.fullmatch(text)
    assert match is not None  # the first group takes whatever the second leaves
    return match[1], tuple(_part_step(step) for step in re.findall(_STEP, match[2]))


def _part_step(text: str) -> tuple[str, Any]:
    if text.startswith("."):
        return "attr", text[1:]
    inner = text[1:-1]
    try:
        return "item", ast.literal_eval(inner)
    except (ValueError, SyntaxError):
        return "item", inner  # [accuracy]: a shell eats quotes


def part_text(part: Part) -> str:
    """`[0].accuracy`."""
    return "".join(f"[{name!r}]" if kind == "item" else f".{name}" for kind, name in part)
