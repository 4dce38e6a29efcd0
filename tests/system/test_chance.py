"""Random numbers of steps in real runs: each attempt's own, the same wherever it runs and whenever it runs again."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.environments.kits import unpack_kit
from tests import interpreters
from tests.system.flows import Project
from tests.unit.worker.test_chance import NUMPY_ZOO, TORCH_ZOO, ZOO

NOISE = """
import random
import helper

DICE = random.Random(42)

class Model:
    dice = random.Random()

@step
def noise(part):
    note("noise", os.getpid())
    return [DICE.random(), Model.dice.random(), helper.choose(), random.random(), helper.late()]

@flow
def main(n=4):
    return noise.map(range(n)).result()
"""
HELPER = """
import random

choose = random.Random(42).random

def late():
    import lazily
    return lazily.DICE.random()
"""


def noisy(project: Project) -> None:
    project.write(NOISE)
    (project.folder / "helper.py").write_text(HELPER)
    (project.folder / "lazily.py").write_text("import random\nDICE = random.Random(42)\n")


def test_a_task_draws_the_same_in_every_kind_of_process_and_no_other_task_does(project: Project) -> None:
    noisy(project)
    forked = project.run().value()
    every = [number for numbers in forked for number in numbers]
    assert len(set(every)) == len(every) == 20
    assert project.run(how={"max_workers": 1}).value() == forked
    assert project.run(how={"inline": True}).value() == forked
    text = (project.folder / "mine.py").read_text()
    (project.folder / "mine.py").write_text(
        f"{text}\nimport threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    spawned = project.run()
    assert "can't be forked" in spawned.notes[0]
    assert spawned.value() == forked


@pytest.mark.parametrize("zoo", ["ZOO", "NUMPY_ZOO", "TORCH_ZOO"])
def test_no_two_attempts_of_any_process_share_a_generator(
    project: Project, zoo: str, require: Callable[[str], None]
) -> None:
    if zoo != "ZOO":
        require(zoo.partition("_")[0].lower())
    (project.folder / "zoo.py").write_text({"ZOO": ZOO, "NUMPY_ZOO": NUMPY_ZOO, "TORCH_ZOO": TORCH_ZOO}[zoo])
    project.write(
        """
        import zoo

        @step
        def draw(part):
            if part < 2:
                note("draws")
                await_file("go")  # so that two workers draw
            return [draw() for draw in zoo.PLACES.values()]

        @flow
        def main():
            return draw.map(range(6)).result()
        """
    )
    drive = project.spawn(how={"max_workers": 2})
    project.await_note("draws", 2)
    project.touch("go")
    first = drive.join().value()
    every = [number for numbers in first for number in numbers]
    assert len(set(every)) == len(every)
    assert project.run(how={"max_workers": 1}).value() == first
    assert project.run(how={"inline": True}).value() == first


def test_a_retry_draws_anew_and_what_the_machine_ended_draws_the_same(project: Project) -> None:
    project.write(
        """
        import signal

        @step(retries=2)
        def fails():
            note("fails", random.random())
            if current.attempt < 3:
                raise ValueError("no")

        @step
        def killed():
            note("killed", random.random())
            if current.attempt < 3:
                os.kill(os.getpid(), signal.SIGKILL)

        @step(memory="300MiB")
        def both(fail):
            note("both", random.random())

        @flow
        def main():
            fails()
            killed()
        """
    )
    project.run().value()
    first = project.trace()
    assert [line.split()[0] for line in first] == ["fails"] * 3 + ["killed"] * 3
    assert len(set(first[:3])) == 3
    assert len(set(first[3:])) == 1
    project.run().value()
    assert project.trace()[6:] == first


def test_what_grows_draws_the_same_with_more_memory(project: Project) -> None:
    project.write(
        """
        from penstock import grow

        @step(memory=grow("150MiB", to="900MiB", factor=6))
        def grows():
            note("grows", random.random())
            data = bytearray(400_000_000)
            if current.attempt == 1:  # whose memory is looked at now and then
                time.sleep(60)
            return len(data)

        @flow
        def main():
            return grows()
        """
    )
    assert project.run().value() == 400_000_000
    assert len(project.trace()) == 2
    assert len(set(project.trace())) == 1


def test_a_resume_draws_what_the_run_would_have_drawn(project: Project) -> None:
    project.write(
        """
        @step(retries=1)
        def draw(part):
            note(part, random.random())
            if part == 1 and not os.path.exists("mended"):
                raise ValueError("no")
            return random.random()

        @flow
        def main():
            return draw(0), draw(1), draw(2)
        """
    )
    assert project.run().error["type"] == "ValueError"
    project.touch("mended")
    resumed = project.run("main/1").value()
    assert project.run().value() == resumed
    lines = project.trace()
    assert lines[1] != lines[2], "the retry"
    assert lines[3] == lines[1] == lines[6], "the first attempt, whenever it is made"


def test_functions_that_come_as_values_share_no_generator(project: Project) -> None:
    project.write(
        """
        def factory(dice):
            @step
            def draw(part):
                if part < 2:
                    note("draws")
                    await_file("go")
                return dice.random()
            return draw

        @flow
        def main():
            return factory(random.Random(42)).map(range(6)).result()
        """
    )
    drive = project.spawn(how={"max_workers": 2})
    project.await_note("draws", 2)
    project.touch("go")
    first = drive.join().value()
    assert len(set(first)) == 6
    assert project.run(how={"max_workers": 1}).value() == project.run(how={"inline": True}).value() == first


def test_a_generator_that_is_passed_is_a_value(project: Project) -> None:
    project.write(
        """
        @step
        def draw(dice, n):
            return [dice.random() for _ in range(n)]

        @flow
        def main():
            dice = random.Random(42)
            return draw(dice, 2), draw(dice, 3)
        """
    )
    short, long = project.run().value()
    assert long[:2] == short


def test_python_s_own_generator_that_is_passed_is_the_attempt_s_and_a_resume_knows_the_call(project: Project) -> None:
    project.write(
        """
        @step
        def draw(choose):
            note("draws")
            return choose(range(10**9))

        @step
        def fails():
            if not os.path.exists("mended"):
                raise ValueError("not yet")

        @flow
        def main():
            drawn = draw(random.choice), draw(random.choice)
            fails()
            return drawn
        """
    )
    assert project.run().error["type"] == "ValueError"
    project.touch("mended")
    one, other = project.run("main/1").value()
    assert one != other
    assert project.trace() == ["draws"] * 2


@pytest.mark.parametrize("inline", [False, True])
def test_what_an_attempt_makes_itself_is_its_own_whatever_it_imports(project: Project, inline: bool) -> None:
    project.write(
        """
        LEFT = None

        @step
        def fixed(dice, part):
            global LEFT
            LEFT = random.Random(5)
            mine = random.Random(42)
            first = mine.random()
            import lazily
            return first, mine.random(), dice.random(), LEFT.random(), lazily.FIRST.random(), lazily.LAST.random()

        @flow
        def main():
            dice = random.Random(1)
            return fixed.map([dice, dice], [0, 1]).result()
        """
    )
    (project.folder / "lazily.py").write_text(
        "import random\nFIRST = random.Random(7)\nimport more\nLAST = random.Random(7)\n"
    )
    (project.folder / "more.py").write_text("import random\nDICE = random.Random(7)\n")
    one, other = project.run(how={"inline": inline, "max_workers": 1}).value()
    dice = random.Random(42)
    expected = [dice.random(), dice.random(), random.Random(1).random(), random.Random(5).random()]
    assert one[:4] == other[:4] == expected
    assert len({*one[4:], *other[4:], random.Random(7).random()}) == 5


def test_inline_steps_take_nothing_from_the_flow_s_own_generators(project: Project) -> None:
    project.write(
        """
        DICE = random.Random(42)

        @step(on="inline")
        def draw(part):
            return DICE.random(), random.random()

        @flow
        def main(n=3):
            random.seed(1)
            drawn = []
            for part in range(n):
                draw(part)
                drawn.append((DICE.random(), random.random()))
            return drawn
        """
    )
    dice, module = random.Random(42), random.Random(1)
    assert project.run().value() == [[dice.random(), module.random()] for _ in range(3)]


TOLD = """
import random

