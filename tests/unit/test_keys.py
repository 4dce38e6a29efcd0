"""Keys written piece by piece are those of docs/formats.md."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from penstock.artifacts.canonical import identify
from penstock.artifacts.walk import BY_CONTENT, Identity
from penstock.sdk.keys import NOTHING, KeyHead, base_of, closed_over, key_of

digests = st.binary(min_size=33, max_size=33)
stands_for = st.one_of(digests, st.just(b""), st.tuples(st.just("unstable"), st.text(max_size=20)))
inputs_of = st.dictionaries(st.text(max_size=30), stands_for, max_size=40).map(lambda found: list(found.items()))


@given(st.lists(digests, max_size=30).map(tuple), st.text(max_size=1200), st.one_of(digests, st.just(b"")), inputs_of)
@example((b"k" * 33,) * 40, "flows.train", b"", [("depth", b"i" * 33)])
@example((), "flows." + "x" * 1100, b"c" * 33, [("depth", b"i" * 33)])
def test_a_base_is_the_digest_of_its_tuple(
    scope: tuple[bytes, ...], step: str, cells: bytes, inputs: list[tuple[str, Any]]
) -> None:
    expected = identify((scope, step, cells, tuple(sorted(inputs)))).digest
    assert KeyHead(step, Identity(cells)).base(scope, inputs) == expected
    assert base_of(scope, step, cells, tuple(sorted(inputs))) == expected


def test_keys_differ_by_occurrence_and_steps_of_a_factory_by_what_they_close_over() -> None:
    base = KeyHead("flows.train").base((), [])
    assert key_of(base, 0) != key_of(base, 1)

    def made(depth: int) -> Any:
        def train() -> int:
            return depth

        return train

    assert closed_over(made(1)) != closed_over(made(2))
    assert closed_over(made(1)) == closed_over(made(1))
    assert closed_over(made) == NOTHING


def test_steps_of_a_factory_differ_by_their_defaults_and_lambdas_of_a_line_by_their_code() -> None:
    def made(depth: int, rate: float) -> Any:
        def train(x: int, depth: int = depth, *, rate: float = rate) -> float:
            return x * depth * rate

        return train

    first, other, third = (closed_over(made(*given)).digest for given in ((1, 0.5), (2, 0.5), (1, 0.25)))
    assert len({first, other, third, b""}) == 4
    assert closed_over(made(1, 0.5)).digest == first
    one, two = (lambda: 1), (lambda: 2)
    assert closed_over(one, BY_CONTENT) != closed_over(two, BY_CONTENT)
    assert closed_over(one) == NOTHING
    assert closed_over(_with_default) == NOTHING


def _with_default(x: int = 1) -> int:
    return x
