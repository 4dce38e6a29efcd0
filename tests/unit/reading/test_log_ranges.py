"""Parts of logs: whatever stands in one, its parts come together again, and none of them is cut where it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock.reading.attempt_logs import WrittenLog
from penstock.reading.line_numbers import LineNumbers
from penstock.reading.log_places import LogPlace
from penstock.reading.log_ranges import (
    SHOWN,
    LogPart,
    from_line,
    from_time,
    part,
    search,
    tail,
    whole_text,
    whole_until,
)

TOKEN = "abcdef01"
OPENING = f"\x1e={TOKEN}\n".encode()
ENDLESS = 1 << 40


def line(text: str, level: str = "-", stream: str = "o", at: float = 1_700_000_000) -> bytes:
    return f"\x1e{TOKEN} {at:.3f} {level}{stream} {text}\n".encode()


def mark(attempt: str) -> bytes:
    return line(attempt, "@", "-")


class Written:
    """A log file."""

    def __init__(self, folder: Path, data: bytes, begin: int = len(OPENING), is_over: bool = True) -> None:
        self.file = folder / "w1.log"
        self.file.write_bytes(OPENING + data)
        size = len(OPENING) + len(data)
        self.log = WrittenLog(LogPlace(str(folder), "w1.log"), begin, size if is_over else None, "digits/1/train/1#1")
        self.numbers = LineNumbers(self.log.place, begin)

    def part(self, start: int = 0, most: int = ENDLESS, count: int = ENDLESS) -> LogPart:
        return part(self.log, self.numbers, start, most, count)

    def tail(self, most: int = ENDLESS, count: int = ENDLESS) -> LogPart:
        return tail(self.log, self.numbers, most, count)

    def line(self, number: int, count: int = ENDLESS) -> LogPart:
        return from_line(self.log, self.numbers, number, count)

    def find(self, text: str, start: int = 0, limit: int = 200, with_case: bool = False) -> LogPart:
        return search(self.log, self.numbers, text, with_case, start, limit)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def texts(found: LogPart) -> list[str]:
    return [one.text for one in found.lines]


def test_lines_know_whose_they_are_and_where_they_stand(folder: Path):
    written = Written(folder, mark("digits/1/train/1#1") + line("one") + b"raw \xff\n" + line("two", "W", "e") + b"\n")
    whole = written.part()
    assert [(one.number, one.level, one.stream, one.text, one.at is None) for one in whole.lines] == [
        (1, "", "stdout", "one", False),
        (2, "", "", "raw \\xff", True),
        (3, "warning", "stderr", "two", False),
        (4, "", "", "", True),
    ]
    assert (whole.start, whole.stop, whole.is_over) == (len(OPENING), whole.end, True)
    for one in whole.lines:
        assert written.part(one.offset, 1).lines == (one,)
        assert one.number is not None
        assert written.line(one.number, 1).lines == (one,)
    assert written.line(5).lines == ()
    assert written.part(ENDLESS).lines == ()
    assert texts(written.tail(count=2)) == ["two", ""]
    assert texts(written.tail(most=30)) == [""], "the line before begins earlier"


def test_raw_output_without_an_end_stands_beside_the_line_that_follows(folder: Path):
    found = Written(folder, b"raw" + line("one") + line("two")).part().lines
    assert [(one.text, one.number) for one in found] == [("raw", 1), ("one", 1), ("two", 2)]
    assert found[0].offset == found[1].offset


def test_progress_shows_its_last_state(folder: Path):
    bar = b"".join(b"\r%d%%" % percent for percent in range(101))
    written = Written(folder, bar + b"\n" + bar * 100 + b"\n" + b"windows\r\n")
    assert texts(written.part()) == ["100%", "100%", "windows"]


def test_a_line_that_is_written_still_comes_again(folder: Path):
    written = Written(folder, line("one") + b"\r 5%", is_over=False)
    first = written.part()
    assert (texts(first), first.is_open) == (["one", " 5%"], True)
    with open(written.file, "ab") as file:
        file.write(b"\r10%\n")
    again = written.part(first.stop)
    assert (texts(again), again.is_open, again.lines[0].number) == (["10%"], False, 2)
    assert written.part(again.stop).lines == ()


def test_what_the_worker_s_next_attempt_writes_is_not_shown(folder: Path):
    data = mark("digits/1/train/1#1") + line("mine") + mark("digits/1/train/1#1") + line("mine, too", "-", "e")
    written = Written(folder, data + mark("digits/1/train/2#1") + line("another's"), is_over=False)
    assert texts(written.part()) == ["mine", "mine, too"]


def test_a_line_of_two_megabytes(folder: Path):
    long = "".join(f"{number:08d}é" for number in range(200_000)).encode()
    written = Written(folder, b"before\n" + long + b"\nafter\n")
    before, middle, after = written.part().lines
    assert (before.text, after.text, after.number) == ("before", "after", 3)
    assert len(middle.text.encode()) == middle.rest - middle.offset <= SHOWN
    assert middle.cut == len(long) - len(middle.text.encode())
    read, piece = middle.text, middle
    while piece.rest is not None:
        (piece, *_) = written.part(piece.rest, 1).lines
        assert piece.number == 2
        read += piece.text
    assert read == long.decode()
    hit = written.find("00154321é").lines[0]
    assert "00154321é" in hit.text
    assert hit.number == 2
    assert long[hit.offset - middle.offset :].startswith(hit.text.encode())


def test_the_end_of_a_line_of_ten_megabytes(folder: Path):
    written = Written(folder, b"x" * 10_000_000 + b"\nend\n")
    assert texts(written.tail(most=100)) == ["end"]
    assert texts(written.tail(most=4)) == ["end"]
    written = Written(folder, "é".encode() * 5_000_000, is_over=False)
    (found,) = written.tail(most=101).lines
    assert found.text == "é" * 51, "one byte more, and no half of a character"


@pytest.mark.parametrize(
    "sequence",
    ["\x1b[38;5;196m", "\x1b]8;;https://example.org/é\x1b\\", "\x1b]0;title\x07", "\x1bPq#0\x1b\\", "\x1b(B", "🎈"],
)
def test_no_sequence_is_split(sequence: str):
    whole = sequence.encode()
    for before in range(4):
        data = b"a" * before + whole + b"b" * 20
        for at in range(1, len(data)):
            cut = whole_until(data, at)
            assert cut <= before or cut >= before + len(whole)
            assert cut in (at, before)


@given(st.binary(max_size=60), st.integers(1, 60))
def test_a_cut_is_near_whatever_stands_there(data: bytes, at: int):
    assert 0 <= whole_until(data, min(at, len(data))) <= at


def test_a_text_is_found_in_lines_and_not_in_what_stands_before_them(folder: Path):
    written = Written(folder, line("Loss 1700") + line("other") + b"raw LOSS\n" + line("é loss É"))
    assert [(one.text, one.number) for one in written.find("loss").lines] == [
        ("Loss 1700", 1), ("raw LOSS", 3), ("é loss É", 4),
    ]  # fmt: skip
    assert texts(written.find("LOSS", with_case=True)) == ["raw LOSS"]
    assert texts(written.find("1700")) == ["Loss 1700"]
    assert texts(written.find("Éé")) == []
    assert texts(written.find("é LOSS é")) == ["é loss É"]
    first = written.find("loss", limit=1)
    assert texts(written.find("loss", first.stop)) == ["raw LOSS", "é loss É"]
    nothing = written.find("nowhere")
    assert (nothing.lines, nothing.stop) == ((), nothing.end)


def test_a_log_that_was_cut_is_counted_anew(folder: Path):
    written = Written(folder, b"".join(line(f"long before {number}") for number in range(20_000)), is_over=False)
    assert written.tail(count=1).lines[0].number == 20_000
    written.file.write_bytes(OPENING + b"".join(line(f"{number}") for number in range(30_000)))
    assert [(one.text, one.number) for one in written.tail(count=1).lines] == [("29999", 30_000)]
    written.file.write_bytes(OPENING + line("one"))
    assert [(one.text, one.number) for one in written.part().lines] == [("one", 1)]
    written.file.unlink()
    assert written.part().lines == ()


LINES = st.lists(
    st.one_of(
        st.text(max_size=20).map(lambda text: line(re.sub(r"[\n\r\x1e]", "", text))),
        st.binary(max_size=20).map(lambda data: re.sub(rb"[\n\r\x1e]", b"", data) + b"\n"),
        st.sampled_from([mark("digits/1/train/1#1"), b"\n", b"LONG\n"]),
    ),
    max_size=12,
)


@settings(max_examples=50)
@given(LINES, st.integers(1, 200), st.integers(1, 4), st.booleans(), st.sampled_from(["", "no end"]))
@example([mark("digits/1/train/1#1")], 1, 1, False, "")
def test_parts_come_together(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], most: int, count: int, is_over: bool, rest: str
):
    data = b"".join(lines).replace(b"LONG", "é".encode() * SHOWN) + rest.encode()
    written = Written(tmp_path_factory.mktemp("log"), data, is_over=is_over)
    whole = written.part()
    shown = [one for one in lines if not one.startswith(f"\x1e{TOKEN} 1700000000.000 @".encode())]
    assert [one.number for one in whole.lines] == list(range(1, len(shown) + bool(rest) + 1))
    found, at = list[str](), 0
    while (piece := written.part(at, most, count)).lines or piece.stop > piece.start:
        assert [one.offset for one in piece.lines] == sorted({one.offset for one in piece.lines})
        found += texts(piece)
        at = piece.stop
        if piece.is_open:
            break
    assert found == texts(whole)
    last = written.tail(count=count)
    assert texts(last) == texts(whole)[-count:] if not any(map(is_mark, lines)) else True
    for one in whole.lines:
        assert one.number is not None
        assert written.line(one.number, 1).lines == (one,)


def is_mark(data: bytes) -> bool:
    return b" @- " in data


def test_numbers_of_a_long_log(folder: Path):
    """Over many blocks, with marks between the lines."""
    lines = [
        line(f"{number}") + (mark(f"digits/1/train/1#{number}") if number % 7 == 0 else b"") for number in range(50_000)
    ]
    written = Written(folder, b"".join(lines))
    for number in (1, 2, 8, 9, 25_000, 49_999, 50_000):
        (found,) = written.line(number, 1).lines
        assert (found.text, found.number) == (str(number - 1), number)
        fresh = LineNumbers(written.log.place, written.log.begin)
        assert fresh.at(found.offset) == number
    assert written.tail(count=1).lines[0].number == 50_000


def test_a_line_is_found_by_its_time_however_long_the_log(folder: Path):
    lines = [line(f"{number} {'x' * 200}", at=1_700_000_000 + number) for number in range(20_000)]
    lines[9_000:9_000] = [b"no time\n" * 200_000, mark("digits/1/train/1#2")]
    written = Written(folder, b"".join(lines))
    assert written.log.size() > 5 << 20
    for number in (0, 1, 8_999, 9_000, 9_001, 19_999):
        found = from_time(written.log, written.numbers, 1_700_000_000 + number - 0.5, 1)
        assert [text.split()[0] for text in texts(found)] == [str(number)]
    assert texts(from_time(written.log, written.numbers, 1_800_000_000, 1)) == []
    assert texts(from_time(written.log, written.numbers, 0, 1))[0].startswith("0 ")


def test_no_line_of_a_log_without_times_is_of_a_time(folder: Path):
    assert texts(from_time(Written(folder, b"one\ntwo\n").log, LineNumbers(LogPlace("", ""), 0), 5.0, 10)) == []


@given(st.lists(st.text(st.characters(blacklist_characters="\n\r\x1e", blacklist_categories=["Cs"]), max_size=30)))
def test_the_whole_text_is_what_was_printed(tmp_path_factory: pytest.TempPathFactory, printed: list[str]):
    folder = tmp_path_factory.mktemp("text")
    data = mark("digits/1/train/1#1") + b"".join(map(line, printed))
    assert b"".join(whole_text(Written(folder, data).log)).decode() == "".join(f"{text}\n" for text in printed)


def test_lines_are_found_by_their_level(folder: Path):
    data = line("fine", "I") + line("nan", "W") + b"E- no head\n" + line("worse", "E") + line("over", "C") + line("E- ")
    written = Written(folder, data)

    def found(level: str, text: str = "") -> list[str]:
        return texts(search(written.log, written.numbers, text, False, 0, 200, level))

    assert found("warning") == ["nan", "worse", "over"]
    assert found("error") == ["worse", "over"]
    assert found("critical") == ["over"]
    assert found("warning", "o") == ["worse", "over"]
