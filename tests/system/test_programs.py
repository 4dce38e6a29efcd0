"""Steps that are programs: run, logged, shown, retried, cached, killed and resumed as functions are."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable

import pytest

from tests.system.flows import Project

DECLARED = """
from penstock import command, script

os.environ["HERE"] = os.getcwd()

"""
COUNT = """
echo "counts $2"
echo "at least $3" >&2
echo "ran" >> "$HERE/trace"
printf '{"words": %d}' "$(wc -w < "$1")" > "$2"
"""
FLOW = (
    DECLARED
    + """
count = script(
    "count.sh",
    args=["{text}", "{counts}", "{least}"],
    inputs={"text": "text"},
    outputs={"counts": "json"},
    cache=True,
)


@step
def total(counts):
    return sum(one["words"] for one in counts)


@flow
def main(texts=("one two", "three")):
    counts = [count.submit(text, least=1)["counts"] for text in texts]
    return total(counts)
"""
)
SLOW = """
echo "ran $1" >> "$HERE/trace"
while [ ! -e "$HERE/go" ]; do sleep 0.01; done
"""


def counting(project: Project, script: str = COUNT, flow: str = FLOW) -> None:
    (project.folder / "count.sh").write_text(script)
    project.write(flow)


def test_a_program_is_run_logged_and_shown(project: Project) -> None:
    counting(project)
    assert project.run().value() == 3
    assert project.tasks() == {"count/1": "done", "count/2": "done", "total/1": "done"}
    code, log = project.penstock("logs", "main/1/count/1")
    assert code == 0
    assert "counts " in log
    assert "at least 1" in log
    code, shown = project.penstock("show", "main/1/count/1")
    assert code == 0
    assert "language  shell" in shown
    told = "import penstock; print(penstock.run('main/1').task('count/1').info().language)"
    assert project.python("-c", told) == "shell\n"
    assert "one two" in shown
    assert '{"counts"' in shown.replace("'", '"')
    assert '"words": 1' in project.penstock("get", "main/1/count/2")[1]


def test_a_program_runs_in_the_flow_s_own_process_too(project: Project) -> None:
    counting(project, flow=FLOW.replace("cache=True", 'on="inline"'))
    assert project.run().value() == 3
    assert "at least 1" in project.penstock("logs", "main/1/count/2")[1]


def changed_script(project: Project) -> None:
    counting(project, COUNT + "true\n")


def changed_command(project: Project) -> None:
    counting(project, flow=FLOW.replace('"{least}"]', '"{least}", "more"]'))


def changed_format(project: Project) -> None:
    counting(project, flow=FLOW.replace('{"text": "text"}', '{"text": "json"}'))


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (changed_script, "count.sh changed since main/1"),
        (changed_command, "what is declared of the program count changed since main/1"),
        (changed_format, "what is declared of the program count changed since main/1"),
    ],
)
def test_a_program_is_cached_until_its_script_or_its_declaration_changes(
    project: Project, edit: Callable[[Project], None], told: str
) -> None:
    counting(project)
    project.run().value()
    project.write(
        FLOW.replace("return total(counts)", "return total(counts) + 1")
    )  # of the flow, and of other steps, nothing counts
    project.run().value()
    assert project.trace() == ["ran"] * 2
    assert "was reused from main/1/count/1" in project.penstock("why", "main/2/count/1")[1]
    edit(project)
    code, plan = project.penstock("run", "--dry-run", "mine.py:main")
    assert code == 0
    assert told in plan
    project.run().value()
    assert project.trace() == ["ran"] * 4
    assert told in project.penstock("why", "main/3/count/1")[1]


def test_an_edit_of_a_program_is_told_when_its_run_goes_on(project: Project) -> None:
    counting(project, flow=FLOW.replace("return sum", "raise ValueError(counts)\n    return sum"))
    assert project.run().error["type"] == "ValueError"
    counting(project, COUNT + "true\n")
    report = project.run("main/1")
    assert report.value() == 3
    assert project.trace() == ["ran"] * 2
    assert [note for note in report.notes if "count.sh changed" in note]


def test_what_a_killed_run_has_finished_of_programs_is_not_run_again(project: Project) -> None:
    (project.folder / "slow.sh").write_text(SLOW)
    project.write(
        DECLARED
        + """
