"""What differs between runs."""

from __future__ import annotations

from typing import Annotated

import msgspec

from penstock.reading.comparison import MOST_RUNS, compare
from penstock.reading.comparison_structs import ComparisonInfo
from penstock.server.api_call import ApiCall
from penstock.server.routing import route
from penstock.server.run_list_routes import FilterText


class CompareQuery(msgspec.Struct, frozen=True):
    """Which runs, and how they are judged."""

    runs: Annotated[tuple[str, ...], msgspec.Meta(max_length=MOST_RUNS)] = ()  # "digits/3", or a flow: its latest 50
    filter: FilterText = ""  # also the latest runs for which this holds, 50 in all; "": none
    metric: str = ""  # judge the runs by it, and say what it depends on; "": they are not judged
    minimize: bool = False  # the smallest value of the metric is the best


def _compare(call: ApiCall, query: CompareQuery) -> ComparisonInfo:
    return compare(call.reader, query.runs, query.filter, query.metric, is_minimized=query.minimize)


ROUTES = (route("GET", "/compare", "What differs between runs: parameters, code, inputs, metrics, results", _compare),)
