"""LightGBM's evaluation results, as metrics of the step: `lightgbm.train(..., callbacks=[LightGBMMetrics()])`."""

from __future__ import annotations

from typing import Any, Dict

from penstock.sdk.current import log_metrics


class LightGBMMetrics:
    """A callback that logs each evaluation as `DATA/METRIC`, with the iteration as its step; of `lightgbm.cv` the mean,
    and beside it the standard deviation as `DATA/METRIC/std`."""

    order = 10  # of the callbacks that LightGBM calls after an iteration: early stopping, 30, ends the training
    before_iteration = False

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix

    def __call__(self, env: Any) -> None:
        numbers: Dict[str, float] = {}
        for data, metric, value, _, *deviation in env.evaluation_result_list or ():
            name = f"{self.prefix}{data}/{metric}"
            numbers[name] = value
            if deviation:
                numbers[f"{name}/std"] = deviation[0]
        log_metrics(numbers, step=env.iteration)
