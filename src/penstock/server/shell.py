"""The page that a browser gets first. It holds nothing of the project: the token stands after the `#` of its address,
which a browser sends to nobody."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from penstock.server.api_call import ApiCall
from penstock.server.routing import route

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Penstock</title>
<h1>Penstock</h1>
<p>The API of this project is served here, at <a href="/api/v1/openapi.json">/api/v1</a>. Its page is not built yet.</p>
<p>Until it is, these commands show the same:</p>
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


def _shell(call: ApiCall) -> Response:
    return HTMLResponse(_PAGE, headers={"Cache-Control": "no-cache"})


ROUTES = (route("GET", "/", "The page", _shell, media="text/html", is_bare=True),)
