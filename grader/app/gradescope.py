"""Gradescope's autograder: `run_autograder` starts it, in the folders that the platform lays out.

    python -m grader.app.gradescope /autograder

    /autograder/source                     settings.toml, our code: closed to other users
    /autograder/submission                 the student's files, unpacked
    /autograder/submission_metadata.json   whose, when, due when
    /autograder/results/results.json       what we write

The kernel is another user than the grader (tier `user`): an ordinary container allows no boxes. It
ends before the platform's time limit, at which a student would get 0 and see nothing.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import threading
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from grader.batch.collect.gradescope_metadata import (
    SubmissionMetadata,
    hand_in_of,
    read_submission_metadata,
)
from grader.batch.collect.packing import hand_in_bytes
from grader.execution.settings import RunSettings
from grader.model.assignment import load_assignment, parse_course
from grader.model.fault_log import keep_fault
from grader.model.offering_files import DEFAULT_ASSIGNMENT
from grader.model.records import Limits
from grader.model.text import terminal_line
from grader.outputs.gradescope_pictures import part_pictures
from grader.outputs.gradescope_results import (
    Shown,
    Visibility,
    render_refused,
    render_results,
    render_unfinished,
)
from grader.sandbox.tiers import Wish
from reference.errors import ConfigError, GraderFault, SubmissionError

if TYPE_CHECKING:
    from grader.pipeline import GradeRecord

NOTEBOOK_SHARE, PROBES_SHARE, WATCHED_SHARE = 0.5, 0.15, 0.93
"""Of the platform's time limit: for the notebook's cells, for questions to its functions, and when
we end whatever is left. The rest is for starting, checks, and pages."""


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Settings:
    """`settings.toml` of the autograder's zip."""

    salt: Annotated[str, Field(min_length=16)]
    """Random text: the seed of hidden inputs is made of it and the submission's id."""
    assignment: str = DEFAULT_ASSIGNMENT
    """Offering."""
    course: str = ""
    """One of its courses; empty for its last."""
    bundle: str = "studio-narrow"
    """Weights and pictures; the full-size networks need more than Gradescope's largest machine."""
    time_limit_s: Annotated[float, Field(ge=60, le=2400)] = 2400.0
    """Seconds: what is set on Gradescope as the autograder's timeout."""
    memory_mib: Annotated[float, Field(ge=1024)] = 3072.0
    """Memory in MiB that the notebook may take."""
    visibility: Visibility = "visible"
    """When students see points: visible, hidden, after_due_date, after_published."""
    late: Literal["apply", "ignore"] = "apply"
    """Whether the offering's late coefficient is in the scores."""
    pictures: bool = False
    """Whether small pictures of attacks and dreams are in the results."""
    isolation: Wish = Wish.USER
    """user, or another option of `grader grade --isolation`."""


def read_settings(path: Path) -> Settings:
    """Read the settings.

    Raises:
        ConfigError: a setting is missing, unknown, or has another form.
    """
    try:
        return TypeAdapter(Settings).validate_python(
            tomllib.loads(path.read_text(encoding="utf-8"))
        )
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: expected the autograder's settings: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{path}: {where}: {first['msg']}") from error


def seed_of(metadata: SubmissionMetadata, settings: Settings) -> int:
    """Return the seed of a submission: the same when it is graded again, and known to nobody."""
    text = f"{settings.salt}:{metadata.submission_id}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def limits_of(settings: Settings) -> Limits:
    """Return limits with which a run ends, with what there is by then, before the platform's."""
    notebook_s = NOTEBOOK_SHARE * settings.time_limit_s
    probes_s = PROBES_SHARE * settings.time_limit_s
    return Limits(
        cell_timeout_s=notebook_s,
        notebook_timeout_s=notebook_s,
        probes_timeout_s=probes_s,
        probe_timeout_s=min(Limits().probe_timeout_s, probes_s),
        memory_mib=settings.memory_mib,
    )


def grade_submission(root: Path, settings: Settings, work: Path) -> GradeRecord:
    """Grade what lies in the platform's folders; everything but the results stays in `work`.

    Raises:
        SubmissionError: nothing in it can be graded.
        ConfigError, GraderFault: staff's fault, or our own.
    """
    from grader.pipeline import GradeRequest, grade

    metadata = read_submission_metadata(root / "submission_metadata.json")
    offering = load_assignment(settings.assignment)
    course = parse_course(settings.course, offering) if settings.course else offering.courses[-1]
    hand_in = hand_in_of(metadata, root / "submission", offering, course)
    packed = work / f"{metadata.kerberos}.zip"
    packed.write_bytes(hand_in_bytes(hand_in))
    request = GradeRequest(
        hand_in=replace(hand_in, path=packed),
        out=work / "results",
        assignment=offering,
        settings=RunSettings(
            bundle=settings.bundle,
            device="cpu",
            limits=limits_of(settings),
            isolation=settings.isolation,
            seed=seed_of(metadata, settings),
        ),
        pdf=False,  # nobody sees it there
    )
    return grade(request, lambda _: None, lambda _: None)


def main(argv: list[str] | None = None) -> int:
    """Grade the submission and write results.json; return 1 where it is not graded."""
    root = Path((argv or sys.argv[1:] or ["/autograder"])[0])
    began = time.monotonic()
    results = root / "results" / "results.json"
    try:
        settings = read_settings(root / "source" / "settings.toml")
        _watch(results, WATCHED_SHARE * settings.time_limit_s)
        with tempfile.TemporaryDirectory(prefix="pset4-") as work:
            record = grade_submission(root, settings, Path(work))
            shown = Shown(
                visibility=settings.visibility,
                late=settings.late == "apply",
                pictures=part_pictures(record.sheet, record.folder.evidence)
                if settings.pictures
                else {},
            )
        text, status = render_results(record.sheet, shown, time.monotonic() - began), 0
    except SubmissionError as error:
        text, status = render_refused(str(error)), 0
    except Exception as error:  # noqa: BLE001 -- the edge: a student gets no 0 for it
        if not isinstance(error, ConfigError | GraderFault):
            keep_fault(error)
        sys.stderr.write(f"{terminal_line(f'{type(error).__name__}: {error}')}\n")
        text, status = render_unfinished("The autograder could not grade it."), 1
    write_results(results, text)
    return status


def write_results(path: Path, text: str) -> None:
    """Write the file at once and whole, readable to nobody else."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
        target.write(text)
    partial.replace(path)


def _watch(results: Path, seconds: float) -> None:
    """End this process before the platform does: with a sentence, and without a score."""

    def end() -> None:
        write_results(results, render_unfinished("Grading it took longer than may be."))
        sys.stderr.write(f"Ended after {seconds:.0f} s, before the platform's time limit.\n")
        sys.stderr.flush()
        os._exit(1)  # what runs below it dies with it

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    sys.exit(main())
