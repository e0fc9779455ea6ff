"""A grade sheet to what the pages show: plain strings, numbers and finished figures.

`student_report` leaves out what is only for staff; the template cannot show what is not there.
"""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from grader.model.records import (
    AppliedItem,
    Finding,
    GradeSheet,
    Note,
    Outcome,
    PartGrade,
    Severity,
)
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.answer_pictures import AnswerPictures
from grader.outputs.pages.feedback_view_records import (
    FeedbackPage,
    FindingView,
    NoteView,
    PartView,
    TotalBar,
)
from grader.outputs.pages.figures import figure_rows
from grader.outputs.pages.markup import inline_markup, markdown_html, plain
from grader.outputs.pages.said import mark_views, said_views
from grader.outputs.pages.shares import share_words
from grader.outputs.pages.words import (
    CHIPS,
    NOT_GRADED,
    Chip,
    amount,
    evidence_label,
    moment,
    pages,
    part_label,
    part_points,
    plural,
    points,
    seconds,
)
from grader.sandbox.tiers import GUARANTEES

_TO_FIX = frozenset(
    {
        Outcome.PARTIAL,
        Outcome.FAIL,
        Outcome.STUDENT_ERROR,
        Outcome.TIMEOUT,
        Outcome.RESOURCE_LIMIT,
        Outcome.NOT_ATTEMPTED,
    }
)
_WAITS = frozenset({Outcome.NEEDS_HUMAN, Outcome.GRADER_FAULT})


def feedback_page(sheet: GradeSheet, evidence_dir: Path) -> FeedbackPage:
    """Return what the student sees.

    Args:
        sheet: the grades.
        evidence_dir: where the arrays of the evidence lie.
    """
    return page_of(sheet, evidence_dir, staff=False)


def page_of(
    sheet: GradeSheet, evidence_dir: Path, *, staff: bool, own: AnswerPictures | None = None
) -> FeedbackPage:
    """Return the page's record; with `staff` also what students do not see.

    `own` are the pictures of the written answers.
    """
    parts = tuple(_part(part, sheet, evidence_dir, staff=staff, own=own) for part in sheet.parts)
    lost = tuple(
        view
        for view, part in zip(parts, sheet.parts, strict=True)
        if part.outcome in _TO_FIX and part.required and not part.bonus
    )
    return FeedbackPage(
        kerberos=plain(sheet.kerberos),
        course=sheet.course,
        submitted=f"submitted {moment(sheet.submitted)}"
        if sheet.submitted
        else "submission time unknown",
        deadline=moment(sheet.deadline),
        late=late_line(sheet),
        standing=standing_of(sheet),
        total=points(sheet.total),
        max_total=points(sheet.max_total),
        sentence=sentence_of(sheet),
        bar=_bar(sheet),
        to_fix=lost,
        notes=tuple(_note(note) for note in sheet.notes if staff or note.for_student),
        parts=parts,
        facts=_facts(sheet, staff=staff),
        shims=tuple((plain(shim.name), inline_markup(shim.why)) for shim in sheet.facts.shims),
    )


def sentence_of(sheet: GradeSheet) -> str:
    """Return the result in one sentence, without the total itself."""
    waiting = [part for part in sheet.parts if part.outcome in _WAITS and part.pending_points > 0]
    lost = [part for part in sheet.parts if part.outcome in _TO_FIX and part.max_points > 0]
    lost = [part for part in lost if part.required and not part.bonus]
    told = []
    if waiting:
        more = points(sheet.pending * sheet.late_coefficient)
        noun = "point" if more == "1" else "points"
        verb = "is" if len(waiting) == 1 else "are"
        parts = plural(len(waiting), "part", "parts")
        told.append(f"{parts} {verb} not graded yet (up to {more} more {noun})")
    if lost:
        verb = "needs" if len(lost) == 1 else "need"
        told.append(f"{plural(len(lost), 'part', 'parts')} {verb} work")
    elif sheet.parts:
        told.append("everything graded so far is correct" if waiting else "everything is correct")
    sentence = "; ".join(told) or "nothing was graded"
    return sentence[0].upper() + sentence[1:] + "."


def late_line(sheet: GradeSheet) -> str:
    """Return what lateness did to the total; empty where in time."""
    if sheet.days_late <= 0:
        return ""
    days = plural(sheet.days_late, "day", "days")
    if sheet.late_coefficient <= 0:
        return f"Submitted {days} late, after the last day for credit: no points."
    return f"Submitted {days} late: all points are multiplied by {sheet.late_coefficient:.3g}."


def standing_of(sheet: GradeSheet) -> str:
    """Return whether the points are final, in one sentence."""
    if sheet.published:
        return f"Published {moment(sheet.published)}."
    return "Provisional: points may change until the course staff publish them."


def _bar(sheet: GradeSheet) -> TotalBar:
    whole = sheet.max_total or 1.0
    earned = min(max(sheet.total / whole, 0.0), 1.0)
    pending = min(max(sheet.pending * sheet.late_coefficient / whole, 0.0), 1.0 - earned)
    alt = f"{points(sheet.total)} of {points(sheet.max_total)} points"
    if pending:
        alt += f", up to {points(sheet.pending * sheet.late_coefficient)} more not graded yet"
    return TotalBar(earned=round(100 * earned, 2), pending=round(100 * pending, 2), alt=alt)