slow = script("slow.sh", args=["{n}"], retries=1)
first = command("sh -c 'echo first >> $HERE/trace'", name="first")

@flow
def main():
    first()
    return slow.map([1, 2]).result()
"""
    )
    drive = project.spawn()
    project.await_note("ran 2")
    project.await_note("ran 1")
    drive.kill()
    project.await_quiet()  # the programs died with their workers
    project.touch("go")
    assert project.run("main/1").value() == [{}, {}]
    assert sorted(project.trace()) == ["first", "ran 1", "ran 1", "ran 2", "ran 2"]


FAILURES: dict[str, tuple[str, list[str]]] = {
    "exit": (
        "command(['sh', '-c', 'echo told; echo why >&2; exit 3'], name='fails')()",
        ["StepExitError: ", "fails exited with 3; its last lines:", "told", "why"],
    ),
    "signal": (
        "command(['sh', '-c', 'kill -TERM $$'])()",
        ["StepExitError: ", "sh was killed by signal 15 (Terminated)"],
    ),
    "missing": (
        "command(['no-such-program'])()",
        ["StepExitError: ", "there is no `no-such-program` on PATH of ", "install it"],
    ),
    "interpreter": (
        "script('x.R', interpreter=['Rscript-9'])()",
        ["StepExitError: ", "there is no `Rscript-9` on PATH of ", "install it"],
    ),
    "unwritten": (
        "command(['sh', '-c', 'echo so far'], outputs={'plot': 'text'})()",
        ["UserCodeError: sh has ended without writing its output plot to ", "plot.txt", "its last lines:", "so far"],
    ),
    "stray": (
        "command(['sh', '-c', 'echo 1 > $PENSTOCK_OUTPUTS/more.csv'])()",
        ["UserCodeError: sh has written more.csv to the folder of its outputs, and has no such output"],
    ),
    "malformed": (
        "command(['sh', '-c', 'echo 1, > {made}'], outputs={'made': 'json'})()",
        ["UserCodeError: sh has written an output made that can't be read as json: "],
    ),
    "nan": (
        "command(['sh', '-c', 'echo NaN > {made}'], outputs={'made': 'json'})()",
        ["an output made that can't be read as json: it holds NaN, which no JSON number is: write null"],
    ),
    "removed": (
        "command('sh -c \"rm -r $PENSTOCK_OUTPUTS\"', outputs={'made': 'json'})()",
        ["UserCodeError: sh has ended without writing its output made"],
    ),
    "dangling": (
        "command(['ln', '-s', 'nowhere', '{made}'], outputs={'made': 'json'})()",
        ["UserCodeError: ln has written an output made that can't be read as json: ", "No such file"],
    ),
    "nul": ("command(['true', '{given}'])(given='a\\0')", ["UserCodeError: the parameter given of true holds a NUL"]),
    "too long": (
        "command(['true', '{given}'])(given='a' * 3_000_000)",
        ["true aaa", "can't be started: Argument list too long: give what is long as an input"],
    ),
    "folder": (
        "command(['mkdir', '{made}'], outputs={'made': 'json'})()",
        ["is a folder, and a file is expected"],
    ),
    "nan given": (
        "command(['true'], inputs={'given': 'json'})({'loss': [1.0, float('nan')]})",
        ["input given of true can't be written as json: at ['loss'][1] it is nan", "give None"],
    ),
    "unfit": (
        "command(['true'], inputs={'given': 'bytes'})({'a': 1})",
        ["UserCodeError: input given of true is a dict, which bytes can't hold; what can: json"],
    ),
    "no script": ("script('none.pl')()", ["UsageError: script none.pl (mine.py:", "there is no file ", "none.pl"]),
    "no interpreter": ("script('x.R', interpreter=[])()", ["UsageError: script x.R (mine.py:"]),
    "unknown": (
        "script('mine.zz')()",
        ["UsageError: script mine.zz (mine.py:", "nothing says what runs", "interpreter="],
    ),
}


def test_a_program_that_fails_says_why_and_is_tried_again(project: Project) -> None:
    for name in ("x.R", "mine.zz"):
        project.touch(name)
    cases = ", ".join(f"{name!r}: lambda: {call}" for name, (call, _) in FAILURES.items())
    project.write(
        DECLARED
        + f"""
