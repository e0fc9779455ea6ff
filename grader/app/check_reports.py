"""What `grader check` leaves for a pipeline, however it ends: files, and annotations in the log."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from grader.intake.cell_places import cell_places
from grader.intake.submission import kerberos_of
from grader.model.assignment import Assignment
from grader.model.disk import is_full
from grader.model.records import Alignment
from grader.model.records.codec import load
from grader.model.text import terminal_line
from grader.outputs.annotations import (
    Annotation,
    Grounds,
    Level,
    Place,
    annotations_of,
    at_most,
    place_of,
    with_prefix,
)
from grader.outputs.code_quality import render_code_quality
from grader.outputs.gaps import Gap
from grader.outputs.github_commands import annotation_command, commands_stopped
from grader.outputs.junit import render_junit, render_stopped_junit
from grader.outputs.policy import PolicyResult
from grader.outputs.summary import render_stopped_summary, render_summary
from grader.reading.notebook_outputs import read_cell_outputs
from reference.errors import ConfigError, GraderFault, PsetError

if TYPE_CHECKING:  # it imports torch
    from grader.pipeline import GradeRecord

_FIRST_FRAME = re.compile(r"Cell In\[\d+\], line (\d{1,6})")


class Annotations(StrEnum):
    """Where annotations go."""

    AUTO = "auto"
    """To GitHub's runner where there is one (GITHUB_ACTIONS=true)."""
    GITHUB = "github"
    """To the log, as GitHub's workflow commands."""
    NONE = "none"
    """Nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReports:
    """Which files a check writes, and whether it annotates."""

    submission: Path
    """What is checked."""
    out: Path
    """Where results go."""
    junit: Path | None = None
    """JUnit XML; None for `junit.xml` beside the results."""
    summary: Path | None = None
    """Markdown; None for `summary.md` beside the results."""
    code_quality: Path | None = None
    """GitLab's code quality; None for `gl-code-quality.json` beside the results."""
    annotations: Annotations = Annotations.AUTO
    """Where annotations go."""
    folder: str = ""
    """Where the submission's files lie in the repository; empty for its top."""

    @property
    def annotates(self) -> bool:
        """Whether annotations go to the log."""
        if self.annotations is Annotations.AUTO:
            return os.environ.get("GITHUB_ACTIONS") == "true"
        return self.annotations is Annotations.GITHUB

    @contextmanager
    def whatever_happens(self) -> Iterator[list[Annotation]]:
        """Yield a list to fill; GitHub's runner sees it when the block ends, and nothing else.

        After an error the files say that the submission could not be checked, and why.
        """
        found: list[Annotation] = []
        try:
            with commands_stopped(_say) if self.annotates else nullcontext():
                yield found
        except Exception as error:
            found[:] = [self._stopped(error)]
            raise
        finally:
            if self.annotates:
                for one in at_most([with_prefix(each, self.folder) for each in found]):
                    _say(annotation_command(one))

    def write(
        self,
        record: GradeRecord,
        assignment: Assignment,
        verdict: PolicyResult,
        gaps: Sequence[Gap],
    ) -> tuple[Annotation, ...]:
        """Write the files of a graded submission; return what there is to annotate.

        Raises:
            ConfigError: a file cannot be written.
        """
        grounds = _grounds(record, assignment)
        found = annotations_of(record.sheet, grounds, gaps)
        root = record.folder.root
        junit = render_junit(record.sheet, lambda part, one: place_of(part, one, grounds))
        summary = render_summary(record.sheet, verdict, gaps)
        self._write(self._files(root), (junit, summary), found)
        return found

    def _stopped(self, error: Exception) -> Annotation:
        """Write the files of a check that an error ended; return what there is to annotate."""
        fault, sentence = _told(error)
        name = terminal_line(self.submission.name)
        annotation = Annotation(
            level=Level.ERROR,
            place=Place(),
            title="Grader error" if fault else "The submission could not be checked",
            message=sentence,
            name="grader-error" if fault else "not-checked",
        )
        texts = (
            render_stopped_junit(name, sentence, fault=fault),
            render_stopped_summary(name, sentence, fault=fault),
        )
        root = self.out / kerberos_of(self.submission.name)[0]
        named = self.submission.is_file() or root.is_dir()
        try:
            if named:  # else nobody looks for files there
                root.mkdir(parents=True, exist_ok=True)
            self._write(self._files(root if named else None), texts, (annotation,))
        except (ConfigError, OSError):
            pass  # what is told is why the check ended; often this is the same full disk
        return annotation

    def _files(self, root: Path | None) -> tuple[Path | None, Path | None, Path | None]:
        beside = [root / name if root else None for name in _NAMES]
        return (
            self.junit or beside[0],
            self.summary or beside[1],
            self.code_quality or beside[2],
        )

    def _write(
        self,
        files: tuple[Path | None, ...],
        texts: tuple[str, str],
        found: Sequence[Annotation],
    ) -> None:
        quality = render_code_quality(with_prefix(one, self.folder) for one in found)
        for path, text in zip(files, (*texts, quality), strict=True):
            if path is not None:
                _write(path, text)


_NAMES = ("junit.xml", "summary.md", "gl-code-quality.json")


def _grounds(record: GradeRecord, assignment: Assignment) -> Grounds:
    from grader.checks.registry import checks_of

    submission = record.submission
    notebook = record.folder.submission / submission.notebook_path
    return Grounds(
        submission=submission,
        alignment=load(Alignment, record.folder.record("alignment")),
        evidence=record.evidence,
        places=cell_places(notebook),
        failed_lines=_failed_lines(record.folder.executed),
        functions={one.id: one.function for one in checks_of(assignment).values()},
        automatic=frozenset(part.id for part in assignment.parts if part.kind == "auto"),
    )


def _failed_lines(executed: Path) -> dict[int, int]:
    """Return the line of each cell that failed at which it did, as its traceback tells."""
    found = {}
    for cell in read_cell_outputs(executed):
        if match := _FIRST_FRAME.search(cell.traceback):
            found[cell.index] = int(match[1])
    return found


def _told(error: Exception) -> tuple[bool, str]:
    """Return whether an error is the grader's fault, and the sentence about it."""
    if isinstance(error, PsetError) and not isinstance(error, GraderFault):
        return False, terminal_line(str(error))
    if isinstance(error, OSError) and is_full(error):
        return False, "There is no room left on the disk."
    kind = "" if isinstance(error, GraderFault) else f"{type(error).__name__}: "
    return True, terminal_line(f"{kind}{error}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
