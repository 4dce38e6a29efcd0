"""Estimators of scikit-learn: their parameters, and what a fit left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.unit.artifacts.zoo import Species

_X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0], [4.0, 0.5], [5.0, 3.0]])
_Y = np.array([0, 1, 0, 1, 0, 1])


def scaler(with_mean: bool, level: Any, named: bool) -> Any:
    made = StandardScaler(with_mean=with_mean)
    if level is None:
        return made
    data = np.array([[level, 1.0], [level + 1, 2.0]])
    return made.fit(pd.DataFrame(data, columns=["a", "b"]) if named else data)


def fitted(make: Any, seed: int, moved: float) -> Any:
    made = make(seed)
    return made.fit(_X + moved, _Y)


def request(weight: Any) -> Any:
    import sklearn

    with sklearn.config_context(enable_metadata_routing=True):
        return Ridge().set_fit_request(sample_weight=weight)


def applying(factor: int) -> Any:
    return FunctionTransformer(eval("lambda x: x * factor", {"factor": factor}))


def noted(attributes: Any) -> Any:
    made = Ridge()
    vars(made).update(attributes)
    return made


_MODELS = (
    lambda seed: RandomForestClassifier(3, random_state=seed),
    lambda seed: DecisionTreeClassifier(random_state=seed),
    lambda seed: LogisticRegression(C=seed),
    lambda seed: KMeans(2, n_init=seed, random_state=0),
    lambda seed: KNeighborsClassifier(seed + 1),
    lambda seed: make_pipeline(StandardScaler(), Ridge(alpha=seed)),
)

SPECIES = [
    Species("scaler", scaler, {"with_mean": (True, False), "level": (None, 1.0, 50.0), "named": (False,)}),
    Species("names of columns", scaler, {"with_mean": (True,), "level": (1.0, 2.0), "named": (True, False)}),
    Species("model", fitted, {"make": _MODELS, "seed": (1, 2), "moved": (0.0, 10.0)}),
    Species("not fitted", lambda make, seed: make(seed), {"make": _MODELS, "seed": (1, 2)}),
    Species(
        "generator inside",
        lambda seed: DecisionTreeClassifier(random_state=np.random.RandomState(seed)),
        {"seed": (1, 2)},
    ),
    Species("request", request, {"weight": (True, False, "other")}),
    Species("applying", applying, {"factor": (1, 2)}),
    Species("noted", noted, {"attributes": ({}, {"note": 1}, {"note": 2})}),
    Species("encoder", lambda words: OneHotEncoder().fit([[word] for word in words]), {"words": ("ab", "ac")}),
]
