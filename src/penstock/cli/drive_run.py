"""What `run` and `resume` have in common: the drive, and what is told at its end."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from penstock.cli import reporting, screen
from penstock.cli.display import PlainDisplay, write
from penstock.errors import FencedError
from penstock.launch.runs import prepare
from penstock.model.states import RunStatus
from penstock.model.words import plural

if TYPE_CHECKING:
    from penstock.cli.choices import Choices
    from penstock.launch.preparing import RunRequest
    from penstock.project import Project

_CODES = {RunStatus.DONE: reporting.DONE, RunStatus.INTERRUPTED: reporting.INTERRUPTED}


def drive(project: Project, order: RunRequest, choices: Choices, again: tuple[str, ...]) -> int:
    """Drive a new run or an existing one; gives the exit code. Tells all but stdout's part on stderr.

    With `--dry-run` only say what it would do; `again`: the command that does it.
    """
    display = _display_of(choices.inline)(project, closing=False, resumed=bool(order.run_id))
    gc.enable()  # `main` did without it while it imported
    if choices.dry_run:
        return _rehearse(project, order, choices, display, again)
    with _stdout_for_json() if choices.as_json else _stdout_for_body():
        try:
            active = prepare(project, order, choices.how(display))
            code = _drive(active.drive, display, project, order)
        finally:
            display.close()
    _tell_unknown(choices.refresh, display)
    if choices.as_json:
        _print_run(project, display.run_id)
    return code


def _display_of(inline: bool) -> type[PlainDisplay]:
    """`inline`: a debugger may own the terminal, so nothing moves in it."""
    if inline or not screen.is_live(sys.stderr):
        return PlainDisplay
    from penstock.cli.live_display import LiveDisplay

    return LiveDisplay


def _rehearse(
    project: Project, order: RunRequest, choices: Choices, display: PlainDisplay, again: tuple[str, ...]
) -> int:
    import shlex

    from penstock.cli import output
    from penstock.launch.rehearsing import rehearse

    with _stdout_for_json() if choices.as_json else _stdout_for_body():
        info = rehearse(project, order, choices.how(display))
    display.close()
    if choices.as_json:
        output.json(info)
    else:
        from penstock.cli.forecast import show_forecast

        show_forecast(info, shlex.join(again))
    return reporting.FAILED if info.error else reporting.DONE


def _tell_unknown(refresh: tuple[str, ...], display: PlainDisplay) -> None:
    for name in refresh:
        if name not in display.progress.steps:
            write(f"--refresh {name}: this run called no such step{reporting.hint(name, display.progress.steps)}")


def _drive(body: Callable[[], Any], display: PlainDisplay, project: Project, order: RunRequest) -> int:
    failure: BaseException | None = None
    try:
        body()
    except BaseException as error:  # noqa: BLE001  the boundary: it was recorded, and is told
        failure = error
    if display.status is None or isinstance(failure, FencedError):
        assert failure is not None
        raise failure
    _tell_end(display, failure, project, order)
    return _CODES.get(display.status, reporting.FAILED)


def _tell_end(display: PlainDisplay, failure: BaseException | None, project: Project, order: RunRequest) -> None:
    run_id = display.run_id
    if display.status is RunStatus.DONE:
        _tell_unused(display, order)
        write(display.summary())
        commands = [
            (f"penstock show {run_id}", "its steps, tasks and metrics"),
            (f"penstock get {run_id}", "its result"),
            (f"penstock logs {run_id}", "what it printed"),
        ]
        if not display.has_result:
            del commands[1]
        _tell_commands(*commands)
        return
    commands = [(f"penstock resume {run_id}", "go on; what is done is kept")]
    if failure is not None and display.status is RunStatus.FAILED:
        from penstock.cli.failed_run import told_failure
        from penstock.launch.ending import roots_of

        for line in told_failure(failure, project):
            write(line)
        write("")
        commands += [(f"penstock logs {task}", "what it printed") for task in roots_of(failure, display.driver)[:1]]
    write(display.summary())
    _tell_commands(*commands)


def _tell_unused(display: PlainDisplay, order: RunRequest) -> None:
    unused = display.driver.unused_prior if display.driver else ()
    if not unused:
        return
    from penstock.launch.ending import called_by_body

    if unused := called_by_body(order.flow, unused):
        names = ", ".join(dict.fromkeys(task.name for task in unused))
        were = "was" if len(unused) == 1 else "were"
        write(
            f"{plural(len(unused), 'task')} finished before {were} not asked for again ({names}): the flow's body was "
            "edited, or does not do the same each time"
        )


def _tell_commands(*commands: tuple[str, str]) -> None:
    width = max(len(command) for command, _ in commands)
    for command, meaning in commands:
        write(f"  {command:{width}}   {meaning}")


@contextmanager
def _stdout_for_body() -> Generator[None]:
    yield
    sys.stdout.flush()


@contextmanager
def _stdout_for_json() -> Generator[None]:
    """What is written to stdout inside, also by C code and sub-processes, goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _print_run(project: Project, run_id: str) -> None:
    from penstock.cli import output
    from penstock.client.flow_runs import Run
    from penstock.reading.reader import JournalReader

    output.json(Run.find(JournalReader(project), run_id).info())
