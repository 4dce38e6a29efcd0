"""`penstock show`: a run, a step of it, or a task."""

from __future__ import annotations

import click

from penstock.cli import output
from penstock.cli.arguments import complete_run, json_option

_EPILOG = """\b
Examples:
  penstock show                      the latest run
  penstock show digits               the latest run of digits
  penstock show digits/3/train       the tasks of a step
  penstock show digits/3/train/2     one task: inputs, result, attempts, metrics, log
"""


@click.command(epilog=_EPILOG)
@click.argument("target", metavar="[RUN|STEP|TASK]", required=False, default="", shell_complete=complete_run)
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="Tasks of a step to list."
)
@click.option("--status", metavar="S", help="Only tasks of a step that stand so: done, failed, cancelled, running.")
@json_option
def command(target: str, limit: int, status: str | None, as_json: bool) -> None:
    """Look at a run, at a step of it, or at a task. RUN defaults to the latest."""
    from penstock.client.flow_runs import Run
    from penstock.client.reader import Reader
    from penstock.client.targets import find
    from penstock.client.tasks import Task

    reader = Reader.here()
    found = find(reader, target)
    run = Run(reader, found.run)
    if found.task is not None:
        task = Task(reader, found.run, found.task)
        if as_json:
            output.json(task.info())
            return
        from penstock.cli.show_task import show_task

        show_task(task)
    elif found.step is not None:
        tasks = run.tasks(found.step, status, limit)
        if as_json:
            output.json([task.info() for task in tasks])
            return
        from penstock.cli.show_task import show_step

        show_step(run, found.step, tasks)
    elif as_json:
        output.json(run.info())
    else:
        from penstock.cli.show_run import show_run

        show_run(run)