again = command(["sh", "-c", "echo ran >> $HERE/trace; exit 1"], retries=1, name="again")

@flow
def main():
    told = {{}}
    for name, call in {{{cases}, "again": again}}.items():
        try:
            told[name] = "nothing"
            call()
        except Exception as error:
            told[name] = f"{{type(error).__name__}}: {{error}}"
    return told
"""
    )
    told = project.run().value()
    for name, (_, expected) in FAILURES.items():
        for words in expected:
            assert words in told[name], f"{name}: {told[name]}"
    assert told["again"] == "StepExitError: main/1/again/1: again exited with 1"
    assert project.trace() == ["ran", "ran"]


@pytest.mark.parametrize(
    ("end", "heard"), [("timeout", "echo asked >> $HERE/trace; exit 0"), ("cancel", "")], ids=["timeout", "cancel"]
)
def test_a_program_is_asked_to_end_and_then_ended_with_its_children(project: Project, end: str, heard: str) -> None:
    project.write(
        DECLARED
        + f"""
words = "trap '{heard}' TERM; (echo child >> $HERE/trace; sleep 600) & while true; do wait; done"
endless = command(["sh", "-c", words], name="endless")

@flow
def main(how_it_ends):
    if how_it_ends == "timeout":
        return endless.options(timeout="1s")()
    running = endless.submit()
    await_file("go")
    running.cancel()
    return running.result()
"""
    )
    drive = project.spawn(how_it_ends=end)
    project.await_note("child")
    project.touch("go")
    report = drive.join()
    assert report.error["type"] == {"timeout": "StepTimeoutError", "cancel": "TaskCancelledError"}[end]
    assert project.trace() == (["child", "asked"] if end == "timeout" else ["child"])
    project.await_quiet()


@pytest.mark.parametrize("left", ["while :; do echo on; done", "sleep 600"])
def test_what_a_program_leaves_running_holds_nobody_up_and_is_ended(project: Project, left: str) -> None:
    project.write(
        DECLARED
        + f"""
goes = command(["sh", "-c", "({left}) & echo last"], name="goes")

@flow
def main():
    return goes()
"""
    )
    assert project.run().value() == {}
    assert "last" in project.penstock("logs", "main/1/goes/1")[1]


def test_programs_that_no_module_has_are_told_apart(project: Project) -> None:
    project.write(
        DECLARED
        + """
@flow
def main(given=("a", "b")):
    said = []
    for word in given:
        words = ["sh", "-c", f"echo {word} >> $HERE/trace; echo {word} > {{said}}"]
        said.append(command(words, outputs={"said": "text"}, name="say")()["said"].strip())
    if not os.path.exists("go"):
        raise RuntimeError("not yet")
    return said
"""
    )
    assert project.run().error["text"] == "not yet"
    project.touch("go")
    assert project.run("main/1").value() == ["a", "b"]
    assert project.trace() == ["a", "b"]


def test_a_program_outside_of_a_run_runs_at_once(project: Project) -> None:
    counting(project)
    told = project.python("-c", "import mine; print(mine.count('one two', least=3))")
    assert "{'counts': {'words': 2}}" in told


LANGUAGES = """
import json, os, sys
given = json.load(open(os.environ["PENSTOCK_PARAMETERS"]))
folder = os.environ["PENSTOCK_OUTPUTS"]
open(folder + "/prefix.txt", "w").write(sys.prefix)
open(os.environ["PENSTOCK_RECORDS"], "w").write(json.dumps({"metrics": {"loss": given["loss"]}, "step": 3}) + "\\n")
"""


def test_scripts_of_several_languages_pass_tables_on(project: Project, tool: Callable[[str], str]) -> None:
    for name in ("perl", "node", "Rscript"):
        tool(name)
    texts = {
        "fit.R": """
            source("lib.R")
            table <- read.csv(file.path(Sys.getenv("PENSTOCK_INPUTS"), "table.csv"))
            out <- Sys.getenv("PENSTOCK_OUTPUTS")
            write.csv(data.frame(a = table$a, b = twice(table$a)), file.path(out, "table_out.csv"), row.names = FALSE)
            png <- c(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82)
            writeBin(as.raw(png), file.path(out, "plot.png"))
        """,
        "lib.R": "twice <- function(x) 2 * x",
        "sum.mjs": """
            import fs from "node:fs";
            const [, ...rows] = fs.readFileSync(process.env.PENSTOCK_INPUTS + "/table.csv", "utf8").trim().split("\\n");
            const sum = rows.reduce((sum, row) => sum + Number(row.split(",")[1]), 0);
            fs.writeFileSync(process.env.PENSTOCK_OUTPUTS + "/sum.json", JSON.stringify(sum));
        """,
        "size.pl": 'open(my $o, ">", $ARGV[1]); print $o -s $ARGV[0]; close $o;',
        "tell.py": LANGUAGES,
    }
    for name, text in texts.items():
        (project.folder / name).write_text(textwrap.dedent(text))
    project.write(
        DECLARED
        + """
