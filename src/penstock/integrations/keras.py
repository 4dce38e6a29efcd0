"""What Keras reports at the end of an epoch, as metrics of the step: `model.fit(..., callbacks=[KerasMetrics()])`."""

from __future__ import annotations

from typing import Any, Mapping, Optional

import keras as _keras

from penstock.sdk.current import log_metrics

keras: Any = _keras
_Callback: Any = keras.callbacks.Callback


class KerasMetrics(_Callback):
    """A callback that logs losses and metrics under Keras's own names (`loss`, `val_loss`), with the epoch as their
    step."""

    def __init__(self, prefix: str = "") -> None:
        _Callback.__init__(self)
        self.prefix = prefix

    def on_epoch_end(self, epoch: int, logs: Optional[Mapping[str, Any]] = None) -> None:
        """Log the epoch's numbers."""
        log_metrics({f"{self.prefix}{name}": float(value) for name, value in (logs or {}).items()}, step=epoch)
