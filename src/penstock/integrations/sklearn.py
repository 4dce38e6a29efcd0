"""What a fitted scikit-learn estimator is and how well it does, as metrics and a display of the step."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Dict, Iterable, Mapping

import numpy as np
import sklearn.base as _base
import sklearn.metrics as _metrics

from penstock.sdk.current import log_metrics
from penstock.sdk.displaying import display

_scores: Any = _metrics
_kinds: Any = _base
numpy: Any = np
_MOST_CLASSES = 20
"""Of more, no curves are logged, and no matrix is displayed."""


def log_estimator(estimator: Any, X: Any, y: Any, *, prefix: str = "") -> Dict[str, Any]:  # noqa: N803  as there
    """Log the scores of a fitted estimator on data that it has not seen, and its curves; gives its parameters. Of a
    classifier with up to 20 classes the confusion matrix is displayed, too, as `confusion`.

    A classifier's accuracy, balanced accuracy, and precision, recall and F1 (each the mean over the classes); where it
    gives probabilities, log loss and area under the ROC, and of each class, up to 20 of them, the curves `roc/CLASS`
    (true positive rate, by the false positive rate in percent as its step) and `precision_recall/CLASS` (precision, by
    the recall in percent). A regressor's R2, mean absolute and root mean squared error. Any other's `score(X, y)`.

    Of a search (`GridSearchCV`) the mean test score of each candidate, and the best one; of what learns in stages (MLP,
    boosting) its loss by stage. All names begin with `prefix`. The parameters are those of `get_params()`, as numbers,
    truths and text, and of a search the best ones, as `best/NAME`: return them, and the run keeps them.
    """
    scores = _scores_of(estimator, X, y)
    scores.update(_of_search(estimator))
    log_metrics({f"{prefix}{name}": value for name, value in scores.items()})
    for name, points in _curves_of(estimator, X, y).items():
        _log_curve(f"{prefix}{name}", points)
    if _kind(estimator) == "classifier":
        _display_confusion(estimator, X, y, f"{prefix}confusion")
    return _plain(estimator.get_params()) | _plain(getattr(estimator, "best_params_", {}), "best/")


def log_learning_curve(estimator: Any, X: Any, y: Any, *, prefix: str = "", **options: Any) -> None:  # noqa: N803
    """Log how an estimator does with more and more data, by cross-validation, which fits clones of it many times:
    `learning_curve/train` and `learning_curve/test`, the mean scores, with the number of rows as their step. `options`
    are those of `sklearn.model_selection.learning_curve`, as `cv`, `train_sizes`, `scoring`, `n_jobs`."""
    selection = import_module("sklearn.model_selection")  # by its name: where it is missing, types are checked the same
    sizes, train, test = selection.learning_curve(estimator, X, y, **options)[:3]
    for name, found in (("train", train), ("test", test)):
        means = found.mean(axis=1).tolist()
        _log_curve(f"{prefix}learning_curve/{name}", dict(zip(sizes.tolist(), means)))


def _log_curve(name: str, points: Mapping[int, float]) -> None:
    """Log numbers by their steps."""
    for step, value in points.items():
        log_metrics({name: value}, step=step)


def _scores_of(estimator: Any, X: Any, y: Any) -> Dict[str, float]:  # noqa: N803
    kind = _kind(estimator)
    if kind == "classifier":
        return _of_classifier(estimator, X, y)
    if kind == "regressor":
        told = estimator.predict(X)
        return {
            "r2": _scores.r2_score(y, told),
            "mean_absolute_error": _scores.mean_absolute_error(y, told),
            "root_mean_squared_error": _scores.mean_squared_error(y, told) ** 0.5,
        }
    return {"score": estimator.score(X, y)}


def _kind(estimator: Any) -> str:
    return "classifier" if _kinds.is_classifier(estimator) else "regressor" if _kinds.is_regressor(estimator) else ""


def _of_classifier(estimator: Any, X: Any, y: Any) -> Dict[str, float]:  # noqa: N803
    told = estimator.predict(X)
    mean = {"average": "macro", "zero_division": 0}
    scores = {
        "accuracy": _scores.accuracy_score(y, told),
        "balanced_accuracy": _scores.balanced_accuracy_score(y, told),
        "precision": _scores.precision_score(y, told, **mean),
        "recall": _scores.recall_score(y, told, **mean),
        "f1": _scores.f1_score(y, told, **mean),
    }
    if hasattr(estimator, "predict_proba"):
        chances = estimator.predict_proba(X)
        classes = estimator.classes_.tolist()
        scores["log_loss"] = _scores.log_loss(y, chances, labels=classes)
        if len(numpy.unique(y)) == len(classes):  # else there is none of some class
            ranked = chances[:, 1] if len(classes) == 2 else chances
            scores["roc_auc"] = _scores.roc_auc_score(y, ranked, multi_class="ovr", labels=classes)
    return scores


def _of_search(estimator: Any) -> Dict[str, float]:
    best = getattr(estimator, "best_score_", None)
    return {} if best is None else {"best_score": best}


def _curves_of(estimator: Any, X: Any, y: Any) -> Dict[str, Mapping[int, float]]:  # noqa: N803
    found: Dict[str, Mapping[int, float]] = {}
    results = getattr(estimator, "cv_results_", {})
    if "mean_test_score" in results:
        found["mean_test_score"] = _numbered(results["mean_test_score"])
    fitted = getattr(estimator, "best_estimator_", estimator)
    for name, attribute in (("loss_curve", "loss_curve_"), ("train_score", "train_score_")):
        values = getattr(fitted, attribute, None)
        if values is not None and numpy.ndim(values) == 1:
            found[name] = _numbered(values)
    if _kind(estimator) == "classifier" and hasattr(estimator, "predict_proba"):
        found.update(_by_class(estimator, X, y))
    return found


def _by_class(estimator: Any, X: Any, y: Any) -> Dict[str, Mapping[int, float]]:  # noqa: N803
    classes = estimator.classes_.tolist()
    if len(classes) > _MOST_CLASSES:
        return {}
    chances, truth = estimator.predict_proba(X), numpy.asarray(y)
    found: Dict[str, Mapping[int, float]] = {}
    for column in [1] if len(classes) == 2 else range(len(classes)):
        name, is_it = classes[column], truth == classes[column]
        if not is_it.any() or is_it.all():  # there is no rate of nothing
            continue
        false, true, _ = _scores.roc_curve(is_it, chances[:, column])
        precision, recall, _ = _scores.precision_recall_curve(is_it, chances[:, column])
        found[f"roc/{name}"] = _in_percent(false, true)
        found[f"precision_recall/{name}"] = _in_percent(recall[::-1], precision[::-1])
    return found


def _display_confusion(estimator: Any, X: Any, y: Any, name: str) -> None:  # noqa: N803
    """As a table in words: a terminal shows it, and nothing has to draw it."""
    told = estimator.predict(X)
    classes = sorted({*numpy.unique(y).tolist(), *numpy.unique(told).tolist()})
    if len(classes) > _MOST_CLASSES:
        return
    names = [" ".join(str(one).split()).replace("|", "\\|") for one in classes]
    rows = [["", *names], ["---"] + ["---:"] * len(names)]
    for at, counts in enumerate(_scores.confusion_matrix(y, told, labels=classes).tolist()):
        cells = [f"**{count}**" if at == column else str(count) for column, count in enumerate(counts)]
        rows.append([f"**{names[at]}**", *cells])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    display(table, name, caption="rows: what they are; columns: what they were taken for")


def _in_percent(xs: Any, ys: Any) -> Mapping[int, float]:
    """A curve at each percent of its x; where it climbs, its upper end."""
    shown = range(101)
    last = numpy.searchsorted(xs, numpy.asarray(shown) / 100 + 1e-12, side="right") - 1
    return dict(zip(shown, ys[last].tolist()))


def _numbered(values: Iterable[Any]) -> Mapping[int, float]:
    return {number: float(value) for number, value in enumerate(values)}


def _plain(params: Mapping[str, Any], prefix: str = "") -> Dict[str, Any]:
    known = (bool, int, float, str, type(None))
    return {f"{prefix}{name}": value if isinstance(value, known) else str(value) for name, value in params.items()}
