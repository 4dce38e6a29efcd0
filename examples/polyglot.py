"""One flow, an image for each language: R fits, Perl counts on two Debians side by side, Node writes a report.

    penstock run examples/polyglot.py

It needs podman or docker, and none of these languages on this machine: their images come from the public registry,
once. Where that is not reached, variables name images of your own: POLYGLOT_R, POLYGLOT_NODE, POLYGLOT_BOOKWORM and
POLYGLOT_TRIXIE. No container reaches a network; those that count say so.

The data are those of `languages.py`: 442 real diabetes patients that scikit-learn carries.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from penstock import flow, script, step


@dataclass(frozen=True)
class Verdict:
    """What came back from each container, and whether Python agrees."""

    r_squared: float
    largest_difference: float  # between a coefficient that R has found and numpy's
    counts: dict[str, int]  # patients by their body mass index
    same_counts: bool  # both Debians' and pandas'
    perls: dict[str, str]  # the version of Perl on each Debian
    networks: int  # that the containers reached
    report: Path

    def __str__(self) -> str:
        perls = " and ".join(f"{perl} on {debian}" for debian, perl in self.perls.items())
        return (
            f"R's model explains {self.r_squared:.1%}; numpy's is the same to {self.largest_difference:.0e}\n"
            f"Perl {perls} counts {', '.join(f'{count} {name}' for name, count in self.counts.items())}: "
            f"{'so does' if self.same_counts else 'unlike'} pandas\n"
            f"they reached {self.networks or 'no'} network"
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
    image=os.environ.get("POLYGLOT_R", "docker.io/library/r-base:4.5.1"),
)
count_on_bookworm, count_on_trixie = (
    script(
        "polyglot/count.pl",
        args=["{patients}", "{counted}", "{column}"],
        inputs={"patients": "csv"},
        outputs={"counted": "json"},
        image=os.environ.get(f"POLYGLOT_{debian.upper()}", f"docker.io/library/debian:{debian}-slim"),
        network=False,  # as it is by default
        name=f"count_on_{debian}",
    )
    for debian in ("bookworm", "trixie")
)
report = script(
    "languages/report.mjs",
    inputs={"model": "json", "counts": "json", "plot": "png"},
    outputs={"page": "html"},
    parameters=["title"],
    image=os.environ.get("POLYGLOT_NODE", "docker.io/library/node:22-bookworm-slim"),
)


@step
def compare(patients: pd.DataFrame, model: dict, counted: list[dict], page: Path) -> Verdict:
    """Do it again with numpy and pandas."""
    names = list(model["coefficients"])[1:]
    inputs = np.column_stack([np.ones(len(patients)), patients[names]])
    own, *_ = np.linalg.lstsq(inputs, patients["progression"], rcond=None)
    differences = np.abs(own / np.array(list(model["coefficients"].values())) - 1)
    counts = counted[0]["counts"]
    classes = pd.cut(patients["bmi"], [0, 18.5, 25, 30, 1000], right=False, labels=list(counts))
    return Verdict(
        r_squared=model["r_squared"],
        largest_difference=float(differences.max()),
        counts=counts,
        same_counts=all(each["counts"] == classes.value_counts().to_dict() for each in counted),
        perls={each["debian"]: each["perl"] for each in counted},
        networks=sum(each["networks"] for each in counted),
        report=page,
    )


@flow
def polyglot(columns: list[str] = ["bmi", "bp", "s5"]) -> Verdict:  # noqa: B006  a flow gets a copy of its own
    patients = prepare.submit()
    fitted = fit.submit(patients, columns=columns)
    older = count_on_bookworm.submit(patients, column="bmi")
    newer = count_on_trixie.submit(patients, column="bmi")
    counts = older.result()["counted"]["counts"]
    page = report.submit(fitted["model"], counts, fitted["plot"], title="Diabetes, a year later")
    verdict = compare(patients, fitted["model"], [older["counted"], newer["counted"]], page["page"])
    print(verdict)
    return verdict


if __name__ == "__main__":
    polyglot()
