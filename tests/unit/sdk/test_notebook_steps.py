"""`notebook`: what it reads off a notebook's file, what it refuses, and with which words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock import notebook
from penstock.errors import UsageError
from penstock.sdk.notebook_files import code_of, outputs_of, parameters_of
from penstock.worker.notebook_page import page_of


def cell(source: str, *tags: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source, "outputs": [], **more}


def written(folder: Path, *cells: dict[str, Any]) -> Path:
    path = folder / "explore.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_the_tagged_cell_says_which_parameters_there_are() -> None:
    tagged = cell("rows = 1\nscale: float = 2\n(a, [b]) = 1, [2]\ntable.n = 3\nprint(c)", "parameters")
    assert parameters_of([cell("x = 1"), tagged]) == ("rows", "scale", "a", "b")
    assert parameters_of([cell("rows = 1")]) is None
    assert parameters_of([cell("%matplotlib inline\nrows = 1", "parameters")]) is None


def test_tags_name_outputs() -> None:
    assert outputs_of(cell("1", "output:one", "other", "output: two")) == ("one", "two")
    assert outputs_of(cell("1", "output:one", cell_type="markdown")) == ()


def test_what_cells_say_is_code_and_nothing_else() -> None:
    def data(*cells: dict[str, Any]) -> bytes:
        return json.dumps({"cells": cells, "metadata": {"kernelspec": {"name": "x"}}}).encode()

    before = code_of(data(cell("a = 1\nb = 2", "output:a")))
    lines = cell("", "output:a", execution_count=3, id="x", cell_type="code") | {"source": ["a = 1\n", "b = 2"]}
    assert code_of(data(lines, cell("text", cell_type="markdown"))) == before
    assert code_of(data(cell("a = 1\nb = 3", "output:a"))) != before
    assert code_of(data(cell("a = 1\nb = 2"))) != before
    assert code_of(b"none") == b"none"


def test_outputs_and_parameters_are_read_off_the_notebook(tmp_path: Path) -> None:
    path = written(tmp_path, cell("rows = 1", "parameters"), cell("rows", "output:kept"), cell("t", "output:table"))
    step = notebook(path, inputs={"words": "json"}, outputs={"table": "csv", "plot": "png"})
    assert step.name == "explore"
    declared = dict(step.fn.declared.outputs)  # pyright: ignore[reportFunctionMemberAccess]
    assert declared == {"kept": "json", "table": "csv", "plot": "png", "notebook": "ipynb"}
    assert step.binder.bind((1,), {"rows": 3}) == {"words": 1, "**parameters": {"rows": 3}}
    with pytest.raises(TypeError, match="unexpected keyword argument 'rosw'; did you mean rows"):
        step.binder.bind((1,), {"rosw": 3})
    with pytest.raises(TypeError, match="argument 'depth'; its parameters are rows"):
        step.binder.bind((1,), {"depth": 3})


def test_any_parameter_is_taken_where_no_cell_says_which_there_are(tmp_path: Path) -> None:
    step = notebook(written(tmp_path, cell("rows = 1")))
    assert step.binder.bind((), {"rows": 3}) == {"**parameters": {"rows": 3}}


def test_what_can_t_be_meant_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, cell("rows = 1", "parameters"))
    with pytest.raises(UsageError, match=r"it has no parameter 'rosw'; did you mean rows\?"):
        notebook(path, parameters={"rosw": 1})
    with pytest.raises(UsageError, match="its output 'notebook' is the executed notebook"):
        notebook(path, outputs=["notebook"])
    with pytest.raises(UsageError, match=r"expected a file that ends in \.ipynb; script\(...\) runs others"):
        notebook("fit.R")
    path.write_text("{}")
    with pytest.raises(UsageError, match="is no notebook of version 4"):
        notebook(path)
    assert notebook("later.ipynb").name == "later"  # its first call finds it missing


def test_a_page_has_what_cells_gave() -> None:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["a <", "\n"]},
        {"output_type": "display_data", "data": {"image/png": "aGk=\n", "text/plain": "Figure"}},
        {"output_type": "execute_result", "data": {"text/html": "<table>", "text/plain": "t"}},
        {"output_type": "error", "traceback": ["\x1b[31mValueError\x1b[0m: no"], "ename": "ValueError", "evalue": "no"},
    ]
    page = page_of([cell("a < b") | {"outputs": outputs}])
    for part in (
        '<pre class="code">a &lt; b</pre>',
        "<pre>a &lt;\n</pre>",
        'src="data:image/png;base64,aGk="',
        "<div><table></div>",
        '<pre class="error">ValueError: no</pre>',
    ):
        assert part in page
    assert "Figure" not in page
