"""What a benchmark found, kept as JSON, and the page that is made of all of them."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.model.version import code_version

FOLDER = Path(__file__).with_name("results")
PAGE = Path(__file__).with_name("README.md")
ORDER = (
    "batch",
    "peers",
    "whole",
    "checks",
    "speed",
    "pdf",
    "class300",
    "scale",
    "cost",
    "isolation",
    "similarity",
    "profile",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    what: str
    bar: str
    found: str
    reached: bool | None
    """None where there is no bar."""
    why: str = ""
    """Why it is not reached; or what else should be known."""


def machine() -> str:
    """Name the machine."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return f"{model}, {len(os.sched_getaffinity(0))} cores"


def save(
    name: str, rows: list[Row], details: str = "", numbers: Mapping[str, float] | None = None
) -> None:
    """Print what was found, keep it, and make the page anew.

    Args:
        name: Of the benchmark.
        rows: Lines of the table.
        details: What is shown below it.
        numbers: What `tests.benchmarks.cost` reckons with.
    """
    found = {
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "code": code_version(),
        "rows": [asdict(row) for row in rows],
        "details": details,
        "cores": len(os.sched_getaffinity(0)),
        "numbers": {key: round(value, 4) for key, value in (numbers or {}).items()},
    }
    for row in rows:
        print(f"{row.what}: {row.found} (bar: {row.bar or 'none'})")
    if details:
        print(details)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


def numbers_of(name: str) -> Mapping[str, float]:
    """Return what a benchmark measured, and the `cores` it had.

    Raises:
        SystemExit: it has not run since numbers are kept.
    """
    path = FOLDER / f"{name}.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if not found.get("numbers"):
        sys.exit(
            f"Expected what `{name}` measured in {path}, found none; run "
            f"`python -m tests.benchmarks {name}` first."
        )
    return {"cores": float(found["cores"]), **found["numbers"]}


def minutes_of(name: str) -> float | None:
    """Return how long a benchmark took the last time; None where nobody noted it."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        return None
    minutes: float | None = json.loads(path.read_text(encoding="utf-8")).get("minutes")
    return minutes


def note_minutes(name: str, minutes: float) -> None:
    """Note how long a benchmark took, and make the page anew."""
    path = FOLDER / f"{name}.json"
    if not path.exists():  # it prints, and keeps nothing
        return
    found = json.loads(path.read_text(encoding="utf-8")) | {"minutes": round(minutes, 1)}
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Return tests/benchmarks/README.md as the results stand."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench` (`python -m tests.benchmarks [NAME ...]`), never by hand. Ratios",
        "are of times taken in one run, in turns. Each line says when and where it was measured.",
        "",
        *_minutes(),
        "| what | bar | found | reached | measured |",
        "|---|---|---|---|---|",
    ]
    notes: list[str] = []
    for name in ORDER:
        path = FOLDER / f"{name}.json"
        if not path.exists():
            continue
        found = json.loads(path.read_text(encoding="utf-8"))
        for row in found["rows"]:
            word = {True: "yes", False: "**no**", None: "–"}[row["reached"]]
            when = f"{found['date']}, {found['machine']}, `{name}`"
            lines.append(
                f"| {row['what']} | {row['bar'] or '–'} | {row['found']} | {word} | {when} |"
            )
            if row["why"]:
                notes.append(f"- {row['what']}: {row['why']}")
        if found["details"]:
            notes += ["", f"## {name}", "", "```", found["details"], "```", ""]
    return "\n".join([*lines, "", *notes]).rstrip() + "\n"


def _minutes() -> list[str]:
    """How long it all takes, as far as it was noted."""
    known = {name: minutes for name in ORDER if (minutes := minutes_of(name)) is not None}
    if not known:
        return []
    took = ", ".join(f"{name} {minutes:.0f}" for name, minutes in known.items())
    return [f"Minutes that they took: {took}; together {sum(known.values()):.0f}.", ""]
