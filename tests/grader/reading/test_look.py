"""From the files of a hand-in to what is said about them; the sample submissions' own reports."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from authoring.samples import build_zip
from grader.intake.submission import read_submission
from grader.model.assignment import load_assignment
from grader.model.records import NO_REPORT, ArrayRef, AttackRun
from grader.reading.hand_in import read_hand_in
from grader.reading.known_pictures import CORGI, MOST_RUNS, known_pictures
from grader.reading.report_families import KnownPicture
from grader.reading.report_pages import Rgb
from reference.bundles import get_bundle
from reference.expected import COMMITTED
from reference.images import from_pixels
from reference.run_records import Space
from tests import factories
from tests.grader.reading import pdfs
from tests.lanes import more

ASSIGNMENT = load_assignment()


# -- the pictures of the run ----------------------------------------------------------------------


class Store:
    """Arrays of the evidence."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}

    def put(self, array: np.ndarray) -> ArrayRef:
        name = f"array{len(self.arrays)}.npy"
        self.arrays[name] = array
        digest = hashlib.sha256(array.tobytes()).hexdigest()
        return ArrayRef(path=name, sha256=digest, dtype=array.dtype.name, shape=array.shape)

    def read(self, reference: ArrayRef) -> np.ndarray:
        return self.arrays[reference.path]


def run(number: int, final: ArrayRef | None) -> AttackRun:
    return AttackRun(
        run_id=f"run{number}",
        cell_index=0,
        function="",
        class_id=None,
        steps=0,
        settings=None,
        start=None,
        final=final,
        samples=(),
        images=(),
        weights_sha256="",
        fingerprint=None,
    )


def test_last_images_of_the_runs_in_either_space(images: dict[str, Rgb]) -> None:
    store = Store()
    pixels = torch.from_numpy(images["4e"].transpose(2, 0, 1)[None].astype(np.float32) / 255)
    normalised = from_pixels(pixels, Space.NORMALISED)
    broken = pixels.numpy().copy()
    broken[0, 0, 0, 0] = np.nan
    runs = (
        run(1, store.put(pixels.numpy())),
        run(2, store.put(normalised.numpy())),
        run(3, None),
        run(4, store.put(np.zeros((2, 3, 224, 224), np.float32))),
        run(5, store.put(np.zeros((1, 3, 4, 4), np.float32))),
        run(6, store.put(broken)),
    )
    evidence = factories.evidence(runs=runs)
    corgi = get_bundle("studio-narrow").corgi
    references = {"4e": COMMITTED / "studio" / "4e.png"}
    found = known_pictures(evidence, store.read, corgi, references)
    names = [picture.name for picture in found]
    assert names == [CORGI, "run1", "run2", "run6", "reference 4e"]
    assert np.array_equal(found[4].rgb, images["4e"])
    assert np.array_equal(found[1].rgb, images["4e"])
    assert np.array_equal(found[2].rgb, images["4e"])
    assert np.array_equal(found[0].rgb, images["corgi"])
    many = factories.evidence(runs=tuple(run(i, runs[0].final) for i in range(40)))
    names = [p.name for p in known_pictures(many, store.read, corgi, {})]
    assert names == [CORGI, *(f"run{i}" for i in range(40 - MOST_RUNS, 40))]


# -- the sample submissions -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    for name in ("complete", "course_form", "undergrad_6819"):
        build_zip(name, folder / f"{name}.zip")
    return folder


@pytest.mark.parametrize("name", ["complete", *more("course_form", "undergrad_6819")])
def test_reports_of_the_samples(
    samples: Path, tmp_path: Path, known: tuple[KnownPicture, ...], name: str
) -> None:
    submission = read_submission(samples / f"{name}.zip", tmp_path / "files")
    look = read_hand_in(
        submission, tmp_path / "files", ASSIGNMENT, known, tmp_path / "executed.ipynb"
    )
    report = look.report
    assert (report.trouble, report.pages_read) == ((), report.pages)
    assert report.seconds < 2.0
    left_out = {"1b", "3d", "4d"} if name == "undergrad_6819" else set()
    for part in ASSIGNMENT.parts:
        own = [s for s in report.sections_of(part.id) if not s.whole_problem]
        assert bool(own) == (part.id not in left_out), part.id
    pages = [report.pages_of(part.id)[0] for part in ASSIGNMENT.parts if part.id not in left_out]
    assert pages == sorted(pages)
    assert "2048" in report.text_of("2a")
    shown = {picture.names for picture in report.pictures if "4e" in picture.part_ids}
    assert ("4e",) in shown


def test_a_run_of_the_same_notebook_gives_no_note(samples: Path, tmp_path: Path) -> None:
    submission = read_submission(samples / "complete.zip", tmp_path / "files")
    executed = tmp_path / "executed.ipynb"
    shutil.copy(tmp_path / "files" / submission.notebook_path, executed)
    assert read_hand_in(submission, tmp_path / "files", ASSIGNMENT, (), executed).notes == ()


def test_notes_are_for_staff_and_say_nothing_twice(tmp_path: Path) -> None:
    unrun = {**factories.code_cell("print(1)"), "execution_count": None}
    paper = np.full((1100, 850, 3), 200, np.uint8)
    paper[300:400] = 90
    scan = pdfs.picture_pdf(paper)
    files = {"pset4.ipynb": factories.notebook_bytes([unrun]), "report.pdf": scan}
    submission = read_submission(factories.write_zip(tmp_path / "a.zip", files), tmp_path / "a")
    look = read_hand_in(submission, tmp_path / "a", ASSIGNMENT, (), tmp_path / "nothing.ipynb")
    # Intake has told the student that the notebook was not run.
    assert [(n.code, n.for_student) for n in look.notes] == [("report-scanned", False)]
    damaged = {**files, "report.pdf": b"%PDF-1.7"}
    submission = read_submission(factories.write_zip(tmp_path / "b.zip", damaged), tmp_path / "b")
    look = read_hand_in(submission, tmp_path / "b", ASSIGNMENT, (), tmp_path / "nothing.ipynb")
    assert (look.notes, [t.code for t in look.report.trouble]) == ((), ["report-damaged"])


def test_neither_report_nor_notebook(tmp_path: Path) -> None:
    submission = factories.submission(report_path="", notebook_path="")
    look = read_hand_in(submission, tmp_path, ASSIGNMENT, (), tmp_path / "executed.ipynb")
    assert (look.report, look.notes) == (NO_REPORT, ())
