"""Bounds of reading a report. Reaching one is named in a sentence, and a person reads on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLimits:
    """Bounds of one reading. A usual report has ten pages, ten figures and 5 MiB."""

    file_mib: float = 256.0
    """Size of the file in MiB."""
    max_pages: int = 60
    """Pages that are read; the rest is left to a person."""
    characters_per_page: int = 20_000
    """Characters of a page's text that are read; a dense page has 5,000."""
    section_characters: int = 4_000
    """Characters of a section's text that are kept."""
    objects_per_page: int = 2_000
    """Objects of a page that are looked at for pictures."""
    picture_megapixels: float = 64.0
    """Pixels of one embedded picture in millions; a page with a larger one is not drawn."""
    page_megapixels: float = 4.0
    """Pixels of a drawn page in millions; a larger page is drawn at a lower resolution."""
    dots_per_inch: float = 150.0
    """Resolution of a drawn page: a picture of 50 mm has 295 pixels."""
    panels_per_page: int = 12
    """Pictures and panels of a page that are compared with the known ones, the largest first."""
    known_pictures: int = 24
    """Known pictures that are compared with; those after the first ones are left out."""
    cpu_s: float = 20.0
    """CPU seconds for the whole report; asked before each page."""
    wall_s: float = 90.0
    """Wall-clock seconds for the whole report; then nothing of it counts as read."""
    memory_mib: float = 2048.0
    """Private memory of the process that reads it in MiB; a usual report takes 300."""


MIB = 1024 * 1024
"""Bytes in one MiB."""
