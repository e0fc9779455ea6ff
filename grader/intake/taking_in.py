"""From a zip to a new results folder with what was handed in."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from grader.intake.hand_in import HandIn
from grader.intake.submission import read_submission
from grader.model.records.codec import save
from grader.model.results_folder import ResultFolder, replacing


@contextmanager
def taken_in(hand_in: HandIn, out: Path) -> Iterator[tuple[ResultFolder, ResultFolder]]:
    """Open the zip into a new results folder; it replaces the final one, the second, at the end.

    Args:
        hand_in: The zip, and the student if a platform knows.
        out: Where results folders lie.

    Raises:
        SubmissionError: nothing in the zip can be graded.
    """
    with tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-intake") as incoming:
        files = Path(incoming) / "files"
        submission = read_submission(hand_in.path, files, name=hand_in.zip_name)
        if hand_in.kerberos:
            submission = replace(submission, kerberos=hand_in.kerberos)
        final = ResultFolder(root=out / submission.kerberos)
        with replacing(out, submission.kerberos) as folder:
            shutil.copytree(files, folder.submission)
            folder.evidence.mkdir()
            save(submission, folder.record("submission"))
            yield folder, final
