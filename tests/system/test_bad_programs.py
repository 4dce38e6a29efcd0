"""Programs that misbehave, and values that none of them can be given: what a flow is told. One run tries them all."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from tests.system.flows import Project, is_alive, wait_until

FLOW = '''
import json
import numpy as np, pandas as pd
from pathlib import Path
from penstock import command, script

def sh(code, outputs={"out": "text"}, inputs=(), **more):
    return command(["sh", "-c", code], inputs=inputs, outputs=outputs, name="bad", **more)

@step
def table():
    return pd.DataFrame({"n": np.arange(10_000)})

@step
def file():
    path = current.tempdir / "file.txt"
    path.write_text("as it was")
    return path

CHANGE = """chmod -R u+w "$PENSTOCK_INPUTS"
for one in "$PENSTOCK_INPUTS"/*; do printf changed | dd of="$one" conv=notrunc 2>&1; echo more >> "$one"; done
echo ok > {out}"""

def changed(made, kind):
    value = made.submit()
    sh(CHANGE, inputs={"given": kind})(value)
    return value.result()

MIXED = pd.DataFrame({"fine": [1, 2, 3], "a": [1, "x", None]})
LEAVES = """perl -e '$SIG{{TERM}} = $SIG{{HUP}} = "IGNORE"; $| = 1; setpgrp; open F, ">>left"; print F "$$\\n"; close F;
while (1) {{ print "x"; sleep 1 }}' & while [ ! -s left ]; do sleep 0.01; done; echo ok > {out}; cp left {ids}"""
CASES = {
    "without its run bit": lambda: script("same.sh", inputs={"given": "text"}, outputs={"out": "text"})("word"),
    "a name with spaces": lambda: script("two words.sh", outputs={"out": "text"})(),
    "mixed csv": lambda: sh("true", (), {"given": "csv"})(MIXED),
    "mixed parquet": lambda: sh("true", (), {"given": "parquet"})(MIXED),
    "a set": lambda: sh("true", (), {"given": "json"})({"a": [{1, 2}]}),
    "a table as json": lambda: sh("true", (), {"given": "json"})(MIXED),
    "an object": lambda: sh("true", (), ["given"])(object()),
    "half a pair": lambda: sh("true", (), {"given": "text"})("\\ud800"),
    "a path to nothing": lambda: sh("true", (), {"given": "file"})(Path("/nowhere/at/all")),
    "infinity as a parameter": lambda: script("same.sh", parameters=["rate"])(rate=float("inf")),
    "a table as a parameter": lambda: script("same.sh")(rows=MIXED),
    "a placeholder": lambda: command(["cat", "{nothing}"], parameters=["rate"]),
    "a placeholder that no call fills": lambda: command(["awk", "{print}"])(),
    "nothing where its first line points": lambda: script("lost.foo")(),
    "nothing where its interpreter is said to be": lambda: script("same.sh", interpreter="/no/such/sh -e")(),
    "nothing in its folder": lambda: command(["./none", "x"])(),
    "a file that it uses, without Path": lambda: script("same.sh", uses=["lib.sh"])(),
    "an unknown parameter": lambda: script("same.sh", parameters={"rate": 1})(rates=2),
    "a parameter with a null character": lambda: command(["echo", "{word}"])(word="a\\0b"),
    "a parameter of megabytes": lambda: command(["echo", "{word}"])(word="x" * 3_000_000),
    "no number": lambda: sh("echo '[1e400]' > {out}", {"out": "json"})(),
    "too deep": lambda: sh("perl -e 'print q([) x 100000' > {out}", {"out": "json"})(),
    "no utf-8": lambda: sh("printf 'a\\\\351' > {out}")(),
    "a pickle": lambda: sh("cp {given} {out}", {"out": "npy"}, {"given": "file"})(Path("pickled.npy").absolute()),
    "a pipe": lambda: sh("mkfifo {out}", {"out": "file"})(),
    "endless": lambda: sh("ln -s /dev/zero {out}", {"out": "bytes"})(),
    "a dangling link": lambda: sh("echo said; ln -s /nowhere {out}", {"out": "file"})(),
    "no folder left": lambda: sh('echo said; rm -rf "$PENSTOCK_OUTPUTS"')(),
    "no place left": lambda: sh('rm -rf "$PWD" "$TMPDIR" "$PENSTOCK_INPUTS"; echo ok > {out}')(),
    "written and failed": lambda: sh("echo almost > {out}; echo why >&2; exit 4")(),
    "outside": lambda: sh("echo here > lost; echo there > ../lost; echo ok > {out}")(),
    "another's file": lambda: changed(file, "file").read_text(),
    "another's table": lambda: int(changed(table, "arrow").n.sum()),
    "odd records": lambda: sh("""exec 4>> "$PENSTOCK_RECORDS"
        printf '%s\\n' nothing '[1]' '{"metrics": {"a": "b"}}' '{"display": "none.png"}' '{"tag": ["a", 5]}' \\
            '{"note": 5}' '{"display": {"html": 5}}' '{"metrics": {"b": 1}, "step": "x"}' '{"progress": NaN}' >&4
        printf '{"metrics": {"last": 1}}' >&4; echo ok > {out}""")(),
    "no descriptors": lambda: sh("exec <&- >&- 2>&- 3>&-; echo ok > {out}")(),
    "nothing to read": lambda: sh("cat; echo ok > {out}")(),
    "100 MB": lambda: sh("head -c 100000000 /dev/zero | tr '\\\\0' x; echo ok > {out}")(),
    "it kills its parent": lambda: sh("kill -9 $PPID; sleep 60")(),
    "it forks and goes": lambda: sh(LEAVES, {"out": "text", "ids": "text"})(),
}

@flow
def main():
    np.save("pickled.npy", np.array([print], object), allow_pickle=True)
    told = {}
    for name, case in CASES.items():
        try:
            told[name] = repr(case())
        except Exception as error:
            told[name] = f"{type(error).__name__}: {error}"
    Path("told.json").write_text(json.dumps(told))
'''
TOLD: dict[str, tuple[str, ...]] = {
    "without its run bit": ("{'out': 'word'}",),
    "a name with spaces": ("{'out': 'ok\\n'}",),
    "mixed csv": ("UserCodeError: input given of bad can't be written as csv: its column 'a' holds int and str",),
    "mixed parquet": ("its column 'a' holds int and str", "make it one type"),
    "a set": ("input given of bad can't be written as json: at ['a'][0] it is a builtins.set",),
    "a table as json": ("is a pandas.DataFrame, which json can't hold; what can: csv, parquet, arrow",),
    "an object": ("UserCodeError: input given of bad is a", "No format can"),
    "half a pair": ("UserCodeError: input given of bad can't be written as text",),
    "a path to nothing": ("there is no file /nowhere/at/all",),
    "infinity as a parameter": ("the parameters of same.sh", "['rate'] it is inf"),
    "a table as a parameter": (
        "at ['rows'] it is a pandas.DataFrame, which JSON can't hold; what JSON can't hold is given as an input"
    ),
    "a placeholder": (
        "UsageError: command (mine.py:",
        "{nothing} names nothing; inputs, outputs and parameters are rate",
    ),
    "a placeholder that no call fills": ("TypeError: awk() ", "{print} in command (mine.py:", "give print=..."),
    "nothing where its first line points": (
        "StepExitError: ",
        "there is no /no/such/perl on ",
        "as `perl`, which is looked",
    ),
    "nothing where its interpreter is said to be": (
        "there is no /no/such/sh on ",
        "install it there, or name another one",
    ),
    "nothing in its folder": ("./none x can't be started: ", "it is not in the folder that the program begins in"),
    "a file that it uses, without Path": ("UsageError: ", "a file is declared as Path('lib.sh')"),
    "an unknown parameter": ("TypeError: ", "rates"),
    "a parameter with a null character": ("UserCodeError: the parameter word of echo holds a NUL character",),
    "a parameter of megabytes": (
        "StepExitError: ",
        ": echo xxx",
        "Argument list too long: give what is long as an input",
    ),
    "no number": ("can't be read as json: it holds 1e400, which no JSON number is: write null",),
    "too deep": ("can't be read as json: it is nested too deeply",),
    "no utf-8": ("can't be read as text: it is no UTF-8: byte 0xe9 at 1",),
    "a pickle": ("UserCodeError: bad has written an output out that can't be read as npy: ",),
    "a pipe": ("UserCodeError: bad has written an output out", "neither a file nor a folder"),
    "endless": ("UserCodeError: bad has written an output out", "neither a file nor a folder"),
    "a dangling link": ("UserCodeError: bad has written an output out", "No such file", "its last lines:\nsaid"),
    "no folder left": ("UserCodeError: bad has ended without writing its output out", "its last lines:\nsaid"),
    "no place left": ("{'out': 'ok\\n'}",),
    "written and failed": (
        "StepExitError: ",
        ": bad exited with 4; its last lines:\nwhy",
    ),
    "outside": ("{'out': 'ok\\n'}",),
    "another's file": ("'as it was'",),
    "another's table": ("49995000",),
    "odd records": ("{'out': 'ok\\n'}",),
    "no descriptors": ("{'out': 'ok\\n'}",),
    "nothing to read": ("{'out': 'ok\\n'}",),
    "100 MB": ("{'out': 'ok\\n'}",),
    "it kills its parent": ("WorkerLostError: ", "killed from outside (SIGKILL)"),
    "it forks and goes": ("{'out': 'ok\\n', 'ids': ",),
}


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str], None]) -> Generator[Project]:
    for module in ("numpy", "pandas", "pyarrow"):
        require(module)
    project = Project(tmp_path_factory.mktemp("bad") / "project")
    project.settings("")
    (project.folder / "same.sh").write_text('cat "$PENSTOCK_INPUTS/given.txt" > "$PENSTOCK_OUTPUTS/out.txt"\n')
    (project.folder / "lost.foo").write_text("#!/no/such/perl -w\n")
    (project.folder / "two words.sh").write_text('echo ok > "$PENSTOCK_OUTPUTS/out.txt"\n')
    project.write(FLOW)
    drive = project.spawn()
    output, _ = drive.process.communicate(timeout=240)
    assert drive.process.returncode == 0, output
    yield project
    project.end()


@pytest.fixture(scope="module")
def told(tried: Project) -> Any:
    return json.loads((tried.folder / "told.json").read_text())


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told(told: dict[str, str], name: str) -> None:
    for words in TOLD[name]:
        assert words in told[name]
    assert len(told[name]) < 2000


def test_each_is_tried(told: dict[str, str]) -> None:
    assert told.keys() == TOLD.keys()


def test_what_goes_on_is_ended(told: dict[str, str]) -> None:
    left = int(told["it forks and goes"].rpartition("'ids': '")[2].partition("\\n")[0])
    wait_until(lambda: not is_alive(left), "for what a program has left to end")


def test_what_is_written_elsewhere_is_gone_and_no_harm_done(tried: Project) -> None:
    assert not list(tried.folder.rglob("lost"))
    assert not [path for path in tried.folder.parent.iterdir() if path.name == "lost"]


def test_records_that_mean_nothing_are_told_and_the_others_count(tried: Project) -> None:
    assert tried.rows("SELECT DISTINCT name FROM metric") == [("last",)]
    logs = "".join(path.read_text(errors="replace") for path in Path(tried.folder, ".penstock", "logs").rglob("*.log"))
    for words in (
        "'nothing' is no JSON",
        "'[1]' is no object with one of metrics",
        "none.png",
        'expected {"tag": ',
        'expected {"note": ',
    ):
        assert words in logs
