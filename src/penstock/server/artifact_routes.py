"""One stored value: what it looks like, pages and statistics of a table, pictures, and its bytes. All by its digest, so
that a client asks once; by what its row says and where its columns lie, so that nothing is unpickled."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from starlette.responses import Response

from penstock.artifacts.media import MARKDOWN, PNG, TABLE, WEB_PAGE
from penstock.artifacts.plain_bytes import plain_bytes
from penstock.artifacts.shown import picture_media, suffix_of
from penstock.errors import DamagedError, PenstockError
from penstock.reading import array_images, artifact_lineage, artifact_places, sorted_rows
from penstock.reading.array_images import Channels, Scale
from penstock.reading.artifact_lineage import LineageInfo
from penstock.reading.artifact_places import Artifact, ArtifactPlace
from penstock.reading.column_statistics import ColumnStatistics, statistics
from penstock.reading.infos import value_info
from penstock.reading.markdown_nodes import MarkdownPage, markdown_page
from penstock.reading.stored_tables import ColumnInfo, StoredTable, TablePage
from penstock.reading.structs import ValueInfo
from penstock.server.api_call import ApiCall
from penstock.server.refusals import Refusal
from penstock.server.response_bodies import bytes_response
from penstock.server.routing import BYTES, route
from penstock.server.run_list_routes import Limit, RowId

_FRAME = {
    "Content-Security-Policy": (
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'self'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
}
_NONE: Mapping[str, str] = {}
_MOST_TEXT = 1_000_000  # characters of a page
_MOST_COLUMNS = 100  # of a page
_EXACT = 1 << 53  # beyond which not every reader of JSON has whole numbers
_ARTIFACT = "/artifacts/{digest}"

Place = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Pixels = Annotated[int, msgspec.Meta(ge=1, le=2048)]


class PlaceQuery(msgspec.Struct, frozen=True):
    """Where the value stands. A value that has no digest is asked for as "unstable", with `of`."""

    of: str = ""  # "digits/3/train/2", "digits/3": whose result it is; "": of any task that has such a result
    param: str | None = None  # of the run that `of` names: this parameter rather than the result
    display: str | None = None  # of the run's body or of the task that `of` names: what it displayed under this name
    step: Annotated[int, msgspec.Meta(ge=-(1 << 62), le=1 << 62)] | None = None  # of a series of displays

    @property
    def place(self) -> ArtifactPlace:
        return ArtifactPlace(self.of, self.param, self.display, self.step)


class TableQuery(PlaceQuery, frozen=True):
    """Which rows and columns of it."""

    offset: RowId = 0
    limit: Limit = 100
    columns: Annotated[tuple[Place, ...], msgspec.Meta(max_length=_MOST_COLUMNS)] = ()  # their places among `columns`
    # of the preview; none: the first 100
    sort: Annotated[str, msgspec.Meta(pattern="^(-?[0-9]{1,6})?$")] = ""  # likewise, "-" before it the largest first


class StatsQuery(PlaceQuery, frozen=True):
    """Of which column."""

    column: Place | None = None  # its place among `columns` of the preview; None: all of an array, or the only one


class ImageQuery(PlaceQuery, frozen=True):
    """Which part of an array, and how it is drawn. A picture that is stored as one comes as it is."""

    w: Pixels = 1024  # at most
    h: Pixels = 1024
    dtype: Scale = ""  # "uint8": 0 is black and 255 white; "float": 0 and 1; "": as the numbers suggest
    slice: Annotated[tuple[RowId, ...], msgspec.Meta(max_length=30)] = ()  # places along the first axes; left out: 0
    channels: Channels = ""


class ArtifactPreview(msgspec.Struct, frozen=True):
    """What a value looked like when it was stored."""

    value: ValueInfo
    kind: str  # "table", "column", "array": it has pages and statistics; "bytes": it is these; "": neither
    media: str = ""  # of a display, or of a picture; "": not known
    columns: tuple[ColumnInfo, ...] = ()  # its index's first; of an array of two dimensions as well
    more_columns: int = 0  # that are not among `columns`: they have no room there


class ArtifactPage(msgspec.Struct, frozen=True):
    """A stored value, where it came from, and what was given it."""

    preview: ArtifactPreview
    what: str  # "the result of digits/3/train/2"
    run: str  # "digits/3"
    task: str | None  # whose result or display it is; None: the run's
    lineage: LineageInfo


def _found(call: ApiCall, query: PlaceQuery) -> Artifact:
    return artifact_places.artifact(call.reader, call.path["digest"], query.place)


def _table_of(call: ApiCall, found: Artifact) -> StoredTable:
    return StoredTable(found.stored, call.reader.project.store, found.what)


def _preview(call: ApiCall, query: PlaceQuery) -> ArtifactPreview:
    return _preview_of(call, _found(call, query))


def _preview_of(call: ApiCall, found: Artifact) -> ArtifactPreview:
    value = value_info(found.stored)
    assert value is not None
    if found.stored.layout:
        try:
            table = _table_of(call, found)
        except PenstockError:  # it holds objects
            return ArtifactPreview(value, "", found.media)
        return ArtifactPreview(value, table.layout["kind"], found.media, table.columns, table.more)
    if found.media and found.media != TABLE:
        return ArtifactPreview(value, "bytes", found.media)
    return ArtifactPreview(value, "bytes" if value.type == "bytes" else "", found.media)


def _page(call: ApiCall, query: PlaceQuery) -> ArtifactPage:
    found = _found(call, query)
    task = None if found.task is None else found.run.path(found.task)
    lineage = artifact_lineage.lineage(call.reader, found)
    return ArtifactPage(_preview_of(call, found), found.what, found.run.run_id, task, lineage)


def _table(call: ApiCall, query: TableQuery) -> TablePage:
    table = _table_of(call, _found(call, query))
    order = sorted_rows.order(table, abs(int(query.sort)), query.sort.startswith("-")) if query.sort else None
    columns = query.columns or range(min(len(table.columns), _MOST_COLUMNS))
    page = table.page(query.offset, query.limit, columns, order, _MOST_TEXT)
    return msgspec.structs.replace(page, values=tuple(map(_exact, page.values)))


def _exact(cells: list[Any]) -> list[Any]:
    """Whole numbers that a reader of JSON might round, as texts."""
    return [str(one) if isinstance(one, int) and abs(one) > _EXACT else one for one in cells]


def _stats(call: ApiCall, query: StatsQuery) -> ColumnStatistics:
    return statistics(_table_of(call, _found(call, query)), query.column)


def _image(call: ApiCall, query: ImageQuery) -> Response:
    found = _found(call, query)
    if not found.stored.layout:
        data = plain_bytes(found.stored.record, call.reader.project.store)
        media = picture_media(bytes(data[:16]))
        if not media:
            raise Refusal(409, "no_picture", f"{found.what} is no array, and no picture that is shown as it stands")
        return _sent(call, data, media)
    table = _table_of(call, found)
    data = array_images.picture(table, query.slice, query.w, query.h, query.dtype, query.channels)
    return _sent(call, memoryview(data), PNG, tag=hashlib.blake2b(data, digest_size=16).hexdigest())


def _raw(call: ApiCall, query: PlaceQuery) -> Response:
    found = _found(call, query)
    data = _bytes_of(call, found)
    suffix = suffix_of(found.media or picture_media(bytes(data[:16]))) or ".bin"
    name = f"{call.path['digest'][:15]}{suffix}"
    return _sent(call, data, BYTES, {"Content-Disposition": f'attachment; filename="{name}"'})


def _frame(call: ApiCall, query: PlaceQuery) -> Response:
    found = _found(call, query)
    if found.media != WEB_PAGE:
        raise Refusal(409, "no_page", f"{found.what} is no display of HTML")
    return _sent(call, _bytes_of(call, found), WEB_PAGE, _FRAME)


def _markdown(call: ApiCall, query: PlaceQuery) -> MarkdownPage:
    found = _found(call, query)
    if found.media != MARKDOWN:
        raise Refusal(409, "no_markdown", f"{found.what} is no display of Markdown")
    return markdown_page(bytes(_bytes_of(call, found)).decode("utf-8", "replace"))


def _sent(call: ApiCall, data: memoryview, media: str, headers: Mapping[str, str] = _NONE, tag: str = "") -> Response:
    return bytes_response(data, media, tag or call.path["digest"], call.headers, call.has_digest, headers)


def _bytes_of(call: ApiCall, found: Artifact) -> memoryview:
    value = value_info(found.stored)
    is_bytes = found.media != TABLE if found.media else value is not None and value.type == "bytes"
    if not is_bytes:
        path = found.run.run_id if found.task is None else found.run.path(found.task)
        told = f"{found.what} is no bytes: `penstock get {path} -o FILE` writes it as a file that other programs read"
        raise Refusal(409, "no_bytes", told)
    try:
        return plain_bytes(found.stored.record, call.reader.project.store)
    except DamagedError as error:
        raise DamagedError(f"{found.what}: {error}") from None


ROUTES = (
    route("GET", _ARTIFACT, "A stored value: its preview, where it came from, what was given it", _page),
    route("GET", f"{_ARTIFACT}/preview", "What it looked like when it was stored", _preview, is_immutable=True),
    route("GET", f"{_ARTIFACT}/table", "Rows of a stored table or array", _table, is_immutable=True),
    route("GET", f"{_ARTIFACT}/stats", "What the values of a column come to", _stats, is_immutable=True),
    route("GET", f"{_ARTIFACT}/image", "A picture, or an array as one", _image, media=PNG, is_immutable=True),
    route("GET", f"{_ARTIFACT}/markdown", "A text that was displayed, as a tree", _markdown, is_immutable=True),
    route("GET", f"{_ARTIFACT}/raw", "Its bytes", _raw, media=BYTES, is_immutable=True, is_ticketed=True),
    route(
        "GET", f"{_ARTIFACT}/frame", "A page of HTML that was displayed, for a frame that reaches nothing else",
        _frame, media=WEB_PAGE, is_immutable=True, is_ticketed=True,
    ),
)  # fmt: skip
