"""python hand_over_table.py ROWS: a table of mixed columns from step to step."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from penstock import flow, step


def make_table(rows: int) -> pd.DataFrame:
    """80 bytes a row: four floats, two integers, two columns of words."""
    random = np.random.default_rng(0)
    words = pd.Series([f"word{number:04d}" for number in range(10_000)], dtype=object)
    columns = {f"f{number}": random.random(rows) for number in range(4)}
    columns |= {"i0": random.integers(0, 10**9, rows), "i1": random.integers(0, 100, rows)}
    columns |= {name: words.take(random.integers(0, 10_000, rows)).reset_index(drop=True) for name in ("s0", "s1")}
    return pd.DataFrame(columns)


def use(table: pd.DataFrame) -> list[float]:
    """Touches numbers and words."""
    return [float(table["f0"].sum()), int(table["i0"].sum()), int((table["s0"] == "word0007").sum())]


def stamp(name: str) -> None:
    with open("stamps", "a") as file:
        file.write(f"{name} {time.time()}\n")


@step
def make(rows: int) -> pd.DataFrame:
    table = make_table(rows)
    stamp("made")
    return table


@step
def read(table: pd.DataFrame) -> list[float]:
    result = use(table)
    stamp("used")
    return result


@flow
def hand_over(rows: int) -> list[float]:
    return read(make.submit(rows))


if __name__ == "__main__":
    result = hand_over(int(sys.argv[1]))
    stamps = dict(line.split() for line in Path("stamps").read_text().splitlines())
    print("RESULT " + json.dumps({"used": result, "seconds": float(stamps["used"]) - float(stamps["made"])}))
