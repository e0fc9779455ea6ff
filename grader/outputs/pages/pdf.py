"""HTML to a tagged PDF with WeasyPrint. Nothing but `data:` URLs is ever fetched."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reference.errors import ConfigError, GraderFault

PDF_VARIANT = "pdf/ua-1"
"""Tagged for screen readers."""
PICTURE_DPI = 200
"""Pictures are scaled down to this."""


def html_to_pdf(html: str, path: Path) -> None:
    """Write the page as a PDF, whole or not at all.

    Args:
        html: a page of `render`, self-contained.
        path: the PDF.

    Raises:
        GraderFault: the page cannot be set.
        ConfigError: the file cannot be written.
    """
    # Imported here: loading Pango takes 2 s, which only those who make a PDF should wait for.
    try:
        from weasyprint import HTML

        from grader.outputs.pages.embedded import put_aside
    except OSError as error:
        raise GraderFault(
            f"making a PDF: expected the Pango libraries, found {error}; "
            "install them (Debian: libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)"
        ) from error
    for name in ("fontTools", "weasyprint"):  # what they note is no matter of whoever reads this
        logging.getLogger(name).setLevel(logging.ERROR)
    page = put_aside(html)
    with _no_collection():
        data = HTML(string=page.html, url_fetcher=page.files).write_pdf(
            stylesheets=[page.styles],
            font_config=page.fonts,
            pdf_variant=PDF_VARIANT,
            dpi=PICTURE_DPI,
        )
    if not isinstance(data, bytes):
        raise GraderFault(f"{path.name}: expected a PDF, found nothing; this is a fault of ours")
    partial = path.with_suffix(path.suffix + ".part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


@contextmanager
def _no_collection() -> Iterator[None]:
    """Put Python's collector off: boxes are made by the thousand and all kept until the end.

    It would look through them again and again, a tenth to a fifth of the time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
