"""The results folder of one submission: names of its files, written whole or not at all.

results/<kerberos>/
  results.json      the grade sheet (grader/schema/results.schema.json)
  feedback.html     for the student
  feedback.pdf      the same, for print
  staff.html        with all details
  executed.ipynb    the notebook as it came out of our run
  grades.toml       what people decide; never overwritten
  submission/       the files as handed in
  evidence/         arrays (.npy) and the records of every stage (.json)
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reference.errors import ConfigError

GRADES = "grades.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFolder:
    """Paths of one submission's results."""

    root: Path
    """`results/<kerberos>`, or the folder that will become it."""

    @property
    def results(self) -> Path:
        """The grade sheet."""
        return self.root / "results.json"

    @property
    def feedback_html(self) -> Path:
        """The student's page."""
        return self.root / "feedback.html"

    @property
    def feedback_pdf(self) -> Path:
        """The student's page for print."""
        return self.root / "feedback.pdf"

    @property
    def staff_html(self) -> Path:
        """The page with all details."""
        return self.root / "staff.html"

    @property
    def executed(self) -> Path:
        """The notebook as it came out of our run."""
        return self.root / "executed.ipynb"

    @property
    def grades(self) -> Path:
        """What people decided."""
        return self.root / GRADES

    @property
    def submission(self) -> Path:
        """The files as handed in."""
        return self.root / "submission"

    @property
    def evidence(self) -> Path:
        """Arrays of the run, and the records of the stages."""
        return self.root / "evidence"


@contextmanager
def replacing(out: Path, kerberos: str) -> Iterator[ResultFolder]:
    """Fill a new results folder; it takes the old one's place only when the block ends well.

    `grades.toml` is taken over from the old folder. After an error the old results are untouched.

    Raises:
        ConfigError: the folder cannot be written.
    """
    final = out / kerberos
    try:
        out.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{kerberos}-", dir=out))
    except OSError as error:
        raise ConfigError(f"{out}: expected a folder to write to, found: {error}") from error
    partial.chmod(0o755)
    try:
        yield ResultFolder(root=partial)
        if (final / GRADES).is_file():
            shutil.copy2(final / GRADES, partial / GRADES)
        old = partial.with_name(partial.name + "-old")
        if final.exists():
            final.rename(old)
        partial.rename(final)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
