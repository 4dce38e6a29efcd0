"""`penstock why`: why a task ran, or what stood for it."""

from __future__ import annotations

import click

from penstock.cli import output
from penstock.cli.shared_options import complete_run, json_option, limit_option
from penstock.client.flow_runs import Run
from penstock.client.tasks import Task
from penstock.errors import NotFoundError
from penstock.reading.reader import JournalReader
from penstock.reading.structs import CodeInfo, WhyInfo
from penstock.reading.targets import find

_EPILOG = """\b
Examples:
  penstock why digits/3/train/2       in one line
  penstock why digits/3/train         all tasks of a step
  penstock why -v digits/3/train/2    with all that its code reaches
"""


@click.command(epilog=_EPILOG)
@click.argument("target", metavar="TASK", shell_complete=complete_run)
@click.option("--verbose", "-v", is_flag=True, help="Print also what is different, and the code that the task reaches.")
@limit_option(50, "Tasks of a step to list.")
@json_option
def command(target: str, verbose: bool, limit: int, as_json: bool) -> None:
    """Say why a task ran: it is new, its code or an input has changed, its cached result expired. Or what it was reused
    from. TASK: FLOW/RUN/STEP/NUMBER, or a step."""
    reader = JournalReader.find()
    found = find(reader, target)
    if found.step is None:
        steps = ", ".join(step.step for step in Run(reader, found.run).steps)
        raise NotFoundError(f"name a task of {found.run.run_id}, as in penstock why {found.run.run_id}/STEP/1: {steps}")
    if found.task is not None:
        tasks = [Task(reader, found.run, found.task)]
    else:
        tasks = Run(reader, found.run).tasks(found.step, limit=limit)
    if not tasks:
        raise NotFoundError(
            f"no task of {target} has begun: there is nothing to tell; see `penstock show {found.run.run_id}`"
        )
    infos = [task.why() for task in tasks]
    if as_json:
        output.json(infos[0] if found.task is not None else infos)
        return
    for info in infos:
        output.line(f"{info.line}; it ran {info.version}" if info.version else info.line)
        if verbose:
            _show_rest(info)
    if found.task is not None:
        output.next_command(*_next(info=infos[0], verbose=verbose))


def _show_rest(info: WhyInfo) -> None:
    if info.changes:
        output.title(f"Different from {info.compared_with}")
        for change in info.changes:
            output.line(f"  {change}")
    if info.code:
        output.title("Code")
        _show_code(info.code)
    if info.unfollowed:
        output.title("Not followed")
        for site in info.unfollowed:
            output.line(f"  {site}")


def _show_code(code: tuple[CodeInfo, ...]) -> None:
    """As a tree; what stands in several places is unfolded once."""
    by_name = {piece.name: piece for piece in code}
    shown = set[str]()
    reached = {name for piece in code for name in piece.reaches}

    def show(name: str, depth: int) -> None:
        piece = by_name.get(name)
        if piece is None:
            return
        again = name in shown and bool(piece.reaches)
        shown.add(name)
        about = piece.version or ", ".join(filter(None, (piece.kind, piece.place)))
        output.line(f"  {'  ' * depth}{piece.name}  {about}{'  (see above)' if again else ''}")
        if not again:
            for below in piece.reaches:
                show(below, depth + 1)

    for index, piece in enumerate(code):
        if index == 0 or piece.name not in reached | shown:
            show(piece.name, 0)


def _next(info: WhyInfo, verbose: bool) -> tuple[str, str]:
    if info.origin:
        return f"penstock show {info.origin}", "where it was made"
    if not verbose:
        return f"penstock why -v {info.task}", "the code that it reaches"
    return f"penstock show {info.task}", "the task itself"
