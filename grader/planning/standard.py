"""What submissions of an offering are judged by, opened and fitted together."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grader.model.assignment import Assignment
from grader.planning.reference_runs import reference_runs
from reference.bundle_files import BUNDLE_FILES
from reference.bundles import Bundle, get_bundle
from reference.errors import ConfigError
from reference.expected import Expected, added_folder, load_expected

OnStage = Callable[[str], None]
"""Told what begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """What submissions are judged by."""

    assignment: Assignment
    """Parts, points, experiments."""
    bundle: Bundle
    """Weights and pictures."""
    expected: Expected
    """What the reference gets, by the parts of the assignment."""


def open_standard(assignment: Assignment, bundle_name: str) -> Standard:
    """Open what submissions of an assignment are judged by, whose checks are known to be there.

    Raises:
        ConfigError: bundle, expected outputs and assignment do not go together.
    """
    bundle, expected = _opened(bundle_name)
    for fault in course_file_faults(assignment):
        raise ConfigError(fault)
    return Standard(
        assignment=assignment, bundle=bundle, expected=reference_runs(expected, assignment)
    )


def course_file_faults(assignment: Assignment) -> Iterator[str]:
    """Say which files an offering serves that no bundle has."""
    for url, name in assignment.course_files.items():
        if name not in BUNDLE_FILES:
            yield (
                f"{assignment.name}: course_files: {url}: expected a file of a bundle "
                f"({', '.join(BUNDLE_FILES)}), found {name!r}"
            )


def _opened(bundle_name: str) -> tuple[Bundle, Expected]:
    """Open a bundle once per process, not for each submission; again where runs were added."""
    added = added_folder(bundle_name)
    stamps = ((p, p.stat().st_mtime_ns) for p in sorted(added.glob("*/manifest.json")))
    return _checked(bundle_name, (added, *stamps))


@functools.lru_cache(maxsize=4)
def _checked(bundle_name: str, _: tuple[object, ...]) -> tuple[Bundle, Expected]:
    bundle = get_bundle(bundle_name)
    return bundle, load_expected(bundle.name)
