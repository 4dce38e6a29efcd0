"""What a failure says beyond what its executor knows: whose limit it was, and how to mend it. Pure."""

from __future__ import annotations

from penstock.model.options import Options
from penstock.model.outcomes import Outcome
from penstock.model.states import Cause


def completed(outcome: Outcome, options: Options, flow_timeout_s: float | None) -> Outcome:
    """The outcome of an attempt with these options; `flow_timeout_s` None: its flow is not limited."""
    error = outcome.error
    if error is None:
        return outcome
    if error.cause == Cause.TIMEOUT.value:
        message = _ran_out_of_time(outcome.usage.wall_s, options.timeout_s, flow_timeout_s) or error.message
    elif error.cause == Cause.OUT_OF_MEMORY.value:
        more = 'give the step more with @step(memory="...")'
        if options.growth is not None:
            more = 'it gets more as far as @step(memory=grow(..., to="...")) and its executor allow'
        message = f"{error.message}: {more}"
    else:
        return outcome
    return outcome._replace(error=error._replace(message=message))


def _ran_out_of_time(wall_s: float, own_s: float | None, flow_s: float | None) -> str:
    """Whose timeout it was; "" where there is none."""
    if own_s is not None and (flow_s is None or wall_s > 0.9 * own_s):
        return f"ran beyond its timeout of {own_s:g} s and was ended: give it more with @step(timeout=...)"
    if flow_s is not None:
        return f"was ended with its run, which ran beyond the flow's timeout of {flow_s:g} s"
    return ""
