"""What a Lightning module logs with `self.log`, as metrics of the step: `Trainer(logger=LightningMetrics())`."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

import lightning.pytorch as _lightning

from penstock.sdk.current import log_metrics

lightning: Any = _lightning
_Logger: Any = lightning.loggers.Logger
_on_rank_zero: Any = lightning.utilities.rank_zero_only


class LightningMetrics(_Logger):
    """A logger that logs what Lightning gives its loggers, with the global step as the step.

    `hyperparameters` are those that the module has saved, once the training has begun; {} before."""

    def __init__(self, prefix: str = "") -> None:
        _Logger.__init__(self)
        self.prefix = prefix
        self.hyperparameters: Dict[str, Any] = {}

    @property
    def name(self) -> str:
        """Where the trainer keeps checkpoints: below a folder of this name."""
        return "penstock"

    @property
    def version(self) -> str:
        """Likewise, one level below."""
        return "0"

    @_on_rank_zero
    def log_metrics(self, metrics: Mapping[str, float], step: Optional[int] = None) -> None:
        """Log numbers; called by the trainer."""
        log_metrics({f"{self.prefix}{name}": value for name, value in metrics.items()}, step=step)

    @_on_rank_zero
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Keep them; called by the trainer."""
        given: Any = params if hasattr(params, "items") else params.__dict__
        self.hyperparameters.update(given)
