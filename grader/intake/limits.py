"""Bounds of what intake accepts. A submission of this assignment is some ten files and 30 MiB."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """Bounds of what intake reads and unpacks."""

    zip_mib: float = 512.0
    """Size of the zip itself in MiB."""
    file_mib: float = 256.0
    """Size of one unpacked file in MiB."""
    total_mib: float = 1024.0
    """Size of all unpacked files together in MiB."""
    notebook_mib: float = 128.0
    """Size of a notebook in MiB, stored outputs included."""
    max_ratio: float = 200.0
    """Unpacked to packed size of one file; asked only of files above `ratio_free_mib`."""
    ratio_free_mib: float = 16.0
    """Unpacked size in MiB below which a file may be packed at any ratio."""
    max_files: int = 1000
    """Number of files that are unpacked."""
    max_name_bytes: int = 255
    """Length of one component of a path, UTF-8; what Linux file systems take."""
    max_path_bytes: int = 1000
    """Length of a path, UTF-8."""
    max_depth: int = 40
    """Number of components of a path: folders, and the file in them."""
    max_notebooks: int = 8
    """Number of notebooks that are looked into."""
    max_cells: int = 2000
    """Number of cells of the notebook; the course's has 64."""
    max_report_pages: int = 300
    """Pages of the report above which staff are told."""
    report_timeout_s: float = 30.0
    """Wall-clock seconds for counting the report's pages."""
    report_memory_mib: float = 1024.0
    """Memory for counting the report's pages in MiB."""


MIB = 1024 * 1024
"""Bytes in one MiB."""