class Stubborn(random.Random):
    def seed(self, *given):
        if given and given[0] is not None:
            raise NotImplementedError("ask nobody")

DICE = Stubborn()

@step
def draw(part):
    return part

@flow
def main():
    return draw.map(range(20)).result()
"""


@pytest.mark.parametrize("inline", [False, True])
def test_what_can_not_be_seeded_is_said_once(project: Project, inline: bool) -> None:
    project.write(TOLD)
    told = project.run(how={"inline": inline}).notes
    assert len(told) == 1
    assert told[0].startswith("mine:DICE is a mine.Stubborn, which can't be seeded for each attempt")
    assert told[0].endswith("make it in the step")


LAZY = """
import functools
{library}

class Kept:
    dice = None

@functools.cache
def cached():
    return {make}

def lazily():
    if Kept.dice is None:
        Kept.dice = {make}
    return Kept.dice

@step
def draw(part):
    return [cached().random(), lazily().random(), {make}.random()]

@flow
def main():
    return draw.map(range(4)).result()
"""


@pytest.mark.parametrize(
    ("library", "make"), [("", "random.Random(42)"), ("import numpy as np", "np.random.default_rng(42)")]
)
@pytest.mark.parametrize("inline", [False, True])
def test_generators_that_a_task_makes_and_a_module_keeps_are_told_of_once(
    project: Project, inline: bool, library: str, make: str, require: Callable[[str], None]
) -> None:
    if library:
        require("numpy")
    project.write(LAZY.format(library=library, make=make))
    told = sorted(project.run(how={"inline": True} if inline else {"max_workers": 2}).notes)
    assert [note.partition(" ")[0] for note in told] == ["mine:Kept", "mine:cached"]
    assert all(note.endswith("make it where the module is imported, or anew in each task") for note in told)


# Elsewhere.

ELSEWHERE = """
import json, sys
sys.path.insert(0, {folder!r})
import zoo
from penstock.model.specs import Attempt, Function
from penstock.worker.chance import Chance
from penstock.worker.hooks import ImportHooks

