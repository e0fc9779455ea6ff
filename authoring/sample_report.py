"""The `report.pdf` of a sample submission, from a page of HTML and the notebook's own pictures."""

from __future__ import annotations

import base64
import io
import re
import tomllib
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

import weasyprint
from PIL import Image

from authoring.sample_outputs import Outputs, pictures
from grader.model.resources import templates
from reference.errors import ConfigError

FONTS = templates() / "fonts"
"""Folder of the fonts that the style sheet names."""

JPEG_QUALITY = 60
"""Quality of the report's pictures, of 95."""

_FIGURE = re.compile(r'<img src="figure:([a-z0-9-]+)">')


def report_pdf(
    root: Path, source: str, base: str, *, omit: Collection[str], outputs: Outputs
) -> bytes:
    """Render a report.

    Args:
        root: The folder of the samples.
        source: Name of the HTML file in `_reports`, without suffix.
        base: Base notebook, whose figures `_bases/figures.toml` lists.
        omit: Part ids whose sections, set in `<!-- 3d --> … <!-- /3d -->`, are left out.
        outputs: Stored outputs of the notebook, where the figures come from.

    Returns:
        A PDF; the same arguments give the same bytes.

    Raises:
        ConfigError: The source is missing, or has no section for a part that is to be left out.
    """
    path = root / "_reports" / f"{source}.html"
    try:
        html = path.read_text(encoding="utf-8")
        style = (path.parent / "report.css").read_text(encoding="utf-8")
        figures = tomllib.loads((root / "_bases" / "figures.toml").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: expected a report's source, found none: {error}.") from error
    for part in omit:
        html, count = re.subn(f"<!-- {part} -->.*?<!-- /{part} -->", "", html, flags=re.DOTALL)
        if count == 0:
            raise ConfigError(
                f"{path}: expected a section of part {part} to leave out, found none."
            )
    html = _FIGURE.sub(lambda match: _figure(figures[base], match[1], outputs), html)
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Problem Set 4</title>'
        f"<style>{style}</style>{html}</html>"
    )
    return _rendered(page)


@lru_cache(maxsize=4)
def _rendered(page: str) -> bytes:
    """Return the PDF of a page of HTML; most samples have the same report."""
    document = weasyprint.HTML(string=page, base_url=f"{FONTS.as_uri()}/")
    pdf: bytes = document.write_pdf(pdf_identifier=b"pset4-sample")
    return pdf


def _figure(figures: dict[str, tuple[str, int]], name: str, outputs: Outputs) -> str:
    """Return an `<img>` with the stored picture, or nothing where the run gave none."""
    cell_id, number = figures[name]
    found = pictures(outputs.get(cell_id, ()))
    if number >= len(found):
        return ""
    return f'<img alt="{name}" src="data:image/jpeg;base64,{_as_jpeg(found[number])}">'


def _as_jpeg(png: str) -> str:
    """Return a picture, base64, in the form that a PDF takes up as it is and keeps small."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        picture.convert("RGB").save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
