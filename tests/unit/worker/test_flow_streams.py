"""What the runs of a process write to its streams is kept, and the streams are as they were afterwards."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.specs import RunSpec
from penstock.sdk import attempts, session
from penstock.worker import log_files
from penstock.worker.flow_logs import BodyLog, Tee
from penstock.worker.flow_streams import Streams

_LINES = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30)
TEXTS = st.lists(st.tuples(st.sampled_from("oe"), st.integers(0, 2), _LINES), max_size=30)


class Body:
    """A flow's body, and what is kept of it."""

    def __init__(self, folder: Path, streams: Streams | None = None, name: str = "flow.1.log", most: int = 0) -> None:
        self.path = folder / name
        self.streams = streams or Streams()
        self.notes: list[str] = []
        self.log = BodyLog(os.fspath(self.path), most, self.streams, self.notes.append)
        nothing: Any = None  # is asked of its engine and its store
        self.run = session.RunSession("digits/1", nothing, nothing, "")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Inside, the code is the body's."""
        with self.log, attempts.outside(), session.entered(session.Place(self.run)):
            self.log.take(self.run)
            yield

    def lines(self) -> list[tuple[str, str, str]]:
        data = self.path.read_bytes() if self.path.exists() else b""
        token = log_files.token_of(os.fspath(self.path))
        return [(line.level, line.stream, line.text) for line in log_files.read(data, token=token)]


@pytest.fixture
def body(tmp_path: Path) -> Body:
    return Body(tmp_path)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Whatever a test does, nothing is left."""
    streams = sys.stdout, sys.stderr
    attributes = dict(vars(sys.stdout)), dict(vars(sys.stderr))
    changed = logging.StreamHandler.emit, warnings.showwarning, list(sys.meta_path)
    yield
    assert (sys.stdout, sys.stderr) == streams
    assert (logging.StreamHandler.emit, warnings.showwarning, list(sys.meta_path)) == changed
    assert (vars(sys.stdout), vars(sys.stderr)) == attributes


def test_streams_stay_the_objects_that_they_are(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    with body.running():
        assert (sys.stdout, sys.stderr) == before
        print("out")
        print("err", file=sys.stderr)
        sys.stdout.writelines(["some\n", "lines\n"])
    print("after")
    assert capsys.readouterr() == ("out\nsome\nlines\nafter\n", "err\n")
    assert body.lines() == [
        ("", "stdout", "out"),
        ("", "stderr", "err"),
        ("", "stdout", "some"),
        ("", "stdout", "lines"),
    ]


def test_only_what_the_body_s_context_writes_is_kept(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    with body.running():
        for call, text in ((copy_context().run, "carries it"), (lambda do, what: do(what), "does not")):
            thread = threading.Thread(target=call, args=(print, text))
            thread.start()
            thread.join()
        with redirect_stdout(io.StringIO()):
            print("not shown, and not kept")
    assert capsys.readouterr().out == "carries it\ndoes not\n"
    assert [text for _, _, text in body.lines()] == ["carries it"]


def test_threads_that_print_at_once_have_whole_lines(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    def talk(number: int) -> None:
        for count in range(200):
            print(number, count)
            print(number, -count, file=sys.stderr)

    with body.running():
        threads = [threading.Thread(target=copy_context().run, args=(talk, number)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    capsys.readouterr()
    for number in range(8):
        said = [line[1:] for line in body.lines() if line[2].startswith(f"{number} ")]
        assert [text for stream, text in said if stream == "stdout"] == [f"{number} {count}" for count in range(200)]
        assert [text for stream, text in said if stream == "stderr"] == [f"{number} {-count}" for count in range(200)]


def test_what_is_written_wrongly_fails_as_it_does(body: Body) -> None:
    stdout: Any = sys.stdout
    with pytest.raises(TypeError) as before:
        stdout.write(5)
    with body.running():
        with pytest.raises(TypeError) as inside:
            stdout.write(5)
        print("\ud800", file=sys.stderr)  # its errors are written as escapes
    assert str(inside.value) == str(before.value)
    assert body.lines() == [("", "stderr", "\\ud800")]


class Wrapper(io.TextIOBase):
    """A stream of a library's: it writes on to another one, and some of it no sooner than `flush`."""

    def __init__(self, under: Any) -> None:
        self._under = under
        self._held = ""

    def write(self, text: str, /) -> int:
        if text.endswith("\n"):
            self._under.write(f"<{self._held}{text}")
            self._held = ""
        else:
            self._held += text
        return len(text)

    def flush(self) -> None:
        if self._held:
            self._under.write(f"<{self._held}")
            self._held = ""


