"""What a run would do, as plain data."""

from __future__ import annotations

from penstock.launch.rehearsal import Forecast
from penstock.reading.structs import ForecastInfo, StepForecastInfo


def forecast_info(forecast: Forecast) -> ForecastInfo:
    """What a run would do."""
    steps = tuple(StepForecastInfo(step.name, step.reused, step.run, step.whys) for step in forecast.steps.values())
    return ForecastInfo(steps, forecast.stopped_at, forecast.left, forecast.error)
