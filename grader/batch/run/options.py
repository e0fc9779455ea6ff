"""What a batch is asked for, and what it says it has done."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from grader.batch.collect.manifest import ManifestRow
from grader.batch.records import Roster
from grader.batch.run.executors import Slots
from grader.execution.settings import RunSettings
from grader.model.assignment import Assignment, Course
from reference.bundles import Bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """How a class is graded."""

    results: Path
    """Results folder of the class."""
    assignment: Assignment
    """Parts and points."""
    course: Course
    """Variant of whoever the manifest does not name."""
    bundle: Bundle
    """Weights and pictures; the one that the settings name."""
    settings: RunSettings
    """How notebooks are run."""
    shared_files: bool
    """Whether workers see the results folder."""
    slots: Slots
    """How many submissions the workers take at once."""
    only: frozenset[str] = frozenset()
    """Kerberos names that are run; empty for all that are not done."""
    force: bool = False
    """Whether also what is done is run again."""
    pdf: bool = True
    """Whether `feedback.pdf` is written, behind all grades."""

    def is_asked(self, kerberos: str) -> bool:
        """Whether a student's submission may be run."""
        return not self.only or kerberos in self.only

    def to_json(self) -> str:
        """Return what was asked for, for the store."""
        facts = {
            "bundle": self.bundle.name,
            "device": self.settings.device,
            "threads": self.settings.threads,
            "isolation": self.settings.isolation.value,
            "warm": self.settings.warm,
            "exact": self.settings.exact,
            "workers": self.slots(),
            "only": sorted(self.only),
            "force": self.force,
        }
        return json.dumps(facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is to grade, and what staff say about it."""

    roster: Roster
    """The hand-ins."""
    manifest: tuple[ManifestRow, ...]
    """One per student that staff name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """What a batch has done."""

    batch_id: int
    """Its row in the store."""
    graded_now: frozenset[str]
    """Kerberos names that were run, and not taken from an earlier batch."""
    rejudged: frozenset[str]
    """Kerberos names whose evidence was judged again."""
    rescored: int
    """Grades that changed without a run, other than by judging again."""
    faults: tuple[str, ...] = ()
    """Files of staff's that cannot be read, a sentence each."""
    problems: tuple[str, ...] = ()
    """What staff must see to, one sentence each."""
