"""A step of a run: what its tasks used, and which of them one looks at first."""

from __future__ import annotations

import msgspec

from penstock.client.tasks import Task
from penstock.journal import run_shape, task_search
from penstock.reading import infos
from penstock.reading.structs import GrantedInfo
from penstock.server.api_call import ApiCall
from penstock.server.routing import RUN, route
from penstock.server.task_list_routes import TaskLine, task_lines

_MATTER = 6


class StepPage(msgspec.Struct, frozen=True):
    """What came of a step's tasks in a run; of each the latest attempt."""

    step: str
    ran: int  # how many of its tasks have run, and are over
    wall_s: float  # of all of these together
    longest_s: float
    cpu_s: float
    peak_bytes: int  # the most that one of them held; 0: not measured
    matter: tuple[TaskLine, ...]  # those that failed, then the longest: six at most
    why: str = ""  # why the first of these ran or did not, in a line; "": there is none
    granted: tuple[GrantedInfo, ...] = ()  # what their attempts were given, the most frequent first; (): not known


def _step(call: ApiCall) -> StepPage:
    journal, run = call.reader.journal, call.run
    used = run_shape.used(journal, run.id, call.step)
    rows = task_search.rows(journal, run.id, run_shape.that_matter(journal, run.id, call.step, _MATTER))
    why = Task(call.reader, run, rows[0]).why().line if rows else ""
    granted = tuple(map(infos.granted_info, run_shape.granted(journal, run.id, call.step)))
    return StepPage(call.step, *used, task_lines(call, rows), why, granted)


ROUTES = (route("GET", f"{RUN}/steps/{{step}}", "A step: what its tasks used, and which to look at first", _step),)
