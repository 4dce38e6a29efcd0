"""Read handwritten digits: try several kinds of model, teach them more until one is good enough, keep the evidence.

    penstock run examples/digits.py --target 0.995 --rounds 4

The data are 1,797 real scans of 8 x 8 pixels that scikit-learn carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from penstock import current, flow, log_metrics, step

# What is tried: kinds of model, each with the strengths that make a grid.
KINDS = {
    "support vectors": lambda strength: SVC(C=strength),
    "neighbours": lambda strength: KNeighborsClassifier(n_neighbors=strength),
    "trees": lambda strength: ExtraTreesClassifier(n_estimators=strength),
    "linear": lambda strength: RidgeClassifier(alpha=strength),
}
GRID = {"support vectors": [1, 4, 16], "neighbours": [1, 3, 5], "trees": [20, 80], "linear": [1, 10]}

# How far the training images are pushed about, in pixels (down, right): two more of them each round.
SHIFTS = [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)]


@dataclass(frozen=True)
class Digits:
    images: np.ndarray  # n x 8 x 8, grey from 0 to 1
    labels: np.ndarray  # n, from 0 to 9


@dataclass(frozen=True)
class Split:
    train: Digits
    validation: Digits  # chooses the model
    test: Digits  # judges the chosen one, once


@dataclass(frozen=True)
class Candidate:
    kind: str
    strength: float


@dataclass(frozen=True)
class Trained:
    candidate: Candidate
    model: ClassifierMixin
    accuracy: float  # on the validation images


@dataclass(frozen=True)
class Evaluation:
    accuracy: float  # on the test images
    confusion: np.ndarray  # 10 x 10: true label, predicted label
    report: str


@step
def load(seed: int) -> Split:
    """Real scans in three parts, each with all ten digits alike; 30 % are held out for the test."""
    images, labels = load_digits(return_X_y=True)
    scans = images.reshape(-1, 8, 8) / 16
    scans, test_scans, labels, test_labels = train_test_split(
        scans, labels, test_size=0.3, stratify=labels, random_state=seed
    )
    train, validation, train_labels, validation_labels = train_test_split(
        scans, labels, test_size=0.25, stratify=labels, random_state=seed
    )
    return Split(Digits(train, train_labels), Digits(validation, validation_labels), Digits(test_scans, test_labels))


@step(retries=1)
def train(candidate: Candidate, digits: Digits, validation: Digits) -> Trained:
    """Fit one model. What it logs is shown by `penstock show`."""
    model = KINDS[candidate.kind](candidate.strength)
    model.fit(flat(digits), digits.labels)
    accuracy = model.score(flat(validation), validation.labels)
    log_metrics({"accuracy": accuracy})
    return Trained(candidate, model, accuracy)


@step
def with_shifts(digits: Digits, shifts: list[tuple[int, int]]) -> Digits:
    """The images, and each of them once more for each shift."""
    pushed = [np.roll(digits.images, shift, axis=(1, 2)) for shift in shifts]
    return Digits(np.concatenate([digits.images, *pushed]), np.tile(digits.labels, len(shifts) + 1))


@step
def evaluate(model: ClassifierMixin, test: Digits) -> Evaluation:
    """Judge the model by images that no choice has seen."""
    guesses = model.predict(flat(test))
    report = classification_report(test.labels, guesses)
    return Evaluation(float(np.mean(guesses == test.labels)), confusion_matrix(test.labels, guesses), report)


@step
def draw(confusion: np.ndarray) -> Path:
    """A picture of the confusion matrix. A `Path` that a step returns is kept with its content."""
    import matplotlib as mpl  # slow to import, and only this step needs it

    mpl.use("Agg")
    from sklearn.metrics import ConfusionMatrixDisplay

    picture = current.tempdir / "confusion.png"
    ConfusionMatrixDisplay(confusion).plot(cmap="Blues", colorbar=False).figure_.savefig(picture, dpi=120)
    return picture


def flat(digits: Digits) -> np.ndarray:
    """One row of pixels for each image."""
    return digits.images.reshape(len(digits.images), -1)


@flow
def digits(target: float = 0.99, rounds: int = 3, seed: int = 1) -> Trained:
    """Train on more and more shifted images until a model reads enough of the validation images.

    target: share of the validation images that is enough
    rounds: how often the training images may be multiplied, from 0 to 4
    seed: of the split
    """
    split = load(seed)  # one task, and its value
    candidates = [Candidate(kind, strength) for kind, strengths in GRID.items() for strength in strengths]

    # One task for each candidate, in parallel. What is chosen of their results, plain Python decides.
    trained = train.map(candidates, digits=split.train, validation=split.validation)
    best = max(trained.result(), key=lambda one: one.accuracy)
    done = 0
    while best.accuracy < target and done < rounds:
        done += 1
        more = with_shifts.submit(split.train, SHIFTS[: 2 * done])  # a future: its value goes from task to task
        trained = train.map(candidates, digits=more, validation=split.validation)
        best = max(best, *trained.result(), key=lambda one: one.accuracy)
        print(f"round {done}: {best.candidate.kind} reads {best.accuracy:.1%} of the validation images")

    evaluation = evaluate(best.model, split.test)
    draw.submit(evaluation.confusion)  # nobody waits for the picture but the run
    print(evaluation.report)
    print(f"accuracy {evaluation.accuracy:.3f}")
    return best


if __name__ == "__main__":
    digits()
