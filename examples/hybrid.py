"""One run on three machines: prepare here, train a grid of models on one, judge the best of them on another.

    penstock run examples/hybrid.py

Which machines those are stands in penstock.toml. There, both are this one: its agents are processes that a run starts
and ends, so that nothing has to be set up. With `kind = "ssh"`, "slurm" or "ray" the same file trains on a host of your
own, on a cluster's nodes, on Ray: nothing of it changes (docs/sites.md).

The data are 1,797 real scans of 8 x 8 pixels that scikit-learn carries. What judges the models is scans that were
spoiled: how far may their pixels be off before digits are misread?
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

from penstock import flow, log_metrics, step


@dataclass(frozen=True)
class Scans:
    pixels: np.ndarray  # n x 64, grey from 0 to 1
    digits: np.ndarray  # n, from 0 to 9


@dataclass(frozen=True)
class Split:
    train: Scans
    validation: Scans  # chooses the models
    test: Scans  # judges the chosen ones


@dataclass(frozen=True)
class Trained:
    strength: float  # of the support vectors' penalty
    width: float  # of their kernel
    accuracy: float  # on the validation scans
    model: SVC


@dataclass(frozen=True)
class Judged:
    """How many of the test scans a model reads right, for each spread of the noise."""

    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(self.accuracies) / len(self.accuracies)


@step
def prepare() -> Split:
    pixels, digits = load_digits(return_X_y=True)
    pixels, test_pixels, digits, test_digits = train_test_split(
        pixels / 16, digits, test_size=0.25, stratify=digits, random_state=0
    )
    train_pixels, validation_pixels, train_digits, validation_digits = train_test_split(
        pixels, digits, test_size=0.25, stratify=digits, random_state=0
    )
    return Split(
        Scans(train_pixels, train_digits),
        Scans(validation_pixels, validation_digits),
        Scans(test_pixels, test_digits),
    )


@step(on="training")
def train(strength: float, width: float, split: Split) -> Trained:
    model = SVC(C=strength, gamma=width).fit(split.train.pixels, split.train.digits)
    accuracy = float(model.score(split.validation.pixels, split.validation.digits))
    log_metrics({"accuracy": accuracy})
    return Trained(strength, width, accuracy, model)


@step(on="judging")
def judge(trained: Trained, split: Split, noises: tuple[float, ...]) -> Judged:
    accuracies: list[float] = []
    for number, noise in enumerate(noises):
        spoiled = split.test.pixels + np.random.default_rng(number).normal(0.0, noise, split.test.pixels.shape)
        accuracies.append(float(trained.model.score(spoiled.clip(0.0, 1.0), split.test.digits)))
        log_metrics({"accuracy": accuracies[-1]}, step=number)
    return Judged(tuple(accuracies))


@flow
def hybrid(
    strengths: tuple[float, ...] = (0.1, 1.0, 10.0),
    widths: tuple[float, ...] = (0.01, 0.1, 1.0),
    noises: tuple[float, ...] = (0.0, 0.1, 0.2, 0.4),
    finalists: int = 3,
) -> Trained:
    split = prepare()
    grid = list(product(strengths, widths))
    trained = train.map([s for s, _ in grid], [w for _, w in grid], split=split).result()
    best = sorted(trained, key=lambda one: -one.accuracy)[:finalists]
    judged = judge.map(best, split=split, noises=noises).result()
    for one, found in zip(best, judged, strict=True):
        words = ", ".join(
            f"{accuracy:.3f} at {noise:g}" for accuracy, noise in zip(found.accuracies, noises, strict=True)
        )
        print(f"C {one.strength:g}, gamma {one.width:g}: {words}")
    return max(zip(best, judged, strict=True), key=lambda pair: pair[1].mean)[0]
