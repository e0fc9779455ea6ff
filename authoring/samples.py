"""Sample submissions: from the folders in `submissions/` to the zips that `make grade` takes.

    submissions/_bases/           the course's form of the notebook; stored outputs of both bases
    submissions/_reports/         sources of the reports
    submissions/NAME/sample.toml  what NAME hands in: a base notebook and edits to it
    submissions/NAME/outputs.json stored outputs where they differ from the base's
    submissions/NAME/expect.toml  the verdict that it must get
    submissions/hostile/          hostile and broken ones, see `authoring.hostile_samples`

`python -m authoring.samples [NAME ...]` writes `submissions/NAME.zip` for every folder; the same
sources always give the same bytes. `python -m authoring.samples NAME --record EXECUTED.ipynb` takes
the outputs of a run of the sample (the `executed.ipynb` of its results) as what its student's own
run had stored.
"""

from __future__ import annotations

import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import nbformat
import typer
from nbformat import NotebookNode, v4
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from authoring.hostile_samples import HOSTILE, build_hostile, hostile_names
from authoring.sample_outputs import Outputs, captured, read_outputs, write_outputs
from authoring.sample_report import report_pdf
from grader.model.offering_files import DEFAULT_ASSIGNMENT, OFFERINGS
from grader.model.records import Outcome
from grader.offering.notebooks import make_release, make_solved, read_master, to_text
from reference.errors import ConfigError

SUBMISSIONS = Path(__file__).resolve().parents[1] / "submissions"
"""The folder of the samples."""

HOSTILE_PREFIX = f"{HOSTILE.name}/"
"""Before the name of a hostile case (see `authoring.hostile_samples`)."""

ZIP_DATE = (2021, 3, 31, 20, 0, 0)
"""Date of every file in a sample's zip: the zips must not depend on when they were made."""

MAC_FILES: Mapping[str, bytes] = {
    "pset4/.DS_Store": b"\x00\x00\x00\x01Bud1",
    "__MACOSX/pset4/._report.pdf": b"\x00\x05\x16\x07",
    "pset4/.ipynb_checkpoints/pset4-checkpoint.ipynb": b"{}",
}
"""What a zip made by hand on a Mac holds besides the files that count."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Model = TypeVar("_Model", bound=_Strict)


class Edit(_Strict):
    """One change to some cells of the base notebook."""

    cells: tuple[str, ...]
    """Ids of the cells."""
    find: str = ""
    """Text that must occur once in each cell."""
    replace: str = ""
    """What stands there instead."""
    from_release: bool = False
    """Whether the cells are put back to what the release gives the student."""
    drop: bool = False
    """Whether the cells are taken out."""
    add: str = ""
    """Id of a code cell that is put behind each of the cells, with `replace` as its source."""


class Sample(_Strict):
    """A `sample.toml`."""

    base: Literal["solved", "course"]
    """The notebook that it starts from."""
    like: str = ""
    """Name of a sample whose edits come first, and whose stored outputs count too."""
    assignment: str = DEFAULT_ASSIGNMENT
    """Name of the offering that it is handed in for."""
    report: str = ""
    """Name of the report's source in `_reports`; empty for no report."""
    omit_from_report: tuple[str, ...] = ()
    """Parts that the report leaves out."""
    run: bool = True
    """Whether the notebook is handed in with the outputs of a run."""
    layout: Literal["plain", "mac"] = "plain"
    """How the zip was made: its files at the top, or in one folder with a Mac's extra files."""
    edits: tuple[Edit, ...] = Field(default=(), alias="edit")
    """Changes to the base, in order; after those of `like`."""


class ExpectedPart(_Strict):
    """The verdict that one part must get."""

    outcome: Outcome
    """Of the part as a whole."""
    points: float | Literal["full", "zero"]
    """Points without a person's and without the late coefficient."""


class Expectation(_Strict):
    """An `expect.toml`."""

    course: str
    """The variant to grade by."""
    submitted: str
    """ISO 8601, Eastern time."""
    late_coefficient: float
    """What the time of submission leaves of the points."""
    notes: tuple[str, ...]
    """Codes of the notes of severity warning or error that intake must give, and no others."""
    exit_grade: int
    """Exit status of `grader grade`."""
    exit_check: int
    """Exit status of `grader check` by its default policy."""
    parts: Mapping[str, ExpectedPart]
    """By part id, all parts of the assignment."""


def sample_names(root: Path = SUBMISSIONS) -> tuple[str, ...]:
    """Return the names of all samples below `root`, sorted."""
    return tuple(sorted(path.parent.name for path in root.glob("*/sample.toml")))


def read_sample(name: str, root: Path = SUBMISSIONS) -> Sample:
    """Read the `sample.toml` of `name`.

    Raises:
        ConfigError: It is missing, or is not well-formed.
    """
    return _read_toml(root / name / "sample.toml", Sample)


def read_expectation(name: str, root: Path = SUBMISSIONS) -> Expectation:
    """Read the `expect.toml` of `name`.

    Raises:
        ConfigError: It is missing, or is not well-formed.
    """
    return _read_toml(root / name / "expect.toml", Expectation)


def build_notebook(name: str, root: Path = SUBMISSIONS) -> NotebookNode:
    """Make the notebook of a sample: base, stored outputs, edits.

    Raises:
        ConfigError: An edit names a cell or a text that the base does not have.
    """
    sample = read_sample(name, root)
    notebook = _base(sample, root)
    if sample.like:
        for edit in read_sample(sample.like, root).edits:
            _apply(edit, notebook, sample, f"{sample.like}/sample.toml")
    for edit in sample.edits:
        _apply(edit, notebook, sample, f"{name}/sample.toml")
    if sample.run:
        _store_run(notebook, _outputs(name, sample, root))
    return notebook


