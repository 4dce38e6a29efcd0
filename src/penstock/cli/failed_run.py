"""How a failed run is told: the user's own traceback first, then the task, what it was given, and what to do."""

from __future__ import annotations

import linecache
import os
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING

from penstock.errors import NotFoundError, PenstockError, PlatformError
from penstock.launch.ending import tasks_of
from penstock.model.words import one_line, size
from penstock.sdk.rebuilt_errors import TASK_ATTRIBUTE, RemoteTraceback, is_ours
from penstock.worker.recorded_errors import traceback_text

if TYPE_CHECKING:
    from penstock.project import Project
    from penstock.reading.structs import InputInfo, TaskInfo


def told_failure(error: BaseException, project: Project) -> Iterator[str]:
    """The lines that tell why a run of the project failed."""
    yield told_traceback(error)
    place = place_of(error)
    if place and isinstance(error.__cause__, RemoteTraceback):
        yield f"\nThe flow met it at {place}"
    for task in dict.fromkeys(tasks_of(error)):
        yield ""
        yield from _told_task(task, project)


def told_traceback(error: BaseException) -> str:
    """The traceback as a user wants it: without frames of Penstock's or of the import system."""
    remote = error.__cause__
    if isinstance(remote, RemoteTraceback) and hasattr(error, TASK_ATTRIBUTE):
        return remote.text.rstrip()
    is_whole = isinstance(error, PenstockError) and not place_of(error) and error.__cause__ is None
    if is_whole or isinstance(
        error, PlatformError
    ):  # the machine's, not the user's code: where it was met says nothing
        return f"{type(error).__name__}: {error}"
    text = traceback_text(error)
    # The class that carries a worker's traceback says nothing to a user.
    text = text.replace(f"{RemoteTraceback.__module__}.{RemoteTraceback.__qualname__}: \n", "")
    return "\n".join(_without_importlib(text.rstrip().split("\n")))


def _without_importlib(lines: list[str]) -> Iterator[str]:
    skip = False
    for line in lines:
        if line.startswith('  File "'):
            skip = "<frozen importlib" in line or f"{os.sep}importlib{os.sep}__init__.py" in line
        elif not line.startswith("    "):
            skip = False
        if not skip:
            yield line


def place_of(error: BaseException) -> str:
    """`digits.py:30, in digits: trained = ...`: the innermost line of the user's own that the error came through."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        code = frame.f_code
        if not is_ours(code.co_filename) and not code.co_filename.startswith("<frozen"):
            source = linecache.getline(code.co_filename, line).strip()
            return f"{_nearby(code.co_filename)}:{line}, in {code.co_name}: {source}".rstrip(": ")
    return ""


def _told_task(path: str, project: Project) -> Iterator[str]:
    from penstock.client.flow_runs import Run
    from penstock.reading.reader import JournalReader

    flow, number, step, index = path.split("/")
    try:
        info = Run.find(JournalReader(project), f"{flow}/{number}").task(f"{step}/{index}").info()
    except NotFoundError:  # it never began, so it has no row
        yield f"Task {path} failed"
        return
    yield f"Task {path} failed{_why(info)}"
    for item in info.inputs or ():
        yield f"  {item.name} = {_told_input(item)}"


def _why(info: TaskInfo) -> str:
    tries = f" in attempt {info.attempt.number}" if info.attempt.number > 1 else ""
    cause = info.error.cause if info.error else ""
    return tries if cause in ("raised", "") else f"{tries}: {cause}"


def _told_input(item: InputInfo) -> str:
    value = item.value
    known = f"{one_line(value.text)}  ({value.type}, {size(value.size_bytes)})" if value else ""
    sources = f"from {', '.join(item.sources[:3])}{' ...' if len(item.sources) > 3 else ''}" if item.sources else ""
    return ", ".join(filter(None, (known, sources)))


def _nearby(file: str) -> str:
    """The file as seen from here."""
    try:
        return os.path.relpath(file)
    except OSError:  # the flow has removed the directory in which we are
        return file
