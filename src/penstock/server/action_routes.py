"""What can be done to runs and with flows: each is a verb of the command line, which a process of its own performs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec

from penstock.errors import RunBusyError
from penstock.journal import driven
from penstock.journal.views import RunRow
from penstock.model.states import RunStatus
from penstock.model.visible import visible
from penstock.model.words import plural, utc
from penstock.reading.flow_sources import find_flows
from penstock.server.actions import HERE, VerbOrder
from penstock.server.api_call import ApiCall
from penstock.server.refusals import Refusal
from penstock.server.routing import ACCEPTED, RUN, route

_LINES = 100
_DEEPEST = 100  # of what was printed as JSON
_SHOWN = 2_000  # characters of parameters that are shown in a command
_OVER = (RunStatus.DONE, RunStatus.RUNNING)


class ActionQuery(msgspec.Struct, frozen=True):
    """How an action is asked for."""

    dry_run: bool = (
        False  # say only what it would do: flows are called, none of their steps runs, and nothing is changed
    )


class DriveBody(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is driven."""

    keep_going: bool = False  # when the flow fails, finish all that it has submitted
    max_workers: int | None = None  # None: one a CPU
    no_cache: bool = False
    refresh: tuple[str, ...] = ()  # steps whose cached results are made anew


class NewRunBody(DriveBody, frozen=True, kw_only=True):
    """What a new run is given."""

    params: dict[str, Any] = {}  # as the flow's JSON Schema has them; the others keep their defaults
    seed: int | None = None
    tags: tuple[str, ...] = ()


class StartBody(NewRunBody, frozen=True, kw_only=True):
    """A new run of a flow."""

    target: str = ""  # "flows/digits.py:digits", where several flows have this name


class ForkBody(NewRunBody, frozen=True, kw_only=True):
    """A new run from an old one, whose parameters are kept unless `params` has others."""

    from_step: str = ""  # nothing is reused from its first call on; "": all is
    keep_code: bool = False  # what other code has made is reused too
    only: str = ""  # this step alone, or one task of it: "train", "train/2"; "": the flow
    file: str = ""  # where the flow's file is now, from the project's folder; "": where it was


class ResumeBody(DriveBody, frozen=True, kw_only=True):
    """How a run is gone on with."""

    changed: bool = False  # run also those finished tasks again whose code has changed
    file: str = ""  # as for a fork


