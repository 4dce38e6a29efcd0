from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import FilterError
from penstock.reading.filter_syntax import (
    DEEPEST,
    LONGEST,
    MOST_TERMS,
    Filter,
    FilterAll,
    FilterAny,
    FilterNot,
    FilterTerm,
    FilterText,
    FilterWord,
    parse,
    quoted,
)


def told(part: Filter) -> str:
    """A tree on one line."""
    match part:
        case FilterAll(parts):
            return f"all({', '.join(map(told, parts))})"
        case FilterAny(parts):
            return f"any({', '.join(map(told, parts))})"
        case FilterNot(inner):
            return f"not {told(inner)}"
        case FilterText(word):
            return repr(word.text)
        case FilterTerm(name, operator, values):
            return f"{name.text} {operator} {'|'.join(value.text for value in values)}"


def words(part: Filter) -> list[FilterWord]:
    match part:
        case FilterAll(parts) | FilterAny(parts):
            return [word for one in parts for word in words(one)]
        case FilterNot(inner):
            return words(inner)
        case FilterText(word):
            return [word]
        case FilterTerm(name, _, values):
            return [name, *values]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", "all()"),
        ("  ", "all()"),
        ("accuracy>0.9", "accuracy > 0.9"),
        ("accuracy>=0.9 since:2d", "all(accuracy >= 0.9, since : 2d)"),
        ("status:failed,crashed", "status : failed|crashed"),
        ("-tag:old", "not tag : old"),
        ("params.depth!=4", "params.depth != 4"),
        ('"free text" words', "all('free text', 'words')"),
        ('tag:"a b",c', "tag : a b|c"),
        ('"val loss"<0.3', "val loss < 0.3"),
        (r'"say \"hi\" \\"', "'say \"hi\" \\\\'"),
        ("tag:key=value", "tag : key=value"),
        ("since:2026-03-01T12:00", "since : 2026-03-01T12:00"),
        ("lr<1e-3", "lr < 1e-3"),
        ("loss>-0.5", "loss > -0.5"),
        ("digits/3", "'digits/3'"),
        ("a or b c", "any('a', all('b', 'c'))"),
        ("a and b", "all('a', 'b')"),
        ("(a or b) c", "all(any('a', 'b'), 'c')"),
        ("-(status:failed or took>1h)", "not any(status : failed, took > 1h)"),
        ("--a", "not not 'a'"),
        ('"or"', "'or'"),
        ("oracle", "'oracle'"),
    ],
)
def test_a_filter_is_read(text: str, tree: str) -> None:
    assert told(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "at", "what"),
    [
        ("accuracy>", 9, "a value is expected after accuracy>"),
        ("accuracy> 0.9", 9, "a value is expected after accuracy>"),
        ("tag:a,", 6, "a value is expected after tag:"),
        ("a,b", 1, "this is none of"),
        ("a!b", 1, "this is none of"),
        ('say "hi', 4, "this quote is not closed"),
        ("(a b", 0, "this group is not closed"),
        ("a) b", 1, "this closes nothing"),
        ("a - b", 2, '"-" stands right before'),
        ("or a", 0, "something stands on both sides of `or`"),
        ("a or", 4, "something stands on both sides of `or`"),
        ("a or or b", 5, "something stands on both sides of `or`"),
        (":a", 0, "a name, or a text in quotes, is expected here"),
        ("(" * (DEEPEST + 1) + "a", DEEPEST + 1, "groups stand at most 10 deep"),
        ("-" * (DEEPEST + 1) + "a", DEEPEST + 1, "groups stand at most 10 deep"),
        ("a " * (MOST_TERMS + 1), MOST_TERMS * 2, "a filter has at most 50 terms"),
        ("a" * (LONGEST + 1), 0, "a filter has at most 2,000 characters, this one has 2,001"),
        ("caf\udce9", 0, "a filter is text in UTF-8"),
    ],
)
def test_what_is_wrong_is_shown_below_the_word(text: str, at: int, what: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert str(caught.value).startswith(what)
    assert (caught.value.at, caught.value.text) == (at, text)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.at, again.end) == (str(caught.value), at, caught.value.end)


def test_the_mark_stands_below_the_word_in_a_long_filter_too() -> None:
    with pytest.raises(FilterError) as caught:
        parse("word " * 30 + "\tloss>\n" + "word " * 10)
    _, shown, mark = str(caught.value).split("\n")
    assert mark.strip() == "^"
    assert shown[: mark.index("^")].endswith(" loss>")
    assert len(shown) <= 102


def outcome(text: str) -> Filter | FilterError:
    try:
        return parse(text)
    except FilterError as error:
        return error


LETTERS = st.sampled_from([*'ab.-:=<>!,"() \\\n', " or ", " and ", "é", "status:", "0.5"])


@given(st.lists(LETTERS, max_size=60).map("".join) | st.text(max_size=100))
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    tree = outcome(text)
    if isinstance(tree, FilterError):
        assert 0 <= tree.at <= len(text)
        assert tree.at <= tree.end <= max(len(text), tree.at + 1)
        return
    for word in words(tree):
        there = text[word.at : word.end]
        assert there == word.text if not word.quoted else re.sub(r"\\(.)", r"\1", there[1:-1], flags=re.S) == word.text


@given(st.text(min_size=1))
def test_a_text_is_found_again_in_its_quotes(text: str) -> None:
    if len(quoted(text)) > LONGEST or any("\ud800" <= letter <= "\udfff" for letter in text):
        return
    tree = parse(quoted(text))
    assert isinstance(tree, FilterText)
    assert tree.word.text == text