def build_zip(name: str, target: Path, root: Path = SUBMISSIONS) -> Path:
    """Write the zip of a sample to `target`; return `target`.

    Raises:
        ConfigError: The sample's sources are wrong.
    """
    sample = read_sample(name, root)
    files = {"pset4.ipynb": to_text(build_notebook(name, root)).encode()}
    if sample.report:
        outputs = _outputs(name, sample, root)
        files["report.pdf"] = report_pdf(
            root, sample.report, sample.base, omit=sample.omit_from_report, outputs=outputs
        )
    if sample.layout == "mac":
        files = {f"pset4/{path}": data for path, data in files.items()} | dict(MAC_FILES)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w") as archive:
        for path, data in sorted(files.items()):
            info = zipfile.ZipInfo(path, ZIP_DATE)
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED, compresslevel=9)
    return part.replace(target)


def record(name: str, executed: NotebookNode, root: Path = SUBMISSIONS) -> Path:
    """Keep the outputs of a run of a sample, cell by cell, as what its student had stored.

    What the base's own run shows too is not kept a second time. The first sample of a base without
    edits gives the base's outputs.

    Raises:
        ConfigError: `executed` is not a run of this sample.
    """
    sample = read_sample(name, root)
    notebook = build_notebook(name, root)
    if [cell.source for cell in executed.cells] != [cell.source for cell in notebook.cells]:
        raise ConfigError(f"{name}: expected a run of this sample's notebook, found another's.")
    ids = [_cell_id(cell) for cell in notebook.cells]
    outputs = captured(dict(zip(ids, executed.cells, strict=True)))
    if not sample.edits and not sample.like:
        return write_outputs(root / "_bases" / f"{sample.base}_outputs.json", outputs)
    common = _common_outputs(sample, root)
    own = {cell_id: found for cell_id, found in outputs.items() if common.get(cell_id) != found}
    return write_outputs(root / name / "outputs.json", own)


def _read_toml(path: Path, model: type[_Model]) -> _Model:
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{path}: expected a sample's file, found none.") from None
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _master(sample: Sample) -> NotebookNode:
    return read_master(OFFERINGS / sample.assignment)


def _base(sample: Sample, root: Path) -> NotebookNode:
    if sample.base == "solved":
        return make_solved(_master(sample))
    notebook: NotebookNode = nbformat.read(  # type: ignore[no-untyped-call]
        root / "_bases" / "course_form.ipynb", as_version=4
    )
    return notebook


def _apply(edit: Edit, notebook: NotebookNode, sample: Sample, where: str) -> None:
    """Apply one edit to the notebook in place."""
    by_id = {_cell_id(cell): cell for cell in notebook.cells}
    lacking = [cell_id for cell_id in edit.cells if cell_id not in by_id]
    if lacking:
        raise ConfigError(f"{where}: expected ids of cells of the base, found {lacking}.")
    if edit.drop:
        notebook.cells = [cell for cell in notebook.cells if _cell_id(cell) not in edit.cells]
        return
    if edit.add:
        new = v4.new_code_cell(edit.replace, id=edit.add, metadata={"id": edit.add})  # type: ignore[no-untyped-call]
        for cell_id in edit.cells:
            notebook.cells.insert(notebook.cells.index(by_id[cell_id]) + 1, new)
        return
    if edit.from_release:
        release = {cell.id: cell.source for cell in make_release(_master(sample)).cells}
        for cell_id in edit.cells:
            by_id[cell_id].source = release[cell_id]
        return
    for cell_id in edit.cells:
        count = by_id[cell_id].source.count(edit.find) if edit.find else 0
        if count != 1:
            raise ConfigError(
                f"{where}: {edit.find!r} occurs {count} times in {cell_id}, not once."
            )
        by_id[cell_id].source = by_id[cell_id].source.replace(edit.find, edit.replace)


def _outputs(name: str, sample: Sample, root: Path) -> Outputs:
    """Return the stored outputs of a sample by cell id: those of others, then its own."""
    return {**_common_outputs(sample, root), **read_outputs(root / name / "outputs.json")}


def _common_outputs(sample: Sample, root: Path) -> Outputs:
    """Return the stored outputs of the base and of the sample that this one is like."""
    base = read_outputs(root / "_bases" / f"{sample.base}_outputs.json")
    return {**base, **read_outputs(root / sample.like / "outputs.json")} if sample.like else base


def _store_run(notebook: NotebookNode, outputs: Outputs) -> None:
    """Put counts and stored outputs into the code cells."""
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code_cells, start=1):
        cell.execution_count = count
        cell.outputs = [nbformat.from_dict(found) for found in outputs.get(_cell_id(cell), ())]  # type: ignore[no-untyped-call]
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count


def _cell_id(cell: NotebookNode) -> str:
    return str(cell.metadata.id)


def _all_names() -> tuple[str, ...]:
    return (*sample_names(), *(f"{HOSTILE_PREFIX}{name}" for name in hostile_names()))


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Samples; all of them if none.")] = None,
    executed: Annotated[
        Path | None, typer.Option("--record", help="Keep this run's outputs instead.", exists=True)
    ] = None,
) -> None:
    """Write the zips of sample submissions, or keep a run of one as its stored outputs."""
    try:
        for name in names or _all_names():
            if name.startswith(HOSTILE_PREFIX):
                case = name.removeprefix(HOSTILE_PREFIX)
                typer.echo(build_hostile(case, HOSTILE / f"{case}.zip"))
            elif executed is not None:
                notebook = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]
                typer.echo(record(name, notebook))
            else:
                typer.echo(build_zip(name, SUBMISSIONS / f"{name}.zip"))
    except ConfigError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
