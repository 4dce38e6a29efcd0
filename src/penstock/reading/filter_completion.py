"""What may stand where somebody is writing a filter: names, then values, each with what it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import msgspec

from penstock.errors import FilterError
from penstock.journal import queries, run_search, run_shape, task_search
from penstock.journal.journal import Journal
from penstock.model.states import Cause, RunStatus, TaskStatus
from penstock.reading import finding_tasks
from penstock.reading.filter_syntax import quoted
from penstock.reading.reader import JournalReader
from penstock.reading.run_names import METRICS, PARAMS, WORDS, ParamName, WordName, meant

_MOST = 50
_TERM = re.compile(r'((?:[^\s()",:=<>!]|"(?:[^"\\]|\\.)*")+)(!=|>=|<=|[:=<>])((?:[^\s()"]|"(?:[^"\\]|\\.)*(?:"|$))*)$')
_AGO = {"1h": "an hour ago", "1d": "a day ago", "7d": "a week ago", "30d": "a month ago"}


class CompletionWord(msgspec.Struct, frozen=True):
    """One of what may stand there."""

    text: str  # as a filter has it
    kind: str  # "word", "metric", "parameter", "flow", "tag", "status", "step", "cause", "value"
    help: str = ""


class Completion(msgspec.Struct, frozen=True):
    """What may stand in a filter in the place of `text[at:end]`."""

    at: int
    end: int
    words: tuple[CompletionWord, ...]  # at most 50


def complete(reader: JournalReader, text: str, end: int) -> Completion:
    """What may stand before the cursor, which is before character `end`, in a filter of runs. Raises nothing for a
    filter that is wrong."""
    return _completed(text, end, lambda: _names(reader.journal), partial(_values, reader.journal))


def complete_tasks(journal: Journal, run: int, text: str, end: int) -> Completion:
    """The same in a filter of the tasks of a run."""
    return _completed(text, end, lambda: _task_names(journal, run), partial(_task_values, journal, run))


def _completed(
    text: str,
    end: int,
    names: Callable[[], Iterable[CompletionWord]],
    values: Callable[[str, str], Iterable[CompletionWord]],
) -> Completion:
    """What may stand there: one of the names, or one of the values that a name and an operator go with."""
    before = text[:end]
    end = len(before)
    begin = _begin(before)
    term = _TERM.match(before, begin)
    if term is None:
        at, found = begin, names()
    else:
        at, found = end - len(term[3].rpartition(",")[2]), values(term[1].strip('"'), term[2])
    written = before[at:].lstrip('"').lower()
    words = [one for one in found if one.text.lstrip('"').lower().startswith(written)]
    return Completion(at, end, tuple(words[:_MOST]))


def _begin(before: str) -> int:
    """Where the word that is being written begins."""
    begin, in_quotes, escaped = 0, False, False
    for at, letter in enumerate(before):
        if letter == '"' and not escaped:
            in_quotes = not in_quotes
        elif not in_quotes and (letter.isspace() or letter == "("):
            begin = at + 1
        escaped = letter == "\\" and not escaped
    return begin + 1 if before.startswith("-", begin) else begin


def _names(journal: Journal) -> Iterator[CompletionWord]:
    for name, help_ in WORDS.items():
        yield CompletionWord(f"{name}{'>' if name in ('took', 'number') else ':'}", "word", help_)
    metrics = run_search.metric_names(journal.database)
    for name in metrics:
        yield CompletionWord(quoted(f"{METRICS if name in WORDS else ''}{name}"), "metric")
        steps = [step for step in run_search.steps_of_metric(journal.database, name) if step]
        yield from (CompletionWord(quoted(f"{step}.{name}"), "metric") for step in steps if len(steps) > 1)
    for name in run_search.param_names(journal.database):
        yield CompletionWord(quoted(f"{PARAMS if name in {*WORDS, *metrics} else ''}{name}"), "parameter")
    yield from (CompletionWord(quoted(flow), "flow") for flow in queries.flows(journal))


def _values(journal: Journal, name: str, operator: str) -> Iterable[CompletionWord]:
    try:
        found = meant(journal, name, name, 0, len(name))
    except FilterError:
        return []
    if isinstance(found, ParamName):
        known = run_search.param_values(journal.database, found.name, _MOST)
        return [CompletionWord(_value(kind, value), "value") for kind, value in known]
    if not isinstance(found, WordName):
        return []
    words = {
        "status": [(status.value, "status", "") for status in RunStatus],
        "flow": [(flow, "flow", "") for flow in queries.flows(journal)],
        "tag": [(tag, "tag", "") for tag in run_search.tags(journal.database)],
        "since": [(ago, "value", help_) for ago, help_ in _AGO.items()],
        "before": [(ago, "value", help_) for ago, help_ in _AGO.items()],
        "took": [(text, "value", "") for text in ("10s", "1m", "10m", "1h")],
    }
    return [CompletionWord(_as_value(text), kind, help_) for text, kind, help_ in words.get(found.name, [])]


_TASK_NUMBERS = {
    "took": ("1s", "10s", "1m", "10m"),
    "memory": ("100MiB", "1GiB", "10GiB"),
    "attempt": ("1",),
    "began": ("10s", "1m", "10m"),
    "ended": ("10s", "1m", "10m"),
}


def _task_names(journal: Journal, run: int) -> Iterator[CompletionWord]:
    for name, help_ in finding_tasks.WORDS.items():
        is_number = name in _TASK_NUMBERS or name == "number"
        yield CompletionWord(f"{name}{'>' if is_number else ':'}", "word", help_)
    yield from (CompletionWord(quoted(step), "step") for step in _step_names(journal, run))


def _task_values(journal: Journal, run: int, name: str, operator: str) -> Iterable[CompletionWord]:
    statuses = (TaskStatus.FAILED, TaskStatus.DONE, finding_tasks.REUSED, TaskStatus.CANCELLED, TaskStatus.WAITING)
    words = {
        "step": lambda: _step_names(journal, run),
        "status": lambda: [str(status) for status in statuses],
        "cause": lambda: [cause.value for cause in Cause],
        "worker": lambda: sorted(task_search.workers(journal, run, _MOST)),
    }
    if operator in (":", "=", "!=") and name in words:
        return [CompletionWord(_as_value(text), "value" if name == "worker" else name) for text in words[name]()]
    return [CompletionWord(text, "value") for text in _TASK_NUMBERS.get(name, ())]


def _step_names(journal: Journal, run: int) -> list[str]:
    return list(dict.fromkeys(step.name for step in run_shape.steps(journal, run).values()))


def _value(kind: str, value: object) -> str:
    if kind == "bool":
        return "true" if value else "false"
    return "none" if value is None else _as_value(str(value))


def _as_value(text: str) -> str:
    return text if re.fullmatch(r'[^\s()",]+', text) else quoted(text)


def term_of(name: str, kind: str, value: object) -> tuple[str, str]:
    """A value in words, and the filter for the runs that have it under this name; `kind`: as the journal has it."""
    shown = ("true" if value else "false") if kind == "bool" else "none" if value is None else str(value)
    return shown, f"{quoted(name)}:{_value(kind, value) if value is not None else shown}"
