"""The documentation names only what there is, and the recipes of CONTRIBUTING work."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks_of, documents

DOCUMENTS = tuple(path.relative_to(ROOT).as_posix() for path in documents())
TOP = ("authoring", "docs", "grader", "reference", "submissions", "templates", "tests")
MADE = {
    "submissions/class",
    "submissions/complete.zip",
    "templates/pset4-check.yml",  # in what `make ci` builds
}
"""Made when they are asked for."""

_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#]+)\)")
_MAKE = re.compile(r"\bmake ([a-z-]*[a-z])\b")
_MODULE = re.compile(r"python -m ([a-z_.]+)")

TRY = """
from grader.checks.findings import say, student_text
from grader.checks.registry import CHECKS

check = CHECKS["avgpool_forward"]
print(check.function, sorted(check.credit))
print([len(question.calls) for question in check.probes(1)])
print(student_text(say("avgpool.sums", wrong=1, cases=3)))
print(student_text(say("avgpool.sums", wrong=2, cases=3)))
"""


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def named_paths(document: str) -> Iterator[str]:
    text = text_of(document)
    for span in _SPAN.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if re.fullmatch(r"[\w./-]+", span) and span.split("/")[0] in TOP and "/" in span:
            yield span
    for link in _LINK.findall(text):
        if "://" not in link:
            yield ((ROOT / document).parent / link).resolve().relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_is_named_exists(document: str) -> None:
    paths = set(named_paths(document)) - MADE
    assert {path for path in paths if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_is_named_exists(document: str) -> None:
    makefile = text_of("Makefile")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = text_of(document)
    held = [block.text for block in blocks_of(ROOT / document)]
    used = set(_MAKE.findall("\n".join(_SPAN.findall(text) + held)))
    assert used - targets == set()
    modules = set(_MODULE.findall(text))
    assert {name for name in modules if importlib.util.find_spec(name) is None} == set()


def test_much_is_named() -> None:
    assert sum(len(set(named_paths(document))) for document in DOCUMENTS) > 100


def test_every_target_is_on_its_page() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", text_of("Makefile"), re.MULTILINE))
    assert targets - set(_MAKE.findall(text_of("docs/make.md"))) == set()


def test_the_map_names_every_folder_of_the_grader() -> None:
    section = text_of("CONTRIBUTING.md").partition("## Map")[2].partition("## How data flows")[0]
    found = {
        f"grader/{path.name}/"
        for path in (ROOT / "grader").iterdir()
        if path.is_dir() and not path.name.startswith("__")
    }
    assert found <= set(_SPAN.findall(section))


def test_the_records_of_the_stages_are_where_it_says() -> None:
    section = text_of("CONTRIBUTING.md").partition("## How data flows")[2].partition("## Rec")[0]
    rows = re.findall(r"^\| [a-z]+ \| `(\w+?)`.* \| `([^`]+\.py)` \|$", section, re.MULTILINE)
    assert len(rows) >= 6
    for name, path in rows:
        assert re.search(rf"^class {name}\b", text_of(path), re.MULTILINE), (name, path)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the grader to which the recipes were applied, word by word."""
    folder = tmp_path_factory.mktemp("copy")
    left_out = shutil.ignore_patterns("__pycache__", "*.pt", "*.npy", "*.jpeg", "*.png", "*.npz")
    for package in ("grader", "reference"):
        shutil.copytree(ROOT / package, folder / package, ignore=left_out)
    blocks = {one.language: one.text for one in blocks_of(ROOT / "CONTRIBUTING.md")}
    table, module = blocks["toml"], blocks["python"] + "\n"
    assert tomllib.loads(table)
    (folder / "grader/checks/messages/avgpool.toml").write_text(table, encoding="utf-8")
    (folder / "grader/checks/functions/avgpool.py").write_text(module, encoding="utf-8")
    return folder


def test_the_recipes_for_a_check_and_a_sentence_work(copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", TRY],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "avgpool1d_forward ['in_place']",
        "[5]",
        "The output is the sum of each window, not its mean; 1 output is wrong.",
        "The output is the sum of each window, not its mean; 2 outputs are wrong.",
    ]
