"""What a notebook's file says of the step that runs it: which parameters it has, which cells give outputs, and what in
it counts as code. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple, cast

NOTEBOOK = ".ipynb"
PARAMETERS = "parameters"
"""The tag of the cell whose assignments are the notebook's parameters, as papermill has it."""
INJECTED = "injected-parameters"
"""That of the cell which sets what a call has given."""
EXECUTED = "notebook"
"""The output that is the notebook itself, with what its cells have given."""
_OUTPUT = "output:"


class NotANotebookError(ValueError):
    """The file is none; the text goes on from its name."""


def cells_of(data: bytes) -> List[Dict[str, Any]]:
    """The cells of a notebook. Raises NotANotebookError."""
    import json

    try:
        found: Any = json.loads(data)
    except ValueError as error:
        raise NotANotebookError(f"is no notebook: {error}") from None
    cells: Any = cast("Dict[str, Any]", found).get("cells") if isinstance(found, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cast("List[Any]", cells)):
        raise NotANotebookError("is no notebook of version 4, which has cells: open it in Jupyter, and save it again")
    return cast("List[Dict[str, Any]]", cells)


def source_of(cell: Dict[str, Any]) -> str:
    """What is in a cell, which its file has as one text or as its lines."""
    source: Any = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def tags_of(cell: Dict[str, Any]) -> Tuple[str, ...]:
    """Its tags."""
    return tuple(cell.get("metadata", {}).get("tags", ()))


def is_code(cell: Dict[str, Any]) -> bool:
    """Whether it is run."""
    return cell.get("cell_type") == "code"


def outputs_of(cell: Dict[str, Any]) -> Tuple[str, ...]:
    """The outputs that its value is, by its tags `output:NAME`."""
    tags = tags_of(cell) if is_code(cell) else ()
    return tuple(tag[len(_OUTPUT) :].strip() for tag in tags if tag.startswith(_OUTPUT))


def parameters_of(cells: List[Dict[str, Any]]) -> Optional[Tuple[str, ...]]:
    """The names that the cell tagged `parameters` assigns; None: there is none, or it can't be read as Python."""
    import ast

    tagged = [cell for cell in cells if is_code(cell) and PARAMETERS in tags_of(cell)]
    if not tagged:
        return None
    try:
        body = ast.parse(source_of(tagged[0])).body
    except (SyntaxError, ValueError):  # IPython's own words are no Python
        return None
    targets: List[ast.expr] = []
    for said in body:
        if isinstance(said, ast.Assign):
            targets += said.targets
        elif isinstance(said, ast.AnnAssign):
            targets.append(said.target)
    named = [part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
    return tuple(dict.fromkeys(part.id for part in named if isinstance(part.ctx, ast.Store)))


def code_of(data: bytes) -> bytes:
    """What of a notebook's file counts as code: what its code cells say, with their tags. What is no notebook counts as
    it is."""
    import json

    try:
        cells = cells_of(data)
    except NotANotebookError:
        return data
    return json.dumps([(source_of(cell), tags_of(cell)) for cell in cells if is_code(cell)]).encode()
