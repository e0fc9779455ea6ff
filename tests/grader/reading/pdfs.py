"""Real PDFs for the tests: pages of HTML, scans, figures, turned and encrypted pages."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import lru_cache

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import weasyprint
from numpy.typing import NDArray
from PIL import Image
from pypdf import PdfReader, PdfWriter

Rgb = NDArray[np.uint8]

STYLE = """
@page { size: letter; margin: 20mm }
html { font: 11pt/1.4 sans-serif } h1 { font-size: 16pt } h2 { font-size: 13pt; margin: 3mm 0 }
"""


@lru_cache(maxsize=32)
def html_pdf(body: str, style: str = "") -> bytes:
    """A PDF of HTML with real fonts; `page-break-before` starts a page."""
    data: bytes = weasyprint.HTML(string=f"<style>{STYLE}{style}</style>{body}").write_pdf()
    return data


def img(rgb: Rgb, *, jpeg: int = 0, width_mm: float = 60) -> str:
    """An `<img>` of a picture, JPEG of this quality, or PNG for 0."""
    sink = io.BytesIO()
    if jpeg:
        Image.fromarray(rgb).save(sink, "JPEG", quality=jpeg)
    else:
        Image.fromarray(rgb).save(sink, "PNG")
    kind = "jpeg" if jpeg else "png"
    data = base64.b64encode(sink.getvalue()).decode()
    return f'<img style="width:{width_mm}mm" src="data:image/{kind};base64,{data}">'


def new_page() -> str:
    return '<div style="page-break-before: always"></div>'


def figure_pdf(pictures: Sequence[Rgb], titles: Sequence[str]) -> bytes:
    """A page that matplotlib wrote as vectors: titles, axes with ticks, pictures side by side."""
    with mpl.rc_context({"backend": "agg"}):
        figure, axes = plt.subplots(1, len(pictures), figsize=(8.5, 11), squeeze=False)
        for axis, picture, title in zip(axes[0], pictures, titles, strict=True):
            axis.imshow(picture)
            axis.set_title(title)
        sink = io.BytesIO()
        figure.savefig(sink, format="pdf")
        plt.close(figure)
    return sink.getvalue()


def figure_png(pictures: Sequence[Rgb], *, dpi: int) -> Rgb:
    """What a notebook shows: matplotlib's panels with axes and titles, as pixels."""
    figure, axes = plt.subplots(1, len(pictures), figsize=(3.2 * len(pictures), 3.4), squeeze=False)
    for axis, picture in zip(axes[0], pictures, strict=True):
        axis.imshow(picture)
        axis.set_title("attack")
    figure.tight_layout()
    sink = io.BytesIO()
    figure.savefig(sink, dpi=dpi)
    plt.close(figure)
    with Image.open(sink) as shown:
        return np.asarray(shown.convert("RGB"))


def picture_pdf(rgb: Rgb, *, dots_per_inch: float = 100.0) -> bytes:
    """A page that is one picture, as a scanner makes it."""
    sink = io.BytesIO()
    Image.fromarray(rgb).save(sink, "PDF", resolution=dots_per_inch)
    return sink.getvalue()


def joined(*parts: bytes) -> bytes:
    """One PDF of the pages of several."""
    writer = PdfWriter()
    for part in parts:
        writer.append(io.BytesIO(part))
    return _written(writer)


def turned(data: bytes, degrees: int) -> bytes:
    """Every page shown turned clockwise."""
    writer = PdfWriter()
    for page in PdfReader(io.BytesIO(data)).pages:
        writer.add_page(page.rotate(degrees))
    return _written(writer)


def encrypted(data: bytes, *, user: str, owner: str = "owner") -> bytes:
    """Encrypted; with an empty `user` password everybody may open it."""
    writer = PdfWriter()
    writer.append(io.BytesIO(data))
    writer.encrypt(user, owner, algorithm="RC4-128")
    return _written(writer)


def _written(writer: PdfWriter) -> bytes:
    sink = io.BytesIO()
    writer.write(sink)
    return sink.getvalue()
