"""The table of the corpus: per part, mutants caught and right variants accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.accuracy.corpus import FAMILIES

KINDS = ("mutant", "variant", "held")
PARTS = tuple(part for family in FAMILIES.values() for part in family.parts)


def as_markdown(results: Sequence[dict[str, Any]]) -> str:
    """Return the table and the list of misses.

    A mutant counts at each part where it must lose; a variant at every part of its family.
    """
    head = ("part", "mutants caught", "right variants accepted", "left to a person")
    rows = [head, ("---",) * len(head)]
    rows += [(p, *(_share(results, p, kind) for kind in KINDS)) for p in PARTS]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    kinds = {kind: [r for r in results if r["kind"] == kind] for kind in KINDS}
    right = {kind: sum(not r["misses"] for r in rs) for kind, rs in kinds.items()}
    total = (
        f"In all {right['mutant']} of {len(kinds['mutant'])} mutants are caught at the part where "
        f"they are wrong and at no other, {right['variant']} of {len(kinds['variant'])} right "
        f"variants keep all their points, {right['held']} of {len(kinds['held'])} that only a "
        "person can decide wait for one."
    )
    missed = [f"- `{r['id']}`: {text}" for r in results for text in r["misses"]]
    return "\n".join([*lines, "", total, "", "Misses:", "", *(missed or ["- none"]), ""])


def _share(results: Sequence[dict[str, Any]], part: str, kind: str) -> str:
    concerned = [r for r in results if r["kind"] == kind and _concerns(r, part, kind)]
    if not concerned:
        return ""
    right = sum(not any(_at(part, text) for text in r["misses"]) for r in concerned)
    return f"{right} / {len(concerned)}"


def _concerns(result: dict[str, Any], part: str, kind: str) -> bool:
    if kind == "variant":
        return part in {verdict["part"] for verdict in result["verdicts"]}
    return part in result["marked"]


def _at(part: str, text: str) -> bool:
    return f" {part} " in f" {text.partition(':')[0]} "
