"""python hand_over_array.py ITEMS PASSES: a random array from step to step, then passed on by PASSES more steps."""

import json
import os
import sys
import time
from concurrent.futures import wait
from pathlib import Path

import numpy as np

from penstock import flow, step


def stamp(name: str) -> None:
    with open("stamps", "a") as file:
        file.write(f"{name} {time.time()}\n")


@step
def make(items: int) -> np.ndarray:
    array = np.random.default_rng(0).random(items)
    stamp("made")
    return array


@step
def total(array: np.ndarray) -> float:
    result = float(array.sum())
    stamp("summed")
    return result


@step
def pass_on(array: np.ndarray, number: int) -> np.ndarray:
    return array


@flow
def hand_over(items: int, passes: int) -> dict[str, float]:
    array = make.submit(items)
    summed = total(array)
    before = blobs()
    began = time.perf_counter()
    for number in range(passes):
        array = pass_on.submit(array, number)
    wait([array])
    seconds = time.perf_counter() - began
    written = sum(size for name, (size, inode) in blobs().items() if before.get(name) != (size, inode))
    assert total(array) == summed
    return {"passes": seconds, "written": written, "sum": summed}


def blobs() -> dict[str, tuple[int, int]]:
    """Size and inode of each file in the store: what is written again gets another inode."""
    files = [file for file in Path(".penstock/store").rglob("*") if file.is_file()]
    return {os.fspath(file): (file.stat().st_size, file.stat().st_ino) for file in files}


if __name__ == "__main__":
    figures = hand_over(int(sys.argv[1]), int(sys.argv[2]))
    stamps = dict(line.split() for line in reversed(Path("stamps").read_text().splitlines()))
    print("RESULT " + json.dumps({**figures, "seconds": float(stamps["summed"]) - float(stamps["made"])}))
