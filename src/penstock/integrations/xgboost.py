"""XGBoost's evaluation results, as metrics of the step: `xgboost.train(..., callbacks=[XGBoostMetrics()])`."""

from __future__ import annotations

from typing import Any, Dict

import xgboost as _xgboost

from penstock.sdk.current import log_metrics

xgboost: Any = _xgboost
_Callback: Any = xgboost.callback.TrainingCallback


class XGBoostMetrics(_Callback):
    """A callback that logs each evaluation as `DATA/METRIC`, with the boosting round as its step; of `xgboost.cv` the
    mean, and beside it the standard deviation as `DATA/METRIC/std`."""

    def __init__(self, prefix: str = "") -> None:
        _Callback.__init__(self)
        self.prefix = prefix

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Log the round's numbers; never ends the training."""
        numbers: Dict[str, float] = {}
        for data, metrics in evals_log.items():
            for metric, values in metrics.items():
                name, last = f"{self.prefix}{data}/{metric}", values[-1]
                if isinstance(last, tuple):
                    numbers[name], numbers[f"{name}/std"] = last
                else:
                    numbers[name] = last
        log_metrics(numbers, step=epoch)
        return False
