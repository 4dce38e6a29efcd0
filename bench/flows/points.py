"""A step logs points one by one, as a training loop would; then as few as a page draws are read of them."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import penstock
from penstock import flow, log_metrics, step


@step
def train(points: int) -> tuple[float, float]:
    begun = time.process_time()
    for number in range(points):
        log_metrics({"loss": number * 0.5}, step=number)
    alone = time.process_time() - begun
    begun = time.process_time()
    for number in range(points // 4):
        log_metrics({"loss_a": 0.5, "loss_b": 0.25, "rate": 0.1, "norm": float(number)}, step=number)
    return alone, time.process_time() - begun


@flow
def logged(count: int) -> tuple[float, float]:
    return train(count)


if __name__ == "__main__":
    count = int(sys.argv[1])
    alone, together = logged(count)
    curves = penstock.run().task("train/1").metrics
    looks = []
    for x in ("step", "time", "step", "time"):
        begun = time.process_time()  # other work of the machine does not count
        curves.curve("loss", x=x, buckets=1200)
        looks.append(time.process_time() - begun)
    stored = sum(file.stat().st_size for file in Path(".penstock/store").rglob("b3-*"))
    found = {"alone": alone / count, "together": together / count, "looks": looks, "bytes": stored / 2 / count}
    print("RESULT " + json.dumps(found))
