"""What an attempt has changed of its process is taken back behind it.

Knows how to compare and when to look; what there is to look at stands in two tables: `python_state.py` and
`library_state.py`. Nothing is looked at of a module that is not loaded. What the *import* of a module changes stays, as
it happens once in a process; what a step changes goes.
"""

from __future__ import annotations

from functools import partial, wraps
from typing import Any, Iterable, List, Optional

from penstock.shadows import standard
from penstock.worker.hooks import ImportHooks
from penstock.worker.state_access import Access, Read, Row

_UNREADABLE = object()


class _Watched:
    """A row whose module is loaded."""

    def __init__(self, row: Row, access: Access) -> None:
        self.name = row.name
        self.read, self.restore, self._keep, self.live = access
        self.kept = self._keep(self.read())

    def now(self) -> Any:
        """What it is now, to be compared later."""
        try:
            return self._keep(self.read())
        except Exception:  # noqa: BLE001  a library's, or deleted: what can't be read isn't what it was
            return _UNREADABLE

    def has_changed(self) -> bool:
        try:
            return bool(self.read() != self.kept)
        except Exception:  # noqa: BLE001  deleted, or the user's own __eq__
            return True

    def put_back(self) -> bool:
        """Whether it is as it was again."""
        now = self.now()
        try:
            self.restore(self.kept, None if now is _UNREADABLE else now)
        except Exception:  # noqa: BLE001  a library's, or the system says no: then it is said that it can't be
            return False
        return not self.has_changed()

    def take_import(self, before: Any) -> None:
        """Keep what an import changed since `before`, and nothing that the attempt had changed itself."""
        after = self.now()
        if before is _UNREADABLE or after is _UNREADABLE or before == after:
            return
        self.kept = after if before == self.kept else _merged(self.kept, before, after)


class ProcessState:
    """What this process was like before an attempt. `rows`: what is looked at; `hooks`: tell where a module is imported
    whose functions are to be noted; None: none is noted, and their rows are not looked at."""

    def __init__(self, rows: Iterable[Row], hooks: Optional[ImportHooks]) -> None:
        self._waiting: List[Row] = [row for row in rows if hooks is not None or not row.setters]
        self._often: List[_Watched] = []
        self._seldom: List[_Watched] = []
        self._was_set = False
        self._reads: List[Read] = []
        self._kept: List[Any] = []
        self._live: List[Any] = []
        self._held: List[Any] = []
        self._before: List[Any] = []
        for row in self._waiting:
            if hooks is not None and row.setters:
                hooks.when_imported(row.module, partial(self._note_calls, row))

    def restore(self, everything: bool) -> List[str]:
        """Take back what has changed; gives the names of what can't be. `everything`: also what is looked at only where
        a function was called that sets it, as code in C might have."""
        changed: List[_Watched] = []
        try:
            if self._live != self._held or [read() for read in self._reads] != self._kept:
                changed = [watched for watched in self._often if watched.has_changed()]
        except Exception:  # noqa: BLE001  deleted, or the user's own __eq__
            changed = [watched for watched in self._often if watched.has_changed()]
        if everything or self._was_set:
            changed += [watched for watched in self._seldom if watched.has_changed()]
        left = [watched.name for watched in changed if not watched.put_back()] if changed else []
        self._was_set = False  # to look and to put back has called some of them, too
        return left

    def keep(self) -> None:
        """It is to be like now from here on, as far as it was not kept before: what has been loaded meanwhile."""
        waiting, self._waiting = self._waiting, []
        for row in waiting:
            watched = _watched(row)
            if watched is None:
                self._waiting.append(row)
            elif row.setters:
                self._seldom.append(watched)
            else:
                self._often.append(watched)
        # Read and compared in one go: an object for each would double what it costs behind a short attempt.
        self._live = [watched.live for watched in self._often if watched.live is not None]
        self._held = [watched.kept for watched in self._often if watched.live is not None]
        self._reads = [watched.read for watched in self._often if watched.live is None]
        self._kept = [watched.kept for watched in self._often if watched.live is None]

    def import_begins(self) -> None:
        """A module is about to be imported, and perhaps others with it."""
        was_set = self._was_set
        self._before = [watched.now() for watched in (*self._often, *self._seldom)]
        self._was_set = was_set

    def import_ends(self) -> None:
        """It has been, or has failed."""
        for watched, value in zip((*self._often, *self._seldom), self._before):
            watched.take_import(value)
        self._before = []
        self.keep()

    def _note_calls(self, row: Row, module: Any) -> None:
        def noting(call: Any) -> Any:
            @wraps(call)
            def noted(*args: Any, **kwargs: Any) -> Any:
                self._was_set = True
                return call(*args, **kwargs)

            return noted

        for name in row.setters:
            call = getattr(module, name, None)
            if call is not None:
                setattr(module, name, noting(call))


def _watched(row: Row) -> Optional[_Watched]:
    module = standard(row.module)
    if module is None:
        return None
    try:
        return _Watched(row, row.access(module))
    except Exception:  # noqa: BLE001  another version of the library, or a module of the user's by this name
        return None


def _merged(kept: Any, before: Any, after: Any) -> Any:
    """What was kept, with what an import has made of something that the attempt had changed already."""
    kind: Any = kept.__class__
    if kind is tuple and len(kept) == len(before) == len(after):
        return tuple([after[at] if after[at] is not before[at] else kept[at] for at in range(len(kept))])
    if kind is list:
        return [*[item for item in after if item not in before and item not in kept], *kept]
    if kind is dict:
        return {**kept, **{name: after[name] for name in after if before.get(name) != after[name]}}
    return after
