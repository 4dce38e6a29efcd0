"""Options and words that several verbs share."""

from __future__ import annotations

import click


def complete_run(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The newest runs whose ids begin so, for shell completion; none where the project can't be read."""
    from penstock.client import runs
    from penstock.errors import PenstockError

    try:
        return [run.id for run in runs(limit=200) if run.id.startswith(incomplete)]
    except PenstockError:
        return []


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document; nothing else on stdout.")
