"""`notebook`: a step that runs a notebook. It is a program whose interpreter is `worker/notebook_run.py`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple, Union

from penstock.sdk import file_formats, notebook_files
from penstock.sdk.closed_signatures import hint
from penstock.sdk.languages import ITSELF, OWN_PYTHON
from penstock.sdk.program_steps import DeclaredProgram, SaidAt, stem_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from penstock.sdk.keywords import StepOptions
    from penstock.sdk.program_steps import Files, Parameters, ProgramStep

_START = (
    "import os, sys; sys.path.append(os.path.abspath(os.environ['PENSTOCK_HELPERS'] + '/../../..')); "
    "from penstock.worker.notebook_run import main; main()"
)
"""A step's own interpreter may find Penstock nowhere but beside the helpers that every program is told of."""


def notebook(
    path: Union[str, os.PathLike[str]],
    *,
    inputs: Files = (),
    outputs: Files = (),
    parameters: Parameters = None,
    **given: Unpack[StepOptions],
) -> ProgramStep:
    """A step that runs a notebook of Python: `notebook("explore.ipynb", outputs={"rows": "csv"})`. Needs
    `penstock[notebook]` where it runs.

    Returns a dict of its outputs. One is `notebook`, the `Path` of the executed notebook. The others are the values of
    the cells that are tagged `output:NAME`: of the last expression, or of the variable NAME where that has no value;
    `outputs` has their formats, "json" for those that it leaves out, and names those that cells write to a file.
    A call's keywords that are no inputs are parameters: a cell that sets them follows the one that is tagged
    `parameters`; `parameters`: which there are, a dict with other defaults or a list; None: those that the tagged cell
    assigns, any where there is none. Everything else is as `script` says; `name` is the notebook's stem.

    Raises UsageError for what can't be meant; a notebook that is not there is found missing by its first call.
    """
    place = SaidAt(f"notebook {os.fspath(path)}")
    text = place.path(path, "a notebook")
    if not text.endswith(notebook_files.NOTEBOOK):
        raise place.wrong(f"expected a file that ends in {notebook_files.NOTEBOOK}; script(...) runs others")
    cells = _cells(place, text)
    try:
        kinds = dict(file_formats.declared("outputs", outputs))
        names = () if parameters is None else tuple(file_formats.names_of("parameters", parameters))
    except ValueError as error:
        raise place.wrong(str(error)) from None
    if notebook_files.EXECUTED in kinds:
        raise place.wrong(
            f"its output {notebook_files.EXECUTED!r} is the executed notebook: give your own another name"
        )
    tagged: Dict[str, str] = {name: "json" for cell in cells for name in notebook_files.outputs_of(cell)}
    known = notebook_files.parameters_of(cells)
    for name in names:
        if known is not None and name not in known:
            raise place.wrong(f"it has no parameter {name!r}{hint(name, known)}, as its cell tagged `parameters` says")
    every: Mapping[str, Optional[str]] = {**tagged, **kinds, notebook_files.EXECUTED: notebook_files.NOTEBOOK[1:]}
    words: Tuple[str, ...] = tuple(f"{name}:{kind}:{{{name}}}" for name, kind in every.items())
    made = DeclaredProgram(place, words, inputs, every, parameters, is_script=True)
    return made.step(text, stem_of(text), (OWN_PYTHON, "-c", _START, *ITSELF), "Jupyter", given, known)


def _cells(place: SaidAt, path: str) -> List[Dict[str, Any]]:
    try:
        with open(os.path.join(place.base, path), "rb") as file:
            return notebook_files.cells_of(file.read())
    except OSError:
        return []  # its first call says so
    except notebook_files.NotANotebookError as error:
        raise place.wrong(str(error)) from None
