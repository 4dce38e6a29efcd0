"""`penstock du`: who uses the space."""

from __future__ import annotations

import click
import msgspec

from penstock.cli import output
from penstock.cli.shared_options import complete_run, json_option, limit_option
from penstock.client.space import usage
from penstock.model.words import plural, size, when
from penstock.space.space_structs import EnvironmentSpaceInfo, FlowSpaceInfo, RunSpaceInfo, SpaceInfo

_EPILOG = """\b
Examples:
  penstock du                all flows and runs, the cache, and all else
  penstock du digits         the runs of one flow
  penstock du digits/3       one run
"""


@click.command(epilog=_EPILOG)
@click.argument("of", metavar="[RUN|FLOW]", required=False, default="", shell_complete=complete_run)
@limit_option(20, "At most so many runs.")
@json_option
def command(of: str, limit: int, as_json: bool) -> None:
    """Show who uses the space of `.penstock/`: flows and runs, the largest first, and all else.

    What a run holds alone is free once it is removed; the rest of what it refers to serves others too. What each
    environment takes up is said by `penstock env ls`.
    """
    info = usage(of, limit=limit + 1)
    more, info = len(info.runs) > limit, msgspec.structs.replace(info, runs=info.runs[:limit])
    if as_json:
        output.json(info)
        return
    if not info.bytes and not info.far:
        output.note("nothing is stored yet")
        output.next_command("penstock run FILE", "start a run")
        return
    if len(info.flows) > 1:
        _show_flows(info.flows)
    if info.runs:
        _show_runs(info.runs)
    if more:
        output.note(f"There are more: penstock du {of}{' ' if of else ''}--limit {limit * 5}")
    if not of:
        _show_parts(info)
        _show_far(info)
        if info.cache.results:
            output.note(f"{plural(info.cache.results, 'cached result')} in all: penstock gc --cache")
        if unneeded := _unneeded(info):
            free = size(sum(environment.alone_bytes for environment in unneeded))
            output.note(f"{plural(len(unneeded), 'environment')} that no run has: {free} to free: penstock gc")
    _point_on(of, info)


def _show_flows(flows: tuple[FlowSpaceInfo, ...]) -> None:
    rows = [
        (flow.flow, f"{flow.runs:,}", size(flow.bytes), size(flow.alone_bytes), size(flow.folder_bytes))
        for flow in flows
    ]
    headers = ("runs", "refers to", "alone", "folders")
    output.table(("flow", *headers), rows, right=headers)
    output.line()


def _show_runs(runs: tuple[RunSpaceInfo, ...]) -> None:
    rows = [
        (
            run.id,
            run.status,
            when(run.seen_at),
            size(run.bytes),
            size(run.alone_bytes),
            size(run.folder_bytes),
            ", ".join(run.tags),
        )
        for run in runs
    ]
    headers = ("refers to", "alone", "folders")
    output.table(("run", "status", "last seen", *headers, "tags"), rows, right=headers)


def _show_parts(info: SpaceInfo) -> None:
    output.line()
    rows = [
        (part.what, output.count(part.count), size(part.bytes))
        for part in sorted(info.parts, key=lambda part: -part.bytes)
        if part.bytes
    ]
    output.table(("in .penstock", "count", "size"), [*rows, ("all", "", size(info.bytes))], right=("count", "size"))


def _show_far(info: SpaceInfo) -> None:
    if info.far:
        output.line()
        rows = [(far.url, f"{far.blobs:,}", size(far.bytes), size(far.alone_bytes)) for far in info.far]
        headers = ("values", "size", "not here")
        output.table(("elsewhere", *headers), rows, right=headers)
    for far in info.far:
        if far.error:
            output.note(f"{far.url} could not be read: {far.error}")


def _unneeded(info: SpaceInfo) -> list[EnvironmentSpaceInfo]:
    return [environment for environment in info.environments if not environment.runs and not environment.in_use]


def _point_on(of: str, info: SpaceInfo) -> None:
    unused = next(part for part in info.parts if part.what == "what nobody refers to")
    if of and len(info.runs) == 1:
        output.next_command(f"penstock show {info.runs[0].id}", "look inside")
    elif of:
        output.next_command(f"penstock gc --flow {info.flows[0].flow} --keep-last 3", "what older runs hold")
    elif unused.bytes or _unneeded(info):
        output.next_command("penstock gc", "what can be freed now")
    else:
        output.next_command("penstock gc --keep-last 3", "what older runs hold")
