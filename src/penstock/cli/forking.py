"""Makes a new run from an old one: finds it and its flow, and merges the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.cli.drive_run import drive
from penstock.cli.flow_words import parse
from penstock.cli.loading import load
from penstock.cli.resuming import target_of
from penstock.cli.unpickling import unpickled
from penstock.errors import UsageError
from penstock.journal import queries
from penstock.launch import forking
from penstock.launch.parameters import parameters_of
from penstock.reading.reader import JournalReader

if TYPE_CHECKING:
    from penstock.cli.choices import Choices
    from penstock.executors.spare_zygote import SpareZygote


def fork(
    run: str,
    words: tuple[str, ...],
    wanted: dict[str, Any],
    file: str | None,
    choices: Choices,
    spare: SpareZygote | None,
) -> int:
    """Drive the fork of a run; gives the exit code. `wanted`: the fields of its origin; `file` None: where it was."""
    reader = JournalReader.here()
    if run.strip("/").count("/") > 1:
        raise UsageError(f"{run} is a part of a run: name the run, and with --from or --only the step")
    row = queries.resolve(reader.journal, run)
    origin = forking.origin_of(reader, row, **wanted)
    flow = load(target_of(reader, row, file, "fork"))
    if origin.only and words:
        raise UsageError(f"--only runs {origin.only} on the inputs that it had: parameters of the flow don't count")
    given = parse(parameters_of(flow), words, partial=True)
    params = unpickled(f"the parameters of {row.run_id}", lambda: forking.merged(reader, row, flow, given), UsageError)
    order = forking.order_of(reader, flow, origin, params, choices.seed_text)
    return drive(reader.project, order, choices, spare, _again(choices, row.run_id, words, wanted))


def _again(choices: Choices, run_id: str, words: tuple[str, ...], wanted: dict[str, Any]) -> tuple[str, ...]:
    """The command, without `--dry-run`."""
    options = [
        *(["--from", wanted["step"]] if wanted["step"] else []),
        *(["--keep-code"] if wanted["keep_code"] else []),
        *(["--only", wanted["only"]] if wanted["only"] else []),
    ]
    return ("penstock", "fork", *choices.words(), *options, run_id, *words)
