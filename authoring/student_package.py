"""`make student`: the wheel `pset4-check`, made of these sources for students to run.

    python -m authoring.student_package [OUT] [--assignment NAME|FOLDER]

It holds the modules that `check`, `report` and `pack` import, and no others; the release notebook,
the pages' templates and the `studio` bundle. What would give an answer away is left out or cut:

    notebooks           the release only: no master, no solved notebook
    assignment.toml     without notes for staff and without what answers are compared with
    expected outputs    numbers that attacks are compared with: no pictures, logits, or top classes
                        after an attack
    reference, checks   without docstrings and comments (they derive the answers), and the layers
                        without the loops that read like the equations

`docs/student-package.md`, its README, says what a determined student can still read.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from grader.model.assignment import load_assignment
from grader.model.offering_files import (
    CHECKS,
    DEFAULT_ASSIGNMENT,
    MESSAGES,
    OFFERINGS,
    RELEASE,
    TOML,
    find_offering,
    offering_names,
)
from grader.model.resources import templates
from grader.model.version import closure, module_file
from reference.errors import ConfigError, GraderFault
from reference.expected import COMMITTED, added_folder

ROOT = Path(__file__).resolve().parents[1]
NAME = "pset4-check"

ROOTS = (
    "grader.app.student_main",
    "grader.intake.repository_name",  # which CI runs (templates/ci/pset4-check.sh)
    "grader.checks.functions.*",
    "grader.checks.images.*",
    "grader.checks.written.*",
    "grader.kernel.*",
    "grader.sandbox.apart_server",
    "grader.sandbox.enter",
    "grader.sandbox.inner",
    "grader.sandbox.zygote",
    "grader.execution.driver",
    "grader.execution.driver_server",
    "grader.intake.report_pages",
    "grader.reading.page_process",
    "grader.outputs.pages.picture_process",
    "reference.light_torchvision",
)
"""Modules that are run by name or found by their folder, and what starts everything."""
WITHOUT = (
    "grader.app.cli",
    "grader.app.required_report",
    "grader.batch",
    "grader.bounded.explaining",
    "grader.outputs.pages.reference_figures",
    "grader.outputs.pages.reference_report",
    "grader.review",
    "grader.sandbox.doctor",
    "grader.sandbox.doctor_cases",
    "grader.sandbox.driver_attempts",
    "grader.sandbox.escape_attempts",
    "grader.testing",
)
"""What only staff use, although something of the above can import it."""
BARE = ("reference.", "grader.checks.")
"""Modules that go in without docstrings and comments."""
SOLUTIONS = {
    "reference.conv": ("forward_loops", "grad_input_loops", "grad_kernel_loops", "forward_matrix"),
    "reference.pool": ("forward_loops", "grad_input_loops"),
}
"""Functions that no check calls and that read like an answer."""
OF_CLASSES = frozenset(
    {
        "alembic", "copydetect", "filelock", "python-multipart", "rapidfuzz", "sqlalchemy",
        "starlette", "uvicorn",
    }
)  # fmt: skip
"""Dependencies that only grading a class needs; what students' own notebooks import stays."""
TABLES = ("default.txt", "renamed_checks.toml")
TEMPLATES = (
    "base.html.j2", "feedback.css", "feedback.html.j2", "report.css", "report.html.j2", "theme.css",
    "fonts/*", "partials/*",
)  # fmt: skip
"""Of the pages that students see."""
FOR_STAFF = re.compile(
    r'^(?:notes\s*=\s*"""(?:.|\n)*?(?<!\\)"""|(?:notes|compare_with|compared)\s*=.*)\n',
    re.MULTILINE,
)
"""Keys of a part that say what its answer is compared with."""


def stage_student_package(folder: Path, assignment: str = DEFAULT_ASSIGNMENT) -> None:
    """Write the package's sources into an empty folder.

    Args:
        folder: The folder.
        assignment: Offering that students mean where they name none: a name, or its folder.

    Raises:
        ConfigError: there is no such offering.
        GraderFault: a cut-down file is not what it should be.
    """
    for name in sorted(closure(ROOTS, WITHOUT)):
        path = module_file(name)
        package = name.partition(".")[0]
        target = folder / path.relative_to(ROOT) if path.is_relative_to(ROOT) else folder / package
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_source(name, path), encoding="utf-8")
        for table in _tables(path):
            _copy(table, folder)
    _copy(ROOT / "reference" / "studio" / "data", folder)
    _offerings(folder, assignment)
    _expected(folder, load_assignment(assignment).name)
    for pattern in TEMPLATES:
        for path in templates().glob(pattern):
            _copy_to(path, folder / "grader" / "templates" / path.relative_to(templates()))
    (folder / "README.md").write_text(_readme(), encoding="utf-8")
    _copy(ROOT / "LICENSE", folder)
    (folder / "pyproject.toml").write_text(_project(), encoding="utf-8")


