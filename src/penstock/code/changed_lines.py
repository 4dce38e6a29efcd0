"""The lines of a module that changed, as a unified diff of those of some of its definitions alone. Pure."""

from __future__ import annotations

import ast
import difflib
import warnings
from collections.abc import Iterable, Iterator, Set

_AROUND = 3
_STATEMENTS = ""
"""What stands for a module's bare statements, as in the ids of `graph.py`."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_Span = tuple[int, int]
"""First and last line, from 1."""


def diff_of(old: str, new: str, names: Set[str], before: str, after: str) -> list[str]:
    """What differs between two sources of a module around these names ("clean", "Model.fit"; "": its bare statements),
    and its imports, as lines of a unified diff; all that differs, where nothing of that lies there.

    `before` and `after` head the two sides.
    """
    one, other = old.splitlines(), new.splitlines()
    hunks = list(difflib.SequenceMatcher(None, one, other).get_grouped_opcodes(_AROUND))
    old_spans, new_spans = _spans(old, names), _spans(new, names)
    near = [hunk for hunk in hunks if _touches(hunk, old_spans, new_spans)]
    lines = [line for hunk in near or hunks for line in _hunk(hunk, one, other)]
    return [f"--- {before}", f"+++ {after}", *lines] if lines else []


def definitions(source: str) -> list[tuple[str, _Span]]:
    """The functions and classes at the top of a module and in its classes, with their lines; none where it can't be
    parsed."""
    found = _named_spans(source)
    return [(name, span) for name, span, is_definition in found if name and is_definition]


def _spans(source: str, names: Set[str]) -> list[_Span]:
    """The lines of the names, and of imports; none where the source can't be parsed."""
    return [span for name, span, _ in _named_spans(source) if name is None or name in names]


def _named_spans(source: str) -> list[tuple[str | None, _Span, bool]]:
    """Name, lines, and whether it is a function or a class."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        (name, (_first_line(node), node.end_lineno or node.lineno), isinstance(node, _DEFINITIONS))
        for statement in body
        for name, node in _named(statement)
    ]


def _named(statement: ast.stmt) -> Iterator[tuple[str | None, ast.stmt]]:
    """What a statement at the top of a module binds, and where that stands; None: it is an import."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield None, statement
    elif isinstance(statement, ast.ClassDef):
        yield statement.name, statement
        for member in statement.body:
            for name, node in _named(member):
                yield f"{statement.name}.{name}", node
    elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield statement.name, statement
    else:
        yield _STATEMENTS, statement
        for node in _outside_of_functions(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id, statement
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield node.name, statement


def _outside_of_functions(statement: ast.stmt) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", ())
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


_Hunk = list[tuple[str, int, int, int, int]]
"""Opcodes of `difflib`: what is done, and from where to where, on either side."""


def _touches(hunk: _Hunk, old: Iterable[_Span], new: Iterable[_Span]) -> bool:
    changed = [code for code in hunk if code[0] != "equal"]
    in_old = (_overlap(first, last, span) for span in old for _, first, last, _, _ in changed)
    in_new = (_overlap(first, last, span) for span in new for _, _, _, first, last in changed)
    return any(in_old) or any(in_new)


def _overlap(first: int, last: int, span: _Span) -> bool:
    """Whether the lines [first, last), from 0, are among those of a span; nothing that is taken out is."""
    return first < span[1] and span[0] - 1 < last


def _hunk(hunk: _Hunk, old: list[str], new: list[str]) -> Iterator[str]:
    first, last = hunk[0], hunk[-1]
    yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
    for what, old_from, old_to, new_from, new_to in hunk:
        if what == "equal":
            yield from (f" {line}" for line in old[old_from:old_to])
        else:
            yield from (f"-{line}" for line in old[old_from:old_to])
            yield from (f"+{line}" for line in new[new_from:new_to])


def _range(start: int, end: int) -> str:
    """As a unified diff has it: from 1, and of no lines the one before them."""
    count = end - start
    return f"{start + 1}" if count == 1 else f"{start + 1 if count else start},{count}"
