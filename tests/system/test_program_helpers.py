"""The helpers for R, Node and the shell: what each says and reads is the contract of docs/programs.md."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import penstock.worker

HELPERS = Path(penstock.worker.__file__).with_name("helpers")
PARAMETERS = {
    "least": 3,
    "title": 'a "quoted" \\ line\nand ünïcode \U0001f600 \x01',
    "nested": {"a": [1, 2.5, -1e-7], "b": None, "c": []},
    "sure": True,
    "mixed": [1, "two", None, {"three": [3]}],
    "großes Wort": "x",
}
NODE = """
const penstock = require(process.env.PENSTOCK_HELPERS + "/penstock.cjs");
const rows = penstock.read("table.csv");
penstock.write("same.json", { parameters: penstock.parameters, rows, text: penstock.read("words.txt") });
penstock.write("rows.csv", rows);
penstock.metrics({ loss: 0.25, "ü\\n": NaN }, 3);
penstock.metrics({ loss: Infinity });
penstock.progress(30, 100, "rows");
penstock.tag("best", "kept");
penstock.note('a "note"');
penstock.name("a name");
penstock.display("plot.png", { name: "fit", caption: "first" });
penstock.display({ html: "<b>fits</b>" });
require("fs").writeFileSync(penstock.checkpoint("state.txt"), "kept");
"""
R = """
source(file.path(Sys.getenv("PENSTOCK_HELPERS"), "penstock.R"))
rows <- penstock$read("table.csv", stringsAsFactors = FALSE)
penstock$write("same.json", list(parameters = penstock$parameters, rows = rows, text = penstock$read("words.txt")))
penstock$write("rows.csv", rows, na = "")
penstock$metrics(loss = 0.25, "\\u00fc\\n" = NaN, step = 3)
penstock$metrics(loss = Inf)
penstock$progress(30, total = 100, label = "rows")
penstock$tag("best", "kept")
penstock$note('a "note"')
penstock$name("a name")
invisible(file.create("plot.png"))
penstock$display("plot.png", name = "fit", caption = "first")
penstock$display(html = "<b>fits</b>")
cat("kept", file = penstock$checkpoint("state.txt"))
"""
SHELL = """
set -eu
. "$PENSTOCK_HELPERS/penstock.sh"
{
    printf '{"parameters": {'
    printf '"least": %s, ' "$(penstock_parameter least)"
    printf '"title": %s, ' "$(penstock_json "$(penstock_parameter title)")"
    printf '"nested": %s, "sure": %s, ' "$(penstock_parameter nested)" "$(penstock_parameter sure)"
    printf '"mixed": %s, ' "$(penstock_parameter mixed)"
    printf '"gro\\303\\237es Wort": %s}, ' "$(penstock_json "$(penstock_parameter "$(printf 'gro\\303\\237es Wort')")")"
    printf '"other": "%s", ' "$(penstock_parameter other otherwise)"
    printf '"text": %s}' "$(penstock_json "$(cat "$(penstock_input words.txt)")")"
} > "$(penstock_output same.json)"
if penstock_parameter none; then exit 9; fi
penstock_metrics loss=0.25 "$(printf '\\303\\274\\n.')"=NaN --step 3
penstock_metrics loss=Infinity
penstock_progress 30 100 rows
penstock_tag best
penstock_note 'a "note"'
penstock_name 'a name'
penstock_display plot.png fit first
echo kept > "$(penstock_checkpoint state.txt)"
"""


class Step:
    """What a program is given: folders and a descriptor."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("inputs", "outputs", "checkpoints", "work"):
            (folder / name).mkdir()
        (folder / "parameters.json").write_text(json.dumps(PARAMETERS))
        (folder / "inputs" / "table.csv").write_text('n,word\n1,"a ""b"", c"\n2.5,\n', encoding="utf-8")
        (folder / "inputs" / "words.txt").write_text("ünï\tc\nod", encoding="utf-8")

    def run(self, *command: str, environ: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Run a program of it; what it has recorded."""
        reads, writes = os.pipe()
        folders = {f"PENSTOCK_{name.upper()}": str(self.folder / name) for name in ("inputs", "outputs", "checkpoints")}
        own = {"PENSTOCK_PARAMETERS": str(self.folder / "parameters.json"), "PENSTOCK_RECORDS": f"/dev/fd/{writes}"}
        given = {**os.environ, **folders, **own, "PENSTOCK_HELPERS": str(HELPERS), **(environ or {})}
        work = self.folder / "work"
        try:
            done = subprocess.run(
                command, cwd=work, env=given, pass_fds=(writes,), capture_output=True, text=True, check=False
            )
        finally:
            os.close(writes)
        with open(reads, encoding="utf-8") as file:
            said = file.read()
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in said.splitlines()]

    def output(self, name: str) -> Any:
        return json.loads((self.folder / "outputs" / name).read_bytes())


@pytest.fixture
def step(tmp_path: Path) -> Step:
    return Step(tmp_path)


def recorded(step: Step, odd: str = "ü\n") -> list[Any]:
    plot = str(step.folder / "work" / "plot.png")
    return [
        {"metrics": {"loss": 0.25, odd: "nan"}, "step": 3},
        {"metrics": {"loss": float("inf")}},
        {"progress": 30, "total": 100, "label": "rows"},
        {"tag": ["best", "kept"]},
        {"note": 'a "note"'},
        {"run_name": "a name"},
        {"display": plot, "name": "fit", "caption": "first"},
        {"display": {"html": "<b>fits</b>"}},
    ]


def comparable(records: list[dict[str, Any]]) -> list[Any]:
    """NaN, which equals nothing, as a text."""
    return json.loads(json.dumps(records).replace("NaN", '"nan"'))


def test_node(step: Step, tool: Callable[[str], str]) -> None:
    tool("node")
    assert comparable(step.run("node", "-e", NODE)) == recorded(step)
    rows = [{"n": 1, "word": 'a "b", c'}, {"n": 2.5, "word": None}]
    assert step.output("same.json") == {"parameters": PARAMETERS, "rows": rows, "text": "ünï\tc\nod"}
    assert (step.folder / "outputs" / "rows.csv").read_text() == 'n,word\n1,"a ""b"", c"\n2.5,\n'
    assert (step.folder / "checkpoints" / "state.txt").read_text() == "kept"


def test_node_refuses_what_json_has_no_word_for_and_modules_import_it(step: Step, tool: Callable[[str], str]) -> None:
    tool("node")
    module = step.folder / "work" / "tried.mjs"
    module.write_text(
        """
        const { default: penstock } = await import(process.env.PENSTOCK_HELPERS + "/penstock.cjs");
        const told = [];
        for (const wrong of [() => penstock.write("a.json", { b: [1, NaN] }), () => penstock.read("none.csv"),
                             () => penstock.write("a.parquet", 1), () => penstock.write("a.json", undefined)]) {
          try { wrong(); } catch (error) { told.push(error.message); }
        }
        penstock.write("told.json", told);
        """
    )
    step.run("node", "tried.mjs")
    nan, missing, unknown, nothing = step.output("told.json")
    assert nan == "JSON has no word for NaN, which 1 is: give null"
    assert missing == "there is no input none.csv: there are table.csv, words.txt"
    assert "writes .csv, .json, .txt and .html" in unknown
    assert nothing == "JSON has no word for undefined: give null"


def test_r(step: Step, tool: Callable[[str], str]) -> None:
    tool("Rscript")
    (step.folder / "work" / "fit.R").write_text(R, encoding="utf-8")
    assert comparable(step.run("Rscript", "fit.R")) == recorded(step)
    found = step.output("same.json")
    assert found["rows"] == [{"n": 1, "word": 'a "b", c'}, {"n": 2.5, "word": ""}]
    assert found["text"] == "ünï\tc\nod"
    parameters = json.loads(json.dumps(PARAMETERS))
    assert found["parameters"] == parameters
    assert (step.folder / "outputs" / "rows.csv").read_text() == '"n","word"\n1,"a ""b"", c"\n2.5,""\n'
    assert (step.folder / "checkpoints" / "state.txt").read_text() == "kept"


def test_r_without_a_utf_8_locale_and_what_json_has_no_word_for(step: Step, tool: Callable[[str], str]) -> None:
    tool("Rscript")
    (step.folder / "work" / "fit.R").write_text(
        """
        source(file.path(Sys.getenv("PENSTOCK_HELPERS"), "penstock.R"))
        told <- function(wrong) tryCatch({ wrong; "nothing" }, error = conditionMessage)
        penstock$write("told.json", list(
          title = penstock$parameters$title,
          nan = told(penstock$write("a.json", c(1, NaN))),
          na = c(1, NA), one = I(1), whole = 3L, large = 1e22, tenth = 0.1, empty = list(), factor = factor("f"),
          day = as.Date("2026-01-02"), matrix = matrix(1:4, 2), named = c(a = 1, b = 2), table = data.frame(a = 1:2),
          other = told(penstock$write("a.json", quote(x))),
          broken = vapply(c("{", "[1,]", "{1: 2}", "[1] 2", "nul", ""), function(one) told(penstock$from_json(one)), "",
                          USE.NAMES = FALSE)
        ))
        """
    )
    assert step.run("Rscript", "fit.R", environ={"LC_ALL": "C"}) == []
    found = step.output("told.json")
    assert found.pop("title") == PARAMETERS["title"]
    assert found.pop("nan") == "JSON has no word for NaN: give NA, which is null"
    assert found.pop("other") == "JSON can't hold a value of the class name"
    assert "nothing" not in found.pop("broken")
    assert found == {
        "na": [1, None],
        "one": [1],
        "whole": 3,
        "large": 1e22,
        "tenth": 0.1,
        "empty": [],
        "factor": "f",
        "day": "2026-01-02",
        "matrix": [[1, 3], [2, 4]],
        "named": {"a": 1, "b": 2},
        "table": [{"a": 1}, {"a": 2}],
    }


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_shells(step: Step, tool: Callable[[str], str], shell: str) -> None:
    tool(shell)
    (step.folder / "work" / "count.sh").write_text(SHELL)
    expected = recorded(step, "ü\n.")[:-1]
    expected[3] = {"tag": "best"}
    assert comparable(step.run(shell, "count.sh")) == expected
    assert step.output("same.json") == {"parameters": PARAMETERS, "other": "otherwise", "text": "ünï\tc\nod"}
    assert (step.folder / "checkpoints" / "state.txt").read_text() == "kept\n"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("node", ["-e", 'const p = require(process.env.H + "/penstock.cjs"); p.tag("x"); console.log(p.parameters)']),
        ("Rscript", ["-e", 'source(file.path(Sys.getenv("H"), "penstock.R")); penstock$tag("x"); penstock$input("a")']),
        ("sh", ["-c", '. "$H/penstock.sh"; penstock_tag x; penstock_parameter least 3; penstock_output a.txt']),
    ],
)
def test_outside_of_a_step_they_do_no_harm(
    tmp_path: Path, tool: Callable[[str], str], program: str, words: list[str]
) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    environ = {**bare, "H": str(HELPERS)}
    done = subprocess.run(
        [tool(program), *words], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() in (["{}"], ["[1]", '"./a"'], ["3", "./a.txt"])
    assert list(tmp_path.iterdir()) == []
