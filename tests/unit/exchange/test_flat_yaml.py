"""The YAML of `meta.yaml` is read as PyYAML, by which MLflow writes it, reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.exchange import flat_yaml

yaml = pytest.importorskip("yaml")  # schemathesis brings it
# In YAML 1.1 the three are line breaks of their own, which no name that somebody types has.
_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029")
TEXT = st.text(_CHARACTERS, max_size=200) | st.text("ab '\"\\:#-\n\t{[,&*!|>%@`?", max_size=150)
SPACES = st.text("ab \t\n\r\v\f\x1c\x1f\xa0\u2003\u3000\ufeff'", max_size=30)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{2,6}_[a-z]{1,6}", fullmatch=True), TEXT | SPACES | st.integers() | st.none(), min_size=1
    )
)
def test_what_mlflow_writes_is_read_as_it_was(meta: dict[str, object]) -> None:
    written = yaml.dump(meta, default_flow_style=False, allow_unicode=True, Dumper=yaml.CSafeDumper)
    expected = {name: "" if value is None else str(value) for name, value in meta.items()}
    assert flat_yaml.read(written) == expected


def test_lists_and_mappings_inside_hurt_nothing() -> None:
    assert flat_yaml.read("a: 1\ntags: []\nmore:\n  x: 2\n- 3\nb: 'c'\n")["b"] == "c"


@pytest.mark.parametrize("text", ["no pair at all", "\x00\x01", "- a\n- b"])
def test_what_is_no_mapping_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no pair of a name and a value"):
        flat_yaml.read(text)
