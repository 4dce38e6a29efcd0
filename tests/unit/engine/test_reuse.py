"""What may stand for a task: the rules, without a journal."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.engine import jobs
from penstock.engine.facts import TaskVerdict
from penstock.engine.jobs import Job
from penstock.engine.origin import OriginRun, OriginTask
from penstock.engine.reuse import Decision, Question, Reuse, ReusePolicy
from penstock.model.edges import Ref
from penstock.model.options import Cache, Options
from penstock.model.outcomes import Outcome, Stored
from penstock.model.rows import CacheEntry, CodeRecord, PriorTask, Sought, WantedResult
from penstock.model.specs import Call, Function, Input
from tests.journal_records import point

CACHED = Options(cache=Cache())
DONE = "done"


def combine(parts: tuple[bytes, ...]) -> bytes:
    return b"<" + b"|".join(parts) + b">"


def stored(word: str, *symbols: str) -> Stored:
    return Stored(word.encode(), b"record of " + word.encode(), "", symbols=symbols)


def value(name: str, word: str = "v", **more: Any) -> Input:
    return Input(name, word.encode(), b"record", **more)


def edge(name: str, producer: int, *part: Any) -> Input:
    return Input(name, b"key of %d" % producer, None, (Ref(producer, part),))


def call(*inputs: Input, key: bytes = b"k", options: Options = CACHED, step: str = "m.train", **more: Any) -> Call:
    return Call(key, step, step.rpartition(".")[2], Function("m", "train"), options, inputs, **more)


def job(of: Call, prior: PriorTask | None = None) -> Job:
    return Job(1, 1, "f/2/train/1", of, None, prior)  # type: ignore[arg-type]


def prior(key: bytes = b"k", code: bytes = b"code", id_: int = 1, step: str = "m.train", **more: Any) -> PriorTask:
    known = PriorTask(id_, step, step.rpartition(".")[2], id_, key, DONE, b"", 1, False, stored("old"), None, code)
    return known._replace(**more)


class Bench:
    """A `Reuse`, and what surrounds it."""

    def __init__(self, policy: ReusePolicy | None = None, origin: OriginRun | None = None) -> None:
        self.results: dict[int, Stored] = {}
        self.code = b"code"
        self.shelf: dict[bytes, CacheEntry] = {}
        self.wanted: list[WantedResult] = []
        self.broken: set[bytes] = set()
        self.answer: Sought | None = None
        self.reuse = Reuse(policy or ReusePolicy(), origin, self.results.get, self, self)

    def of(self, work: Function, symbols: tuple[str, ...], options: Options) -> CodeRecord:
        return CodeRecord("+".join((self.code.decode(), *symbols)).encode(), b"")

    def news(self, before: bytes, code: CodeRecord) -> str:
        return f"{before.decode()} became {code.digest.decode()}"

    combine = staticmethod(combine)

    def is_intact(self, result: Stored) -> bool:
        return result.digest not in self.broken

    def seek(self, wanted: tuple[WantedResult, ...]) -> tuple[Sought, ...]:
        self.wanted += wanted
        if self.answer is not None:
            return (self.answer,) * len(wanted)
        return tuple(Sought(None if one.refresh else self.shelf.get(one.key)) for one in wanted)

    def decide(self, of: Call, known: PriorTask | None = None, inputs_digest: bytes = b"") -> Decision:
        (decision,) = self.reuse.decide([Question(job(of, known), 1, inputs_digest)], self.seek)
        return decision

    def store(self, of: Call, word: str = "kept") -> CacheEntry:
        entry = self.reuse.entry(job(of), Outcome("done", stored(word), metrics=(point("m", 1.0, None, 2.0),)))
        assert entry is not None
        entry = entry._replace(task="f/1/train/1")
        self.shelf[entry.key] = entry
        return entry


def test_a_result_of_the_same_task_is_taken_with_its_metrics():
    bench = Bench()
    entry = bench.store(call(value("x")))
    decision = bench.decide(call(value("x"), key=b"another"))
    assert decision.verdict is TaskVerdict.COPIED
    assert decision.reused is not None
    assert (decision.reused.origin, decision.reused.result) == ("f/1/train/1", stored("kept"))
    assert (decision.reused.metrics, decision.reused.cache_key) == (entry.metrics, entry.key)


@pytest.mark.parametrize(
    "other",
    [
        call(value("x", "w")),
        call(value("y")),
        call(value("x"), value("y")),
        call(),
        call(value("x"), step="m.other"),
        call(value("x"), closed_over=b"c"),
        call(value("x"), options=CACHED._replace(cache=Cache(version=2))),
        call(value("x", content=b"of the files")),
        call(edge("x", 1)),
    ],
)
def test_another_task_is_another_one(other: Call):
    bench = Bench()
    bench.results[1] = stored("made")
    bench.store(call(value("x")))
    assert bench.decide(other).verdict is TaskVerdict.RUN


@pytest.mark.parametrize(
    "same",
    [
        call(value("x"), options=CACHED._replace(cpu=4, memory_bytes=1, retries=3, timeout_s=1.0)),
        call(value("x"), value("verbose"), options=CACHED._replace(cache=Cache(ignore=("verbose",)))),
        call(value("x"), value("by"), defaults=("by",)),
        call(value("x"), options=CACHED._replace(cache=Cache(expires=5.0))),
    ],
)
def test_what_does_not_count(same: Call):
    bench = Bench()
    bench.store(call(value("x")))
    assert bench.decide(same).verdict is TaskVerdict.COPIED


def test_edges_count_by_what_came_of_them_and_not_by_who_made_it():
    bench = Bench()
    bench.results.update({1: stored("a"), 2: stored("b"), 7: stored("a")})
    bench.store(call(edge("x", 1), edge("y", 2, ("item", 0))))
    assert bench.decide(call(edge("x", 7), edge("y", 2, ("item", 0)))).verdict is TaskVerdict.COPIED
    assert bench.decide(call(edge("x", 2), edge("y", 2, ("item", 0)))).verdict is TaskVerdict.RUN
    assert bench.decide(call(edge("x", 7), edge("y", 2, ("item", 1)))).verdict is TaskVerdict.RUN
    assert bench.decide(call(edge("x", 7), edge("y", 2))).verdict is TaskVerdict.RUN


def test_edges_inside_a_value_count_by_place_and_content():
    bench = Bench()
    bench.results.update({1: stored("a"), 2: stored("b"), 3: stored("a"), 4: stored("b")})
    inside = Input("x", b"by keys", b"record", (Ref(1), Ref(2)), content=b"[*, *]")
    bench.store(call(inside))
    assert bench.decide(call(inside._replace(identity=b"others", refs=(Ref(3), Ref(4))))).verdict is TaskVerdict.COPIED
    assert bench.decide(call(inside._replace(refs=(Ref(4), Ref(3))))).verdict is TaskVerdict.RUN


def test_code_counts_and_so_does_what_stands_inside_inputs():
    bench = Bench()
    bench.results[1] = stored("model", "m:Model")
    plain, with_model = call(value("x")), call(edge("x", 1))
    bench.store(plain)
    bench.store(with_model)
    assert bench.decide(with_model).verdict is TaskVerdict.COPIED
    bench.results[1] = stored("model", "m:Other")
    assert [bench.decide(of).verdict for of in (plain, with_model)] == [TaskVerdict.COPIED, TaskVerdict.RUN]
    bench.code = b"new code"
    assert bench.decide(plain).verdict is TaskVerdict.RUN


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (call(value("x", culprit="x.lock")), "it can't be cached: x.lock"),
        (call(edge("x", 9)), "it can't be cached: x: a result that is not there"),
        (call(value("x"), culprit="f.__closure__[0] is a lock"), "it can't be cached: f.__closure__[0] is a lock"),
    ],
)
def test_what_has_no_stable_form_runs_and_is_not_kept(of: Call, why: str):
    bench = Bench()
    decision = bench.decide(of._replace(key=b"k" * 33))
    assert (decision.verdict, decision.why, decision.claim) == (TaskVerdict.RUN, why, b"")
    assert bench.reuse.entry(job(of._replace(key=b"k" * 33)), Outcome("done", stored("r"))) is None
    assert bench.wanted == []


def test_code_that_is_not_there_is_not_cached():
    bench = Bench()
    bench.code = b""
    assert bench.decide(call(value("x"))).why == "it can't be cached: the source of train can't be found"


def test_what_is_not_cached_is_not_asked_for():
    bench = Bench()
    plain = call(value("x"), options=Options())
    assert not bench.reuse.asks(job(plain))
    assert bench.decide(plain) == Decision(TaskVerdict.RUN)
    assert bench.wanted == []
    off = Bench(ReusePolicy(cache=False))
    assert not off.reuse.asks(job(call(value("x"))))
    assert off.reuse.entry(job(call(value("x"))), Outcome("done", stored("r"))) is None


def test_why_nothing_was_there():
    bench = Bench()
    of = call(value("x"))
    assert bench.decide(of).why == ""
    bench.answer = Sought(expired="f/1/train/1")
    assert bench.decide(of).why == "the cached result of f/1 has expired"
    bench.answer = Sought(other=("f/1/train/1", b"old"))
    assert bench.decide(of).why == "old became code since f/1"
    assert bench.decide(of).claim != b""
    bench.answer = Sought(maker="g/1/train/4")
    waits = bench.decide(of)
    assert (waits.verdict, waits.maker, waits.claim != b"") == (TaskVerdict.WAIT, "g/1/train/4", True)


def test_a_refreshed_step_asks_for_nothing_and_makes_its_result():
    bench = Bench(ReusePolicy(refresh=frozenset({"train"})))
    of = call(value("x"))
    bench.store(of)
    decision = bench.decide(of)
    assert (decision.verdict, decision.why, bench.wanted[-1].refresh) == (TaskVerdict.RUN, "--refresh train", True)


def test_a_damaged_result_is_made_again():
    bench = Bench()
    of = call(value("x"))
    bench.store(of)
    bench.broken.add(b"kept")
    decision = bench.decide(of)
    assert (decision.verdict, decision.damaged) == (TaskVerdict.RUN, "f/1/train/1")
    assert decision.why == "the cached result of f/1/train/1 is damaged or gone"
    assert decision.claim != b""
    assert [one.refresh for one in bench.wanted] == [False, True]  # the second look claims it
    spoiled = job(of)
    spoiled.spoiled = True
    assert not bench.reuse.asks(spoiled)


def test_finished_tasks_of_the_run_itself_count_by_code_where_that_is_asked():
    plain = call(value("x"), options=Options())
    assert not Bench().reuse.asks(job(plain, prior()))
    bench = Bench(ReusePolicy(changed=True))
    assert bench.reuse.asks(job(plain, prior()))
    assert not bench.reuse.asks(job(plain, prior(status="failed")))
    assert bench.decide(plain, prior()).verdict is TaskVerdict.REUSED
    assert bench.decide(plain, prior(code=b"old")) == Decision(TaskVerdict.RUN, why="old became code")
    assert bench.decide(plain, prior(code=b"")).verdict is TaskVerdict.RUN
    assert bench.decide(plain, prior(), b"other inputs") == Decision(TaskVerdict.RUN)


def origin_of(*tasks: PriorTask, inputs: dict[int, tuple[Input, ...]] | None = None, **more: Any) -> OriginRun:
    known = [OriginTask(f"f/1/{task.name}/{task.number}", task) for task in tasks]
    return OriginRun(known, lambda id_: (inputs or {}).get(id_, ()), combine, **more)


PLAIN = Options()


def test_a_fork_takes_what_its_origin_finished_once():
    bench = Bench(origin=origin_of(prior()))
    of = call(value("x"), options=PLAIN)
    assert bench.decide(of).reused == jobs.Reused("f/1/train/1", stored("old"), b"code")
    assert bench.decide(of) == Decision(TaskVerdict.RUN)


def test_a_fork_names_who_made_a_result_first():
    bench = Bench(origin=origin_of(prior(origin="f/0/train/9")))
    decision = bench.decide(call(value("x"), options=PLAIN))
    assert decision.reused is not None
    assert decision.reused.origin == "f/0/train/9"


def test_a_fork_runs_what_other_code_made_unless_code_is_kept():
    of = call(value("x"), options=PLAIN)
    assert Bench(origin=origin_of(prior(code=b"old"))).decide(of).why == "old became code"
    assert Bench(origin=origin_of(prior(code=b""))).decide(of).verdict is TaskVerdict.RUN
    kept = Bench(origin=origin_of(prior(code=b"old"), keep_code=True))
    assert kept.decide(of).verdict is TaskVerdict.COPIED


def test_a_fork_finds_by_content_what_has_another_key():
    inputs = {1: (edge("x", 5),), 5: ()}
    origin = origin_of(prior(b"old key"), prior(b"m", id_=5, step="m.make", result=stored("made")), inputs=inputs)
    bench = Bench(origin=origin)
    bench.results[3] = stored("made")
    of = call(edge("x", 3), key=b"new key", options=PLAIN)
    assert bench.decide(of).verdict is TaskVerdict.COPIED
    bench.results[4] = stored("another")
    assert bench.decide(call(edge("x", 4), key=b"newer", options=PLAIN)).verdict is TaskVerdict.RUN


def test_a_fork_does_not_mistake_the_steps_of_one_factory():
    origin = origin_of(prior(b"old", step="m.make.<locals>.train"), inputs={1: (value("x"),)})
    bench = Bench(origin=origin)
    of = call(value("x"), key=b"new", options=PLAIN, step="m.make.<locals>.train", closed_over=b"c")
    assert bench.decide(of).verdict is TaskVerdict.RUN


def test_a_fork_looks_into_files():
    key = b"names the path alone"
    origin = origin_of(prior(key), inputs={1: (value("x", content=b"old content"),)})
    assert Bench(origin=origin).decide(call(value("x", content=b"new content"), key=key)).verdict is TaskVerdict.RUN
    origin = origin_of(prior(key), inputs={1: (value("x", content=b"old content"),)})
    assert Bench(origin=origin).decide(call(value("x", content=b"old content"), key=key)).verdict is TaskVerdict.COPIED


def test_from_a_step_on_nothing_counts_not_even_the_cache():
    tasks = (prior(b"a", id_=1, step="m.load"), prior(b"b", id_=2), prior(b"c", id_=3, step="m.report"))
    bench = Bench(origin=origin_of(*tasks, step="train", withheld_from=2))
    of = call(value("x"), key=b"b")
    bench.store(of)
    assert bench.decide(call(key=b"a", options=PLAIN, step="m.load")).verdict is TaskVerdict.COPIED
    assert bench.decide(of).why == "--from train"
    assert bench.wanted[-1].refresh
    assert bench.decide(call(key=b"c", options=PLAIN, step="m.report")).why == "--from train"


def test_a_fork_that_is_resumed_asks_its_origin_only_for_what_it_has_not_done_itself():
    bench = Bench(origin=origin_of(prior()))
    assert bench.decide(call(value("x"), options=PLAIN), prior()) == Decision(TaskVerdict.RUN)


def test_many_are_decided_with_one_look_in_their_order():
    bench = Bench()
    bench.store(call(value("x", "2")))
    asked = [Question(job(call(value("x", str(n)), options=CACHED if n else PLAIN)), 1, b"") for n in range(4)]
    verdicts = [decision.verdict for decision in bench.reuse.decide(asked, bench.seek)]
    assert verdicts == [TaskVerdict.RUN, TaskVerdict.RUN, TaskVerdict.COPIED, TaskVerdict.RUN]
    assert len(bench.wanted) == 3


def test_what_its_origin_has_is_asked_for_once_however_long_a_task_waits():
    bench = Bench(origin=origin_of(prior(code=b"old")))
    asked = Question(job(call(value("x"))), 1, b"")
    bench.answer = Sought(maker="g/1/train/4")
    (first,) = bench.reuse.decide([asked], bench.seek)
    bench.answer = None
    (second,) = bench.reuse.decide([asked], bench.seek)
    assert (first.verdict, second.verdict, second.why) == (TaskVerdict.WAIT, TaskVerdict.RUN, "old became code")


def test_what_a_fork_has_taken_or_run_is_not_taken_again_when_it_is_resumed():
    tasks = (prior(b"a", id_=1), prior(b"b", id_=2), prior(b"c", id_=3))
    inputs = {id_: (value("x"),) for id_ in (1, 2, 3)}
    origin = origin_of(*tasks, inputs=inputs)
    origin.withdraw([prior(b"new", origin="f/1/train/1"), prior(b"b")])
    bench = Bench(origin=origin)
    taken = [bench.decide(call(value("x"), key=b"n%d" % n, options=PLAIN)).reused for n in range(2)]
    assert [one and one.origin for one in taken] == ["f/1/train/3", None]


def test_a_copy_keeps_the_code_that_made_it():
    bench = Bench(origin=origin_of(prior(code=b"old"), keep_code=True))
    decision = bench.decide(call(value("x"), options=PLAIN))
    assert decision.reused is not None
    assert decision.reused.code == b"old"
