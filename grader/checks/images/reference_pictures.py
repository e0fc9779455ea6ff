"""Pictures of the reference run that findings show: copied to where the evidence lies."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from grader.model.records import Finding, ImageExhibit
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
        target = evidence_folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(expected.path(name.removeprefix(f"{REFERENCE}/")), target)
