"""What `report.pdf` says and shows, read once. Where to look, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from grader.model.records.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTrouble:
    """Something about the report that a person has to look at. It never costs points."""

    code: str
    """Stable machine name, such as `report-scanned`."""
    pages: tuple[int, ...]
    """Pages concerned, from 1; empty for the report as a whole."""
    message: str
    """One sentence for staff."""
    outcome: Outcome = Outcome.NEEDS_HUMAN
    """Always NEEDS_HUMAN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSection:
    """The text between one label, such as `4(d)`, and the next."""

    part_ids: tuple[str, ...]
    """Parts that the label names; all parts of the problem where it names only the problem."""
    whole_problem: bool
    """Whether the label names a problem and no part."""
    label: str
    """The line in which the label stands."""
    first_page: int
    """Page of the label, from 1."""
    last_page: int
    """Last page before the next label."""
    text: str
    """Text after the label, cut at a limit; lines are parted by newlines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPicture:
    """A picture, or one panel of a figure, on a page."""

    page: int
    """From 1."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom as shares of the page's width and height."""
    part_ids: tuple[str, ...]
    """Parts of the section in which it stands; empty where none was found."""
    names: tuple[str, ...]
    """Known pictures that it may be, the likeliest first: `corgi`, a run's id, `reference 4e`.

    Several where they cannot be told apart; empty where it is none of them.
    """
    likeness: float
    """Correlation of its details, 0.3 to 1, with the picture that its names are variants of; 0 for
    no name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportReading:
    """All that was read in one report."""

    pages: int
    """Number of pages; 0 where there is no report, or none that can be opened."""
    pages_read: int
    """Number of pages that were read; fewer than `pages` where a limit was met."""
    sections: tuple[ReportSection, ...]
    """In the order of the pages."""
    pictures: tuple[ReportPicture, ...]
    """In the order of the pages."""
    trouble: tuple[ReportTrouble, ...]
    """What a person has to look at."""
    seconds: float
    """CPU seconds that the reading took."""

    def sections_of(self, part_id: str) -> tuple[ReportSection, ...]:
        """Return the sections that answer a part: its own, else those of its whole problem."""
        found = [section for section in self.sections if part_id in section.part_ids]
        own = tuple(section for section in found if not section.whole_problem)
        return own or tuple(found)

    def pages_of(self, part_id: str) -> tuple[int, ...]:
        """Return the pages that answer a part, sorted; none where they are not known."""
        pages: set[int] = set()
        for section in self.sections_of(part_id):
            pages.update(range(section.first_page, section.last_page + 1))
        return tuple(sorted(pages))

    def text_of(self, part_id: str) -> str:
        """Return the text that answers a part; empty where it is not known."""
        return "\n".join(
            f"{section.label}\n{section.text}" for section in self.sections_of(part_id)
        )

    def pictures_named(self, name: str) -> tuple[ReportPicture, ...]:
        """Return the pictures that are, or may be, the known picture of that name."""
        return tuple(picture for picture in self.pictures if name in picture.names)


NO_REPORT = ReportReading(pages=0, pages_read=0, sections=(), pictures=(), trouble=(), seconds=0.0)
"""The reading of a submission without a report."""
