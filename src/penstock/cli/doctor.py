"""`penstock doctor`: check the installation and the project, and say how to mend what is wrong."""

from __future__ import annotations

from dataclasses import asdict

import click

from penstock.cli import output, screen
from penstock.cli.shared_options import json_option

_SIGNS = {"ok": "ok  ", "note": "note", "problem": "!!  "}


@click.command(epilog="\b\nExamples:\n  penstock doctor\n  penstock doctor --json")
@json_option
def command(as_json: bool) -> int:
    """Check the interpreter, the project's folder and the machine. Exit code 1 where something must be mended."""
    from penstock.cli.checks import check_all

    findings = check_all()
    problems = [finding for finding in findings if finding.level == "problem"]
    if as_json:
        output.json([asdict(finding) for finding in findings])
        return 1 if problems else 0
    for finding in findings:
        screen.out(f"{_SIGNS[finding.level]} {finding.what}: {finding.found}")
        if finding.mend:
            screen.out(f"       {finding.mend}")
    if problems:
        output.note(f"mend what is marked !!: {', '.join(finding.what for finding in problems)}")
    return 1 if problems else 0
