"""Pictures of the reference run that findings show: copied to where the evidence lies."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from grader.model.records import Exhibit, Finding, ImageExhibit
from grader.model.results_folder import REFERENCE
from reference.expected import Expected


def reference_exhibit(image: str) -> ImageExhibit:
    """Return the exhibit of a picture of the reference run.

    Args:
        image: Its file name among the expected outputs.
    """
    return ImageExhibit(
        label="reference", array=None, normalised=False, reference_file=f"{REFERENCE}/{image}"
    )


def keep_reference_pictures(
    findings: Mapping[str, Iterable[Finding]], expected: Expected, evidence_folder: Path
) -> None:
    """Copy the pictures that the findings name, so that a results folder shows them anywhere.

    Args:
        findings: By part.
        expected: Where the pictures come from.
        evidence_folder: Where they go, below `reference/`.
    """
    named = {
        exhibit.reference_file
        for of_part in findings.values()
        for finding in of_part
        for exhibit in finding.exhibits
        if isinstance(exhibit, ImageExhibit) and exhibit.reference_file
    }
    for name in sorted(named):
        target, source = evidence_folder / name, _file_of(name, expected)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def without_missing(
    findings: Mapping[str, Iterable[Finding]], expected: Expected
) -> dict[str, tuple[Finding, ...]]:
    """Return the findings without pictures that the expected outputs lack.

    Students are given no picture of the reference run; everywhere else they are all there.
    """

    def is_there(exhibit: Exhibit) -> bool:
        name = exhibit.reference_file if isinstance(exhibit, ImageExhibit) else ""
        return not name or _file_of(name, expected).is_file()

    return {
        part: tuple(replace(one, exhibits=tuple(filter(is_there, one.exhibits))) for one in of_part)
        for part, of_part in findings.items()
    }


def _file_of(name: str, expected: Expected) -> Path:
    return expected.path(name.removeprefix(f"{REFERENCE}/"))