class TagBody(msgspec.Struct, frozen=True):
    """Which tags a run gets, and which it loses."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class NoteBody(msgspec.Struct, frozen=True):
    """What is noted about a run, and what it is called, in the place of what was; "" takes it off."""

    note: str | None = None  # None: as it was
    name: str | None = None


class DescribeBody(msgspec.Struct, frozen=True):
    """Which flow is meant."""

    target: str = ""  # as for a start


class StartedAction(msgspec.Struct, frozen=True):
    """What has been started."""

    action: str | None  # its id; None: this was only said
    command: str  # the same as one types it
    effect: str  # what it does, in a sentence


class ActionPage(msgspec.Struct, frozen=True):
    """The process that an action has started."""

    id: str
    command: str
    state: str  # "running", "done", "failed", or "lost": it was killed, and nobody knows how far it came
    exit_code: int | None  # None: it has not ended, or nobody knows
    started_at: datetime
    ended_at: datetime | None
    lines: tuple[str, ...]  # the last 100 that it told
    run: str | None  # the run that it has made, or that it concerns; None: none, or none yet
    result: Any = None  # what it printed as JSON: of a dry run the forecast, of `:describe` the flow's JSON Schema


def _cancel(call: ApiCall, query: ActionQuery) -> StartedAction:
    run = call.run
    if run.status not in (RunStatus.RUNNING, RunStatus.CRASHED):
        raise _impossible(run, "nothing of it runs")
    running, done = (sum(getattr(step, name) for step in run.counts) for name in ("running", "done"))
    effect = (
        f"stops {plural(running, 'running task')}; {plural(done, 'finished one')} {'is' if done == 1 else 'are'} kept"
    )
    return _begun(call, query, VerbOrder(*_same("cancel", "--json", run.run_id), run.run_id), effect)


def _resume(call: ApiCall, query: ActionQuery, body: ResumeBody) -> StartedAction:
    run = call.run
    if run.status in _OVER:
        raise _impossible(run, "there is nothing to resume")
    words = ["resume", *_driving(body, query), *_moved_to(call, body.file)]
    words += [*(["--changed"] if body.changed else []), run.run_id]
    done = plural(sum(step.done for step in run.counts), "finished task")
    effect = f"goes on with {run.run_id}: {done} kept, what failed or never began is run"
    return _begun(call, query, VerbOrder(*_same(*words), run.run_id), effect, has_rehearsal=True)


def _fork(call: ApiCall, query: ActionQuery, body: ForkBody) -> StartedAction:
    run = call.run
    words = ["fork", *_driving(body, query), *_of_new_run(body), *_moved_to(call, body.file)]
    words += [*_option("--from", body.from_step), *_option("--only", body.only)]
    words += ["--keep-code"] if body.keep_code else []
    effect = f"makes a new run from {run.run_id}, which stays as it is"
    return _begun(call, query, _making(call, words, body, run.run_id), effect, has_rehearsal=True)


def _start(call: ApiCall, query: ActionQuery, body: StartBody) -> StartedAction:
    words = ["run", *_driving(body, query), *_of_new_run(body)]
    order = _making(call, words, body, _target(call, body.target))
    return _begun(call, query, order, f"makes a new run of {call.path['flow']}", has_rehearsal=True)


def _describe(call: ApiCall, query: ActionQuery, body: DescribeBody) -> StartedAction:
    words = _same("run", "--json", _target(call, body.target), "--help")
    return _begun(call, query, VerbOrder(*words), "imports the flow's file and tells the JSON Schema of its parameters")


def _tag(call: ApiCall, query: ActionQuery, body: TagBody) -> StartedAction:
    if not body.add and not body.remove:
        raise Refusal(422, "wrong_value", "name a tag to add or to remove", field="add")
    run = call.run.run_id
    tags = [*(f"+{tag}" for tag in body.add), *(f"-{tag}" for tag in body.remove)]
    parts = [("adds", body.add), ("takes off", body.remove)]
    effect = "; ".join(f"{verb} {', '.join(named)}" for verb, named in parts if named)
    return _begun(call, query, VerbOrder(*_same("tag", "--json", "--", run, *tags), run), effect)


def _note(call: ApiCall, query: ActionQuery, body: NoteBody) -> StartedAction:
    if body.note is None and body.name is None:
        raise Refusal(422, "wrong_value", "give a note or a name", field="note")
    run = call.run.run_id
    words, files = [] if body.name is None else [f"--name={body.name}"], {}
    shown = ["note", *words, "--", run, *([] if body.note is None else [body.note])]
    if body.note is not None:  # by a file, as parameters are
        words, files = [*words, f"--file={HERE}/note.txt"], {"note.txt": f"{body.note}\n".encode()}
    parts = [("notes something about", "takes off what is noted about", body.note)]
    parts += [("names", "takes the name off", body.name)]
    effect = " and ".join(given if text else taken for given, taken, text in parts if text is not None)
    order = VerbOrder(["note", "--json", *words, "--", run], shown, run, files=files)
    return _begun(call, query, order, f"{effect} {run}")


def _remove(call: ApiCall, query: ActionQuery) -> StartedAction:
    run = call.run
    if run.status == RunStatus.RUNNING:
        raise RunBusyError(f"{run.run_id} is being driven: stop it first, with `penstock cancel {run.run_id}`")
    effect = f"removes {run.run_id} with its tasks, logs and checkpoints for good; `penstock gc` frees its values"
    return _begun(call, query, VerbOrder(*_same("rm", "--json", "--yes", run.run_id), run.run_id), effect)


def _action(call: ApiCall) -> ActionPage:
    found = call.served.actions.find(call.path["action"])
    if found is None:
        raise Refusal(404, "not_found", f"there is no action {call.path['action']}, or it is over for long")
    record = found.record
    run = record.run
    if not run and found.pid is not None:
        run = driven.run_of_process(call.reader.journal, found.pid, record.after)
    return ActionPage(
        found.id,
        shlex.join(record.command),
        found.state,
        found.code,
        utc(record.started_at),
        None if found.ended_at is None else utc(found.ended_at),
        tuple(visible(found.log.decode(errors="replace")).splitlines()[-_LINES:]),
        run or None,
        _document(found.out),
    )


def _document(text: bytes) -> Any:
    try:
        found = msgspec.json.decode(text) if text else None
    except (msgspec.MsgspecError, RecursionError):
        return None  # a flow's own words, where it has failed early
    return None if _is_deep(found) else found


def _is_deep(document: Any) -> bool:
    """Whether it is no document of a verb's: it is more deeply nested than others can be bothered with."""
    level: list[Any] = [document]
    for _ in range(_DEEPEST):
        level = [item for one in level for item in _items(one)]
        if not level:
            return False
    return True


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return cast("list[Any]", value) if isinstance(value, list) else ()


