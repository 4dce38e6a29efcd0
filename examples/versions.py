"""Two generations of scikit-learn, each under a Python of its own, learn the same data. Where do they disagree?

    penstock run examples/versions.py
    penstock fork versions/1 --trees 200

The data are 1,797 real scans of 8 x 8 pixels that scikit-learn carries. What compares the two has no scikit-learn at
all, and what draws the picture is the flow's own Python. uv brings the rest: `pip install 'penstock[env]'`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import sklearn
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier

from penstock import current, flow, log_metrics, step


@dataclass(frozen=True)
class Predicted:
    """What one generation made of the test images."""

    by: str  # "scikit-learn 1.2.2, Python 3.10"
    labels: object  # numpy array, n


@dataclass(frozen=True)
class Comparison:
    by: tuple[str, str]
    accuracies: tuple[float, float]
    confused: list[list[int]]  # 10 x 10: how often the first said the row's digit and the second the column's


@step(packages=["scikit-learn==1.2.2", "numpy<2"], python="3.10", cpu=1)
def older(trees: int) -> tuple[Predicted, object]:
    return _learn(trees)


@step(packages=["scikit-learn==1.6.1", "numpy>=2"], python="3.12", cpu=1)
def newer(trees: int) -> tuple[Predicted, object]:
    return _learn(trees)


def _learn(trees: int) -> tuple[Predicted, object]:
    """The predictions for every third image by a model of the others, and the truth."""
    digits = load_digits()
    is_test = [number % 3 == 0 for number in range(len(digits.target))]
    is_train = [not test for test in is_test]
    model = HistGradientBoostingClassifier(max_iter=trees, random_state=0)
    model.fit(digits.data[is_train], digits.target[is_train])
    labels, truth = model.predict(digits.data[is_test]), digits.target[is_test]
    log_metrics({"accuracy": float((labels == truth).mean())})
    version = ".".join(map(str, sys.version_info[:2]))
    return Predicted(f"scikit-learn {sklearn.__version__}, Python {version}", labels), truth


@step(packages=["numpy"])
def compare(first: Predicted, second: Predicted, truth: object) -> Comparison:
    import numpy as np

    confused = np.zeros((10, 10), int)
    np.add.at(confused, (first.labels, second.labels), 1)
    accuracies = float(np.mean(first.labels == truth)), float(np.mean(second.labels == truth))
    return Comparison((first.by, second.by), accuracies, confused.tolist())


@step
def draw(comparison: Comparison) -> Path:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5))
    axes = figure.subplots()
    axes.imshow(comparison.confused, cmap="Blues", norm="symlog")
    for row, counts in enumerate(comparison.confused):
        for column, count in enumerate(counts):
            if count:
                axes.text(column, row, str(count), ha="center", va="center", color="w" if count > 20 else "k")
    axes.set(ylabel=comparison.by[0], xlabel=comparison.by[1], xticks=range(10), yticks=range(10))
    file = current.tempdir / "versions.png"
    figure.savefig(file, dpi=120)
    return file


@flow
def versions(trees: int = 60) -> Path:
    first, second = older.submit(trees), newer.submit(trees)
    comparison = compare(first[0], second[0], first[1])
    picture = draw(comparison)
    apart = sum(map(sum, comparison.confused)) - sum(comparison.confused[digit][digit] for digit in range(10))
    for by, accuracy in zip(comparison.by, comparison.accuracies, strict=True):
        print(f"{by}: {accuracy:.2%} right")
    print(f"They disagree on {apart} images of {sum(map(sum, comparison.confused))}")
    return picture
