"""Which pages there are, and what makes each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from authoring.reference_pages.commands import commands_page
from authoring.reference_pages.conventions import conventions_page
from authoring.reference_pages.exit_statuses import exit_statuses_page
from authoring.reference_pages.faults import faults_page
from authoring.reference_pages.offering_keys import offering_page
from authoring.reference_pages.results_json import results_page
from authoring.reference_pages.sentences import sentences_page

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
"""Where they are committed."""

PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "conventions.md": conventions_page,
    "exit-statuses.md": exit_statuses_page,
    "faults.md": faults_page,
    "offering-toml.md": offering_page,
    "results-json.md": results_page,
    "sentences.md": sentences_page,
}
"""By file."""
