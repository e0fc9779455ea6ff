"""A whole class of sample students: from `submissions/_class/class.toml` to `submissions/class/`.

    (kerberos).zip, Canvas' names, a Gradescope export    what they hand in
    manifest.csv                                          what staff know about them

and `submissions/_class/expected.csv`, the gradebook that must come of it.
`python -m authoring.class_samples` writes them; the same source always gives the same bytes. What
is expected is reckoned from the shares that class.toml states, never from a run of the grader.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import typer
from nbformat import NotebookNode
from pydantic import BaseModel, ConfigDict, ValidationError

from authoring.hostile_samples import build_hostile
from authoring.sample_report import report_pdf
from authoring.samples import SUBMISSIONS, ZIP_DATE
from grader.model.assignment import Assignment, Course, load_assignment
from grader.offering.notebooks import make_solved, read_master, to_text
from reference.errors import ConfigError

SOURCE = SUBMISSIONS / "_class" / "class.toml"
"""What the class is."""
TARGET = SUBMISSIONS / "class"
"""Where it is written."""
EXPECTED = SOURCE.with_name("expected.csv")
"""The gradebook that must come of it."""

Share = float | Literal["?"] | tuple[float, float]
"""Of a part's points: what is given; `?` where all waits; or both, what is given and what waits."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Form(_Strict):
    """What a notebook holds."""

    cells: tuple[str, ...]
    """Beginnings of the ids of the solved notebook's cells that are kept."""
    parts: Mapping[str, Share]
    """Share of each part's points that its answers deserve; `?` needs grading."""
    steps: int = 200
    """Steps of each attack."""
    report: str = ""
    """Name of the report's source; empty for none."""


class Answer(_Strict):
    """An answer of another kind than the solved notebook's."""

    cell: str
    """Id of the cell that it replaces."""
    source: str
    """What stands there."""
    parts: Mapping[str, Share] = {}
    """Shares that change by it."""
    also: tuple[str, ...] = ()
    """Answers that come with it."""


class Student(_Strict):
    """One student and what was handed in."""

    kerberos: str
    form: str = ""
    """Empty for a hostile hand-in, or for none."""
    answers: tuple[str, ...] = ()
    hostile: str = ""
    """Case of the hostile corpus that is handed in."""
    parts: Mapping[str, Share] = {}
    """Shares that change for this student."""
    pending: float | None = None
    """Points that need grading, where that is not whole parts."""
    course: Course = "6.869"
    submitted: str = ""
    """Course time; empty where not told."""
    extension: float | str = 0
    """As in the manifest."""
    days_late: int = 0
    """As it must come out."""
    come_as: Literal["plain", "canvas", "gradescope"] = "plain"
    expect: Literal["graded", "rejected", "missing"] = "graded"
    then: str = ""
    """Form of a second hand-in, which counts instead."""
    then_answers: str = ""
    then_submitted: str = ""


