"""Feedback in nbgrader's folders, for `nbgrader release_feedback`."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from grader.intake.hand_in import HandIn
from grader.model.disk import room_in
from grader.model.records import Submission
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder

PLATFORM = "nbgrader"
"""Whose submissions have a place there."""
OWN_FILES = ("timestamp.txt", "submission_secret.txt")
"""Files of a collected submission that `nbgrader release_feedback` reads beside the feedback."""


def write_feedback(hand_ins: Iterable[HandIn], results: Path, folder: Path) -> tuple[Path, ...]:
    """Write `<student>/<assignment>/<notebook>.html` for each submission; return the files.

    Args:
        hand_ins: Those that count; only nbgrader's have a place there.
        results: Of the class.
        folder: The course's `feedback` folder; made if need be.

    Raises:
        DiskFull: there is no room for them.
    """
    written = []
    with room_in(folder):
        for hand_in in hand_ins:
            done = ResultFolder(root=results / hand_in.kerberos)
            place = PurePosixPath(hand_in.source)
            if hand_in.platform != PLATFORM or not done.feedback_html.is_file():
                continue
            submission = load(Submission, done.record("submission"))
            name = PurePosixPath(submission.notebook_path or "feedback").stem
            target = folder / place.parent.name / place.name / f"{name}.html"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(done.feedback_html, target)
            # They tell nbgrader which submission the feedback is about.
            for own in OWN_FILES:
                if (done.submission / own).is_file():
                    shutil.copyfile(done.submission / own, target.with_name(own))
            written.append(target)
    return tuple(written)
