"""Loggers and handlers are put back as they were before an attempt.

There may be a thousand loggers, so that they are not looked at one by one: they tell when they are changed.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

from penstock.shadows import standard

_METHODS = ("addHandler", "removeHandler", "addFilter", "removeFilter")
_LISTS = ("handlers", "filters")


class LoggingState:
    """`is_importing`: whether a module is being imported; what that changes stays."""

    def __init__(self, is_importing: Callable[[], bool]) -> None:
        self._is_importing = is_importing
        self._changed: Dict[int, Tuple[Any, Any, Dict[str, Any], Dict[str, List[Any]]]] = {}
        self._lists: List[Tuple[List[Any], List[Any]]] = []  # of loggers: a list can be changed without a word
        self._loggers = 0
        self._logging: Any = None
        self._listens = False

    def keep(self) -> None:
        """They are to be like now from here on; a logger that comes later, as it was new."""
        self._logging = standard("logging")
        self._changed.clear()
        if self._logging is not None and hasattr(self._logging, "Filterer"):
            self._listen(self._logging)
            self._look()

    def look_again(self) -> None:
        """A module has been imported, which may have brought loggers."""
        if self._logging is None:
            self.keep()
        elif self._loggers != len(self._logging.root.manager.loggerDict):
            self._look()

    def restore(self) -> None:
        for live, kept in self._lists:
            if live != kept:
                live[:] = kept
        if not self._changed:
            return
        changed, self._changed = self._changed, {}
        for item, kind, variables, lists in changed.values():
            if type(item) is not kind:
                item.__class__ = kind
            _restore(item, variables, lists)
        self._changed.clear()  # what this itself has changed
        self._logging.root.manager._clear_cache()

    def _look(self) -> None:
        known = self._logging.root.manager.loggerDict
        self._loggers = len(known)
        loggers = [self._logging.root, *known.values()]
        lists: List[Any] = [getattr(logger, name, None) for logger in loggers for name in _LISTS]
        self._lists = [(live, [*live]) for live in lists if live or live is self._logging.root.handlers]

    def _note(self, item: Any) -> None:
        if id(item) not in self._changed and not self._is_importing():
            variables: Dict[str, Any] = dict(item.__dict__)
            lists = {name: list(variables[name]) for name in _LISTS if name in variables}
            self._changed[id(item)] = item, type(item), variables, lists

    def _listen(self, logging: Any) -> None:
        if self._listens:
            return
        self._listens, note = True, self._note

        def noting(method: Any) -> Any:
            def noted(self: Any, item: Any) -> Any:
                note(self)
                return method(self, item)

            noted.__name__, noted.__qualname__, noted.__doc__ = method.__name__, method.__qualname__, method.__doc__
            return noted

        def set_and_note(self: Any, name: str, value: Any) -> None:
            note(self)
            object.__setattr__(self, name, value)

        for owner in (logging.Filterer, logging.Logger):
            for name in _METHODS:
                method = owner.__dict__.get(name)
                if method is not None:
                    setattr(owner, name, noting(method))
        logging.Filterer.__setattr__ = set_and_note


def _restore(item: Any, variables: Dict[str, Any], lists: Dict[str, List[Any]]) -> None:
    """Give a logger or a handler its variables back; one that was made meanwhile is left alone, or as if it was new."""
    if "name" not in variables and "level" not in variables:  # noted in its first line
        if not hasattr(item, "manager"):
            return
        variables = {**item.__dict__, "level": 0, "propagate": True, "disabled": False}
        lists = {name: [] for name in _LISTS}
    if hasattr(item, "baseFilename") and getattr(variables.get("stream"), "closed", False):
        variables.update(stream=None, mode="a")  # it opens its file again, and what stands in it stays
    for name, kept in lists.items():
        live = variables[name]
        live[:] = kept
    item.__dict__.update(variables)
