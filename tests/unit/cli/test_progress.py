"""Which lines tell of a run that no terminal shows live."""

from __future__ import annotations

from penstock.cli.progress import Progress
from penstock.model.rows import StepCount


def test_a_step_is_told_when_it_starts_and_when_it_rests():
    progress = Progress()
    progress.see([StepCount("train", waiting=10, running=2)], 0.0)
    assert progress.lines(0.0) == ["train: started, 12 tasks so far"]
    progress.see([StepCount("train", waiting=1, running=2, done=9)], 2.0)
    assert progress.lines(2.0) == []
    progress.see([StepCount("train", done=11, failed=1)], 3.2)
    assert progress.lines(3.2) == ["train: 11 done, 1 failed in 3.2 s"]
    assert progress.lines(4.0) == []


def test_what_was_cancelled_has_not_failed():
    progress = Progress()
    progress.see([StepCount("train", done=2, failed=1, cancelled=3)], 0.0)
    assert progress.lines(0.0) == ["train: 2 done, 1 failed, 3 cancelled"]
    assert (progress.whole().failed, progress.whole().cancelled) == (1, 3)


def test_a_step_that_waits_for_others_is_not_told_of():
    progress = Progress()
    progress.see([StepCount("train", waiting=3)], 0.0)
    assert progress.lines(0.0) == []
    progress.see([StepCount("train", running=3)], 60.0)
    assert progress.lines(60.0) == ["train: started, 3 tasks so far"]
    progress.see([StepCount("train", done=3)], 61.5)
    assert progress.lines(61.5) == ["train: 3 done in 1.5 s"]


def test_a_loop_of_a_thousand_tasks_is_no_thousand_lines():
    progress = Progress()
    lines: list[str] = []
    for task in range(1000):
        progress.see([StepCount("train", done=task)], float(task))
        lines += progress.lines(float(task))
    assert 5 < len(lines) < 30


def test_a_step_that_goes_on_gives_signs_of_life():
    progress = Progress()
    lines: list[str] = []
    for second in range(100):
        progress.see([StepCount("train", waiting=5, running=2, done=3)], float(second))
        lines += progress.lines(float(second))
    assert lines == [
        "train: started, 10 tasks so far",
        "train: 3 of 10 done, 2 running, 30.0 s",
        "train: 3 of 10 done, 2 running, 1 min 0 s",
        "train: 3 of 10 done, 2 running, 1 min 30 s",
    ]


def test_the_end_tells_what_was_not_told():
    progress = Progress()
    progress.see(
        [StepCount("load", done=1, reused=1), StepCount("train", running=1), StepCount("score", waiting=1)], 0.0
    )
    assert progress.lines(0.0) == ["load: 1 done, 1 reused", "train: started, 1 task so far"]
    progress.see([StepCount("load", done=1, reused=1), StepCount("train", done=1), StepCount("score", waiting=1)], 0.05)
    assert progress.last_lines(0.05) == ["train: 1 done"]


def test_sums_over_all_steps():
    progress = Progress()
    progress.see([StepCount("load", done=2, reused=1), StepCount("train", done=3, failed=1)], 0.0)
    whole = progress.whole()
    assert (whole.done, whole.failed, whole.reused) == (5, 1, 1)


def test_retries_are_told_when_they_begin_and_at_rest():
    progress = Progress()
    progress.see([StepCount("train", waiting=1, running=1)], 0.0)
    assert progress.lines(0.0) == ["train: started, 2 tasks so far"]
    progress.see([StepCount("train", running=2, retries=1)], 1.0)
    assert progress.lines(1.0) == ["train: 1 retry so far"]
    progress.see([StepCount("train", running=2, retries=3)], 2.0)
    assert progress.lines(2.0) == []
    assert progress.lines(60.0) == ["train: 0 of 2 done, 2 running, 3 retries, 1 min 0 s"]
    progress.see([StepCount("train", done=2, retries=3)], 61.0)
    assert progress.lines(61.0) == ["train: 2 done, 3 retries in 1 min 1 s"]
