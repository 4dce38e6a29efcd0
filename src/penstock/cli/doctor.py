"""`penstock doctor`: check the installation and the project, and say how to mend what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from penstock.cli import output, screen
from penstock.cli.shared_options import json_option
from penstock.errors import UsageError
from penstock.model import words
from penstock.model.quantities import parse_seconds

if TYPE_CHECKING:
    from penstock.launch.findings import Finding
    from penstock.launch.site_report import SiteReport

_SIGNS = {"ok": "ok  ", "note": "note", "problem": "!!  "}
_EPILOG = """\b
Examples:
  penstock doctor                       this machine and the project
  penstock doctor --on gpus             place an agent there, run a task, say where the time went
  penstock doctor --on gpus --wait 2h   the same where the queue is long
  penstock doctor --json
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--on",
    metavar="EXECUTOR",
    help="Try this executor: place one agent there, run a task, and the same once more; end the agent again.",
)
@click.option(
    "--wait",
    default="5m",
    show_default=True,
    help="With --on: how long to wait for the agent, and then for its task.",
)
@json_option
def command(on: str | None, wait: str, as_json: bool) -> int:
    """Check the interpreter, the project's folder and the machine, or an executor. Exit code 1 where something must be
    mended."""
    if on is not None:
        return _executor(on, wait, as_json)
    from penstock.cli.checks import check_all

    findings = check_all()
    problems = [finding for finding in findings if finding.level == "problem"]
    if as_json:
        output.json(findings)
        return 1 if problems else 0
    _print(findings)
    if problems:
        output.note(f"mend what is marked !!: {', '.join(finding.what for finding in problems)}")
    return 1 if problems else 0


def _executor(name: str, wait: str, as_json: bool) -> int:
    from penstock.launch.site_trial import SiteTrial
    from penstock.project import Project

    try:
        wait_s = parse_seconds(wait)
    except ValueError as error:
        raise UsageError(f"--wait: {error}") from None
    report = SiteTrial(Project.find(), name, wait_s, output.note).run()
    if as_json:
        output.json(report)
    else:
        _show(report)
    return 0 if report.is_sound else 1


def _show(report: SiteReport) -> None:
    place = f", {report.place}" if report.place else ""
    screen.out(f"{report.executor} ({report.kind}{place})")
    if report.stages:
        rows = [(stage.stage, words.duration(stage.took_s), stage.note) for stage in report.stages]
        output.table(("stage", "took", "what it was"), rows, right=("took",))
    _print(report.findings)
    if report.is_sound:
        screen.out(f"ok   {report.executor}: attempts run there")
    else:
        output.note(f"mend what is marked !!, and try again: penstock doctor --on {report.executor}")


def _print(findings: Iterable[Finding]) -> None:
    for finding in findings:
        screen.out(f"{_SIGNS[finding.level]} {finding.what}: {finding.found}")
        if finding.mend:
            screen.out(f"       {finding.mend}")
