"""A call finds its result by what it is: nothing finished runs again, and nobody gets another's result."""

from __future__ import annotations

import pytest

from tests.system.flows import Project

STOP = """

    if not os.path.exists("go"):
        raise RuntimeError("stop here")
"""


def interrupted(
    project: Project, body: str, *, run_seed: str = "1", edited: str = "", resume_seed: str = "2"
) -> object:
    """Run a module whose flow stops before its end, then resume it (with another source, if `edited`): its result.

    The two processes have different hash seeds.
    """
    project.write(body)
    stopped = project.run(environ={"PYTHONHASHSEED": run_seed})
    assert stopped.error.get("text") == "stop here", stopped
    if edited:
        project.write(edited)
    project.touch("go")
    before = project.trace()
    value = project.run("main/1", environ={"PYTHONHASHSEED": resume_seed}).value()
    assert project.trace() == before, "something finished ran again"
    return value


def test_two_steps_of_one_name_in_two_modules(project: Project) -> None:
    project.write('@step\ndef load(x):\n    note("other", x)\n    return ["other", x]\n', "other.py")
    value = interrupted(
        project,
        f"""
import other

@step
def load(x):
    note("mine", x)
    return ["mine", x]

@flow
def main():
    found = [load(1), other.load(1), other.load(2), load(2)]
    {STOP}
    return found
""",
    )
    assert value == [["mine", 1], ["other", 1], ["other", 2], ["mine", 2]]
    assert sorted(project.tasks()) == ["load/1", "load/2", "load/3", "load/4"]


def test_two_steps_from_one_factory(project: Project) -> None:
    source = f"""
def scale(factor):
    @step
    def multiply(x):
        note("multiply", factor, x)
        return factor * x
    return multiply

double, triple = scale(2), scale(3)

@flow
def main():
    found = [ORDER]
    {STOP}
    return found
"""
    value = interrupted(
        project,
        source.replace("ORDER", "double(5), triple(5), double(7)"),
        edited=source.replace("ORDER", "triple(5), double(5), double(7)"),
    )
    assert value == [15, 10, 14]


def test_a_call_is_the_same_by_position_by_name_and_with_its_default(project: Project) -> None:
    source = f"""
@step
def train(depth, PARAMETERS):
    note("train", depth, rate)
    return [depth, rate]

@flow
def main():
    found = [CALLS]
    {STOP}
    return found
"""
    value = interrupted(
        project,
        source.replace("PARAMETERS", "rate=0.5").replace("CALLS", "train(4), train(5, rate=0.5), train(6, rate=0.7)"),
        edited=source.replace("PARAMETERS", "rate=0.5, momentum=0.9").replace(
            "CALLS", "train(rate=0.5, depth=4), train(depth=5), train(6, 0.7, 0.9)"
        ),
    )
    assert value == [[4, 0.5], [5, 0.5], [6, 0.7]]


def test_a_changed_default_is_another_call(project: Project) -> None:
    source = f"""
@step
def train(depth, rate=RATE):
    note("train", depth, rate)
    return [depth, rate]

@flow
def main():
    found = train(4, rate=GIVEN)
    {STOP}
    return found
"""
    project.write(source.replace("RATE", "0.5").replace("GIVEN", "0.5"))
    project.run()
    project.write(source.replace("RATE", "0.7").replace("GIVEN", "0.5"))
    project.touch("go")
    assert project.run("main/1").value() == [4, 0.5]


def test_sets_and_shared_strings_under_two_hash_seeds(project: Project) -> None:
    value = interrupted(
        project,
        f"""
WORDS = ["alpha", "beta", "gamma", "delta", "epsilon"]

@step
def join(words):
    note("join", sorted(words))
    return sorted(words)

@flow
def main():
    # The same words: shared by both lists, equal but made anew, interned, in another order.
    stopped = not os.path.exists("go")
    fresh = ["".join(word) for word in WORDS]
    twice = [WORDS[0], WORDS[0]] if stopped else ["".join("alpha"), "alp" + "ha"[:]]
    found = [
        join(set(WORDS)), join({{1: frozenset(WORDS)}}[1]), join(WORDS if stopped else fresh), join(twice),
        join({{"a": WORDS, "b": WORDS}} if stopped else {{"a": WORDS, "b": fresh}}),
    ]
    {STOP}
    return found
""",
    )
    words = ["alpha", "beta", "delta", "epsilon", "gamma"]
    assert value == [words, words, words, ["alpha", "alpha"], ["a", "b"]]
    assert len(project.trace()) == 5


def test_a_dataclass_of_main(project: Project) -> None:
    project.write(
        f"""
from dataclasses import dataclass

@dataclass(frozen=True)
class Point:
    x: int
    y: int

@step
def move(point, by):
    note("move", point.x, by)
    return Point(point.x + by, point.y)

@flow
def main():
    first = move(Point(1, 2), 3)
    second = move.submit(first, 4)
    found = second.result()
    {STOP}
    assert type(found) is Point, type(found)
    return [found.x, found.y]

if __name__ == "__main__":
    import penstock
    if os.path.exists("go"):
        print("RESULT", penstock.resume("main/1"))
    else:
        try:
            main()
        except RuntimeError as error:
            print(error)
"""
    )
    assert "stop here" in project.python("mine.py")
    project.touch("go")
    assert "RESULT [8, 2]" in project.python("mine.py")
    assert project.trace() == ["move 1 3", "move 4 4"]


def test_a_list_changed_between_two_submits(project: Project) -> None:
    value = interrupted(
        project,
        f"""
@step
def total(items):
    note("total", items)
    return sum(items)

@flow
def main():
    items = [1, 2]
    first = total.submit(items)
    items.append(10)
    second = total.submit(items)
    items.clear()
    found = [second.result(), first.result()]
    {STOP}
    return found
""",
    )
    assert value == [13, 3]


def test_the_same_call_with_random_results(project: Project) -> None:
    project.write(
        """
@step
def draw():
    value = random.random()
    note("draw", value)
    return value

@step
def entropy():
    value = os.urandom(8).hex()
    note("entropy", value)
    return value

@flow
def main():
    found = [draw(), draw(), *[future.result() for future in [entropy.submit() for _ in range(4)]]]
    note("found", *found)
    if not os.path.exists("go"):
        raise RuntimeError("stop here")
    return found
"""
    )
    project.run()
    before = project.trace()
    project.touch("go")
    value = project.run("main/1").value()
    assert len(set(value)) == 6
    assert project.trace() == [*before, before[-1]]
    assert before[-1] == "found " + " ".join(map(str, value))


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_results_without_a_stable_form_are_told_apart(project: Project, order: str) -> None:
    """A value that has no stable form is matched by the number of the call, whoever finishes first."""
    value = interrupted(
        project,
        f"""
class Odd:
    # Can be pickled, but has no form that says what it is.
    def __init__(self, x):
        self.x = x
    def __reduce_ex__(self, protocol):
        if protocol < 5:
            raise TypeError("protocol 5 alone")
        return (Odd, (self.x,))

@step
def wrap(x):
    if x == {0 if order == "forward" else 1}:
        await_file("slow")
    note("wrap", x)
    if x != {0 if order == "forward" else 1}:
        open("slow", "w")
    return Odd(x)

@step
def unwrap(odd):
    note("unwrap", odd.x)
    return odd.x

@flow
def main():
    odd = wrap.map(range(2))
    found = [unwrap(odd[0]), unwrap(odd[1]), *unwrap.map(odd.result()).result()]
    {STOP}
    return found
""",
    )
    assert value == [0, 1, 0, 1]
