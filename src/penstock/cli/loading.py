"""The user's file becomes a flow; what is wrong with it is told with its place."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from penstock.errors import PenstockError, UsageError
from penstock.launch.flow_modules import load_flow

if TYPE_CHECKING:
    from penstock.sdk.flows import Flow


def load(target: str) -> Flow[Any, Any]:
    """The flow of `FILE` or `FILE:FLOW`. Runs the file's module. Raises UsageError, after the traceback is told."""
    gc.freeze()  # what was imported until now stays; what the file makes is looked after as anywhere
    try:
        return load_flow(target)
    except UsageError as error:
        from penstock.cli.failed_run import place_of

        place = place_of(error)
        if not place or str(error).startswith(place.partition(":")[0]):
            raise
        raise type(error)(f"{error}\n  at {place}") from error
    except (PenstockError, KeyboardInterrupt):
        raise
    except SyntaxError as error:
        import traceback

        place = "".join(traceback.format_exception_only(error)).rstrip()
        raise UsageError(f"{target} is not Python\n{place}") from error
    except BaseException as error:  # the boundary to the user's module, which may raise anything, SystemExit included
        from penstock.cli.failed_run import told_traceback

        raise UsageError(f"{target} can't be loaded\n{told_traceback(error)}") from error