def main():
    chance, drawn = Chance(ImportHooks(), "7", sweeps={sweeps}), []
    for key, failures in ((b"a" * 33, 0), (b"b" * 33, 0), (b"a" * 33, 1)):
        chance.begin(Attempt("a/1/b/1#1", key, Function("m", "f"), (), None, False, failures=failures))
        drawn.append([draw() for draw in zoo.PLACES.values()])
    zoo.DICE = zoo.random.Random(7)
    chance.begin(Attempt("a/1/b/1#1", b"a" * 33, Function("m", "f"), (), None, False))
    drawn.append([zoo.DICE.random()])
    print(json.dumps(drawn))
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["python3.9", "python3.12", "python3.13", "pypy3"])
def test_other_interpreters_draw_the_same(
    name: str, interpreter: Callable[[str], Path], tmp_path: Path, project: Project
) -> None:
    (tmp_path / "zoo.py").write_text(ZOO)
    kit = str(unpack_kit(tmp_path))
    code = ELSEWHERE.format(folder=str(tmp_path), sweeps=True)
    here = project.folder / "here.py"
    here.write_text(code)
    expected = json.loads(project.python("here.py"))
    assert json.loads(interpreters.run(interpreter(name), code, kit)) == expected
    every = [number for numbers in expected[:3] for number in numbers]
    assert len(set(every)) == len(every)
    assert expected[3][0] == expected[0][0]


# The seed of a run.

SEEDED = """
@step
def draw(part):
    note("draw", part)
    return random.random()

@step(cache=True)
def kept(part):
    note("kept", part)
    return random.random()

@flow{options}
def main(n=2):
    return draw.map(range(n)).result() + kept.map(range(n)).result()

@flow(seed=9)
def outer():
    return main()
"""


def seeded(project: Project, options: str = "") -> None:
    project.write(SEEDED.format(options=options))


def results(project: Project) -> list[Any]:
    """The results of all runs, oldest first."""
    found = project.python("-c", "import penstock\nfor run in reversed(penstock.runs()): print(run.result())")
    return [json.loads(line) for line in found.splitlines()]


def penstock(project: Project, *words: str) -> str:
    code, output = project.penstock(*words)
    assert code == 0, output
    return output


def test_runs_with_one_seed_agree_and_their_cached_results_serve_each_other_alone(project: Project) -> None:
    seeded(project)
    for words in ((), ("--seed", "1"), ("--seed", "2"), ("--seed", "1"), ()):
        penstock(project, "run", *words, "mine.py:main")
    bare, first, second, first_again, bare_again = results(project)
    assert bare == bare_again
    assert first == first_again
    every = [*bare, *first, *second]
    assert len(set(every)) == len(every) == 12
    assert len([line for line in project.trace() if line.startswith("kept")]) == 6


