"""What the API says of itself, and tickets."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import msgspec

from penstock.server import openapi
from penstock.server.api_call import ApiCall
from penstock.server.limits import LIMITS, ApiLimits
from penstock.server.refusals import Refusal
from penstock.server.routing import route
from penstock.server.tokens import TICKET_S


class Meta(msgspec.Struct, frozen=True):
    """What is served."""

    version: str  # of Penstock
    project: str  # the name of its folder
    folder: str  # absolute
    time: datetime  # of the server's clock, which may differ from the client's
    features: tuple[str, ...]  # what can be asked for: the paths of the API below `/api/v1`
    limits: ApiLimits


class TicketBody(msgspec.Struct, frozen=True):
    """What a ticket is asked for."""

    path: str  # "/api/v1/artifacts/b3-.../raw", percent-encoded as it will be asked for


class Ticket(msgspec.Struct, frozen=True):
    """What stands for the token where no header can be sent: `?ticket=...` for this path alone."""

    ticket: str
    seconds: int  # for which it holds


def _health(call: ApiCall) -> dict[str, str]:
    return {"status": "ok"}


def _meta(call: ApiCall) -> Meta:
    root = call.reader.project.root
    features = tuple(sorted({route.path for route in call.router.routes if not route.is_bare}))
    return Meta(version("penstock"), root.name, str(root), datetime.now(UTC), features, LIMITS)


def _openapi(call: ApiCall) -> dict[str, Any]:
    return openapi.document(route for route in call.router.routes if not route.is_page)


def _ticket(call: ApiCall, body: TicketBody) -> Ticket:
    if not call.router.find("GET", body.path).route.is_ticketed:
        raise Refusal(422, "no_ticket", f"{body.path} takes no ticket: send the token with it", field="path")
    return Ticket(call.served.keyring.ticket(body.path), TICKET_S)


ROUTES = (
    route("GET", "/healthz", "Whether the server answers", _health, is_bare=True),
    route("GET", "/meta", "Version, project, limits, and the server's time", _meta),
    route("GET", "/openapi.json", "This document", _openapi),
    route("POST", "/tickets", "What stands for the token for a moment, for one path", _ticket),
)
