"""What is kept of code beside the code: the Python that it is for, and where it was written, cells of notebooks too."""

from __future__ import annotations

import sys
from types import CodeType
from typing import Any, List, Tuple

Source = Tuple[int, Tuple[str, ...]]
"""The number of a first line, and the lines from there on."""


def this_python() -> str:
    """ "cpython 3.11": what byte code is good for."""
    return f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"


def place_of(file: str) -> str:
    """`Cell In[3]` for the file that IPython names the code of a cell after; every other file as it is."""
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    name = getattr(getattr(shell, "compile", None), "format_code_name", None)
    named = None if name is None else name(file)
    return file if named is None else " ".join(named)


def source_of(code: CodeType) -> Source:
    """The lines of a piece of code that stands in a cell; a worker has no cells to look them up in."""
    import linecache

    numbers = [code.co_firstlineno, *_numbers(code)]
    first, last = min(numbers), max(numbers)
    return first, tuple(linecache.getlines(code.co_filename)[first - 1 : last])


def know(place: str, source: Source) -> None:
    """Let tracebacks of this process show these lines of a cell."""
    import linecache

    first, lines = source
    known = list(linecache.getlines(place))
    known += ["\n"] * (first - 1 + len(lines) - len(known))
    known[first - 1 : first - 1 + len(lines)] = lines
    linecache.cache[place] = (sum(map(len, known)), None, known, place)  # no time of change: it is never looked for


def _numbers(code: CodeType) -> List[int]:
    if sys.version_info < (3, 10):
        import dis

        return [line for _, line in dis.findlinestarts(code)]
    return [line for _, _, line in code.co_lines() if line is not None]
