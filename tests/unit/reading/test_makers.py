"""Whose results a call was given, told by what it was given."""

from __future__ import annotations

from penstock.journal.run_shape import TaskGiven
from penstock.model.edges import Ref
from penstock.model.specs import Input
from penstock.reading.makers import Makers, is_telling
from tests.journal_records import digest

_FRAME = '{"type":"pandas.DataFrame","text":"569 rows"}'
_ONE = '{"type":"int","text":"1"}'


def made(id_: int, word: str, preview: str = _FRAME, blobs: tuple[bytes, ...] = ()) -> TaskGiven:
    return TaskGiven(id_, 1, 0, (), digest(word), preview, blobs)


def value(word: str, blobs: tuple[bytes, ...] = ()) -> Input:
    return Input("x", digest(word), b"PS", (), "", blobs)


def test_a_value_is_the_latest_that_was_made_before_it_was_given():
    makers = Makers([made(1, "frame"), made(3, "frame"), made(9, "frame")])
    assert makers.of(5, (value("frame"),)) == [3]
    assert makers.of(1, (value("frame"),)) == []
    assert makers.of(5, (value("other"),)) == []


def test_a_part_of_a_result_and_a_list_of_results_are_told_by_their_blobs():
    a, b = digest("a"), digest("b")
    makers = Makers([made(1, "split", blobs=(a, b)), made(2, "other", blobs=(b,))])
    assert makers.of(5, (value("its first", (a,)),)) == [1]
    assert makers.of(5, (value("both", (a, b)),)) == [1, 2]


def test_a_future_is_its_own_word():
    makers = Makers([made(1, "frame"), made(3, "frame")])
    given = Input("x", digest("frame"), None, (Ref(1, ()),))
    assert makers.of(5, (given, value("frame"))) == [1, 3]


def test_what_many_make_and_many_are_given_tells_nothing():
    makers = Makers([made(1, "one", _ONE), made(2, "none", "")])
    assert makers.of(5, (value("one"), value("none"))) == []
    assert not is_telling('{"type":"str","text":"yes"}')
    assert not is_telling('{"type":"dict","text":"{}"}')
    assert not is_telling("damaged")
    assert is_telling('{"type":"float","text":"-122.3918059968848"}')
    assert is_telling('{"type":"dict","text":"{\'a\': 1}"}')


def test_who_gives_back_the_number_it_was_given_did_not_make_it():
    number = '{"type":"float","text":"-122.3918059968848"}'
    same = made(2, "x", number)._replace(inputs=(value("x"),))
    makers = Makers([made(1, "x", number), same, made(3, "frame", blobs=(digest("b"),))])
    assert makers.of(5, (value("x"),)) == [1]
    through = made(4, "frame", blobs=(digest("b"),))._replace(inputs=(value("frame", (digest("b"),)),))
    assert Makers([made(3, "frame", blobs=(digest("b"),)), through]).of(5, (value("frame"),)) == [4]
