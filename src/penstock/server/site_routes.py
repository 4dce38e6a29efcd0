"""Sites: where agents are placed, how they are, and what waits for them."""

from __future__ import annotations

from penstock.reading.site_structs import SiteInfo
from penstock.server.api_call import ApiCall
from penstock.server.routing import route


def _sites(call: ApiCall) -> tuple[SiteInfo, ...]:
    return call.served.sites.sites(call.reader)


ROUTES = (
    route("GET", "/sites", "Executors whose attempts run at agents, their agents, and what waits for them", _sites),
)
