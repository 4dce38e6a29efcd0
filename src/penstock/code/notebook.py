"""The outline of a notebook: what its live names are, by their sources where these can be found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import CellType, FunctionType, ModuleType
from typing import Any

from penstock.code.outline import OPEN, Chain, Outline, Piece, Target

MODULE = "__main__"


def outline_of(namespace: Mapping[str, Any]) -> Outline:
    """Functions and classes that a notebook defines count by their sources, what it imported by where it is from.

    All other names are constants without a form, whose values count.
    """
    imports = {name: (target,) for name, value in namespace.items() if (target := _origin(value))}
    names: dict[str, tuple[Piece, ...]] = {}
    inner: dict[str, tuple[Target, ...]] = dict(imports)
    enters: dict[Chain, None] = {}
    for name in namespace.keys() - imports.keys():
        value = namespace[name]
        pieces = [_VALUE] if _holds_values(value) else []
        for definition in _definitions(value):
            part = _outline_of_source(definition, namespace, imports)
            for key, group in part.names.items():
                outer, _, member = key.partition(".")
                if member and outer == definition.__name__:
                    names[f"{name}.{member}"] = tuple(_placed(piece, name, f"{name}.{member}") for piece in group)
            pieces += _pieces(part, definition.__name__) or _pieces(part, name) or part.effects or (_unseen(name),)
            enters.update(dict.fromkeys(part.enters))
            inner.update((key, targets) for key, targets in part.imports.items() if key not in namespace)
        names[name] = tuple(_placed(piece, name, name) for piece in pieces)
    changed = {chain[0] for pieces in names.values() for piece in pieces for chain in piece.writes}
    return Outline(names, inner, changed=tuple(sorted(changed & names.keys())), enters=tuple(enters))


_VALUE = Piece("constant", b"", computed=OPEN)


def _origin(value: Any) -> Target | None:
    """Where an imported thing is from; None for what the notebook made itself."""
    if isinstance(value, ModuleType):
        return (0, value.__name__, "")
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not callable(value) or not isinstance(module, str) or not isinstance(name, str):
        return None
    if module.startswith("penstock."):  # `heavy = step(memory="8GiB")`
        return (0, "penstock", name.partition(".")[0])
    return None if module == MODULE or "<locals>" in name else (0, module, name.partition(".")[0])


def _holds_values(value: Any) -> bool:
    """Whether there is more to it than definitions: a function that was made by another may close over values."""
    inside = _beneath(value)
    if isinstance(inside, FunctionType):
        return any(not callable(content) for content in _closed_over(inside))
    return not isinstance(inside, type)


def _definitions(value: Any) -> Iterator[Any]:
    """The functions and classes of the notebook that a name stands for, beneath decorators."""
    inside = _beneath(value)
    if isinstance(inside, (FunctionType, type)) and inside.__module__ == MODULE:
        yield inside
    if isinstance(inside, FunctionType):  # a decorator without functools.wraps returns what closes over the function
        for content in _closed_over(inside):
            if content is not value:
                yield from _definitions(content)


def _beneath(value: Any) -> Any:
    import inspect

    return inspect.unwrap(value) if callable(value) else value


def _closed_over(function: FunctionType) -> Iterator[Any]:
    cells: tuple[CellType, ...] = function.__closure__ or ()
    for cell in cells:
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue


def _outline_of_source(
    definition: Any, namespace: Mapping[str, Any], imports: Mapping[str, tuple[Target, ...]]
) -> Outline:
    from penstock.code import outlining

    source = _source(definition)
    if not source:
        return Outline({}, {})
    return outlining.outline(source.encode(errors="surrogatepass"), imports, namespace.keys() - imports.keys())


def _source(definition: Any) -> str:
    """Its source, or that of the cell that it stands in; "" where none is found."""
    import inspect
    import textwrap

    try:
        return textwrap.dedent(inspect.getsource(definition))
    except (OSError, TypeError):  # for classes, inspect asks for the file of their module
        return _cell_of(definition) if isinstance(definition, type) else ""


def _cell_of(definition: type) -> str:
    """The source of the latest cell that defines a class of the name."""
    import linecache

    start = re.compile(rf"^\s*class {definition.__name__}\b", re.MULTILINE)
    files = {part.__code__.co_filename for part in vars(definition).values() if isinstance(part, FunctionType)}
    for file in (*files, *reversed(linecache.cache)):
        source = "".join(linecache.getlines(file)) if file in files or file.startswith(("<", "/tmp/ipykernel")) else ""
        if start.search(source):
            return source
    return ""


def _pieces(part: Outline, name: str) -> tuple[Piece, ...]:
    """What the source itself has of a name; a lambda is found by the name that it is bound to."""
    return tuple(piece for piece in part.names.get(name, ()) if piece.line)


def _unseen(name: str) -> Piece:
    return Piece("function", b"", unfollowed=((f"the source of {name} can't be found", 0),))


def _placed(piece: Piece, name: str, place: str) -> Piece:
    """As a piece of `name`, without lines, which would be those within the definition."""
    sites = tuple((f"{what} in {place}" if line else what, 0) for what, line in piece.unfollowed)
    members = tuple(f"{name}.{member.partition('.')[2]}" for member in piece.members)
    return piece._replace(line=0, unfollowed=sites, members=members)