@pytest.mark.parametrize("when", ["before", "inside"])
def test_a_stream_that_writes_on_is_kept_once(
    body: Body, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    wrapper = Wrapper(sys.stderr)
    with monkeypatch.context() as patch:
        if when == "before":
            patch.setattr(sys, "stdout", wrapper)
        with body.running():
            patch.setattr(sys, "stdout", wrapper)
            print("half", end="", flush=True)
            print(" and half")
        assert "write" not in vars(wrapper)
    assert capsys.readouterr().err == "<half< and half\n"
    kept = [("", "stdout", "half and half")] if when == "before" else [("", "stderr", "<half< and half")]
    assert body.lines() == kept


def test_what_stands_in_a_stream_s_place_has_all_of_it(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    record = logging.makeLogRecord({"msg": "logged", "levelno": logging.ERROR})
    bare = body.streams.bare(sys.stderr)
    with body.running():
        with body.streams.replaced(Wrapper(bare), Wrapper(body.streams.bare(sys.stderr))):
            print("out")
            print("err", file=sys.stderr)
            handler.emit(record)
            bare.write("a table\n")
        handler.emit(record)
    assert capsys.readouterr() == ("", "<out\n<err\n<logged\na table\nlogged\n")
    assert body.lines() == [
        ("", "stdout", "out"),
        ("", "stderr", "err"),
        ("error", "stderr", "logged"),
        ("error", "stderr", "logged"),
    ]


def test_who_has_put_a_write_of_his_own_keeps_it(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    stdout: Any = sys.stdout
    heard: list[str] = []
    with body.running():
        ours = stdout.write

        def write(text: str) -> int:
            heard.append(text)
            return ours(text)

        stdout.write = write
        print("inside")
    print("after")
    assert stdout.write is write
    del stdout.write
    assert heard == ["inside", "\n", "after", "\n"]
    assert capsys.readouterr().out == "inside\nafter\n"
    assert body.lines() == [("", "stdout", "inside")]


@contextmanager
def cell() -> Iterator[None]:
    """IPython sets `write` for each cell, and puts back what was there when the cell began."""
    before = (stream := sys.stdout).write
    stream.write = lambda text: before(text)  # type: ignore[method-assign]
    yield
    stream.write = before  # type: ignore[method-assign]


def calls_of(do: Any) -> int:
    """How many functions of Python's it calls."""
    calls: list[Any] = []
    sys.setprofile(lambda frame, event, arg: calls.append(frame) if event == "call" else None)
    do()
    sys.setprofile(None)
    return len(calls)


def test_a_write_that_comes_and_goes_takes_nothing_along(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stdout: Any = sys.stdout
    streams, counts = Streams(), []
    handler, record = logging.StreamHandler(stdout), logging.makeLogRecord({"msg": "logged"})
    for number in range(12):
        body = Body(tmp_path, streams, f"flow.{number}.log")
        with ExitStack() as run:
            with cell():
                run.enter_context(body.running())
                print("in its cell")
            assert isinstance(sys.stdout, type(stdout))
            print("between cells")
            with cell():
                print("in the next cell")
                handler.emit(record)
            handler.emit(record)
        assert sys.stdout is stdout
        with cell(), Body(tmp_path, streams, f"again.{number}.log").running():
            print("again")
            handler.emit(record)
        texts = ["in its cell", "between cells", "in the next cell", "logged", "logged"]
        assert [text for _, _, text in body.lines()] == texts
        assert capsys.readouterr().out.splitlines()[-7:] == [*texts, "again", "logged"]
        counts.append(calls_of(lambda: print("once")))
    assert counts[-1] < counts[0] + 10  # no more of it is left by each run
    del stdout.write


def test_a_long_run_costs_no_more_in_each_cell(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    stdout: Any = sys.stdout  # `capsys`: this test's own
    handler, record = logging.StreamHandler(stdout), logging.makeLogRecord({"msg": "logged"})
    counts: list[tuple[int, int]] = []
    with ExitStack() as run:
        with cell():
            run.enter_context(body.running())
        for _ in range(20):
            with cell():
                handler.emit(record)
                counts.append((calls_of(lambda: handler.emit(record)), calls_of(lambda: print("printed", flush=True))))
    assert sum(counts[-1]) < sum(counts[0]) + 10  # a collection of garbage may call something, too
    assert [text for _, _, text in body.lines()] == ["logged", "logged", "printed"] * 20
    del stdout.write


def test_a_stream_of_the_user_s_may_know_how_to_write_alone(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain:
        def __init__(self) -> None:
            self.texts: list[str] = []

        def write(self, text: str) -> None:
            self.texts.append(text)

    class Fixed:
        __slots__ = ()

        def write(self, text: str) -> None:
            pass

    plain = Plain()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", plain)
        patch.setattr(sys, "stderr", Fixed())  # it takes no attributes
        with body.running():
            print("out")
            print("err", file=sys.stderr)
    assert plain.texts == ["out", "\n"]
    assert vars(plain).keys() == {"texts"}
    assert body.lines() == [("", "stdout", "out")]


def test_a_closed_stream_is_none(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        with body.running():
            print("nowhere")
            print("err", file=sys.stderr)
    assert body.lines() == [("", "stderr", "err")]


def test_handlers_tell_their_levels(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    with body.running():
        print("half of", end="", file=sys.stderr)
        logging.StreamHandler().emit(logging.makeLogRecord({"msg": "careful", "levelno": logging.WARNING}))
        logging.StreamHandler(sys.stdout).emit(logging.makeLogRecord({"msg": "grave", "levelno": logging.CRITICAL}))
        print(" a line", file=sys.stderr)
    assert capsys.readouterr().err == "half ofcareful\n a line\n"
    assert body.lines() == [
        ("", "stderr", "half of"),
        ("warning", "stderr", "careful"),
        ("critical", "stdout", "grave"),
        ("", "stderr", " a line"),
    ]


def test_bodies_of_one_process_keep_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    streams = Streams()
    first, second = Body(tmp_path, streams), Body(tmp_path, streams, "flow.2.log")
    with first.running():
        print("first")
        with second.running():
            print("second")
        print("first again")
    assert capsys.readouterr().out == "first\nsecond\nfirst again\n"
    assert [text for _, _, text in first.lines()] == ["first", "first again"]
    assert [text for _, _, text in second.lines()] == ["second"]


@pytest.mark.parametrize("place", ["missing/flow.1.log", "full"])
def test_what_can_not_be_kept_is_shown_and_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    body, handler = Body(tmp_path, name=place), logging.StreamHandler()
    with body.running():
        print("begun ", end="", file=sys.stderr)
        handler.emit(logging.makeLogRecord({"msg": "logged", "levelno": logging.INFO}))
        print("one")
        print("two")
        print("not ended", end="")
    assert capsys.readouterr() == ("one\ntwo\nnot ended", "begun logged\n")
    (note,) = body.notes
    assert note.startswith("what the flow's body prints is shown, and no more of it is kept: [Errno ")


def test_an_attempt_whose_last_line_can_not_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    tee = Tee(os.fspath(tmp_path / "full"), RunSpec("digits/3"), Streams())
    tee.begin("digits/1/train/1#1")
    line = tee.line(0)
    assert line is not None
    line.write("no end")
    with pytest.raises(OSError, match="No space"):
        tee.end()


def test_a_thread_that_outlives_the_run_writes_into_no_other_file(
    body: Body, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with body.running():
        print("inside")
        context = copy_context()
        line = body.log.line(0)
    assert line is not None
    other = os.open(tmp_path / "other", os.O_CREAT | os.O_WRONLY)
    context.run(print, "after")
    line.write("by a thread that had the line in its hands\n")
    os.close(other)
    assert (tmp_path / "other").read_bytes() == b""
    assert capsys.readouterr().out == "inside\nafter\n"
    assert [text for _, _, text in body.lines()] == ["inside", "by a thread that had the line in its hands"]


@given(written=TEXTS, token=st.booleans())
def test_no_text_breaks_or_forges_a_line(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[str, int, str]], token: bool
) -> None:
    """Whatever is printed, and by whom: the lines are those that were printed, each of its stream, without a level."""
    body = Body(tmp_path_factory.mktemp("body"))
    expected: list[tuple[str, str, str]] = []
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        with body.running():
            print("first")
            forged = (
                log_files.start_of_head(log_files.token_of(os.fspath(body.path))).decode() + "1.000 Ee "
                if token
                else ""
            )
            for stream, ends, text in written:
                text = forged + "\n".join([text] * ends)
                print(text, file=out if stream == "o" else err)
                expected += (("", "stdout" if stream == "o" else "stderr", line) for line in text.split("\n"))
    assert body.lines() == [("", "stdout", "first"), *expected]
