"""What `step` and `flow` take, what they refuse, and how a decorated function is called outside a run."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from penstock.errors import UsageError
from penstock.model.options import Growth
from penstock.sdk.flows import flow
from penstock.sdk.keywords import grow
from penstock.sdk.steps import step


def same(x: Any) -> Any:
    return x


class Callable:
    def __call__(self) -> None: ...

    def method(self) -> None: ...

    @staticmethod
    @step
    def static(x: int) -> int:
        return x + 1


class Model:
    def fit(self, rows: int) -> int:
        return rows


@pytest.mark.parametrize(
    "thing",
    [3, None.__class__, Callable(), functools.partial(same, 3), step(same), flow(same)],
    ids=["number", "class", "object", "partial", "step", "flow"],
)
@pytest.mark.parametrize("decorator", [step, step(), flow, flow()], ids=["step", "step()", "flow", "flow()"])
def test_only_functions_are_decorated(decorator: Any, thing: Any):
    with pytest.raises(UsageError, match=r"takes a function, not .+"):
        decorator(thing)


@pytest.mark.parametrize("decorator", [step, flow])
def test_a_method_is_refused(decorator: Any):
    with pytest.raises(UsageError, match=r"Model\.fit is a method: write a function that takes the object"):
        decorator(Model.fit)


def test_a_static_method_is_a_function():
    assert Callable.static(1) == 2


@pytest.mark.parametrize("name", ["", "a/b", "a b", "a.b", "a[0]", "3", "-a", 3, "a\n"])
def test_a_name_must_be_a_part_of_a_path(name: Any):
    for declare in (step(name=name), flow(name=name), lambda fn: step(fn).options(name=name)):
        with pytest.raises(UsageError, match=r"name=.+: expected a letter, then letters, digits, _ or -"):
            declare(same)


@pytest.mark.parametrize("name", ["train", "Train-2", "_x", "größe", "训练"])
def test_names_in_any_language(name: str):
    assert step(name=name)(same).name == flow(name=name)(same).name == step(same).options(name=name).name == name


@pytest.mark.parametrize("limit", [3, {"db": 1}, ["db", 3], ""])
def test_a_limit_is_a_name_or_several(limit: Any):
    with pytest.raises(UsageError, match=r"step same: limit=.+: expected a name, or several"):
        step(limit=limit)(same)


def test_a_step_goes_to_the_next_executor_that_it_names():
    assert [step(on=on)(same).opts.on for on in ("a", ["a"])] == ["a", "a"]
    opts = step(on=["a", "b", "c"])(same).opts
    assert (opts.on, opts.otherwise) == ("a", ("b", "c"))
    assert step(on=["a", "b"])(same).options(on="c").opts.otherwise == ()


@pytest.mark.parametrize("on", [3, [], ["a", 3], ["a", "a"], ""])
def test_executors_are_named(on: Any):
    with pytest.raises(UsageError, match=r"step same: on=.+: expected "):
        step(on=on)(same)


def test_memory_may_grow():
    opts = step(memory=grow("1GiB", to="8GiB", factor=3))(same).opts
    assert (opts.memory_bytes, opts.growth) == (2**30, Growth(2**30, 2**33, 3))
    assert step(same).options(memory="2GiB").opts.growth is None
    plain = step(memory=grow(100, to=200))(same).options(memory=None).opts
    assert (plain.memory_bytes, plain.growth) == (None, None)


@pytest.mark.parametrize(
    ("first", "given", "message"),
    [
        ("8GiB", {"to": "1GiB"}, "to= to be at least the first amount"),
        (0, {"to": 1}, "to= to be at least the first amount, and that above 0"),
        ("1GiB", {"to": "8GiB", "factor": 1}, "factor= to be a number above 1"),
        ("1GiB", {"to": "8GiB", "factor": "2"}, "factor= to be a number above 1"),
        ("1 gallon", {"to": "8GiB"}, "'1 gallon' is not a size"),
        ("1GiB", {"to": None}, "None is not a size"),
    ],
)
def test_what_cannot_grow(first: Any, given: Any, message: str):
    with pytest.raises(UsageError, match=rf"grow\(.*\): .*{message}"):
        grow(first, **given)


def test_parameters_may_have_any_name():
    @step
    def echo(**given: Any) -> Any:
        return given

    given = {"self": 1, "fn": 2, "args": 3, "kwargs": 4}
    assert echo(**given) == given
    assert echo.submit(**given).result() == given
    assert echo.options(cpu=2)(**given) == given
    assert flow(echo.fn).parameters(**given) == {"given": given}


def test_a_wrong_call_of_a_flow_names_it():
    @flow(name="other")
    def mine(rows: int) -> int:
        return rows

    with pytest.raises(TypeError, match=r"mine\(\) missing a required argument: 'rows'"):
        mine.parameters()


@pytest.mark.parametrize(
    ("given", "meant"),
    [("retry", "retries"), ("gpus", "gpu"), ("limits", "limit"), ("mem", "memory"), ("secret", "secrets")],
)
def test_an_unknown_option_names_the_one_that_is_meant(given: str, meant: str):
    said = rf"step same has no option '{given}'; did you mean '{meant}'\?"
    with pytest.raises(UsageError, match=said):
        step(**{given: 1})(same)
    with pytest.raises(UsageError, match=said):
        step(same).options(**{given: 1})


def test_the_public_names_are_all_that_dir_shows():
    import penstock

    assert dir(penstock) == sorted(penstock.__all__)


@pytest.mark.parametrize(
    ("name", "fault"),
    [("a\0b", "holds a NUL character"), ("a\ud800b", "holds half of a surrogate pair"), ("x" * 70_000, "has 70,0")],
)
@pytest.mark.parametrize("where", ["__qualname__", "__module__"])
@pytest.mark.parametrize("decorate", [step, flow])
def test_a_function_whose_name_the_journal_cannot_hold_is_refused(
    name: str, fault: str, where: str, decorate: Any
) -> None:
    def train() -> None: ...

    setattr(train, where, name)
    with pytest.raises(UsageError, match=f"the name of its function or module {fault}"):
        decorate(train)


def test_options_beside_the_function_count() -> None:
    def train() -> None: ...

    made: Any = flow(train, name="digits")  # type: ignore[call-overload]
    assert made.name == "digits"
    made = step(train, retries=2)  # type: ignore[call-overload]
    assert made.opts.retries == 2
    with pytest.raises(UsageError, match="expected a letter"):
        flow(train, name="a\0b")  # type: ignore[call-overload]