def _begun(
    call: ApiCall, query: ActionQuery, order: VerbOrder, effect: str, has_rehearsal: bool = False
) -> StartedAction:
    """`has_rehearsal`: a dry run is a process too, which calls the flow."""
    command = shlex.join(("penstock", *order.shown))
    if query.dry_run and not has_rehearsal:
        return StartedAction(None, command, effect)
    order = order._replace(shown=("penstock", *order.shown))
    asked = b"\0".join([*(word.encode() for word in order.words), *order.files.values()])
    key = call.headers.get("idempotency-key", "")
    return StartedAction(call.served.actions.start(order, key, asked), command, effect)


def _making(call: ApiCall, words: Sequence[str], body: NewRunBody, name: str) -> VerbOrder:
    """What makes a new run. Its parameters go by a file: the words of a process can be read by all users of the
    machine."""
    after = driven.latest(call.reader.journal)
    if not body.params:
        return VerbOrder(*_same(*words, name), after=after)
    text = msgspec.json.encode(body.params)
    file = f"@{HERE}/params.json"
    shown = text.decode() if len(text) <= _SHOWN else file
    files = {"params.json": text}
    return VerbOrder([*words, "--params", file, name], _same(*words, "--params", shown, name)[1], "", after, files)


def _same(verb: str, *words: str) -> tuple[Sequence[str], Sequence[str]]:
    """What is done, and how it is shown: without the `--json` behind the verb, which is for programs alone."""
    return (verb, *words), (verb, *words[words[:1] == ("--json",) :])


def _driving(body: DriveBody, query: ActionQuery) -> list[str]:
    flags = {"--dry-run": query.dry_run, "--keep-going": body.keep_going, "--no-cache": body.no_cache}
    words = ["--json", *(flag for flag, wanted in flags.items() if wanted)]
    words += [] if body.max_workers is None else ["--max-workers", str(body.max_workers)]
    return [*words, *(word for step in body.refresh for word in ("--refresh", step))]


def _of_new_run(body: NewRunBody) -> list[str]:
    words = [] if body.seed is None else ["--seed", str(body.seed)]
    return [*words, *(word for tag in body.tags for word in ("--tag", tag))]


def _moved_to(call: ApiCall, file: str) -> list[str]:
    """That a flow's file is this one, which must be the project's own: what it says is run. Raises Refusal."""
    if not file:
        return []
    root = call.reader.project.root.resolve()
    try:
        found = (root / file).resolve()
        if found.is_relative_to(root) and found.suffix == ".py" and found.is_file():
            return ["--file", os.path.relpath(found, root)]
    except (OSError, ValueError):  # a name that no file can have
        pass
    raise Refusal(422, "wrong_value", f"{file!r} is no Python file of the project", field="file")


def _option(name: str, text: str) -> list[str]:
    return [name, text] if text else []


def _target(call: ApiCall, wanted: str) -> str:
    """What `penstock run` takes for a flow of the project; `wanted`: which of several. Raises Refusal."""
    name = call.path["flow"]
    targets = [one.target for one in find_flows(call.reader.project.root).flows if one.name == name]
    if not targets:
        raise Refusal(404, "not_found", f"no file of the project has a flow {name}; see `penstock ls`")
    if wanted not in targets and (wanted or len(targets) > 1):
        what = f"{wanted!r} is no flow {name}" if wanted else f"several flows are called {name}"
        raise Refusal(422, "wrong_value", f"{what}: give one of {', '.join(targets)} as target", field="target")
    return wanted or targets[0]


def _impossible(run: RunRow, why: str) -> Refusal:
    return Refusal(409, "wrong_state", f"{run.run_id} is {run.status}: {why}; see `penstock show {run.run_id}`")


ROUTES = (
    route("POST", "/flows/{flow}:start", "Start a run of it", _start, status=ACCEPTED),
    route("POST", "/flows/{flow}:describe", "Find out what parameters it takes", _describe, status=ACCEPTED),
    route("POST", f"{RUN}:cancel", "Stop it", _cancel, status=ACCEPTED),
    route("POST", f"{RUN}:resume", "Go on with it where it stopped", _resume, status=ACCEPTED),
    route("POST", f"{RUN}:fork", "Make a new run from it", _fork, status=ACCEPTED),
    route("POST", f"{RUN}:tag", "Add tags to it, or take them off", _tag, status=ACCEPTED),
    route("POST", f"{RUN}:note", "Note something about it, or name it", _note, status=ACCEPTED),
    route("DELETE", RUN, "Remove it for good", _remove, status=ACCEPTED),
    route("GET", "/actions/{action}", "The process that an action has started", _action),
)
