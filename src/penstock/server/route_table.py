"""All routes of the API, without the page's. A resource is a file that ends with its `ROUTES`; it is added here."""

from __future__ import annotations

from penstock.server import (
    action_routes,
    artifact_list_routes,
    artifact_routes,
    compare_routes,
    curve_routes,
    display_routes,
    event_routes,
    flow_routes,
    graph_routes,
    log_routes,
    meta_routes,
    run_group_routes,
    run_list_routes,
    run_routes,
    search_routes,
    site_routes,
    source_routes,
    step_routes,
    task_list_routes,
)

ROUTES = (
    *meta_routes.ROUTES,
    *flow_routes.ROUTES,
    *run_list_routes.ROUTES,
    *run_group_routes.ROUTES,
    *run_routes.ROUTES,
    *source_routes.ROUTES,
    *step_routes.ROUTES,
    *task_list_routes.ROUTES,
    *graph_routes.ROUTES,
    *curve_routes.ROUTES,
    *log_routes.ROUTES,
    *display_routes.ROUTES,
    *artifact_list_routes.ROUTES,
    *artifact_routes.ROUTES,
    *search_routes.ROUTES,
    *site_routes.ROUTES,
    *event_routes.ROUTES,
    *compare_routes.ROUTES,
    *action_routes.ROUTES,
)
