"""What other libraries report while a step runs is the step's metrics: by the libraries themselves."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from penstock.client.tasks import Task
from tests.event_writing import event, scalar
from tests.system.flows import ROOT, Project, wait_until
from tests.system.test_curves import opened


def after(project: Project, body: str) -> Task:
    """The task that has run this."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    project.write(f"@step\ndef train():\n{lines}\n\n@flow\ndef main():\n    return train()\n")
    project.run().value()
    return opened(project).task("train/1")


def test_scalars_of_event_files_are_logged_while_they_come(project: Project) -> None:
    (project.folder / "logs").mkdir()
    (project.folder / "logs" / "old.tfevents").write_bytes(event(1, 1.0, scalar("loss", 9.0)))
    project.write(
        """
        from penstock.integrations.tensorboard import record_scalars
        from tests.event_writing import event, scalar

        @step
        def train():
            with record_scalars("logs"):
                with open("logs/new.tfevents", "wb", buffering=0) as file:
                    for number in range(3):
                        file.write(event(number, 1.0, scalar("loss", number)))
                    await_file("go")
                    os.makedirs("logs/deep")
                    whole = event(7, 1.0, scalar("loss", 0.5))
                    with open("logs/deep/more.tfevents", "wb") as other:
                        other.write(whole + whole[:9])

        @flow
        def main():
            return train()
        """
    )
    drive = project.spawn(environ={"PYTHONPATH": str(ROOT)})
    wait_until(lambda: project.rows("SELECT points FROM metric") == [(3,)], "for what was written so far")
    project.touch("go")
    drive.join().value()
    metrics = opened(project).task("train/1").metrics
    assert metrics.history("loss") == [(0, 0.0), (1, 1.0), (2, 2.0)]
    assert metrics.history("deep/loss") == [(7, 0.5)]


def test_what_can_not_be_logged_is_raised_where_the_block_ends(project: Project) -> None:
    project.write(
        """
        from penstock.integrations.tensorboard import record_scalars
        from tests.event_writing import event, scalar

        @flow
        def main():
            with record_scalars("logs"):
                os.makedirs("logs")
                with open("logs/new.tfevents", "wb") as file:
                    file.write(event(1, 1.0, scalar("x" * 2000, 1.0)))
        """
    )
    assert "has 2,000 characters" in project.run(environ={"PYTHONPATH": str(ROOT)}).error["text"]


DATA = """
import numpy
rng = numpy.random.default_rng(0)
X = rng.normal(size=(200, 4))
y = (X[:, 0] + X[:, 1] > 0).astype(int)
"""


def test_xgboost(project: Project, require: Callable[[str], None]) -> None:
    require("xgboost")
    metrics = after(
        project,
        DATA
        + """
import xgboost
from penstock.integrations.xgboost import XGBoostMetrics
data = xgboost.DMatrix(X, y)
found = {}
settings = {"objective": "binary:logistic"}
xgboost.train(settings, data, 5, evals=[(data, "train")], evals_result=found, verbose_eval=False,
              callbacks=[XGBoostMetrics()])
xgboost.cv(settings, data, 3, callbacks=[XGBoostMetrics(prefix="cv/")])
return found["train"]["logloss"]
""",
    )
    history = metrics.metrics.history
    assert [value for _, value in history("train/logloss")] == pytest.approx(metrics.result())
    assert [step for step, _ in history("cv/test/logloss")] == [0, 1, 2]
    assert len(history("cv/test/logloss/std")) == 3


def test_lightgbm(project: Project, require: Callable[[str], None]) -> None:
    require("lightgbm")
    task = after(
        project,
        DATA
        + """
import lightgbm
from penstock.integrations.lightgbm import LightGBMMetrics
settings = {"objective": "binary", "verbose": -1, "num_threads": 1}
found = {}
data = lightgbm.Dataset(X, y, free_raw_data=False)
callbacks = [LightGBMMetrics(), lightgbm.record_evaluation(found), lightgbm.early_stopping(2, verbose=False)]
lightgbm.train(settings, data, 20, valid_sets=[data], valid_names=["train"], callbacks=callbacks)
lightgbm.cv(settings, data, 3, callbacks=[LightGBMMetrics(prefix="cv/")])
return found["train"]["binary_logloss"]
""",
    )
    history = task.metrics.history
    assert history("train/binary_logloss") == list(enumerate(task.result()))
    assert len(history("cv/valid/binary_logloss/std")) == 3


