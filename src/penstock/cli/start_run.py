"""What `penstock run` does. What a run needs is imported when its first process is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.executors.spare_zygote import spare_zygote

if TYPE_CHECKING:
    from penstock.cli.choices import Choices


def start(target: str, words: tuple[str, ...], choices: Choices) -> int:
    """A new run of a flow, with the flow's own words; gives the exit code."""
    wants_help = "--help" in words or "-h" in words
    with spare_zygote(not (choices.inline or choices.dry_run or wants_help)):
        return _run(target, words, choices, wants_help)


def _run(target: str, words: tuple[str, ...], choices: Choices, wants_help: bool) -> int:
    from penstock.cli import screen
    from penstock.cli.drive_run import drive
    from penstock.cli.flow_words import parse
    from penstock.cli.loading import load
    from penstock.errors import ParameterError
    from penstock.launch.parameters import parameters_of
    from penstock.launch.preparing import RunRequest
    from penstock.project import Project

    flow = load(target)
    parameters = parameters_of(flow)
    if wants_help and choices.as_json:
        from penstock.launch.param_schema import schema_text

        screen.document(schema_text(flow))
        return 0
    if wants_help:
        from penstock.cli.flow_help import flow_help

        screen.out(flow_help(parameters, flow.fn, f"penstock run {target}"))
        return 0
    try:
        given = parse(parameters, words, choices.params)
    except ParameterError as error:
        raise ParameterError(
            f"{str(error).rstrip('?')}{'?' if str(error).endswith('?') else '.'} See `penstock run {target} --help`"
        ) from None
    order = RunRequest(flow, parameters.filled(given), seed=choices.seed_text)
    again = ("penstock", "run", *choices.words(), target, *words)
    return drive(Project.find(), order, choices, again)
