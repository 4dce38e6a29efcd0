"""MLflow's REST API: one call, its retries, and how what goes wrong is told. https://mlflow.org/docs/latest/rest-api.html

Nothing is asked of any address but the one that is given.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from penstock.errors import NotFoundError, UsageError

_PATIENCE_S = 60.0
_WAITS_S = (0.2, 1.0, 4.0)
_BUSY = (429, 502, 503, 504)
_CHUNK = 1 << 20
_CREDENTIALS = (
    "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to those of an account there"
)


Ask = Callable[..., dict[str, Any]]


class _NoRedirect(HTTPRedirectHandler):
    """Credentials are for the server that was named alone."""

    def http_error_302(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any) -> None:
        return None

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class MlflowApi:
    """A server. Each call blocks, a minute at most for each of its tries."""

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        """`address`: http://127.0.0.1:5000, where it may have a path, a name and a password."""
        parts = urlsplit(address)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        host = parts.netloc.rpartition("@")[2]
        self.address = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        user = user or environ.get("MLFLOW_TRACKING_USERNAME", "")
        password = password or environ.get("MLFLOW_TRACKING_PASSWORD", "")
        token = environ.get("MLFLOW_TRACKING_TOKEN", "")
        self._headers: dict[str, str] = {}
        if user:
            self._headers["Authorization"] = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
        elif token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._opener = build_opener(_NoRedirect)

    def get(self, path: str, /, **query: Any) -> dict[str, Any]:
        """What a GET answers. Raises NotFoundError for what is not there, UsageError for all else that goes wrong."""
        known = {name: value for name, value in query.items() if value not in ("", None)}
        return self._json(Request(f"{self.address}/api/2.0/mlflow/{path}?{urlencode(known)}", headers=self._headers))

    def post(self, path: str, /, **body: Any) -> dict[str, Any]:
        """The same of a POST."""
        known = {name: value for name, value in body.items() if value not in ("", None)}
        headers = {**self._headers, "Content-Type": "application/json"}
        return self._json(Request(f"{self.address}/api/2.0/mlflow/{path}", json.dumps(known).encode(), headers))

    def pages(self, ask: Ask, path: str, what: str, /, **asked: Any) -> Iterator[dict[str, Any]]:
        """All that is listed under a name by several answers. `ask`: `get` or `post`."""
        token = ""
        while True:
            answer = ask(path, page_token=token, **asked)
            yield from answer.get(what, [])
            token = answer.get("next_page_token", "")
            if not token:
                return

    def download(self, run: str, path: str) -> Iterator[bytes]:
        """A file of a run, in pieces."""
        query = urlencode({"path": path, "run_uuid": run})
        with self._opened(Request(f"{self.address}/get-artifact?{query}", headers=self._headers)) as answer:
            try:
                while chunk := answer.read(_CHUNK):
                    yield chunk
            except (OSError, http.client.HTTPException) as error:
                raise self._away(error) from error

    def upload(self, place: str, content: IO[bytes], size: int) -> None:
        """Put a file to a place behind `mlflow-artifacts:`."""
        headers = {
            **self._headers,
            "Content-Type": "application/octet-stream",
            "Content-Length": str(size),
        }
        url = f"{self.address}/api/2.0/mlflow-artifacts/artifacts/{quote(place.lstrip('/'))}"
        with self._opened(Request(url, content, headers, method="PUT"), tries=1) as answer:
            answer.read()

    def _json(self, request: Request) -> dict[str, Any]:
        try:
            with self._opened(request) as answer:
                found = json.loads(answer.read() or b"{}")
        except (http.client.HTTPException, OSError) as error:
            raise self._away(error) from error
        except ValueError as error:
            raise self._no_mlflow() from error
        if not isinstance(found, dict):
            raise self._no_mlflow()
        return cast("dict[str, Any]", found)

    def _opened(self, request: Request, tries: int = len(_WAITS_S) + 1) -> Any:
        for wait_s in (*_WAITS_S[: tries - 1], None):
            try:
                return self._opener.open(request, timeout=_PATIENCE_S)
            except HTTPError as error:
                if error.code not in _BUSY or wait_s is None:
                    raise self._refused(error) from error
            except (URLError, OSError, http.client.HTTPException) as error:
                raise self._away(error) from error
            time.sleep(wait_s)
        raise AssertionError

    def _refused(self, error: HTTPError) -> UsageError:
        with error:
            text = error.read(10_000).decode("utf-8", "replace")
        try:
            said = json.loads(text)
            code, message = str(said.get("error_code", "")), str(said.get("message", ""))
        except (ValueError, AttributeError):
            code, message = "", ""
        if error.code in (401, 403):
            return UsageError(f"{self.address} refuses who asks ({error.code}): {_CREDENTIALS}")
        if error.code in (301, 302, 303, 307, 308):
            return UsageError(
                f"{self.address} leads to {error.headers.get('Location')}: give the address that is meant"
            )
        if code == "RESOURCE_DOES_NOT_EXIST":
            return NotFoundError(message)
        if not code and error.code in (404, 405):
            return self._no_mlflow()
        return UsageError(
            f"{self.address} answers {error.code} to {urlsplit(error.url).path}: {message or error.reason}"
        )

    def _away(self, error: Exception) -> UsageError:
        reason = getattr(error, "reason", error)
        words = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return UsageError(
            f"no server answers at {self.address}: {words}. Start one with `mlflow server`, or name another"
        )

    def _no_mlflow(self) -> UsageError:
        return UsageError(
            f"{self.address} is no server of MLflow's: give the address at which a browser finds its runs"
        )
