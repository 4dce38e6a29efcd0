"""What a function's source counts as: its syntax tree, so that comments, formatting and docstrings don't."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

_OPTIONS_ONLY = frozenset({"flow", "step"})
"""Decorators that say how a function is run, not what it does."""

_IGNORED_FIELDS = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def source_digest(function: Callable[..., Any]) -> str:
    """The digest of a function's source, as text; "" where there is none, as for builtins and at a plain prompt.

    The same under every Python version. A lambda counts with the statement that it stands in.
    """
    import inspect
    import textwrap

    from blake3 import blake3

    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return ""
    try:
        form = "\0".join(_form(ast.parse(source)))
    except (SyntaxError, RecursionError):  # a lambda that was cut out of a larger expression
        form = source
    return f"b3-{blake3(f'penstock.source.1{form}'.encode(errors='surrogatepass')).hexdigest()}"


def _form(node: ast.AST) -> Iterator[str]:
    """The tree as words. Empty fields are left out, so that a field of a newer Python changes nothing."""
    yield f"({type(node).__name__}"
    for name, field in ast.iter_fields(node):
        essential = _essential(node, name, field)
        if name not in _IGNORED_FIELDS and essential is not None and essential != []:
            yield name
            yield from _field_form(essential)
    yield ")"


def _essential(node: ast.AST, name: str, field: Any) -> Any:
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return field
    if name == "decorator_list":
        return [decorator for decorator in field if _last_name(decorator) not in _OPTIONS_ONLY]
    if name == "body" and ast.get_docstring(node, clean=False) is not None:
        return field[1:]
    return field


def _field_form(field: Any) -> Iterator[str]:
    if isinstance(field, ast.AST):
        yield from _form(field)
    elif isinstance(field, list):
        for item in field:  # pyright: ignore[reportUnknownVariableType]
            yield from _field_form(item)
    else:
        yield repr(field)


def _last_name(decorator: ast.expr) -> str:
    """`step` of `@step`, `@penstock.step` and `@step(cpu=2)`."""
    if isinstance(decorator, ast.Call):
        decorator = decorator.func
    return decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
