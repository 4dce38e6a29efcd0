"""`penstock show`: a run, a step of it, or a task."""

from __future__ import annotations

import click
from click.core import ParameterSource

from penstock.cli import output
from penstock.cli.shared_options import complete_run, json_option, limit_option
from penstock.cli.show_resources import show_resources
from penstock.client.flow_runs import Run
from penstock.client.tasks import Task, Tasks
from penstock.errors import UsageError
from penstock.reading.reader import JournalReader
from penstock.reading.resource_use import resources_of
from penstock.reading.targets import find

_EPILOG = """\b
Examples:
  penstock show                      the latest run
  penstock show digits               the latest run of digits
  penstock show digits/3/train       the tasks of a step
  penstock show digits/3/train/2     one task: inputs, result, attempts, metrics, log
  penstock show digits --resources   what the steps of all its runs used, and what to ask for
"""


@click.command(epilog=_EPILOG)
@click.argument("target", metavar="[FLOW|RUN|STEP|TASK]", required=False, default="", shell_complete=complete_run)
@limit_option(50, "Tasks of a step to list.")
@click.option("--status", metavar="S", help="Only tasks of a step that stand so: done, failed, cancelled, running.")
@click.option("--resources", is_flag=True, help="What the steps of a flow, a run or a step used, and should ask for.")
@json_option
def command(target: str, limit: int, status: str | None, resources: bool, as_json: bool) -> None:
    """Look at a run, at a step of it, or at a task. RUN defaults to the latest.

    With --resources a FLOW stands for all its runs. What a step should ask for is told once three attempts are done.
    memory: the highest peak and a quarter more, or twice what an attempt had that ran out of it; where four of five
    need at most half of that, it grows. cpu: the cores that 95% kept busy, at least 1. timeout: three times the
    longest, or twice what an attempt had that ran into one. All are rounded up.
    """
    source_of = click.get_current_context().get_parameter_source
    chooses = any(source_of(name) is ParameterSource.COMMANDLINE for name in ("limit", "status"))
    if resources:
        if chooses:
            raise UsageError("--resources looks at all tasks: leave --limit and --status out")
        info = resources_of(JournalReader.find(), target)
        (output.json if as_json else show_resources)(info)
        return

    reader = JournalReader.find()
    found = find(reader, target)
    if chooses and (found.step is None or found.task is not None):
        raise UsageError(f"--limit and --status choose tasks of a step: name one, as in {found.run.run_id}/STEP")
    run = Run(reader, found.run)
    shown: Run | Task | Tasks = run
    if found.task is not None:
        shown = Task(reader, found.run, found.task)
    elif found.step is not None:
        shown = run.tasks(found.step, status, limit)
    if as_json:
        output.json([task.info() for task in shown] if isinstance(shown, Tasks) else shown.info())
        return
    from penstock.cli import show_run, show_task

    if isinstance(shown, Run):
        show_run.show_run(shown)
    elif isinstance(shown, Task):
        show_task.show_task(shown)
    else:
        show_task.show_step(run, str(found.step), shown)