from pathlib import Path

fit = script("fit.R", inputs={"table": "csv"}, outputs={"table_out": "csv", "plot": "png"}, uses=[Path("lib.R")])
total = script("sum.mjs", inputs={"table": "csv"}, outputs={"sum": "json"})
size = command(["perl", "size.pl", "{plot}", "{size}"], inputs={"plot": "png"}, outputs={"size": "json"})
tell = script("tell.py", outputs={"prefix": "text"})

@flow
def main():
    import pandas

    fitted = fit.submit(pandas.DataFrame({"a": [1, 2, 3]}))
    sum_of = total(fitted["table_out"])["sum"]
    bytes_of = size(fitted["plot"])["size"]
    return [sum_of, bytes_of, list(fitted.result()["table_out"]["b"]), tell(loss=0.5)["prefix"]]
"""
    )
    assert project.run().value() == [12, 16, [2, 4, 6], sys.prefix]
    assert "loss" in project.penstock("show", "main/1/tell/1")[1]


def test_a_program_runs_on_another_machine_with_its_files(project: Project) -> None:
    project.settings('[executors.there]\nkind = "agent"\nhere = true\n')
    (project.folder / "lib.sh").write_text("twice() { echo $((2 * $1)); }\n")
    (project.folder / "count.sh").write_text(
        textwrap.dedent("""
            . ./lib.sh
            echo '{"metrics": {"rows": 3}}' > "$PENSTOCK_RECORDS"
            twice "$(wc -l < "$PENSTOCK_INPUTS/table.csv")" > "$PENSTOCK_OUTPUTS/lines.json"
            cp "$PENSTOCK_INPUTS/table.csv" "$PENSTOCK_OUTPUTS/copy.dat"
        """)
    )
    project.write(
        DECLARED
        + """
from pathlib import Path

count = script(
    "count.sh", inputs={"table": "csv"}, outputs={"lines": "json", "copy": "dat"}, uses=[Path("lib.sh")], on="there"
)
words = "echo last; wc -c < {copy} > {size}; exit {code}"
size = command(["sh", "-c", words], inputs={"copy": "file"}, outputs={"size": "json"}, on="there", name="size")

@flow
def main():
    (Path(os.environ["HERE"]) / "table.csv").write_text("a\\n1\\n2\\n")
    counted = count.submit(Path("table.csv").absolute())
    found = size(counted["copy"], code=0)["size"]
    try:
        size(counted["copy"], code=3)
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
    return [counted.result()["lines"], found, told]
"""
    )
    lines, found, told = project.run().value()
    assert (lines, found) == (6, 6)
    assert "StepExitError: main/1/size/2: size exited with 3; its last lines:\nlast" in told
    assert "rows" in project.penstock("show", "main/1/count/1")[1]


def test_a_cached_step_that_calls_a_program_runs_again_when_its_script_has_changed(project: Project) -> None:
    project.write(
        DECLARED
        + """
number = script("number.sh", outputs={"made": "json"})

def helper():
    return number()["made"]

@step(cache=True)
def outer():
    return helper()

@flow
def main():
    return outer()
"""
    )
    for run, text in enumerate(("echo 5", "echo 6"), 1):
        (project.folder / "number.sh").write_text(f"{text} > $PENSTOCK_OUTPUTS/made.json")
        assert project.run().value() == run + 4
    assert "number in mine.py has another value since main/1" in project.penstock("why", "main/2/outer/1")[1]
