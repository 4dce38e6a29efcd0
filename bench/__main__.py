"""`python -m bench [--quick] [--keep] [--publish] [CASE ...]`: runs cases, prints the table, stores the JSON."""

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

from bench.finding import Finding
from bench.report import as_json, row, table
from bench.scale import FULL, QUICK
from bench.workplace import Workplace

ROOT = Path(__file__).parents[1]
LATEST = ROOT / "bench" / "results" / "latest.json"
PUBLISHED = ROOT / "docs" / "performance.json"

# In this order; each is a module of `bench.cases` with a function `measure(workplace)` that yields findings.
CASES = (
    "start",
    "smallest",
    "chain",
    "map10k",
    "map100k",
    "array",
    "table",
    "resume",
    "cached",
    "elsewhere",
    "journal",
    "large",
    "kill",
    "kill_branches",
)


def arguments(argv: list[str]) -> argparse.Namespace:
    """What was asked for; a wrong word ends the process with 2."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Penstock beside its floors.")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"any of: {', '.join(CASES)}; none: all")
    parser.add_argument("--quick", action="store_true", help="see that the cases run; the figures mean nothing")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "build", help="work here, on a real disk (default: build/)"
    )
    parser.add_argument(
        "--publish", action="store_true", help=f"a full run: store it as {PUBLISHED.relative_to(ROOT)} too"
    )
    parser.add_argument("--json", type=Path, default=LATEST, metavar="FILE", help="where to store the figures")
    asked = parser.parse_args(argv)
    if unknown := [case for case in asked.cases if case not in CASES]:
        parser.error(f"there is no case {unknown[0]}; choose from {', '.join(CASES)}")
    if asked.publish and (asked.quick or asked.cases):
        parser.error("--publish is for a full run of all cases")
    return asked


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
    """0: all musts hold, or it was quick and nothing was asked; 1: some were missed."""
    asked = arguments(argv)
    asked.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=asked.folder.absolute()))
    workplace = Workplace(QUICK if asked.quick else FULL, folder)
    try:
        found = {case: measure(case, workplace) for case in asked.cases or CASES}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    findings = [finding for some in found.values() for finding in some]
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    content = as_json(found, "quick" if asked.quick else "full", at)
    store(asked.json, content)
    if asked.publish:
        store(PUBLISHED, content)
    print(f"\n{table(findings)}")
    return int(any(finding.ok is False for finding in findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
