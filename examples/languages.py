"""One flow, five languages: Python prepares, R fits and draws, C counts, Node writes a report, Python checks them all.

    penstock run examples/languages.py
    penstock fork languages/1 --columns '["bmi", "bp", "s5", "sex"]'

The data are 442 real diabetes patients that scikit-learn carries: what their disease came to a year after they were
measured. It needs R, Node and a C compiler on PATH (Debian's r-base-core, nodejs and gcc), and no package of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from penstock import command, flow, script, step


@dataclass(frozen=True)
class Verdict:
    """What came back from each language, and whether Python agrees."""

    r_squared: float
    largest_difference: float  # between a coefficient that R has found and numpy's
    counts: dict[str, int]  # patients by their body mass index
    same_counts: bool  # C's and pandas'
    report: Path

    def __str__(self) -> str:
        return (
            f"R's model explains {self.r_squared:.1%}; numpy's is the same to {self.largest_difference:.0e}\n"
            f"C counts {', '.join(f'{count} {name}' for name, count in self.counts.items())}: "
            f"{'so does' if self.same_counts else 'unlike'} pandas"
        )


@step
def prepare() -> pd.DataFrame:
    """The patients, one in a row, in the units in which they were measured."""
    from sklearn.datasets import load_diabetes

    return load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"})


fit = script(
    "languages/fit.R",
    inputs={"patients": "csv"},
    outputs={"model": "json", "plot": "png"},
    parameters=["columns"],
)
build = command(["cc", "-O2", "-o", "{program}", "languages/count.c"], outputs=["program"], name="build")
count = command(
    ["{program}", "{patients}", "{counts}", "{column}"],
    inputs={"program": "file", "patients": "csv"},
    outputs={"counts": "json"},
    name="count",
)
report = script(
    "languages/report.mjs",
    inputs={"model": "json", "counts": "json", "plot": "png"},
    outputs={"page": "html"},
    parameters=["title"],
)


@step
def compare(patients: pd.DataFrame, model: dict, counts: dict, page: Path) -> Verdict:
    """Do it again with numpy and pandas."""
    names = list(model["coefficients"])[1:]
    inputs = np.column_stack([np.ones(len(patients)), patients[names]])
    own, *_ = np.linalg.lstsq(inputs, patients["progression"], rcond=None)
    differences = np.abs(own / np.array(list(model["coefficients"].values())) - 1)
    classes = pd.cut(patients["bmi"], [0, 18.5, 25, 30, 1000], right=False, labels=list(counts))
    return Verdict(
        r_squared=model["r_squared"],
        largest_difference=float(differences.max()),
        counts=counts,
        same_counts=classes.value_counts().to_dict() == counts,
        report=page,
    )


@flow
def languages(columns: list[str] = ["bmi", "bp", "s5"]) -> Verdict:  # noqa: B006  a flow gets a copy of its own
    patients = prepare.submit()
    fitted = fit.submit(patients, columns=columns)
    counted = count.submit(build.submit()["program"], patients, column="bmi")
    page = report.submit(fitted["model"], counted["counts"], fitted["plot"], title="Diabetes, a year later")
    verdict = compare(patients, fitted["model"], counted["counts"], page["page"])
    print(verdict)
    return verdict


if __name__ == "__main__":
    languages()
