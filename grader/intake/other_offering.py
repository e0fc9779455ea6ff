"""A notebook of another offering than the one that it is graded by: said to student and staff.

The notebook that students get names its offering (`metadata.pset4.assignment`). Parts that both
offerings have would be graded in silence by the wrong targets, points and deadline.
"""

from __future__ import annotations

from grader.intake.notes import note
from grader.model.assignment import Assignment
from grader.model.records import Note, Severity, Submission


def other_offering_notes(submission: Submission, assignment: Assignment) -> tuple[Note, ...]:
    """Return what student and staff are told where the notebook is another offering's."""
    made_for = submission.made_for
    if made_for in {"", assignment.name, assignment.made_for}:
        return ()
    told = {"found": made_for, "expected": assignment.name}
    return (
        note("other-offering.student", Severity.ERROR, name=submission.notebook_path, **told),
        note("other-offering.staff", Severity.WARNING, **told),
    )
