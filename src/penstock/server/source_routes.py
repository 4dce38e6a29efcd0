"""A file of a run's code, as it was when the run began."""

from __future__ import annotations

import os

import msgspec

from penstock.code.changed_lines import definitions
from penstock.errors import NotFoundError
from penstock.journal import queries, several_runs
from penstock.reading.code_tokens import CodeLine, code_lines
from penstock.reading.kept_sources import KeptSources, snapshot_at
from penstock.server.api_call import ApiCall
from penstock.server.routing import RUN, route

_MOST_LINES = 5_000


class SourceQuery(msgspec.Struct, frozen=True):
    """Which file."""

    place: str = ""  # "features.py", as `code` tells it; "": the flow's own
    step: str = ""  # as it was for the latest task of this step that ran; "": as it was last


class DefinitionSpan(msgspec.Struct, frozen=True):
    """Where a function or a class stands."""

    name: str  # "clean", "Model.fit"
    first: int  # line, from 1, its decorators among them
    last: int


class SourcePage(msgspec.Struct, frozen=True):
    """A file as tokens."""

    place: str
    lines: tuple[CodeLine, ...]  # (class, text): "keyword", "string", "comment", "number", "name", "builtin",
    # "decorator", or "" for all else
    definitions: tuple[DefinitionSpan, ...]
    cut: int = 0  # how many lines more it has


def _source(call: ApiCall, query: SourceQuery) -> SourcePage:
    journal, run = call.reader.journal, call.run
    detail = queries.detail(journal, run.id)
    codes = several_runs.latest_codes(journal, [run.id]) if query.step else []
    began_at = next((one.began_at for one in codes if one.name == query.step), 0.0)
    place = query.place or (os.path.relpath(detail.file, detail.root) if detail.file else "")
    text = KeptSources(call.reader).text(snapshot_at(detail, began_at), place, detail.root)
    if text is None:
        raise NotFoundError(f"no source {place} of {run.run_id} is kept: it was no file of the project, or is gone")
    lines = code_lines(text, os.path.basename(place))
    spans = tuple(DefinitionSpan(name, *span) for name, span in definitions(text))
    return SourcePage(place, lines[:_MOST_LINES], spans, max(0, len(lines) - _MOST_LINES))


ROUTES = (route("GET", f"{RUN}/source", "A file of its code, as it was then", _source),)
