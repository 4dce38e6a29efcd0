"""Results that serve other runs: real processes, killed and damaged where it hurts."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.flows import Project, wait_until

SQUARE = """
@step(cache={cache})
def square(n, verbose=False):
    note("square", n)
    return n * n

@flow
def main(ns=(1, 2, 3)):
    return square.map(ns).result()
"""


def cached(project: Project, cache: str = "True") -> None:
    project.write(SQUARE.format(cache=cache))


def test_the_second_run_runs_nothing(project: Project) -> None:
    cached(project)
    assert [project.run().value() for _ in range(2)] == [[1, 4, 9]] * 2
    assert sorted(project.trace()) == ["square 1", "square 2", "square 3"]
    assert project.run(ns=[3, 4]).value() == [9, 16]
    assert project.trace()[3:] == ["square 4"]


def test_without_the_word_every_run_runs_all(project: Project) -> None:
    cached(project, "False")
    for _ in range(2):
        project.run().value()
    assert len(project.trace()) == 6


def test_equal_calls_of_one_run_are_made_once(project: Project) -> None:
    cached(project)
    assert project.run(ns=[5] * 8).value() == [25] * 8
    assert project.trace() == ["square 5"]


@pytest.mark.parametrize("how", ["done", "killed", "failed"])
def test_two_runs_make_one_result_once_and_the_next_makes_it_where_the_first_does_not(
    project: Project, how: str
) -> None:
    project.write(
        """
        @step(cache=True)
        def slow():
            note("slow")
            await_file("go")
            if os.path.exists("fail"):
                os.unlink("fail")
                raise RuntimeError("no")
            return 7

        @flow
        def main():
            return slow()
        """
    )
    first = project.spawn()
    project.await_note("slow")
    second = project.spawn()
    wait_until(lambda: project.rows("SELECT 1 FROM run WHERE number = 2"))
    if how == "killed":
        first.kill()
        project.await_note("slow", count=2)
    elif how == "failed":
        project.touch("fail")
    project.touch("go")
    assert second.join().value() == 7
    if how == "done":
        assert first.join().value() == 7
    elif how == "failed":
        assert first.join().error["type"] == "RuntimeError"
    assert project.trace() == ["slow"] * (1 if how == "done" else 2)
    assert project.rows("SELECT count(*) FROM cache_claim WHERE run_id = 2") == [(0,)]


def test_who_waits_says_for_what(project: Project) -> None:
    project.write(
        """
        @step(cache=True)
        def slow():
            note("slow")
            await_file("go")

        @flow
        def main():
            slow()
        """
    )
    first = project.spawn()
    project.await_note("slow")
    second = project.popen([os.path.join(os.path.dirname(sys.executable), "penstock"), "run", "mine.py"])
    assert second.stdout is not None
    line = next(line for line in second.stdout if "waiting" in line)
    assert line == "waiting for main/1/slow/1, which makes a result that is needed here too\n"
    project.touch("go")
    first.join().value()
    assert "main/2 done" in second.communicate(timeout=60)[0]


@pytest.mark.parametrize("damage", ["gone", "changed", "truncated"])
def test_a_damaged_result_is_made_again_with_a_word(project: Project, damage: str) -> None:
    project.write(
        """
        @step(cache=True)
        def large():
            note("large")
            return bytes(1_000_000)

        @step
        def size(data):
            return len(data), data[0]

        @flow
        def main():
            return size(large.submit())
        """
    )
    assert project.run().value() == [1_000_000, 0]
    (blob,) = (project.folder / ".penstock" / "store").rglob("b3-*")
    if damage == "gone":
        blob.unlink()
    elif damage == "truncated":
        os.truncate(blob, 10)
    else:
        blob.write_bytes(b"\1" * 1_000_000)
    report = project.run()
    assert report.value() == [1_000_000, 0]
    assert len(project.trace()) == 2
    assert any("damaged" in note for note in report.notes)
    assert project.run().value() == [1_000_000, 0]
    assert len(project.trace()) == 2
    code, output = project.penstock("why", "main/2/large/1")
    assert (code, "damaged or gone" in output) == (0, True)


def test_what_is_too_old_is_made_again(project: Project) -> None:
    cached(project, "'1h'")
    project.run(ns=[1]).value()
    with sqlite3.connect(project.folder / ".penstock" / "journal.db") as connection:
        connection.execute("UPDATE cache SET stored_at = stored_at - 7200")
    project.run(ns=[1]).value()
    project.run(ns=[1]).value()
    assert project.trace() == ["square 1"] * 2
    assert "the cached result of main/1 has expired" in project.penstock("why", "main/2/square/1")[1]


def test_what_is_ignored_does_not_count_and_another_version_does(project: Project) -> None:
    source = """
        from penstock import Cache

        @step(cache=Cache(ignore=["verbose"], version=VERSION))
        def work(n, verbose):
            note("work", n, verbose)
            return n

        @flow
        def main(verbose=False):
            return work(1, verbose)
        """
    project.write(source.replace("VERSION", "1"))
    project.run(verbose=False).value()
    project.run(verbose=True).value()
    assert project.trace() == ["work 1 False"]
    project.write(source.replace("VERSION", "2"))
    project.run(verbose=True).value()
    assert project.trace() == ["work 1 False", "work 1 True"]


def test_defaults_count_as_what_they_are(project: Project) -> None:
    cached(project)
    project.run(ns=[1]).value()
    project.write(SQUARE.format(cache="True").replace("square.map(ns)", "square.map(ns, verbose=False)"))
    project.run(ns=[1]).value()
    assert project.trace() == ["square 1"]


def test_files_and_folders_count_by_content(project: Project) -> None:
    project.write(
        """
        from pathlib import Path

        @step(cache=True)
        def read(path):
            note("read", path.name)
            return sorted(file.read_text() for file in ([path] if path.is_file() else path.iterdir()))

        @flow
        def main():
            return read(Path("one.txt")), read(Path("folder"))
        """
    )
    folder = project.folder / "folder"
    folder.mkdir()
    for file in (project.folder / "one.txt", folder / "two.txt"):
        file.write_text("old")
    assert project.run().value() == [["old"], ["old"]]
    os.utime(project.folder / "one.txt")
    assert project.run().value() == [["old"], ["old"]]
    assert project.trace() == ["read one.txt", "read folder"]
    (project.folder / "one.txt").write_text("new")
    (folder / "three.txt").write_text("more")
    assert project.run().value() == [["new"], ["more", "old"]]


def test_inputs_count_by_content_whoever_made_them(project: Project) -> None:
    project.write(
        """
        @step
        def make(n, way):
            return [n, n]

        @step(cache=True)
        def use(values, more):
            note("use", values)
            return sum(values)

        @flow
        def main(way="a"):
            return use(make.submit(1, way), {"x": [make.submit(2, way)[0]]})
        """
    )
    assert [project.run(way=way).value() for way in "ab"] == [2, 2]
    assert project.trace() == ["use [1, 1]"]


def test_what_has_no_stable_form_is_not_cached_and_why_says_so(project: Project) -> None:
    project.write(
        """
        @step(cache=True)
        def use(model):
            note("use")

        @flow
        def main():
            nested = []
            for _ in range(250):
                nested = [nested]
            use(nested)
        """
    )
    for _ in range(2):
        project.run().value()
    assert project.trace() == ["use", "use"]
    code, output = project.penstock("why", "main/2/use/1")
    assert (code, "main/2/use/1 ran because it can't be cached: model" in output) == (0, True)


def test_steps_of_one_factory_are_told_apart_by_what_they_close_over(project: Project) -> None:
    project.write(
        """
        def maker(factor):
            @step(cache=True)
            def scale(n):
                note("scale", factor)
                return factor * n
            return scale

        @flow
        def main():
            return maker(2)(1), maker(3)(1)
        """
    )
    assert [project.run().value() for _ in range(2)] == [[2, 3]] * 2
    assert project.trace() == ["scale 2", "scale 3"]


def test_steps_of_one_factory_are_told_apart_by_their_defaults_and_lambdas_of_one_line_by_their_code(
    project: Project,
) -> None:
    project.write(
        """
        def maker(factor):
            @step(cache=True)
            def scale(n, by=factor, *, up=factor):
                return n * by + up
            return scale

        @flow
        def main():
            one, two = step(cache=True)(lambda x: x + 1), step(cache=True)(lambda x: x + 2)
            return maker(2)(1), maker(3)(1), one(5), two(5)
        """
    )
    assert [project.run().value() for _ in range(2)] == [[4, 6, 6, 7]] * 2


def test_metrics_of_a_reused_task_are_there(project: Project) -> None:
    project.write(
        """
        @step(cache=True)
        def work():
            log_metrics({"loss": 0.5})

        @flow
        def main():
            work()
        """
    )
    for _ in range(2):
        project.run().value()
    assert project.rows("SELECT name, last FROM metric") == [("loss", 0.5)] * 2


def test_the_command_line_s_words(project: Project) -> None:
    cached(project)
    project.penstock("run", "mine.py")
    assert "square: 3 done, 3 reused" in project.penstock("run", "mine.py")[1]
    code, output = project.penstock("run", "--refresh", "square", "mine.py")
    assert (code, "reused" in output) == (0, False)
    assert "ran because of --refresh square" in project.penstock("why", "main/3/square/2")[1]
    code, output = project.penstock("run", "--no-cache", "mine.py")
    assert (code, "reused" in output) == (0, False)
    assert "ran because of --no-cache" in project.penstock("why", "main/4/square/2")[1]
    code, output = project.penstock("run", "--refresh", "squre", "mine.py")
    assert (code, "--refresh squre: this run called no such step; did you mean square?" in output) == (0, True)
    assert len(project.trace()) == 9


def test_a_killed_run_loses_no_cached_result_and_resumes(project: Project) -> None:
    project.write(
        """
        @step(cache=True)
        def work(n):
            note("work", n)
            await_file(f"go-{n}")
            return n

        @flow
        def main():
            return [work(n) for n in range(3)]
        """
    )
    project.touch("go-0")
    first = project.spawn()
    project.await_note("work 1")
    first.kill()
    project.touch("go-1")
    project.touch("go-2")
    assert project.run().value() == [0, 1, 2]
    assert project.run("main/1").value() == [0, 1, 2]
    assert project.trace() == ["work 0", "work 1", "work 1", "work 2"]


def test_an_edit_within_the_second_that_keeps_the_size_counts(project: Project) -> None:
    project.write("VALUE = 1\n", "shapes.py")
    project.write("import shapes\n" + SQUARE.format(cache="True").replace("n * n", "n * shapes.VALUE"))
    # Python itself would take what it kept of the first text for the second's.
    unkept = {"PYTHONDONTWRITEBYTECODE": "1"}
    at = Path(project.folder / "shapes.py").stat().st_mtime_ns
    assert project.run(environ=unkept, ns=[1]).value() == [1]
    project.write("VALUE = 2\n", "shapes.py")
    os.utime(project.folder / "shapes.py", ns=(at, at))
    assert project.run(environ=unkept, ns=[1]).value() == [2]


def test_what_is_refreshed_is_made_once_for_equal_calls(project: Project) -> None:
    cached(project)
    project.run(ns=[1])
    assert project.penstock("run", "--refresh", "square", "mine.py", "--ns", "[1, 1, 1]")[0] == 0
    assert project.trace() == ["square 1", "square 1"]


def test_many_equal_calls_wait_for_the_one_that_makes_the_result(project: Project) -> None:
    project.write(
        """
        @step(cache=True)
        def slow(n):
            note("slow", n)
            await_file("go")
            return n

        @step
        def other(n):
            note("other", n)
            return n

        @flow
        def main():
            waiting = [slow.submit(7) for _ in range(200)]
            others = other.map(range(3)).result()
            open("go", "w").close()
            return sum(future.result() for future in waiting) + sum(others)
        """
    )
    assert project.run().value() == 7 * 200 + 3
    assert project.trace().count("slow 7") == 1


def test_a_claim_of_a_call_that_failed_is_free_for_the_next(project: Project) -> None:
    project.write(
        """
        @step(cache=True)
        def work(n):
            note("work", n)
            if not os.path.exists("mended"):
                raise ValueError("not yet")
            return n

        @flow
        def main():
            first, second = work.submit(1), work.submit(1)
            for future in (first, second):
                try:
                    future.result()
                except ValueError:
                    pass
            open("mended", "w").close()
            return work(1)
        """
    )
    assert project.run().value() == 1
    assert project.rows("SELECT count(*) FROM cache_claim") == [(0,)]


def test_files_that_a_step_closes_over_count_by_content(project: Project) -> None:
    project.write(
        """
        from pathlib import Path

        def reader(path):
            @step(cache=True)
            def read():
                note("read")
                return path.read_text()
            return read

        read = reader(Path("data.txt"))

        @flow
        def main():
            return read()
        """
    )
    for text in ("one", "one", "two"):
        (project.folder / "data.txt").write_text(text)
        assert project.run().value() == text
    assert project.trace() == ["read", "read"]


def test_a_file_that_is_a_default_counts_by_content(project: Project) -> None:
    project.write(
        """
        from pathlib import Path

        @step(cache=True)
        def read(path=Path("data.txt")):
            note("read")
            return path.read_text()

        @flow
        def main():
            return read()
        """
    )
    for text in ("one", "one", "two"):
        (project.folder / "data.txt").write_text(text)
        assert project.run().value() == text
    assert project.trace() == ["read", "read"]


def test_what_uses_declares_and_is_not_there_is_told_before_there_is_a_run(project: Project) -> None:
    project.write(
        SQUARE.format(cache="True, uses=[Path('gone.csv')]").replace("@step", "from pathlib import Path\n\n@step")
    )
    for words in (("run", "mine.py"), ("run", "--dry-run", "mine.py")):
        code, output = project.penstock(*words)
        assert code == 2, output
        assert "step square: uses=: " in output
        assert "gone.csv" in output
        assert "Traceback" not in output
    assert project.rows("SELECT count(*) FROM run") in ([], [(0,)])
    (project.folder / "gone.csv").touch()
    assert project.run().value() == [1, 4, 9]


def test_what_a_record_carries_counts(project: Project, require: Callable[[str], None]) -> None:
    """What was set beside a dataclass's fields, what a function made at run time reads, an index's frequency."""
    require("pandas")
    project.write(
        """
import dataclasses
import pandas as pd

@dataclasses.dataclass
class Scaler:
    centre: bool = True

    def fit(self, level):
        self.mean_ = level
        return self

def rule(text, **names):
    return eval(f"lambda x: {text}", names)

@step(cache=True)
def fit(level):
    return Scaler().fit(level)

@step(cache=True)
def centred(scaler):
    return 100.0 - scaler.mean_

@step(cache=True)
def ruled(fn, x):
    return fn(x)

@step(cache=True)
def next_day(sales):
    return str((sales.index[-1] + sales.index.freq).date())

@flow
def main(level: float = 1.0, rate: int = 2, freq: str = "D"):
    sales = pd.Series(range(5), index=pd.date_range("2024-01-01", "2024-01-05", freq=freq))
    return [centred(fit.submit(level)), ruled(rule("x * rate", rate=rate), 5), next_day(sales)]
"""
    )
    assert project.run().value() == [99.0, 10, "2024-01-06"]
    assert project.run(level=50.0, rate=3, freq="B").value() == [50.0, 15, "2024-01-08"]
