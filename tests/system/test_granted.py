"""What each attempt was given, and how long it waited for it, is in the journal of real runs."""

from __future__ import annotations

from contextlib import closing

from penstock.client.tasks import Task
from penstock.journal import queries
from penstock.journal.journal import Journal
from penstock.model.rows import Granted
from penstock.project import Project as PenstockProject
from penstock.reading.reader import JournalReader
from tests.system.flows import Project, wait_until
from tests.system.test_outliving import FLOW, WIRED, let_go

MIB = 1 << 20


def test_each_attempt_says_what_it_was_given(project: Project) -> None:
    project.settings("[executors.process]\ncpu = 2\nmemory = '2GiB'\n")
    project.write(
        """
        from penstock import grow

        @step(cpu=2, memory=grow("150MiB", to="900MiB", factor=6), timeout="1m", retries=1)
        def grows():
            data = bytearray(400_000_000)
            if current.attempt == 1:  # whose memory is looked at now and then
                time.sleep(60)
            return len(data)

        @step(cpu=2)
        def wait(x):
            time.sleep(0.2)
            return x

        @step(on="inline")
        def here():
            return 1

        @flow
        def main():
            grows()
            wait.options(cpu=1)(0)
            return wait.map([1, 2]).result(), here()
        """
    )
    project.run().value()
    with closing(Journal.open(project.folder / ".penstock", read_only=True)) as journal:
        run = queries.resolve(journal, "main")
        steps = {step.name: step.granted for step in queries.steps(journal, run.id)}
        assert steps == {
            "grows": Granted("process", 2.0, 150 * MIB, 0, 60.0),
            "wait": Granted("process", 1.0),
            "here": Granted("inline"),
        }
        grown = queries.task(journal, run.id, "grows", 1)
        assert [one.granted for one in queries.attempts(journal, grown)] == [
            Granted("process", 2.0, 150 * MIB, 0, 60.0),
            Granted("process", 2.0, 900 * MIB, 0, 60.0),
        ]
        first, one, other = queries.tasks(journal, run.id, "wait")
        assert (first.granted, one.granted) == (Granted("process", 1.0), Granted("process", 2.0))
        assert one.waited_s is not None
        assert other.waited_s is not None
        assert other.waited_s > one.usage.wall_s > 0.2, "it was called with the other, and they did not fit at once"
        assert queries.task(journal, run.id, "here", 1).granted == Granted("inline")
    reader = JournalReader(PenstockProject.find(project.folder))
    run = queries.resolve(reader.journal, "main")
    info = Task(reader, run, queries.task(reader.journal, run.id, "wait", 3)).info()
    assert info.waited_s == other.waited_s
    assert info.attempt.granted is not None
    assert (info.attempt.granted.memory_bytes, info.attempt.granted.timeout_s) == (None, None)
    code, shown = project.penstock("show", "main/1/grows/1")
    assert code == 0
    assert "of 2 CPUs, 900.0 MiB of memory, 1 min 0 s (process)" in " ".join(shown.split())


def test_what_was_adopted_keeps_what_it_was_given(project: Project) -> None:
    project.settings("[executors.cluster]\nkind = 'process'\n")
    project.write(FLOW.replace('on="cluster"', 'on="cluster", cpu=0.5, timeout=60'))
    drive = project.spawn(before=WIRED)
    wait_until(lambda: len(project.trace()) == 2, "for both attempts")
    drive.kill()
    again = project.spawn("main/1", before=WIRED)
    let_go(project)
    again.join().value()
    with closing(Journal.open(project.folder / ".penstock", read_only=True)) as journal:
        rows = queries.tasks(journal, queries.resolve(journal, "main").id)
        assert [row.granted for row in rows] == [Granted("cluster", 0.5, 0, 0, 60.0)] * 2
        assert [row.waited_s for row in rows] == [None, None], "its clock was the driver's that is no more"
