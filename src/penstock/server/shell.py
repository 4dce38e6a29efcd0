"""The page that a browser gets, and what it is made of. They hold nothing of the project: the token stands after the
`#` of the page's address, which a browser sends to nobody."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import HTMLResponse, Response

from penstock.server.api_call import ApiCall
from penstock.server.refusals import Refusal
from penstock.server.routing import route

BUILT = Path(__file__).with_name("page")
"""What `make ui` builds, and a wheel brings."""
MEND = "run `make ui` in a checkout of Penstock, or install it from a wheel"

_ADDRESSES = (
    "/",
    "/runs",
    "/runs/{flow}",
    "/runs/{flow}/{run}",
    "/runs/{flow}/{run}/{step}",
    "/runs/{flow}/{run}/{step}/{call}",
    "/compare",
    "/artifacts",
    "/artifacts/{artifact}",
    "/sites",
)
_MEDIA = {
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "md": "text/plain",
    "png": "image/png",
    "svg": "image/svg+xml",
    "wasm": "application/wasm",
    "woff2": "font/woff2",
}
_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)*\.(\w+)", re.ASCII)  # of no other folder, and of nothing hidden
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))  # the smaller ones first
_LASTING = "public, max-age=31536000, immutable"

_UNBUILT = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Penstock</title>
<h1>Penstock</h1>
<p>The API of this project is served here, at <a href="/api/v1/openapi.json">/api/v1</a>. Its page is not built:
{MEND}.</p>
<p>These commands show the same:</p>
<pre>
penstock ls                 the runs
penstock show digits/3      a run, a step or a task
penstock logs -f digits/3   what it prints
penstock get digits/3       what came of it
</pre>
<p>A program needs the token of the address that <code>penstock ui</code> has printed:</p>
<pre>
curl -H "Authorization: Bearer $(cat .penstock/ui-token)" http://127.0.0.1:8123/api/v1/meta
</pre>
"""


def is_built() -> bool:
    """Whether there is a page."""
    return (BUILT / "index.html").is_file()


def _page(call: ApiCall) -> Response:
    return _sent(call.headers)


def no_such_page(path: str, headers: Mapping[str, str]) -> Response | None:
    """What someone gets who opens an address that no page has: the page, which says so. None: a program asks."""
    is_opened = "text/html" in headers.get("accept", "") and not path.startswith(("/api/", "/assets/"))
    return _sent(headers, 404) if is_opened else None


def _sent(headers: Mapping[str, str], status_code: int = 200) -> Response:
    if not is_built():
        return HTMLResponse(_UNBUILT, status_code, headers={"Cache-Control": "no-cache"})
    body, encoding = _encoded("index.html", headers)
    sent = encoding | {"Cache-Control": "no-cache", "ETag": f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'}
    if headers.get("if-none-match") == sent["ETag"] and status_code == 200:
        return Response(status_code=304, headers=sent)
    return HTMLResponse(body, status_code, headers=sent)


def _asset(call: ApiCall) -> Response:
    name = call.path["name"]
    match = _NAME.fullmatch(name)
    media = _MEDIA.get(match[1]) if match else None
    try:
        if media is None:
            raise FileNotFoundError
        body, encoding = _encoded(f"assets/{name}", call.headers)
    except FileNotFoundError:
        raise Refusal(404, "no_such_asset", f"the page has no {name!r}: load it anew") from None
    return Response(body, headers=encoding | {"Cache-Control": _LASTING}, media_type=media)


def _encoded(name: str, headers: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """A file, compressed as the client takes it, and the headers that say how. Raises FileNotFoundError."""
    taken = {one.partition(";")[0].strip() for one in headers.get("accept-encoding", "").split(",")}
    for encoding, ending in _ENCODINGS:
        file = BUILT / (name + ending)
        if encoding in taken and file.is_file():
            return file.read_bytes(), {"Content-Encoding": encoding, "Vary": "Accept-Encoding"}
    return (BUILT / name).read_bytes(), {"Vary": "Accept-Encoding"}


ROUTES = (
    *(route("GET", path, "The page", _page, media="text/html", is_bare=True, is_page=True) for path in _ADDRESSES),
    route("GET", "/assets/{name}", "What it is made of", _asset, media="*/*", is_bare=True, is_page=True),
)