def build_student_wheel(out: Path, assignment: str = DEFAULT_ASSIGNMENT) -> Path:
    """Build the wheel into a folder; return where it is.

    Raises:
        ConfigError: there is no such offering.
        GraderFault: it cannot be built.
    """
    with tempfile.TemporaryDirectory(prefix="pset4-student-") as scratch:
        stage_student_package(Path(scratch), assignment)
        command = [str(Path(sys.prefix, "bin", "uv")), "build", "--quiet", "--wheel", "--offline"]
        options = [
            "--no-build-isolation",
            "--python",
            sys.executable,
            "--out-dir",
            str(out.resolve()),
        ]
        done = subprocess.run(  # noqa: S603 -- our own command line
            [*command, *options, scratch], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise GraderFault(f"the student package cannot be built: {done.stderr}")
    return max(out.glob(f"{NAME.replace('-', '_')}-*.whl"), key=lambda path: path.stat().st_mtime)


def _readme() -> str:
    """Return the package's page, its blocks without the names of their tests."""
    text = (ROOT / "docs" / "student-package.md").read_text(encoding="utf-8")
    return re.sub(r"^(```\w+) test=.*$", r"\1", text, flags=re.MULTILINE)


def _source(name: str, path: Path) -> str:
    """Return a module's text as students get it."""
    text = path.read_text(encoding="utf-8")
    if not f"{name}.".startswith(BARE):
        return text
    tree = ast.parse(text)
    left_out = SOLUTIONS.get(name, ())
    if left_out:
        tree.body = [one for one in tree.body if not _is_left_out(one, left_out)]
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _is_text(one)] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring, of a module, a function, a class or a field."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _is_left_out(statement: ast.stmt, names: tuple[str, ...]) -> bool:
    match statement:
        case ast.FunctionDef(name=name):
            return name in names
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
    return False


def _tables(module: Path) -> Iterator[Path]:
    """Yield the tables that lie beside a package's modules."""
    if module.name == "__init__.py":
        yield from sorted(module.parent.glob("*.toml"))
        yield from sorted((module.parent / "messages").glob("*.toml"))


def _offerings(folder: Path, assignment: str) -> None:
    target = folder / OFFERINGS.relative_to(ROOT)
    for name in TABLES:
        _copy_to(OFFERINGS / name, target / name)
    chosen = load_assignment(assignment).name
    (target / "default.txt").write_text(f"{chosen}\n", encoding="ascii")
    files = {path.parent.name: path for path in sorted(OFFERINGS.glob(f"*/{TOML}"))}
    for name, path in {**files, chosen: find_offering(assignment).toml}.items():
        text = re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        kept = FOR_STAFF.sub("", text)
        if any("notes" in part or "compare_with" in part for part in tomllib.loads(kept)["parts"]):
            raise GraderFault(f"{path}: notes for staff would be left in the student package")
        own = target / name
        own.mkdir(parents=True, exist_ok=True)
        (own / TOML).write_text(kept, encoding="utf-8")
        for one in (RELEASE, CHECKS, MESSAGES):
            if path.name == TOML and (path.parent / one).is_file():
                _copy_to(path.parent / one, own / one)


def _expected(folder: Path, offering: str) -> None:
    """Write the numbers that runs are compared with, and the manifests that name them."""
    places = {path: path.parent.relative_to(ROOT) for path in COMMITTED.rglob("manifest.json")}
    added = added_folder("studio") / offering / "manifest.json"
    if offering not in offering_names() and added.is_file():
        places[added] = COMMITTED.relative_to(ROOT) / "studio" / offering
    for path, place in sorted(places.items()):
        manifest = json.loads(path.read_bytes())
        target = folder / place
        target.mkdir(parents=True, exist_ok=True)
        kept = {}
        for name in manifest["files"]:
            if name.endswith(".json"):
                data = _dumped(_without_answers(json.loads((path.parent / name).read_bytes())))
                (target / name).write_bytes(data)
                kept[name] = hashlib.sha256(data).hexdigest()
        (target / path.name).write_bytes(_dumped({**manifest, "files": kept}))


def _without_answers(record: dict[str, Any]) -> dict[str, Any]:
    """Return an expected result without the classes that a network sees after an attack."""
    shown = ("top5_before", "top5_after", "random_top5", "robust_top5")
    return {key: [] if key in shown else value for key, value in record.items()}


def _dumped(record: object) -> bytes:
    return json.dumps(record).encode() + b"\n"


def _project() -> str:
    """Return the package's own `pyproject.toml`, of the grader's."""
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [one for one in ours["dependencies"] if one not in OF_CLASSES]
    return "\n".join(
        [
            "[build-system]",
            'requires = ["hatchling"]',
            'build-backend = "hatchling.build"',
            "[project]",
            f'name = "{NAME}"',
            f'version = "{ours["version"]}"',
            'description = "Check, report on and pack MIT 6.819/6.869 Problem Set 4"',
            'readme = "README.md"',
            f'requires-python = "{ours["requires-python"]}"',
            'license = "MIT"',
            f"dependencies = {json.dumps(needs)}",
            "[project.scripts]",
            f'{NAME} = "grader.app.student_main:run"',
            "[tool.hatch.build.targets.wheel]",
            'only-include = ["reference", "grader"]',
            "",
        ]
    )


def _copy(path: Path, folder: Path) -> None:
    """Copy a file, or all files below a folder, to its place in the package."""
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        if file.is_file():
            _copy_to(file, folder / file.relative_to(ROOT))


def _copy_to(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def main(
    out: Annotated[Path, typer.Argument(help="Folder of the wheel.")] = Path("build"),
    assignment: Annotated[
        str, typer.Option(help="Offering that is meant where students name none.")
    ] = DEFAULT_ASSIGNMENT,
) -> None:
    """Build the wheel and name it."""
    try:
        typer.echo(build_student_wheel(out, assignment))
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
