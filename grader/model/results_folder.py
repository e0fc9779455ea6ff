"""The results folder of one submission: names of its files, written whole or not at all.

results/<kerberos>/
  results.json      the grade sheet (grader/outputs/schema/results.schema.json)
  feedback.html     for the student
  feedback.pdf      the same, for print
  staff.html        with all details
  executed.ipynb    the notebook as it came out of our run
  grades.toml       to fill in: what is written enters the store as a decision
  .key              what each stage read: code, questions, tolerances, templates (StageKeys)
  .files            what lay in the folder when it was made, and how large the run's own files were
  submission/       the files as submitted
  evidence/         arrays (.npy, .npz) and the records of every stage (.json)
    reference/      pictures of the reference run that the pages show beside the student's
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.model.disk import disk_full, is_full, room_in
from reference.errors import ConfigError

GRADES = "grades.toml"
REFERENCE = "reference"
"""Folder, below the evidence, of the reference run's pictures."""
_PARTIAL, _OLD = ".partial", ".old"
_MADE_ANEW = (
    "evidence", "results.json", "feedback.html", "feedback.pdf", "staff.html", ".key",
)  # fmt: skip
"""What later stages write; the rest of a folder they only read."""


PAGE_PICTURES = ".pages"
"""Folder of the pictures of report pages."""


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
    def key(self) -> Path:
        """The keys of the stages; what later commands find again without reading the results."""
        return self.root / ".key"

    @property
    def files(self) -> Path:
        """The list of the folder's files."""
        return self.root / ".files"

    @property
    def submission(self) -> Path:
        """The files as submitted."""
        return self.root / "submission"

    @property
    def evidence(self) -> Path:
        """Arrays of the run, and the records of the stages."""
        return self.root / "evidence"

    def page_picture(self, number: int) -> Path:
        """Picture of a page of `report.pdf`; drawn where somebody grades in the browser."""
        return self.root / PAGE_PICTURES / f"{number}.webp"

    def record(self, name: str) -> Path:
        """The record of a stage: `submission`, `alignment`, `plan`, `evidence`, `reading`, …."""
        return self.evidence / f"{name}.json"


@contextmanager
def replacing(out: Path, kerberos: str) -> Iterator[ResultFolder]:
    """Fill a new results folder; it takes the old one's place only when the block ends well.

    `grades.toml` is taken over from the old folder. After an error the old results are untouched.

    Raises:
        ConfigError: the folder cannot be written.
        DiskFull: there is no room for it.
    """
    final = out / kerberos
    try:
        out.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{kerberos}-", suffix=_PARTIAL, dir=out))
    except OSError as error:
        if is_full(error):
            raise disk_full(error, out) from error
        raise ConfigError(f"{out}: expected a folder to write to, found: {error}") from error
    partial.chmod(0o755)
    try:
        with room_in(partial):
            yield ResultFolder(root=partial)
            _list_files(ResultFolder(root=partial))
            if (final / GRADES).is_file():
                shutil.copy2(final / GRADES, partial / GRADES)
            old = partial.with_suffix(_OLD)
            if final.exists():
                final.rename(old)
            partial.rename(final)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def rewriting(folder: ResultFolder, *, keep: bool) -> Iterator[ResultFolder]:
    """Give a folder like this one, for stages to write to; the run's own files are links.

    What was written takes its place in this folder when the block ends well, the keys last;
    without `keep` it is dropped. After an error this folder is untouched.

    Raises:
        ConfigError: there is no such folder, or it cannot be written.
    """
    where = folder.root.parent if keep else None
    try:
        made = tempfile.mkdtemp(prefix=f".{folder.root.name}-", suffix=_PARTIAL, dir=where)
    except OSError as error:
        if is_full(error):
            raise disk_full(error, where or tempfile.gettempdir()) from error
        raise ConfigError(f"{where}: expected a folder to write to, found: {error}") from error
    scratch = ResultFolder(root=Path(made))
    try:
        with room_in(made):
            scratch.evidence.mkdir()
            linked = [path for path in folder.root.iterdir() if path.name not in _MADE_ANEW]
            linked += [path for path in folder.evidence.iterdir() if path.name != REFERENCE]
            for path in linked:
                (scratch.root / path.relative_to(folder.root)).symlink_to(path.resolve())
            yield scratch
            if keep:
                move_in(scratch, folder)
    finally:
        shutil.rmtree(scratch.root, ignore_errors=True)


def _list_files(folder: ResultFolder) -> None:
    """Note what lies in the folder; of files that later stages write anew, only that they do."""
    sizes = {
        name.as_posix(): path.stat().st_size if of_the_run(name) else None
        for path in folder.root.rglob("*")
        if path.is_file() and (name := path.relative_to(folder.root)).name != GRADES
    }
    folder.files.write_text(json.dumps(sizes), encoding="ascii")


def of_the_run(name: Path) -> bool:
    """Whether a file of a results folder is the run's own, which judging leaves as it is."""
    return name.parts[0] in {"submission", "executed.ipynb", GRADES} or (
        name.suffix in {".npy", ".npz"}
    )


def is_whole(folder: ResultFolder) -> bool:
    """Whether all files are there that lay in the folder when it was made, the run's own as large.

    A folder whose list is gone, or cannot be read, is not whole.
    """
    try:
        sizes = json.loads(folder.files.read_text(encoding="ascii"))
        found = {name: (folder.root / name).stat().st_size for name in sizes}
    except (OSError, ValueError, TypeError):
        return False
    return all(size in (None, found[name]) for name, size in sizes.items())


def move_in(scratch: ResultFolder, folder: ResultFolder) -> None:
    """Let files take their places in a results folder, the keys last; links are left."""
    found = (path for path in scratch.root.rglob("*") if path.is_file() and not path.is_symlink())
    for path in sorted(found, key=lambda one: one == scratch.key):
        place = folder.root / path.relative_to(scratch.root)
        place.parent.mkdir(exist_ok=True)
        path.replace(place)


def recover(out: Path) -> None:
    """Mend what a process left that was killed while it replaced a folder.

    Between two renames the old folder lies aside: it is put back, for it holds what people
    decided. What was half written goes. To be called where nobody else writes to `out`.
    """
    for old in out.glob(f".*{_OLD}"):
        final = out / old.name[1 : -len(_OLD)].rpartition("-")[0]
        if final.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(final)
    for partial in out.glob(f".*{_PARTIAL}"):
        shutil.rmtree(partial, ignore_errors=True)


def set_aside(out: Path, kerberos: str, where: Path) -> None:
    """Move a student's results out of the way, for they are not of what counts now; keep them."""
    folder = out / kerberos
    if folder.exists():
        with room_in(where):
            where.mkdir(parents=True, exist_ok=True)
            folder.rename(Path(tempfile.mkdtemp(prefix=f"{kerberos}-", dir=where)) / kerberos)
