"""What a name stands for in a filter, a sorting and a column: a built-in word, a metric, a parameter, in this order.

`metrics.` and `params.` before a name say which is meant; `train.accuracy` is what the tasks of one step logged;
`.min`, `.max` and `.first` select another value than the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast, get_args

from penstock.journal import conditions, run_search
from penstock.journal.conditions import Key, Now, Which
from penstock.journal.journal import Journal
from penstock.model.nearest import nearest
from penstock.model.tuples import NamedTuple
from penstock.reading.filter_syntax import wrong

WORDS = {
    "flow": "runs of a flow",
    "status": "how a run stands",
    "tag": "a tag, or the key of one that is key=value",
    "since": 'begun since: "2d" ago, or a date',
    "before": 'begun before: "2d" ago, or a date',
    "took": "how long it took, as in took>10m",
    "number": "the number of a run in its flow",
}
"""The built-in words, and what each asks for."""

METRICS, PARAMS = "metrics.", "params."


class MetricName(NamedTuple):
    """A metric that is meant."""

    name: str
    which: Which = "last"
    step: str | None = None  # None: the body's, else the only step's

    @property
    def key(self) -> Key:
        return conditions.metric(self.name, self.which, self.step)


class ParamName(NamedTuple):
    """A parameter that is meant."""

    name: str

    @property
    def key(self) -> Key:
        return conditions.param(self.name)


class WordName(NamedTuple):
    """A built-in word."""

    name: str

    def key(self, now: Now) -> Key | None:
        """What runs are sorted by; None: this word says nothing of that kind."""
        known = {"flow": conditions.flow(), "number": conditions.number()}
        known |= {"status": conditions.status(now), "took": conditions.took(now)}
        return known.get(self.name)


RunName = WordName | MetricName | ParamName


def meant(journal: Journal, name: str, text: str, at: int, end: int) -> RunName:
    """What a name stands for; raises FilterError, which points at it in `text`."""
    found = named(journal, name)
    if found is None:
        raise wrong(_unknown(journal, name), text, at, end)
    return found


def named(journal: Journal, name: str) -> RunName | None:
    """What a name stands for; None: nothing that any run has.

    After `metrics.` and `params.` it need not have been seen yet: then no run has it.
    """
    if name in WORDS:
        return WordName(name)
    database = journal.database
    if name.startswith(METRICS) and name != METRICS:
        metrics = list(_metrics(name.removeprefix(METRICS)))
        return next((one for one in metrics if run_search.is_metric(database, one.name, one.step)), metrics[0])
    if name.startswith(PARAMS) and name != PARAMS:
        return ParamName(name.removeprefix(PARAMS))
    for one in _metrics(name):
        if run_search.is_metric(database, one.name, one.step):
            return one
    if run_search.is_param(database, name):
        return ParamName(name)
    return None


def _metrics(name: str) -> Iterator[MetricName]:
    """What a dotted name may mean, the plainest first: its dots may be its own."""
    yield MetricName(name)
    rest, _, which = name.rpartition(".")
    selected = [(name, "last")]
    if rest and which in get_args(Which):
        yield MetricName(rest, cast("Which", which))
        selected.append((rest, which))
    for dotted, which in selected:
        for at, letter in enumerate(dotted):
            if letter == "." and 0 < at < len(dotted) - 1:
                yield MetricName(dotted[at + 1 :], cast("Which", which), dotted[:at])


def _unknown(journal: Journal, name: str) -> str:
    known = [*WORDS, *run_search.metric_names(journal.database), *run_search.param_names(journal.database)]
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(known[:20])}{', ...' if len(known) > 20 else ''}"
    return f"no metric and no scalar parameter of any run is called {name}; {hint}"


def steps_that_logged(journal: Journal, name: str) -> list[str]:
    """`train.accuracy`, `test.accuracy`: what to write for a metric that several steps logged."""
    return [f"{step}.{name}" for step in run_search.steps_of_metric(journal.database, name) if step]
