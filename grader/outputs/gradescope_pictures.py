"""The pictures of a part as Markdown for Gradescope: small, as `data:` addresses, within a budget.

Gradescope takes no file beside results.json. Its documentation does not say whether such pictures
are shown: where they are not, their names are.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from grader.model.records import GradeSheet, ImageExhibit, PartGrade
from grader.outputs.pages.pictures import Pixels, load_file_below, load_pixels
from grader.outputs.summary import escape
from reference.errors import ConfigError

SIDE_PX = 160
"""Longest side of a picture."""
QUALITY = 75
"""Of the JPEG: some 6 kB of a picture of that size."""
MOST_OF_A_PART = 4
"""Pictures of a part: those of its first findings."""
MOST_BYTES = 400_000
"""Of all pictures of a submission: results.json is the page's only source."""


def part_pictures(sheet: GradeSheet, evidence: Path) -> Mapping[str, str]:
    """Return a line of pictures per part that has some; whatever cannot be read is left out.

    Args:
        sheet: The grades, pictures included.
        evidence: Folder of the evidence.
    """
    left = MOST_BYTES
    found = {}
    for part in sheet.parts:
        line = " ".join(_pictures(part, evidence))
        if line and len(line) <= left:
            found[part.id] = line
            left -= len(line)
    return found


def _pictures(part: PartGrade, evidence: Path) -> Iterator[str]:
    exhibits = [one for finding in part.findings for one in finding.exhibits]
    images = [one for one in exhibits if isinstance(one, ImageExhibit)]
    for image in images[:MOST_OF_A_PART]:
        try:
            pixels = _pixels(image, evidence)
        except ConfigError:
            continue
        name = f"{image.label}: {image.caption}" if image.caption else image.label
        yield f"![{escape(name)}]({_small_jpeg(pixels)})"


def _pixels(image: ImageExhibit, evidence: Path) -> Pixels:
    if image.array is None:
        return load_file_below(image.reference_file, evidence)
    return load_pixels(image.array, evidence, normalised=image.normalised)


def _small_jpeg(pixels: Pixels) -> str:
    picture = Image.fromarray(np.round(pixels * 255).astype(np.uint8))
    picture.thumbnail((SIDE_PX, SIDE_PX))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
