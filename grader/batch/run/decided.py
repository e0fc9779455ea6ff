"""What people decided, from the store; edits of `grades.toml` enter it here.

The store of a results folder lies in the folder (`.store/`), for a class and for single submissions
alike: a student's own folder is replaced as a whole when it is graded again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.batch.store.decision_rows import new_uuid
from grader.batch.store.rows import HandInRow
from grader.batch.store.store import DATABASE, FOLDER, Store, holds_class, open_store
from grader.model.assignment import Assignment, Course
from grader.model.records import Decided, DecisionKind, GradeSheet, Submission
from grader.model.records.codec import RecordError, load
from grader.model.results_folder import ResultFolder
from grader.scoring.entries import FileFacts, decisions_in
from grader.scoring.grades_file import GradesFile, parse_grades
from grader.scoring.overrides import HumanGrades, Override, human_grades
from reference.errors import ConfigError

Tell = Callable[[str], None]
"""Told a sentence that staff should read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of the `grades.toml` files of a class."""

    problems: tuple[str, ...] = ()
    """What staff must see to: an edit that met another decision, a file of an earlier hand-in."""
    faults: tuple[str, ...] = ()
    """Files that cannot be read, a sentence each; nothing of them was taken."""


@dataclass(frozen=True, slots=True)
class _About:
    """The hand-in that counts now."""

    kerberos: str
    zip_sha256: str
    course: Course


def grades_in(store: Store, assignment: Assignment) -> HumanGrades:
    """Return the decisions in force and the rubrics of today."""
    return human_grades(
        store.decisions(), store.rubrics(), assignment, store.releases(), store.requests()
    )


def import_grades(
    store: Store, rows: Iterable[HandInRow], results: Path, assignment: Assignment
) -> Imported:
    """Let edits of everybody's `grades.toml` enter the store; one bad file stops no other."""
    problems: list[str] = []
    faults: list[str] = []
    for row in rows:
        if row.role == "superseded":
            continue
        folder = ResultFolder(root=results / row.kerberos)
        try:
            file = read_grades(folder, assignment)
            if file is not None:
                about = _About(row.kerberos, row.zip_sha256, row.hand_in.course)
                _import(store, file, folder, about, assignment, problems.append)
        except ConfigError as error:
            faults.append(str(error))
    return Imported(problems=tuple(problems), faults=tuple(faults))


def decided_about(
    out: Path, assignment: Assignment, course: Course, tell: Tell
) -> Callable[[Submission], tuple[Override, ...]]:
    """Return how a single submission asks what people decided about it.

    A store is made in `out` when there is a first decision to keep, and not before.
    """

    def decided(submission: Submission) -> tuple[Override, ...]:
        about = _About(submission.kerberos, submission.zip_sha256, course)
        folder = ResultFolder(root=out / submission.kerberos)
        return _of_one(folder, out, about, assignment, tell)

    return decided


def decided_in(
    folder: ResultFolder, assignment: Assignment, tell: Tell, *, keep: bool = True
) -> tuple[Override, ...]:
    """Return what people decided about the submission whose results the folder holds.

    Args:
        folder: Its results; the store is beside it.
        assignment: Today's points.
        tell: Told what staff should read.
        keep: Whether edits of `grades.toml` enter the store.

    Raises:
        ConfigError: there are no results, or `grades.toml` cannot be read.
    """
    sheet = load(GradeSheet, folder.results)
    out = folder.root.absolute().parent
    about = _About(sheet.kerberos, sheet.facts.zip_sha256, sheet.course)
    if keep:
        return _of_one(folder, out, about, assignment, tell)
    if not (out / FOLDER).is_dir():
        return ()
    with open_store(out) as store:
        return grades_in(store, assignment).about(
            about.kerberos, about.zip_sha256, assignment, about.course
        )


def _of_one(
    folder: ResultFolder, out: Path, about: _About, assignment: Assignment, tell: Tell
) -> tuple[Override, ...]:
    file = read_grades(folder, assignment)
    says = file is not None and any(entry.says_something for entry in file.entries)
    if not says and not (out / FOLDER).is_dir():
        return ()
    if holds_class(out) and not (out / FOLDER / DATABASE).is_file():
        raise ConfigError(
            f"{folder.root}: the store of its class is in another database; score the class: "
            f"`grader score {out} --store URL`"
        )
    with open_store(out) as store:
        if file is not None:
            _import(store, file, folder, about, assignment, tell)
        human = grades_in(store, assignment)
    return human.about(about.kerberos, about.zip_sha256, assignment, about.course)


def read_grades(folder: ResultFolder, assignment: Assignment) -> GradesFile | None:
    """Read the `grades.toml` of a results folder; None where there is none.

    Raises:
        ConfigError: it cannot be read.
    """
    path = folder.grades
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected TOML in UTF-8, found: {error}") from error
    return parse_grades(text, assignment, where=str(path))


def _import(
    store: Store,
    file: GradesFile,
    folder: ResultFolder,
    about: _About,
    assignment: Assignment,
    tell: Tell,
) -> None:
    """Decide what the file decides; put the file of an earlier hand-in aside."""
    shown = _zip_of(folder) or about.zip_sha256
    decisions = decisions_in(
        file,
        FileFacts(kerberos=about.kerberos, zip_sha256=shown, owner=_owner(folder.grades)),
        store.decisions(about.kerberos),
        lambda part_id: assignment.max_points(part_id, about.course),
        new_uuid,
    )
    for one in decisions:
        decided = store.decide(one)
        if decided.conflict is not None:
            tell(_conflict(decided, folder))
    if (file.submission or shown) != about.zip_sha256:
        digest = store.blobs.put(folder.grades.read_bytes())
        folder.grades.unlink()
        if any(entry.says_something for entry in file.entries):
            tell(
                f"{about.kerberos} handed in again: what {folder.grades} decides is about the "
                f"earlier hand-in, and these parts wait again; the file is kept as "
                f"{store.blobs.path(digest)}."
            )


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (OSError, KeyError):  # an account of another machine
        return ""


def _conflict(decided: Decided, folder: ResultFolder) -> str:
    mine, other = decided.conflict, decided.in_force
    part = mine.part_id if mine else ""
    by = other.author if other else ""
    when = other.noted_at if other else ""
    what = "was taken back" if other and other.kind is DecisionKind.WITHDRAWN else "stays in force"
    return (
        f"{folder.grades}: part {part}: {by or 'somebody'} decided otherwise at {when}, which "
        f"{what}; this entry is kept beside it as a conflict. To settle it, take this file away, "
        "run `grader score`, and edit the file that it writes."
    )


def _zip_of(folder: ResultFolder) -> str:
    """Return the digest of the hand-in whose results the folder holds; empty where it has none."""
    try:
        return load(Submission, folder.record("submission")).zip_sha256
    except RecordError:
        return ""
