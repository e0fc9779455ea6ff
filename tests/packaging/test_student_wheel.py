"""The student package: no answer is in it, and it finds what staff's grader finds."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from authoring.student_package import BARE
from grader.app.main import main
from grader.model.offering_files import OFFERINGS, RELEASE
from grader.model.records import GradeSheet
from grader.model.records.codec import load
from grader.offering.master import SETUP
from grader.offering.notebooks import BEGIN, END, folders_with_master, read_master
from grader.sandbox.warm_server import PROGRAMS
from reference.expected import COMMITTED
from tests import factories
from tests.grader.conftest import LAYERS
from tests.packaging.building import ROOT, student_wheel
from tests.packaging.test_wheel import Installed, environment_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

RUN_IN_A_BOX = {f"grader/sandbox/{name}" for name in PROGRAMS}
"""Programs that import the files that lie beside them there."""
LONG = 24
"""Letters from which a line or sentence is one's own, and not what any program says."""
WRONG_LAYERS = (
    LAYERS
    + """
def maxpool1d_backward(x, k, grad_out):
    grad = np.zeros(len(x))
    for i, g in enumerate(grad_out):
        grad[i + int(np.argmax(np.asarray(x)[i:i + k]))] = g
    return grad

def conv1d_update(w, grad_w, lr):
    return np.asarray(w) + lr * np.asarray(grad_w)
"""
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return student_wheel(tmp_path_factory)


@pytest.fixture(scope="module")
def texts(wheel: Path) -> dict[str, str]:
    """Every file of the wheel that is text."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    binary = (".woff2", ".pt", ".jpeg")
    return {name: data.decode() for name, data in files.items() if not name.endswith(binary)}


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Iterator[Installed]:
    yield from environment_of(wheel)


def normalised(text: str) -> str:
    """Letters and digits only: neither layout nor markup hides a copy."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def solutions() -> Iterator[tuple[str, str]]:
    """Yield cell and text of each solution of every offering's notebook."""
    for cell in (cell for folder in folders_with_master() for cell in read_master(folder).cells):
        pieces = cell.source.split(BEGIN)[1:]
        for piece in pieces:
            yield cell.metadata.id, piece.split(END)[0]
        if cell.metadata.pset4.get("solved_only") and cell.metadata.pset4.part != SETUP:
            yield cell.metadata.id, cell.source


def sentences(text: str) -> Iterator[str]:
    """Yield the lines of code, or the sentences of an answer, that are long enough."""
    for piece in re.split(r"\n|(?<=[.:;!?])\s", text):
        if len(normalised(piece)) >= LONG:
            yield piece


def test_no_solution_and_no_written_answer_is_in_it(texts: dict[str, str]) -> None:
    given = normalised("".join(path.read_text() for path in OFFERINGS.glob(f"*/{RELEASE}")))
    held = {name: normalised(text) for name, text in texts.items()}
    looked_for = 0
    for cell, solution in solutions():
        for sentence in sentences(solution):
            wanted = normalised(sentence)
            if wanted in given:
                continue
            looked_for += 1
            found = [name for name, text in held.items() if wanted in text]
            assert found == [], (cell, sentence)
    assert looked_for > 80


def test_the_search_would_find_a_solution(texts: dict[str, str]) -> None:
    planted = normalised(json.dumps([solution for _, solution in solutions()]))
    assert all(normalised(s) in planted for _, text in solutions() for s in sentences(text))
    assert normalised("The *answer*:\n 42") == "theanswer42"
    assert len(texts) > 200


def test_nothing_for_staff_is_in_it(texts: dict[str, str], wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for word in ("master", "solved", "rubrics", "staff.html", "batch/", "review/", ".png", ".npy"):
        assert not [n for n in names if word in n and "offering_rubrics" not in n and
                    "records/rubrics" not in n], word  # fmt: skip
    assert BEGIN not in "".join(texts.values())
    readme = next(text for name, text in texts.items() if name.endswith("/METADATA"))
    assert "```console\n$ pset4-check" in readme
    assert "test=" not in readme
    for offering in OFFERINGS.glob("*/rubrics.toml"):
        for rubric in _strings(tomllib.loads(offering.read_text())):
            assert len(rubric) < LONG or not any(rubric in text for text in texts.values()), rubric
    for name, text in texts.items():
        if name.endswith("assignment.toml"):
            keys = {key for part in tomllib.loads(text)["parts"] for key in part}
            assert not keys & {"notes", "compare_with", "compared"}
            assert {"checks", "question"} <= keys


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _strings(one)
        case list():
            for one in value:
                yield from _strings(one)


def test_it_asks_for_every_package_that_it_imports(wheel: Path, texts: dict[str, str]) -> None:
    metadata = next(text for name, text in texts.items() if name.endswith("/METADATA"))
    asked = packages_behind(Parser().parsestr(metadata).get_all("Requires-Dist") or [])
    homes = packages_distributions()
    for name, text in texts.items():
        if name.endswith(".py"):
            beside = {Path(one).stem for one in texts if Path(one).parent == Path(name).parent}
            ours = {"grader", "reference"} | (beside if name in RUN_IN_A_BOX else set())
            for top in imported(text) - set(sys.stdlib_module_names) - ours:
                found = {canonicalize_name(one) for one in homes.get(top, ())}
                assert found & asked, f"{name} imports {top}, which the package does not ask for"


def test_every_module_that_is_started_by_its_name_or_file_is_in_it(texts: dict[str, str]) -> None:
    missing = set()
    for name in [name for name in texts if name.endswith(".py")]:
        for text in string_constants(texts[name]):
            path = Path(name).with_name(text) if text.endswith(".py") else as_path(text)
            if path is not None and (ROOT / path).is_file() and path.as_posix() not in texts:
                missing.add(f"{name} names {text}")
    assert missing == set()


def string_constants(code: str) -> Iterator[str]:
    """Yield the texts in a module that may be the name of a module or of a file beside it."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Constant(value=str(text)) if re.fullmatch(r"[\w.]+", text):
                yield text


def as_path(module: str) -> Path | None:
    """The file that a module's full name stands for."""
    return Path(*module.split(".")).with_suffix(".py") if "." in module.strip(".") else None


def test_what_students_notebooks_import_is_there_as_for_staff(texts: dict[str, str]) -> None:
    metadata = next(text for name, text in texts.items() if name.endswith("/METADATA"))
    asked = {
        Requirement(one).name for one in Parser().parsestr(metadata).get_all("Requires-Dist") or []
    }
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text().partition("\n]\n")[0]
    _, _, for_notebooks = project.partition("# For students' notebooks")
    named = set(re.findall(r'^    "([\w-]+)",$', for_notebooks, re.MULTILINE))
    assert "scikit-learn" in named
    assert named <= asked


def imported(code: str) -> set[str]:
    """The first names of what a module imports from anywhere."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def packages_behind(asked: list[str]) -> set[str]:
    """The packages that an installer brings for some requirements, by what the installed say."""
    waiting = [Requirement(one) for one in asked]
    seen: set[str] = set()
    while waiting:
        one = waiting.pop()
        if canonicalize_name(one.name) in seen or (one.marker and not one.marker.evaluate()):
            continue
        seen.add(canonicalize_name(one.name))
        with suppress(PackageNotFoundError):
            further = [Requirement(text) for text in requires(one.name) or ()]
            waiting += [each for each in further if not each.marker or
                        each.marker.evaluate({"extra": ""})]  # fmt: skip
    return seen


def test_derivations_of_the_reference_are_left_out(texts: dict[str, str]) -> None:
    bare = [n for n in texts if n.endswith(".py") and n.replace("/", ".").startswith(BARE)]
    assert len(bare) > 60
    for name in bare:
        for node in ast.walk(ast.parse(texts[name])):
            match node:
                case ast.Module() | ast.ClassDef() | ast.FunctionDef():
                    assert ast.get_docstring(node) is None, name
        assert "#" not in texts[name] or not re.search(r"^\s*#", texts[name], re.MULTILINE), name
    assert "_loops" not in texts["reference/conv.py"] + texts["reference/pool.py"]


def test_expected_outputs_hold_no_class_after_an_attack(texts: dict[str, str]) -> None:
    kept = [name for name in texts if "expected_data" in name]
    assert kept
    for name in kept:
        record = json.loads(texts[name])
        for key in ("top5_after", "top5_before", "robust_top5", "random_top5"):
            assert record.get(key, []) == [], name
    ours = json.loads((COMMITTED / "studio" / "4e.json").read_text())
    theirs = json.loads(texts["reference/expected_data/studio/4e.json"])
    assert ours["top5_after"]
    assert theirs["log_p_after"] == ours["log_p_after"]


@pytest.mark.whole
@pytest.mark.kernel
def test_it_finds_what_staff_find_with_other_seeds(
    installed: Installed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "pset4.ipynb": factories.notebook_bytes([factories.code_cell(WRONG_LAYERS)]),
        "report.pdf": factories.pdf_bytes(),
    }
    factories.write_zip(tmp_path / "jdoe.zip", files)
    options = ("check", "jdoe.zip", "--bundle", "studio-narrow", "--isolation", "auto")
    program = str(Path(installed.python).with_name("pset4-check"))
    done = installed.run(tmp_path, program, *options, "--seed", "5")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Not answered or not shown:" in done.stdout
    theirs = tmp_path / "results" / "jdoe"
    assert {path.name for path in theirs.iterdir()} >= {"feedback.html", "feedback.pdf"}
    assert not (theirs / "staff.html").exists()
    zip_path, out = str(tmp_path / "jdoe.zip"), str(tmp_path / "staff")
    assert main(["check", zip_path, *options[2:], "--seed", "6", "--out", out]) == 1
    found, wanted = (_findings(path) for path in (theirs, tmp_path / "staff" / "jdoe"))
    assert found == wanted
    assert {one[2] for one in wanted} >= {"PASS", "FAIL"}


def _findings(folder: Path) -> list[tuple[str, str, str, float, str]]:
    sheet = load(GradeSheet, folder / "results.json")
    return [
        (part.id, one.check_id, one.outcome.value, one.credit, one.code)
        for part in sheet.parts
        for one in part.findings
    ]


@pytest.mark.kernel
def test_without_the_modules_of_unix_it_packs_reports_and_tries_parts(
    installed: Installed, tmp_path: Path
) -> None:
    (tmp_path / "my.ipynb").write_bytes(factories.notebook_bytes([factories.code_cell(LAYERS)]))
    script = str(Path(__file__).with_name("without_unix.py"))
    for arguments, shown in (
        (("pack", "my.ipynb", "-k", "jdoe"), "jdoe.zip:"),
        (("report", "my.ipynb", "--stored"), "Report: report.pdf"),
        (("check", "my.ipynb", "--only", "1a", "--isolation", "process"), "1(a)  Passed"),
    ):
        done = installed.run(tmp_path, installed.python, script, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert shown in done.stdout
