"""`penstock logs`: what tasks and the flow's body printed and logged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import click
import msgspec

from penstock.cli import output, screen
from penstock.cli.shared_options import complete_run
from penstock.journal import queries
from penstock.reading import log_lines
from penstock.reading.reader import JournalReader
from penstock.reading.structs import LogLine
from penstock.reading.targets import Target, find, find_run

_LOOK_EVERY_S = 0.2
_BODY = "flow"
_EPILOG = """\b
Examples:
  penstock logs                      of the latest run
  penstock logs -f digits            follow the latest run of digits until it ends
  penstock logs digits/3/train/2     of one task, all its attempts
  penstock logs digits/3/flow        of the flow's own body
  penstock logs digits/3 --level warning
"""


@click.command(epilog=_EPILOG)
@click.argument("target", metavar="[RUN|RUN/flow|STEP|TASK]", required=False, default="", shell_complete=complete_run)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until the run is over.")
@click.option(
    "--level", type=click.Choice(log_lines.LEVELS), help="Leave out what is below; lines without a level are info."
)
@click.option("-n", "--tail", type=click.IntRange(min=1), metavar="N", help="Only the last N lines of what is there.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array; with --follow, a JSON document a line.")
def command(target: str, follow: bool, level: str | None, tail: int | None, as_json: bool) -> None:
    """Print what the tasks of a run and its flow's body printed and logged, by time. RUN defaults to the latest."""
    if follow and tail:
        raise click.UsageError("--tail and --follow can't be joined: --follow begins with all that is there")
    reader = JournalReader.find()
    found, of_body = _found(reader, target)

    def wanted(line: LogLine) -> bool:
        if of_body and line.task != found.run.run_id:
            return False
        is_of_it = found.step is None or log_lines.is_of_step(found.step, line)
        return is_of_it and log_lines.is_at_least(level or "", line)

    if tail:
        page = log_lines.page_before(reader, found.run, found.task, limit=tail, wanted=wanted)
        lines = iter(page.lines[-tail:])
    else:
        every = log_lines.of_run(reader, found.run, found.task)
        if follow and found.task is None:
            every = log_lines.follow(reader, found.run, partial(time.sleep, _LOOK_EVERY_S))
        lines = filter(wanted, every)
    if as_json and not follow:
        _print_array(lines)
        return
    count = _print(lines, found, as_json)
    if not as_json:
        _tell_next(found, count, follow, _sought(found, of_body, level))


def _found(reader: JournalReader, target: str) -> tuple[Target, bool]:
    """What a target names, and whether it is the flow's body: `digits/3/flow`, where no step has that name."""
    name, _, last = target.rpartition("/")
    if last == _BODY and "/" in name:
        run = find_run(reader, name)
        if all(row.name != _BODY for row in queries.steps(reader.journal, run.id)):
            return find(reader, name), True
    return find(reader, target), False


def _print_array(lines: Iterator[LogLine]) -> None:
    """One by one: there may be more than the memory holds."""
    before = "["
    for line in lines:
        screen.document(f"{before}{_as_json(line)}")
        before = ","
    screen.document("[]" if before == "[" else "]")


def _print(lines: Iterator[LogLine], found: Target, as_json: bool) -> int:
    count = 0
    for line in lines:
        count += 1
        if as_json:
            screen.document(_as_json(line))
        else:
            screen.out(_as_text(line, f"{found.run.run_id}/"))
    return count


def _as_json(line: LogLine) -> str:
    return msgspec.json.encode(line).decode()


def _as_text(line: LogLine, prefix: str) -> str:
    at = f"{line.at.astimezone():%H:%M:%S.%f}"[:-3] if line.at else " " * 12
    body = line.task == prefix.rstrip("/")
    task = _BODY if body else line.task.removeprefix(prefix) or f"({line.worker})"
    again = f"#{line.attempt}" if line.attempt > 1 else ""
    return f"{at}  {task + again:<14} {line.level.upper():<8} {line.text}".rstrip()


def _sought(found: Target, of_body: bool, level: str | None) -> str:
    """Whose lines were asked for, and from which level on, as words behind "Nothing was printed or logged"."""
    by = ""
    if of_body:
        by = " by the flow's own body"
    elif found.task is not None:
        by = f" by {found.task.name}/{found.task.number}"
    elif found.step is not None:
        by = f" by {found.step}"
    return f"{by}{f' of level {level} or above' if level and level != log_lines.LEVELS[0] else ''}"


def _tell_next(found: Target, count: int, followed: bool, sought: str) -> None:
    run_id = found.run.run_id
    if not count:
        output.note(f"Nothing was printed or logged{sought}, as far as {run_id} has come.")
        if found.task is not None and found.task.origin:
            output.note(f"Its result was reused: penstock logs {found.task.origin} has what the making of it printed")
    if found.task is not None:
        output.next_command(f"penstock show {found.run.path(found.task)}", "the task")
    elif found.run.status == "running" and not followed:
        output.next_command(f"penstock logs -f {run_id}", "follow it")
    else:
        output.next_command(f"penstock show {run_id}", "the run")
