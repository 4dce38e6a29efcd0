"""Which result, made earlier or elsewhere, may stand for a task: of this run before an edit, of the run that it was
forked from, of the cache.

A task is its step, the content of its inputs, and the code that it reaches. Resources and policies for failures never
count. What is decided here is what `--dry-run` shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from penstock.engine import jobs
from penstock.engine.facts import Verdict
from penstock.engine.jobs import Combine, Job, Results, Reused
from penstock.engine.origin import OriginRun
from penstock.model.ids import run_of
from penstock.model.options import Cache, Options
from penstock.model.outcomes import Metric, Stored
from penstock.model.rows import CacheEntry, CodeRecord, Sought, Wanted
from penstock.model.specs import Code
from penstock.model.states import TaskStatus

Seek = Callable[[tuple[Wanted, ...]], tuple[Sought, ...]]


class Codes(NamedTuple):
    """What the world says of code."""

    of: Callable[[Code, tuple[str, ...], Options], CodeRecord]  # that a step, and what is inside its inputs, reach
    news: Callable[[bytes, CodeRecord], str]  # what is new since the code of a digest: "clean() in features.py changed"


@dataclass(frozen=True)
class Policy:
    """What the user chose."""

    cache: bool = True  # False: no cached result is read or stored
    refresh: frozenset[str] = frozenset()  # steps whose cached results are made anew
    changed: bool = False  # finished tasks of this very run, whose code has changed, run again


class Question(NamedTuple):
    """A task whose inputs are there."""

    job: Job
    inputs_digest: bytes


class Decision(NamedTuple):
    """What is to become of a task."""

    verdict: Verdict
    reused: Reused | None = None  # for COPIED
    why: str = ""  # for RUN: why nothing stands for it; "": nothing is known of it
    maker: str = ""  # for WAIT: the task that makes its result
    forced: bool = False  # for RUN: no cached result is asked for either
    claim: bytes = b""  # for RUN: the key in the cache that its result gets; others wait for it
    damaged: str = ""  # the task whose result would stand for it, could it be read


_RUN = Decision(Verdict.RUN)


class Reuse:
    """Decides for the tasks of one run."""

    def __init__(
        self,
        policy: Policy,
        origin: OriginRun | None,
        results: Results,
        codes: Codes,
        combine: Combine,
        intact: Callable[[Stored], bool],
    ) -> None:
        self.policy = policy
        self.codes = codes
        self._origin = origin
        self._results = results
        self._combine = combine
        self._intact = intact

    def asks(self, job: Job) -> bool:
        """Whether anything but a plain replay may stand for the task."""
        if job.spoiled:
            return False
        return self.is_checked(job) or self._cache_of(job) is not None or self._origin is not None

    def is_checked(self, job: Job) -> bool:
        """Whether what an earlier driver of this run finished counts only where its code is still the same."""
        return self.policy.changed and job.prior is not None and job.prior.status == TaskStatus.DONE.value

    def code(self, job: Job) -> CodeRecord:
        """The code that the task reaches."""
        return self.codes.of(job.call.code, jobs.symbols_of(job.call, self._results), job.call.options)

    def decide(self, questions: list[Question], seek: Seek) -> list[Decision]:
        """What is to become of each, in their order. One look at the cache for all."""
        first = [self._own(question) or self._forked(question) for question in questions]
        wanted = [self._wanted(question.job, decision) for question, decision in zip(questions, first, strict=True)]
        asked = tuple(one for one in wanted if one is not None)
        answers = iter(seek(asked) if asked else ())
        return [
            self._cached(question.job, one, next(answers), decision)
            if one is not None
            else decision or self._uncacheable(question.job)
            for question, one, decision in zip(questions, wanted, first, strict=True)
        ]

    def entry(self, job: Job, result: Stored, metrics: tuple[Metric, ...]) -> CacheEntry | None:
        """What the cache keeps of a task that ran; None: nothing."""
        wanted = self._wanted(job)
        if wanted is None:
            return None
        code = self.code(job).digest
        return CacheEntry(wanted.key, wanted.content, job.call.step, code, job.path, result, metrics)

    # This run's own.

    def _own(self, question: Question) -> Decision | None:
        job, prior = question.job, question.job.prior
        if prior is None or not self.is_checked(job):
            return None
        if prior.inputs_digest != question.inputs_digest:
            return _RUN
        code = self.code(job)
        if prior.code and prior.code == code.digest:
            return Decision(Verdict.REUSED)
        return Decision(Verdict.RUN, why=self.codes.news(prior.code, code))

    # The run that this one was forked from.

    def _forked(self, question: Question) -> Decision | None:
        job, origin = question.job, self._origin
        if origin is None or job.prior is not None:
            return None
        inputs = job.call.inputs + job.call.shared
        content = lambda: jobs.content_of(job.call.step, inputs, self._results, self._combine).digest  # noqa: E731
        found = origin.take(job.call, question.inputs_digest, content)
        if found is None:
            return None
        if origin.withholds(found):
            return Decision(Verdict.RUN, why=f"--from {origin.step}", forced=True)
        if job.call.name in self.policy.refresh:
            return Decision(Verdict.RUN, why=f"--refresh {job.call.name}", forced=True)
        code = self.code(job)
        if not (found.prior.code and found.prior.code == code.digest) and not origin.keep_code:
            return Decision(Verdict.RUN, why=self.codes.news(found.prior.code, code))
        assert found.prior.result is not None
        if not self._intact(found.prior.result):
            return Decision(Verdict.RUN, why=f"the result of {found.path} is damaged or gone", damaged=found.path)
        return Decision(Verdict.COPIED, Reused(found.prior.origin or found.path, found.prior.result, found.metrics))

    # The cache.

    def _cache_of(self, job: Job) -> Cache | None:
        return job.call.options.cache if self.policy.cache else None

    def _wanted(self, job: Job, decided: Decision | None = None) -> Wanted | None:
        """What to ask the cache for; None: it is not to be asked, or can't know."""
        call, cache = job.call, self._cache_of(job)
        if cache is None or (decided is not None and decided.verdict is not Verdict.RUN):
            return None
        content = self._content(job)
        if not content.digest:
            return None
        key = self._combine((content.digest, self.code(job).digest))
        refresh = call.name in self.policy.refresh or job.spoiled or (decided is not None and decided.forced)
        return Wanted(key, content.digest, job.path, None if cache.expires is None else float(cache.expires), refresh)

    def _content(self, job: Job) -> jobs.Content:
        call, cache = job.call, self._cache_of(job)
        if cache is None:
            return jobs.Content(b"")
        if call.closed_over and len(call.closed_over) != len(call.key):
            return jobs.Content(b"", call.closed_over.decode(errors="replace"))
        if not self.code(job).digest:
            return jobs.Content(b"", f"the source of {call.name} can't be found")
        found = jobs.content_of(call.step, jobs.counted(call, cache.ignore), self._results, self._combine)
        more = (call.closed_over, str(cache.version).encode())
        return found._replace(digest=self._combine((found.digest, *more))) if found.digest and any(more) else found

    def _uncacheable(self, job: Job) -> Decision:
        culprit = self._content(job).culprit
        return Decision(Verdict.RUN, why=f"it can't be cached: {culprit}") if culprit else _RUN

    def _cached(self, job: Job, wanted: Wanted, sought: Sought, before: Decision | None) -> Decision:
        entry = sought.entry
        if entry is not None and self._intact(entry.result):
            return Decision(Verdict.COPIED, Reused(entry.task, entry.result, entry.metrics, entry.key))
        if sought.maker:
            return Decision(Verdict.WAIT, maker=sought.maker)
        if entry is not None:
            why = f"the cached result of {entry.task} is damaged or gone"
            return Decision(Verdict.RUN, why=why, claim=wanted.key, damaged=entry.task)
        return (before or Decision(Verdict.RUN, why=self._why_missing(job, wanted, sought)))._replace(claim=wanted.key)

    def _why_missing(self, job: Job, wanted: Wanted, sought: Sought) -> str:
        if wanted.refresh:
            return f"--refresh {job.call.name}"
        if sought.expired:
            return f"the cached result of {sought.expired} has expired"
        task, code = sought.other
        return f"{self.codes.news(code, self.code(job))} since {run_of(task)}" if task else ""
