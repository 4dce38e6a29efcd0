"""Findings as a table for people, and as JSON for the record."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from bench.finding import Finding, Must

_COLUMNS = ("what", "Penstock", "floor", "is", "must", "")


def number(value: float | None, unit: str) -> str:
    """A figure as people write it."""
    if value is None:
        return ""
    if unit == "s":
        return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} us"
    if unit == "/s":
        return f"{value:,.0f}/s" if value >= 10 else f"{value:.3g}/s"
    if unit == "bytes":
        return f"{value / 2**20:,.1f} MiB" if value >= 2**20 else f"{value:,.0f} B"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.3g}"


def _asked(must: Must | None, unit: str) -> str:
    if must is None:
        return ""
    words = "at least" if must.at_least else "at most"
    if must.of == "ratio":
        return f"{words} {must.limit:g} x"
    return f"{words} {number(must.limit, unit)}{' more' if must.of == 'difference' else ''}"


def _found(finding: Finding) -> str:
    if finding.must is not None and finding.must.of == "difference" and finding.floor_value is not None:
        return f"{number(finding.value - finding.floor_value, finding.unit)} more"
    return "" if finding.ratio is None else f"{finding.ratio:.2f} x"


def row(finding: Finding) -> tuple[str, ...]:
    """A finding as the cells of the table."""
    verdict = {None: "", True: "ok", False: "MISSED"}[finding.ok]
    floor = number(finding.floor_value, finding.unit)
    return (
        finding.what,
        number(finding.value, finding.unit),
        f"{floor} ({finding.floor_is})" if floor else "",
        _found(finding),
        _asked(finding.must, finding.unit),
        verdict,
    )


def table(findings: Iterable[Finding]) -> str:
    """The findings, a line for each, in Markdown that is also aligned."""
    return aligned([_COLUMNS, *map(row, findings)])


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown; the first row is its head."""
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |" for cells in rows
    ]
    rule = "| " + " | ".join("-" * max(3, width) for width in widths) + " |"
    return "\n".join([lines[0], rule, *lines[1:]])


def surroundings(scale: str, at: str) -> dict[str, Any]:
    """When, how large and where a benchmark was run. `at`: UTC, ISO 8601."""
    return {
        "at": at,
        "scale": scale,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "executable_is_venv": sys.prefix != sys.base_prefix,
    }


def as_json(found: dict[str, list[Finding]]) -> dict[str, Any]:
    """All there is to keep of what cases found."""
    return {"cases": {case: [_plain(finding) for finding in findings] for case, findings in found.items()}}


def _plain(finding: Finding) -> dict[str, Any]:
    must = finding.must
    return {
        "what": finding.what,
        "unit": finding.unit,
        "median": finding.value,
        "samples": list(finding.samples),
        "floor": finding.floor_value,
        "floor_is": finding.floor_is,
        "floor_samples": list(finding.floor),
        "ratio": finding.ratio,
        "must": None if must is None else {"limit": must.limit, "of": must.of, "at_least": must.at_least},
        "ok": finding.ok,
    }