def test_scikit_learn(project: Project, require: Callable[[str], None]) -> None:
    require("sklearn")
    task = after(
        project,
        DATA
        + """
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.cluster import KMeans
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from penstock.integrations.sklearn import log_estimator, log_learning_curve
model = LogisticRegression().fit(X[:100], y[:100])
params = log_estimator(model, X[100:], y[100:])
log_estimator(GradientBoostingClassifier(n_estimators=7).fit(X, X[:, 2] > 0.3), X, X[:, 2] > 0.3, prefix="boosted/")
three = numpy.digitize(X[:, 0], [-0.5, 0.5])
log_estimator(LogisticRegression().fit(X, three), X, three, prefix="three/")
log_estimator(LinearRegression().fit(X, X[:, 0] * 2), X, X[:, 0] * 2, prefix="line/")
log_estimator(KMeans(3, n_init=1, random_state=0).fit(X), X, None, prefix="means/")
search = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0, 100.0]}, cv=3).fit(X, y)
found = log_estimator(search, X, y, prefix="search/")
log_learning_curve(LogisticRegression(), X, y, cv=3, train_sizes=[0.5, 1.0])
return params, found, roc_auc_score(y[100:], model.predict_proba(X[100:])[:, 1]), search.best_score_
""",
    )
    (params, found, auc, best), metrics = task.result(), task.metrics
    assert params["C"] == 1.0
    assert found["best/C"] in (0.01, 1.0, 100.0)
    assert (metrics["roc_auc"], metrics["search/best_score"]) == (pytest.approx(auc), pytest.approx(best))
    assert metrics["accuracy"] > 0.8
    roc = dict(metrics.history("roc/1"))
    assert sorted(roc) == list(range(101))
    assert roc[100] == 1.0
    assert sum(roc.values()) / 101 == pytest.approx(auc, abs=0.02)
    assert metrics["precision_recall/1"] == pytest.approx(0.5, abs=0.2), "at a recall of 1 all are taken for positive"
    assert len(metrics.history("boosted/train_score")) == 7
    assert {name for name in metrics if name.startswith("three/roc/")} == {"three/roc/0", "three/roc/1", "three/roc/2"}
    assert (metrics["line/r2"], metrics["line/root_mean_squared_error"]) == (
        pytest.approx(1.0),
        pytest.approx(0, abs=1e-9),
    )
    assert metrics["means/score"] < 0
    assert [step for step, _ in metrics.history("search/mean_test_score")] == [0, 1, 2]
    assert len(metrics.history("learning_curve/test")) == 2
    shown = {one.name for one in task.displays}
    assert shown == {"confusion", "boosted/confusion", "three/confusion", "search/confusion"}
    head, _, *rows = task.displays.named("three/confusion").load().splitlines()
    assert head == "|  | 0 | 1 | 2 |"
    counts = [int(cell.strip("* ")) for row in rows for cell in row.split("|")[2:-1]]
    assert (len(rows), sum(counts)) == (3, 200)
    assert counts[0] + counts[4] + counts[8] == round(metrics["three/accuracy"] * 200)
    assert not any(math.isnan(metrics[name]) for name in metrics)


def test_lightning(project: Project, require: Callable[[str], None]) -> None:
    require("lightning")
    project.write(
        """
        import lightning, torch, warnings
        from penstock.integrations.lightning import LightningMetrics
        warnings.simplefilter("ignore")

        class Line(lightning.LightningModule):
            def __init__(self, rate):
                super().__init__()
                self.save_hyperparameters()
                self.layer = torch.nn.Linear(1, 1)

            def training_step(self, batch, number):
                loss = ((self.layer(batch) - 2 * batch) ** 2).mean()
                self.log("loss", loss)
                return loss

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=self.hparams.rate)

        @step
        def train():
            logger = LightningMetrics(prefix="line/")
            told = dict(enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False)
            told |= dict(logger=logger, log_every_n_steps=1, default_root_dir="lightning")
            trainer = lightning.Trainer(max_epochs=2, accelerator="cpu", **told)
            trainer.fit(Line(0.1), torch.utils.data.DataLoader(torch.ones(8, 1), batch_size=2))
            return logger.hyperparameters

        @flow
        def main():
            return train()
        """
    )
    assert project.run().value() == {"rate": 0.1}
    history = opened(project).task("train/1").metrics.history("line/loss")
    assert [step for step, _ in history] == list(range(8))
    assert history[-1][1] < history[0][1]


def test_keras(project: Project, require: Callable[[str], None]) -> None:
    require("keras")
    require("torch")
    project.write(
        """
        os.environ["KERAS_BACKEND"] = "torch"
        import keras, numpy
        from penstock.integrations.keras import KerasMetrics

        @step
        def train():
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="sgd", loss="mse")
            data = numpy.ones((8, 1))
            told = model.fit(data, data, epochs=3, validation_split=0.5, verbose=0, callbacks=[KerasMetrics()])
            return told.history

        @flow
        def main():
            return train()
        """
    )
    found = project.run().value()
    metrics = opened(project).task("train/1").metrics
    for name in ("loss", "val_loss"):
        assert metrics.history(name) == list(enumerate(found[name]))
