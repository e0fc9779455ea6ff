"""What of a case is not as its `expect.toml` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from authoring.hostile_samples import Expectation, ExpectedPart
from tests.hostile.running import Got, PartGot

CLOSE = 1e-9
"""Points that differ by less are equal."""


def differences(expected: Expectation, got: Got, places: Mapping[str, int]) -> tuple[str, ...]:
    """Return a line for each thing that is not as expected; none where all is."""
    found = list(_exit(expected, got))
    told = "\n".join(got.told)
    found += [f"nothing says {text!r}" for text in expected.sentences if text not in told]
    found += [f"no note {code!r}" for code in expected.notes if code not in got.notes]
    # What was told is a record's text as it is; the pages and lines made of it are what is seen.
    shown = [*(got.pages or {}).values(), *(got.texts or {}).values()] or [told]
    found += [
        f"{text!r} is shown" for text in expected.absent if any(text in page for page in shown)
    ]
    if got.exit == 0:
        found += _parts(expected, got.parts or {})
        found += _cells(expected, got, places)
    return tuple(found)


def excess(got: Got, honest: Expectation) -> tuple[str, ...]:
    """Return a line for each part that got more points than the honest twin's."""
    return tuple(
        f"{part_id}: {part.points:g} points, more than the honest twin"
        for part_id, part in (got.parts or {}).items()
        if part.points > _points(honest.parts.get(part_id), part) + CLOSE
    )


def summary(got: Got) -> str:
    """Return what came of a case in one line."""
    if got.exit != 0:
        return f"exit {got.exit}: {got.told[0] if got.told else ''}"
    marked = [f"{name} {part.outcome.value}" for name, part in (got.parts or {}).items()]
    wanted = [text for text in marked if not text.endswith(("NOT_ATTEMPTED", "NEEDS_HUMAN"))]
    return "; ".join(["exit 0", *wanted, *dict.fromkeys(got.notes)])


def _exit(expected: Expectation, got: Got) -> Iterator[str]:
    if got.exit != expected.exit:
        yield f"exit {got.exit}, expected {expected.exit}: {' | '.join(got.told[:2])[:300]}"
    if got.trace:
        yield f"a traceback: {got.trace[-600:]}"
    if got.exit != 0 and any("\n" in text for text in got.told):
        yield "the refusal is not one sentence but several lines"


def _parts(expected: Expectation, found: Mapping[str, PartGot]) -> Iterator[str]:
    for part_id, wanted in expected.parts.items():
        part = found.get(part_id)
        if part is None:
            yield f"{part_id}: no such part"
            continue
        points = _points(wanted, part)
        if part.outcome is not wanted.outcome or abs(part.points - points) > CLOSE:
            yield (
                f"{part_id}: {part.outcome.value} with {part.points:g} points, expected "
                f"{wanted.outcome.value} with {points:g}: {part.message[:200]}"
            )


def _points(wanted: ExpectedPart | None, part: PartGot) -> float:
    if wanted is None or wanted.points == "zero":
        return 0.0
    return part.max_points if wanted.points == "full" else float(wanted.points)


def _cells(expected: Expectation, got: Got, places: Mapping[str, int]) -> Iterator[str]:
    for name, outcome in expected.cells.items():
        place = places.get(name)
        if place is None:
            yield f"cell {name}: no such cell in cells.py or the base notebook"
            continue
        found = (got.cells or {}).get(place)
        if found is not outcome:
            shown = found.value if found else "not run"
            yield f"cell {name}: {shown}, expected {outcome.value}"
