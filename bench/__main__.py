"""`python -m bench [--quick] [--publish] [--against COMMIT] [CASE ...]`: runs cases, prints the table, stores JSON."""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from bench import against
from bench.finding import Finding
from bench.report import as_json, row, surroundings, table
from bench.scale import FULL, PAIRS, QUICK
from bench.subjects import SUBJECTS
from bench.workplace import Workplace

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results"
PUBLISHED = ROOT / "docs" / "performance.json"

# In this order; each is a module of `bench.cases` with a function `measure(workplace)` that yields findings.
CASES = (
    "start",
    "smallest",
    "chain",
    "map10k",
    "map200k",
    "workers",
    "array",
    "table",
    "program",
    "points",
    "resume",
    "cached",
    "elsewhere",
    "far",
    "journal",
    "api",
    "large",
    "kill",
    "kill_branches",
)
BY_NAME = ("page", "slurm", "ray", "container", "far_kills")
"""Cases that are run where they are named: they need a browser, a cluster, or engines of containers, or
a quarter of an hour."""


def arguments(argv: list[str]) -> argparse.Namespace:
    """What was asked for; a wrong word ends the process with 2."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Penstock beside its floors.")
    parser.add_argument(
        "cases",
        nargs="*",
        metavar="CASE",
        help=f"any of: {', '.join((*CASES, *BY_NAME))}; none: all but {' and '.join(BY_NAME)}",
    )
    parser.add_argument("--quick", action="store_true", help="see that the cases run; the figures mean nothing")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "build", help="work here, on a real disk (default: build/)"
    )
    parser.add_argument(
        "--publish", action="store_true", help=f"a full run: store it as {PUBLISHED.relative_to(ROOT)} too"
    )
    parser.add_argument(
        "--against",
        metavar="COMMIT",
        help=f"the CPU time of this source beside that of a commit, in turn; CASE is any of: {', '.join(SUBJECTS)}",
    )
    parser.add_argument("--pairs", type=_count, metavar="N", help=f"with --against (default: {PAIRS.times})")
    parser.add_argument(
        "--allow", type=float, default=10, metavar="PERCENT", help="with --against: how much slower is no failure"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to store the figures")
    asked = parser.parse_args(argv)
    known = (*CASES, *BY_NAME) if asked.against is None else tuple(SUBJECTS)
    if unknown := [case for case in asked.cases if case not in known]:
        parser.error(f"there is no case {unknown[0]}; choose from {', '.join(known)}")
    if asked.publish and (asked.quick or asked.cases or asked.against):
        parser.error("--publish is for a full run of all cases")
    asked.json = asked.json or RESULTS / ("latest.json" if asked.against is None else "against.json")
    return asked


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def measure(case: str, workplace: Workplace) -> list[Finding]:
    """Run one case, and show what it finds as it comes."""
    began = time.monotonic()
    findings: list[Finding] = []
    for finding in import_module(f"bench.cases.{case}").measure(workplace):
        findings.append(finding if workplace.scale is FULL else replace(finding, must=None))
        print("  ".join(filter(None, row(findings[-1]))), flush=True)
    print(f"  [{case}: {time.monotonic() - began:.0f} s]", file=sys.stderr, flush=True)
    return findings


def store(file: Path, content: dict[str, object]) -> None:
    """Write JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def main(argv: list[str]) -> int:
    """0: all musts hold, or it was quick and nothing was asked; 1: some were missed; 2: it can't be measured."""
    asked = arguments(argv)
    asked.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=asked.folder.absolute()))
    try:
        return beside_floors(asked, folder) if asked.against is None else beside_commit(asked, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def beside_floors(asked: argparse.Namespace, folder: Path) -> int:
    """Penstock beside what the same work costs at least."""
    workplace = Workplace(QUICK if asked.quick else FULL, folder)
    found = {case: measure(case, workplace) for case in asked.cases or CASES}
    findings = [finding for some in found.values() for finding in some]
    content = {**surroundings("quick" if asked.quick else "full", _now()), **as_json(found)}
    store(asked.json, content)
    if asked.publish:
        store(PUBLISHED, content)
    print(f"\n{table(findings)}")
    return int(any(finding.ok is False for finding in findings))


def beside_commit(asked: argparse.Namespace, folder: Path) -> int:
    """This source beside an earlier one."""
    scale = QUICK if asked.quick else PAIRS
    workplace = Workplace(replace(scale, times=asked.pairs or scale.times), folder)
    try:
        title, found = against.compare(asked.against, asked.cases, workplace, None if asked.quick else asked.allow)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    kind = "quick" if asked.quick else "full"
    store(asked.json, {**surroundings(kind, _now()), **against.as_json(title, found)})
    print(f"\n{title}\n\n{against.table(found)}")
    return int(any(one.ok is False for one in found))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