class Class(_Strict):
    """A `class.toml`."""

    form: Mapping[str, Form]
    answer: Mapping[str, Answer]
    student: tuple[Student, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRow:
    """What the gradebook must say of one student."""

    kerberos: str
    state: str
    total: float | None
    pending: float
    days_late: int
    parts: Mapping[str, float]
    """Points by part."""


def read_class(source: Path = SOURCE) -> Class:
    """Read a `class.toml`.

    Raises:
        ConfigError: it is missing, or is not well-formed.
    """
    try:
        return Class.model_validate(tomllib.loads(source.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigError(f"{source}: {error}") from error


def expected_gradebook(school: Class, assignment: Assignment) -> tuple[ExpectedRow, ...]:
    """Return what must come out, reckoned from the shares alone."""
    return tuple(_expected(student, school, assignment) for student in school.student)


def build_class(
    target: Path = TARGET, school: Class | None = None, only: Sequence[str] = ()
) -> Path:
    """Write the hand-ins and the manifest; return `target`.

    Args:
        target: Emptied first.
        school: The class; None for the sample class.
        only: Kerberos names of those that are written; all of them if empty.
    """
    school = school or read_class()
    students = [one for one in school.student if not only or one.kerberos in only]
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    scope: dict[str, dict[str, object]] = {}
    for number, student in enumerate(students, start=1000):
        if student.expect != "missing":
            _hand_in(target, student, school, number, scope)
    if scope:
        export = target / "assignment_pset4_export"
        text = json.dumps(scope, indent=2)  # JSON is YAML
        (export / "submission_metadata.yml").write_text(text, encoding="utf-8")
    _write_manifest(target / "manifest.csv", students)
    return target


def _expected(student: Student, school: Class, assignment: Assignment) -> ExpectedRow:
    if student.expect != "graded":
        return ExpectedRow(
            kerberos=student.kerberos, state=student.expect, total=None, pending=0.0,
            days_late=0, parts={},
        )  # fmt: skip
    most = {part.id: assignment.max_points(part.id, student.course) for part in assignment.parts}
    shares = _shares(student, school)
    split = {part: _given_and_waiting(share) for part, share in shares.items()}
    points = {part: given * most[part] for part, (given, _) in split.items()}
    pending = sum(waits * most[part] for part, (_, waits) in split.items())
    policy = assignment.late
    lost = (1 - policy.coefficient_at_last_day) * min(student.days_late / policy.days, 1)
    coefficient = 1 - lost if student.days_late <= policy.days else 0.0
    if coefficient == 0:  # nothing that a person could give would count
        pending = 0.0
    return ExpectedRow(
        kerberos=student.kerberos,
        state="graded",
        total=coefficient * sum(points.values()),
        pending=pending if student.pending is None else student.pending,
        days_late=student.days_late,
        parts=points,
    )


def _given_and_waiting(share: Share) -> tuple[float, float]:
    if isinstance(share, tuple):
        return share
    return (0.0, 1.0) if share == "?" else (share, 0.0)


def _shares(student: Student, school: Class) -> dict[str, Share]:
    """Return the shares of the hand-in that counts."""
    form = student.then or student.form or "hostile"
    shares = dict(school.form[form].parts)
    for answer in _answers(student.then_answers.split() or student.answers, school):
        shares |= answer.parts
    return shares | dict(student.parts)


def _answers(names: Sequence[str], school: Class) -> Iterator[Answer]:
    for name in names:
        answer = school.answer[name]
        yield answer
        yield from _answers(answer.also, school)


def _hand_in(
    target: Path,
    student: Student,
    school: Class,
    number: int,
    scope: dict[str, dict[str, object]],
) -> None:
    """Write what the student handed in, in the form in which staff get it."""
    name = f"{student.kerberos}.zip"
    if student.hostile:
        build_hostile(student.hostile, target / name)
    elif student.then:
        _write(target / "first" / name, student.form, student.answers, school)
        _write(target / "second" / name, student.then, student.then_answers.split(), school)
        _dated(target / "first" / name, student.submitted)
        _dated(target / "second" / name, student.then_submitted)
    elif student.come_as == "canvas":
        late = "LATE_" if student.days_late else ""
        canvas = (
            f"{student.kerberos[1:]}{student.kerberos[0]}_{late}{number}_{number + 5000}_{name}"
        )
        _write(target / canvas, student.form, student.answers, school)
    elif student.come_as == "gradescope":
        folder = target / "assignment_pset4_export" / f"submission_{number}"
        _write(folder / name, student.form, student.answers, school)
        with zipfile.ZipFile(folder / name) as archive:  # Gradescope unpacks what it is given
            archive.extractall(folder)
        (folder / name).unlink()
        person = {":name": student.kerberos.title(), ":email": f"{student.kerberos}@mit.edu"}
        created = f"{student.submitted}:00-04:00"
        scope[folder.name] = {":submitters": [person], ":created_at": created}
    else:
        _write(target / name, student.form, student.answers, school)


def _write(path: Path, form: str, answers: Sequence[str], school: Class) -> None:
    files = {"pset4.ipynb": to_text(_notebook(school.form[form], answers, school)).encode()}
    if report := school.form[form].report:
        files["report.pdf"] = report_pdf(SUBMISSIONS, report, "solved", omit=(), outputs={})
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, ZIP_DATE)
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)


def _notebook(form: Form, answers: Sequence[str], school: Class) -> NotebookNode:
    notebook = make_solved(read_master())
    replaced = {answer.cell: answer.source for answer in _answers(answers, school)}
    cells = []
    for cell in notebook.cells:
        if not str(cell.metadata.id).startswith(form.cells):
            continue
        cell.source = replaced.get(cell.metadata.id, cell.source).strip()
        for text in ("n_iter={}", "steps={}", "range({})"):
            cell.source = cell.source.replace(text.format(200), text.format(form.steps))
        cells.append(cell)
    notebook.cells = cells
    return notebook


def _dated(path: Path, submitted: str) -> None:
    """Give the file the time of its hand-in, which tells the two apart."""
    moment = datetime.fromisoformat(submitted).timestamp()
    os.utime(path, (moment, moment))


def _write_manifest(path: Path, students: Sequence[Student]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["kerberos", "course", "submitted", "extension"])
        for one in students:
            # Of Gradescope's hand-ins and of those that came twice, the files tell the time.
            told = one.submitted if one.come_as != "gradescope" and not one.then else ""
            table.writerow([one.kerberos, one.course, told, one.extension or ""])


def write_expected(path: Path, rows: Sequence[ExpectedRow], assignment: Assignment) -> None:
    """Write the expected gradebook."""
    ids = [part.id for part in assignment.parts]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["kerberos", "state", "total", "pending", "days_late", *ids])
        for one in rows:
            parts = [f"{one.parts[part]:.4f}" if one.parts else "" for part in ids]
            total = "" if one.total is None else f"{one.total:.4f}"
            table.writerow(
                [one.kerberos, one.state, total, f"{one.pending:.4f}", one.days_late, *parts]
            )


def main() -> None:
    """Write the sample class."""
    try:
        typer.echo(build_class())
        assignment = load_assignment()
        write_expected(EXPECTED, expected_gradebook(read_class(), assignment), assignment)
        typer.echo(EXPECTED)
    except ConfigError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
