"""What is checked of each request before anything is looked up, and the headers that each answer carries.

Whoever can reach the port is not yet whoever may read: other users of the machine, and pages of other sites in the
user's own browser, can reach it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.responses import Response

from penstock.server.limits import LIMITS
from penstock.server.refusals import Refusal
from penstock.server.routing import BASE
from penstock.server.tokens import Keyring

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
        "media-src blob:; connect-src 'self'; worker-src 'self'; frame-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_OUR_SITES = ("same-origin", "none")
_READING = ("GET", "HEAD")
_TICKET = re.compile(r"(?:^|&)ticket=([^&]*)")


def guarded(response: Response) -> Response:
    """The same with these headers, where it has none of its own."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


class Guard:
    """The rules for one server."""

    def __init__(self, hosts: frozenset[str], keyring: Keyring) -> None:
        self._hosts = hosts  # with the port, as they stand in `Host`
        self._origins = frozenset(f"http://{host}" for host in hosts)
        self._keyring = keyring

    def check(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> None:
        """Raises Refusal. `path` and `query` as they were sent."""
        if len(path) + len(query) > LIMITS.url_bytes:
            raise Refusal(414, "url_too_long", f"a URL may have {LIMITS.url_bytes} bytes")
        if sum(len(name) + len(text) for name, text in headers.items()) > LIMITS.header_bytes:
            raise Refusal(431, "headers_too_large", f"headers may have {LIMITS.header_bytes} bytes")
        if headers.get("host", "").lower() not in self._hosts:
            raise Refusal(403, "wrong_host", f"this server answers to {', '.join(sorted(self._hosts))} alone")
        needs_token = path == BASE or path.startswith(BASE + "/")
        self._check_site(method, headers, is_shell=not needs_token)
        if method == "OPTIONS":  # which no route takes: a browser that asks before it asks is told no, and no more
            return
        if needs_token and not self._keyring.opens(headers.get("authorization", "")):
            ticket = _TICKET.search(query) if method in _READING else None
            if ticket is None or not self._keyring.admits(ticket[1], path):
                raise Refusal(
                    401,
                    "no_token",
                    "the token is missing or wrong, or the ticket is over; `penstock ui` shows an address with the "
                    "token",
                    headers={"WWW-Authenticate": "Bearer"},
                )

    def _check_site(self, method: str, headers: Mapping[str, str], is_shell: bool) -> None:
        """A page of another site gets nothing; a link there may lead to the shell."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if origin is not None and origin.lower() not in self._origins:
            raise Refusal(403, "wrong_origin", "pages of other sites are not answered")
        leads_here = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        if site not in _OUR_SITES and not (is_shell and leads_here and method in _READING):
            raise Refusal(403, "wrong_origin", "pages of other sites are not answered")