def _part(
    part: PartGrade, sheet: GradeSheet, folder: Path, *, staff: bool, own: AnswerPictures | None
) -> PartView:
    written = "\n\n".join(text for part_id, text in sheet.answers if staff and part_id == part.id)
    waits = part.outcome in _WAITS and part.human_points is None and not part.points
    return PartView(
        anchor=anchor_of(part.id),
        label=part_label(plain(part.id)),
        title=plain(part.title),
        problem=part.problem,
        chip=_chip(part),
        points=_points(part, waits=waits),
        max_points=part_points(part.max_points) if part.max_points else "",
        extra=_extra(part, sheet),
        pending=_pending(part),
        message=inline_markup(_message(part)),
        findings=tuple(
            _finding(finding, part, folder, staff=staff)
            for finding in part.findings
            if staff or not _is_answered(finding, part)
        ),
        items=tuple(_item(one) for one in part.human_items),
        comment=markdown_html(part.human_comment) if part.human_comment else Markup(),
        marks=mark_views(part.human_marks, ResultFolder(root=folder.parent)),
        said=said_views(part.said),
        answer=markdown_html(written, own) if written else Markup(),
        command=f"grader explain {plain(sheet.kerberos)} {plain(part.id)}" if staff else "",
    )


def anchor_of(part_id: str) -> str:
    """Return the id of a part's card within a page."""
    return f"part-{''.join(c for c in part_id if c.isalnum())}"


def _nobody_grades(part: PartGrade) -> bool:
    """Whether a part was left to a person, and can give no points: optional, or too late."""
    waits = part.outcome is Outcome.NEEDS_HUMAN and part.human_points is None
    return waits and part.pending_points <= 0


def _chip(part: PartGrade) -> Chip:
    return NOT_GRADED if _nobody_grades(part) else CHIPS[part.outcome]


def _message(part: PartGrade) -> str:
    """Return the part's sentence; one that promises a person only where one comes."""
    said = part.message in {finding.message for finding in part.findings}
    return (
        "It has no points here, so it is not graded."
        if _nobody_grades(part) and said
        else (part.message)
    )


def _points(part: PartGrade, *, waits: bool) -> str:
    if waits or not (part.max_points or part.points):
        return "–"
    return f"+{part_points(part.points)}" if part.bonus else part_points(part.points)


def _extra(part: PartGrade, sheet: GradeSheet) -> str:
    if part.bonus:
        return "bonus"
    return "" if part.required else f"optional in {sheet.course}"


def _pending(part: PartGrade) -> str:
    if part.pending_points <= 0:
        return ""
    return f"{amount(part.pending_points)} not graded yet."


def _item(item: AppliedItem) -> Markup:
    """Return a rubric item with its share, as a student reads it."""
    share = 100 * item.share * item.times
    said = f" ({share:+.0f}%)".replace("-", "−") if share else ""
    return markdown_html(f"{item.title}{said}")


def _is_answered(finding: Finding, part: PartGrade) -> bool:
    """Whether the finding left to a person what a person has decided since, or never will."""
    return finding.outcome is Outcome.NEEDS_HUMAN and (
        part.human_points is not None or part.pending_points <= 0
    )


def _finding(finding: Finding, part: PartGrade, folder: Path, *, staff: bool) -> FindingView:
    answered = _is_answered(finding, part)
    return FindingView(
        check_id=plain(finding.check_id),
        title=plain(finding.check_id).replace("_", " ").capitalize(),
        chip=_chip(part) if answered else CHIPS[finding.outcome],
        message=Markup()
        if answered or finding.message == part.message
        else inline_markup(finding.message),
        measurements=finding.measurements,
        rows=figure_rows(finding.exhibits, folder),
        evidence=", ".join(evidence_label(plain(one)) for one in finding.evidence_ids),
        staff_detail=plain(finding.staff_detail) if staff else "",
        credit=f"{100 * finding.credit:.0f}%",
        share=plain(share_words(finding)) if staff and finding.rule else "",
    )


def _note(note: Note) -> NoteView:
    severity = note.severity if isinstance(note.severity, Severity) else Severity(note.severity)
    return NoteView(
        severity=severity.value,
        message=inline_markup(note.message),
        only_staff=not note.for_student,
    )


def isolation_words(name: str) -> str:
    """Return the tier of a run with what it guarantees; any other name as it is."""
    known = {tier.value: text for tier, text in GUARANTEES.items()}
    return f"{name}: {known[name]}" if name in known else name


def _facts(sheet: GradeSheet, *, staff: bool) -> tuple[tuple[str, str], ...]:
    # The seed would let a student draw the hidden inputs again.
    seed = (("Seed of the hidden inputs", str(sheet.facts.seed)),) if staff else ()
    facts, host = sheet.facts, sheet.facts.host
    versions = ", ".join(f"{name} {version}" for name, version in host.versions)
    return (
        ("Device", plain(host.device)),
        ("Isolation", plain(isolation_words(host.isolation))),
        ("Time", seconds(facts.seconds)),
        *seed,
        ("Versions", plain(versions)),
        ("Assignment", f"{facts.assignment} ({facts.assignment_sha256[:12]})"),
        ("Weights and files", f"{facts.bundle} ({facts.bundle_sha256[:12]})"),
        ("Submission", f"zip {facts.zip_sha256[:12]}"),
        ("Report", pages(sheet.report_pages) if sheet.report_pages else "no report.pdf"),
        ("Grader", plain(facts.grader_version)),
    )
