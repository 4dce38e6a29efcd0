"""Which result, made earlier or elsewhere, may stand for a task: of this run before an edit, of the run that it was
forked from, of the cache.

A task is its step, the content of its inputs, and the code that it reaches. Resources and policies for failures never
count. What is decided here is what `--dry-run` shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from penstock.engine import jobs
from penstock.engine.facts import TaskVerdict
from penstock.engine.jobs import File, Job, Results, Reused
from penstock.model.ids import run_of
from penstock.model.options import Cache, Options
from penstock.model.outcomes import Outcome
from penstock.model.rows import CacheEntry, CodeRecord, Sought, WantedResult
from penstock.model.specs import Work
from penstock.model.states import TaskStatus
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.engine.origin import OriginRun
    from penstock.engine.ports import Codes, StoredValues

Seek = Callable[[tuple[WantedResult, ...]], tuple[Sought, ...]]


class ReusePolicy(NamedTuple):
    """What the user chose."""

    cache: bool = True  # False: no cached result is read or stored
    refresh: frozenset[str] = frozenset()  # steps whose cached results are made anew
    changed: bool = False  # finished tasks of this very run, whose code has changed, run again
    off: str = "--no-cache"  # the word that said that there is no cache
    seed: str = ""  # of the run: what another seed has made is another result


class Question(NamedTuple):
    """A task whose inputs are there."""

    job: Job
    number: int
    inputs_digest: bytes


class Decision(NamedTuple):
    """What is to become of a task."""

    verdict: TaskVerdict
    reused: Reused | None = None  # for COPIED
    why: str = ""  # for RUN: why nothing stands for it; "": nothing is known of it
    maker: str = ""  # for WAIT: the task that makes its result
    forced: bool = False  # for RUN: no cached result is asked for either
    claim: bytes = (
        b""  # for RUN: the key in the cache that its result gets; others wait for it. For WAIT: what it waits for
    )
    damaged: str = ""  # the task whose result would stand for it, could it be read


_RUN = Decision(TaskVerdict.RUN)


def seed_changed(before: str, now: str) -> str:
    """Why a task runs whose result was made with another seed ("": with none)."""
    return f"the seed changed from {before or 'none'} to {now or 'none'}"


class Reuse:
    """Decides for the tasks of one run."""

    def __init__(
        self,
        policy: ReusePolicy,
        origin: OriginRun | None,
        results: Results,
        codes: Codes,
        values: StoredValues,
    ) -> None:
        self.policy = policy
        self.codes = codes
        self._origin = origin
        self._results = results
        self._values = values
        self._latest_code: tuple[Work, Options, tuple[str, ...], CodeRecord] | None = None
        self._is_from = False  # the step from which on nothing is reused was called

    def note(self, alike: list[Job]) -> None:
        """Take note of calls of one step, with the same options, in the order of the calls."""
        call, origin = alike[0].call, self._origin
        if origin is not None:
            self._is_from = self._is_from or origin.step in (call.name, call.step)
        is_off = call.options.cache is not None and not self.policy.cache
        if self._is_from or is_off:
            for job in alike:
                job.is_from = self._is_from
                job.why = self.policy.off if is_off else ""

    def asks(self, job: Job) -> bool:
        """Whether anything but a plain replay may stand for the task."""
        if job.spoiled:
            return False
        return self.is_checked(job) or self._cache_of(job) is not None or self._origin is not None

    def is_checked(self, job: Job) -> bool:
        """Whether what an earlier driver of this run finished counts only where its code is still the same."""
        return self.policy.changed and job.prior is not None and job.prior.status == TaskStatus.DONE.value

    def code(self, job: Job) -> CodeRecord:
        call = job.call
        symbols = jobs.symbols_of(call, self._results)
        latest = self._latest_code
        if latest is not None and latest[0] is call.work and latest[1] is call.options and latest[2] == symbols:
            return latest[3]  # as in a map
        code = self.codes.of(call.work, symbols, call.options)
        self._latest_code = (call.work, call.options, symbols, code)
        return code

    def decide(self, questions: list[Question], seek: Seek) -> list[Decision]:
        """What is to become of each, in their order. One look at the cache for all, and one more for those whose result
        is there and can't be read."""
        for question in questions:
            self._open(question)
        decisions = [self._first(question.job) for question in questions]
        self._ask(questions, decisions, seek)
        spoiled = [at for at, decision in enumerate(decisions) if decision.damaged and not decision.claim]
        for at in spoiled:
            file = questions[at].job.file
            if file is not None and file.wanted is not None:
                file.wanted = file.wanted._replace(refresh=True)
        if spoiled:
            self._ask([questions[at] for at in spoiled], decisions, seek, spoiled)
        return decisions

    def _open(self, question: Question) -> None:
        """Find out of a task, once, what does not change while it waits. This run and its origin are asked once: what
        they have is given once."""
        job = question.job
        if job.file is not None and job.file.inputs_digest == question.inputs_digest:
            return
        first = self._own(question) or self._forked(question)
        job.file = File(question.inputs_digest, first, None)
        if self._cache_of(job) is not None and (first is None or first.verdict is TaskVerdict.RUN):
            content = self._content(job)
            job.file.culprit = content.culprit
            if content.digest:
                job.file.wanted = self._wanted(job, content.digest, forced=first is not None and first.forced)

    def _first(self, job: Job) -> Decision:
        """What is decided without the cache."""
        assert job.file is not None
        if job.file.first is not None:
            return job.file.first
        return Decision(TaskVerdict.RUN, why=f"it can't be cached: {job.file.culprit}") if job.file.culprit else _RUN

    def _ask(
        self, questions: list[Question], decisions: list[Decision], seek: Seek, places: list[int] | None = None
    ) -> None:
        """Ask the cache for what may be there, and decide anew. `places`: of the questions among the decisions."""
        found = ((at, one.job) for at, one in zip(places or range(len(questions)), questions, strict=True))
        asked = [
            (at, job, job.file.wanted) for at, job in found if job.file is not None and job.file.wanted is not None
        ]
        if not asked:
            return
        answers = seek(tuple(wanted for _, _, wanted in asked))
        for (at, job, wanted), sought in zip(asked, answers, strict=True):
            decisions[at] = self._cached(job, wanted, sought, decisions[at])

    def entry(self, job: Job, outcome: Outcome) -> CacheEntry | None:
        """What the cache keeps of a task that ran; None: nothing."""
        result = outcome.result
        if result is None or self._cache_of(job) is None:
            return None
        content = self._content(job).digest
        if not content:
            return None
        key, code = self._wanted(job, content, forced=False).key, self.code(job).digest
        kept = (result, outcome.metrics)
        return CacheEntry(key, content, job.call.step, code, job.path, *kept, records=outcome.records)

    def _own(self, question: Question) -> Decision | None:
        job, prior = question.job, question.job.prior
        if prior is None or not self.is_checked(job):
            return None
        if prior.inputs_digest != question.inputs_digest:
            return _RUN
        code = self.code(job)
        if prior.code and prior.code == code.digest:
            return Decision(TaskVerdict.REUSED)
        return Decision(TaskVerdict.RUN, why=self.codes.news(prior.code, code))

    def _forked(self, question: Question) -> Decision | None:
        job, origin = question.job, self._origin
        if origin is None or job.prior is not None:
            return None
        inputs = job.call.inputs + job.call.shared
        content = lambda: jobs.content_of(job.call.step, inputs, self._results, self._values.combine).digest  # noqa: E731
        found = origin.take(job.call, question.inputs_digest, content)
        if job.is_from or (found is not None and origin.withholds(found)):
            return Decision(TaskVerdict.RUN, why=f"--from {origin.step}", forced=True)
        if found is None:
            return None
        if job.call.name in self.policy.refresh:
            return Decision(TaskVerdict.RUN, why=f"--refresh {job.call.name}", forced=True)
        if origin.seed != self.policy.seed:
            return Decision(TaskVerdict.RUN, why=seed_changed(origin.seed, self.policy.seed))
        code = self.code(job)
        if not (found.prior.code and found.prior.code == code.digest) and not origin.keep_code:
            return Decision(TaskVerdict.RUN, why=self.codes.news(found.prior.code, code))
        prior = found.prior
        assert prior.result is not None
        if not self._values.is_intact(prior.result):
            return Decision(TaskVerdict.RUN, why=f"the result of {found.path} is damaged or gone", damaged=found.path)
        made = Reused(prior.origin or found.path, prior.result, prior.code, found.metrics, records=found.records)
        return Decision(TaskVerdict.COPIED, made)

    def _cache_of(self, job: Job) -> Cache | None:
        return job.call.options.cache if self.policy.cache else None

    def _wanted(self, job: Job, content: bytes, *, forced: bool) -> WantedResult:
        """What to ask the cache for. `forced`: nothing that another run has made will do."""
        cache = self._cache_of(job)
        expires_s = None if cache is None or cache.expires is None else float(cache.expires)
        refresh = forced or job.call.name in self.policy.refresh
        key = self._values.combine((content, self.code(job).digest))
        return WantedResult(key, content, job.path, expires_s, refresh)

    def _content(self, job: Job) -> jobs.Content:
        call, cache = job.call, self._cache_of(job)
        if cache is None:
            return jobs.Content(b"")
        if call.culprit:
            return jobs.Content(b"", call.culprit)
        if not self.code(job).digest:
            return jobs.Content(b"", f"the source of {call.name} can't be found")
        found = jobs.content_of(call.step, jobs.counted(call, cache.ignore), self._results, self._values.combine)
        more = (call.closed_over, str(cache.version).encode())
        more += (self.policy.seed.encode(),) if self.policy.seed else ()
        return (
            found._replace(digest=self._values.combine((found.digest, *more))) if found.digest and any(more) else found
        )

    def _cached(self, job: Job, wanted: WantedResult, sought: Sought, before: Decision) -> Decision:
        entry = sought.entry
        if entry is not None and self._values.is_intact(entry.result):
            made = Reused(entry.task, entry.result, entry.code, entry.metrics, entry.key, entry.records)
            return Decision(TaskVerdict.COPIED, made)
        if sought.maker:
            return Decision(TaskVerdict.WAIT, maker=sought.maker, claim=wanted.key)
        if entry is not None:
            why = f"the cached result of {entry.task} is damaged or gone"
            return Decision(TaskVerdict.RUN, why=why, damaged=entry.task)
        return before._replace(why=before.why or self._why_missing(job, wanted, sought), claim=wanted.key)

    def _why_missing(self, job: Job, wanted: WantedResult, sought: Sought) -> str:
        if wanted.refresh:
            return f"--refresh {job.call.name}"
        if sought.expired:
            return f"the cached result of {run_of(sought.expired)} has expired"
        task, code = sought.other
        return f"{self.codes.news(code, self.code(job))} since {run_of(task)}" if task else ""