def test_why_show_and_a_dry_run_tell_of_the_seed(project: Project) -> None:
    seeded(project)
    penstock(project, "run", "mine.py:main")
    dry = penstock(project, "run", "--seed", "3", "--dry-run", "mine.py:main")
    assert "the seed changed from none to 3 since main/1" in dry
    assert "penstock run --seed 3 mine.py:main" in dry
    penstock(project, "run", "--seed", "3", "mine.py:main")
    assert "kept/1 ran because the seed changed from none to 3 since main/1" in penstock(
        project, "why", "main/2/kept/1"
    )
    assert "draw is not cached; the seed changed" in penstock(project, "why", "main/2/draw/1")
    assert "seed    3" in penstock(project, "show", "main/2")
    assert "seed" not in penstock(project, "show", "main/1")
    assert json.loads(penstock(project, "show", "--json", "main/2"))["seed"] == 3


def test_a_fork_has_the_seed_of_its_run_or_another_and_then_runs_all(project: Project) -> None:
    seeded(project)
    penstock(project, "run", "--seed", "0", "mine.py:main")
    assert "4 reused" in penstock(project, "fork", "main/1")
    assert "the seed changed from 0 to 5" in penstock(project, "fork", "--seed", "5", "--dry-run", "main/1")
    assert "reused" not in penstock(project, "fork", "--seed", "5", "main/1")
    assert "main/3/draw/1 ran because the seed changed from 0 to 5" in penstock(project, "why", "main/3/draw/1")
    penstock(project, "run", "--seed", "5", "mine.py:main")
    first, same, other, fresh = results(project)
    assert first == same != other == fresh
    text = "import penstock\npenstock.fork('main/1', seed=6)\nprint(penstock.run('main').info().seed)"
    assert project.python("-c", text).splitlines()[-1] == "6"


def test_a_resume_keeps_the_seed(project: Project) -> None:
    seeded(project)
    text = (project.folder / "mine.py").read_text()
    broken = text.replace(
        "    return draw.map", "    if n and not os.path.exists('go'): draw(7); 1 / 0\n    return draw.map"
    )
    (project.folder / "mine.py").write_text(broken)
    assert project.penstock("run", "--seed", "4", "mine.py:main")[0] == 1
    project.touch("go")
    penstock(project, "resume")
    (project.folder / "mine.py").write_text(text)
    penstock(project, "run", "--seed", "4", "mine.py:main")
    resumed, fresh = results(project)
    assert resumed == fresh


def test_a_flow_s_own_seed_counts_for_its_runs_where_none_is_given(project: Project) -> None:
    seeded(project, "(seed=1)")
    penstock(project, "run", "mine.py:main")
    penstock(project, "run", "--seed", "2", "mine.py:main")
    penstock(project, "run", "mine.py:outer")
    seeded(project)
    penstock(project, "run", "--seed", "1", "mine.py:main")
    penstock(project, "run", "mine.py:outer")
    text = "import mine\nmine.main.options(seed=2)()"
    (project.folder / "script.py").write_text(f'if __name__ == "__main__":\n    {text.replace(chr(10), "; ")}')
    project.python("script.py")
    own, given, outer, same, outer_again, by_options = results(project)
    assert own == same != given == by_options
    assert outer == outer_again, "the seed of the flow that is run counts, and no other"


@pytest.mark.parametrize("seed", ["-1", "1.5", "'one'", "True"])
def test_a_seed_is_a_whole_number(project: Project, seed: str) -> None:
    seeded(project, f"(seed={seed})")
    code, output = project.penstock("run", "mine.py:main")
    assert code == 2
    assert f"flow main: seed={seed}: expected a whole number of at least 0" in output


def test_a_generator_that_a_step_makes_is_the_same_in_each_run_where_it_gets_its_seed_from_random(
    project: Project,
) -> None:
    project.write("""
        import random
        from penstock import flow, step
        @step
        def given(n): return random.Random(random.getrandbits(64)).random()
        @step
        def without(n): return random.Random().random()
        @flow
        def main(): return [given.map(range(2)).result(), without.map(range(2)).result()]
    """)
    for _ in range(2):
        penstock(project, "run", "mine.py")
    (given, without), (given_again, without_again) = results(project)
    assert given == given_again
    assert given[0] != given[1]
    assert without != without_again  # as the page on chance says
