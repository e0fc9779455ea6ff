"""CI templates: the schemas of their platforms, what security linters say, settings, lock file."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest
import yaml

from authoring.ci_folder import FILES, build_folder
from authoring.ci_lock import NEVER_OPENED, TARGET, ci_lock
from grader.intake.repository_name import kerberos_of_repository, main
from grader.model.records import Outcome
from grader.model.records.codec import to_json
from reference.errors import ConfigError
from tests import factories

ROOT = Path(__file__).parents[2]
CI = ROOT / "templates" / "ci"
WORKFLOWS = (CI / "github/pset4.yml", CI / "github/check.yml")
ACTION = CI / "github/action.yml"
GITLAB = CI / "gitlab/pset4-check.yml"
TOOLS = Path(sys.executable).parent


def tool(*command: str | Path) -> str:
    done = subprocess.run(
        [str(TOOLS / command[0]), *map(str, command[1:])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_templates_follow_the_schemas_of_their_platforms(tmp_path: Path) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    tool("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)
    spec, job = GITLAB.read_text().split("\n---\n")
    (tmp_path / "job.yml").write_text(job)
    tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", tmp_path / "job.yml")
    used = set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", job))
    assert used == set(yaml.safe_load(spec)["spec"]["inputs"])


def test_zizmor_finds_nothing_in_the_workflows() -> None:
    tool("zizmor", "--offline", "--quiet", *WORKFLOWS, ACTION)


def test_every_action_is_pinned_by_its_whole_hash_with_its_version_as_comment() -> None:
    for path in (*WORKFLOWS, ACTION):
        for line in path.read_text().splitlines():
            if "uses: " in line and "ORG/pset4-check" not in line:
                assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_the_cache_is_saved_before_the_check_whatever_comes_of_it() -> None:
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    names = [step["name"] for step in steps]
    save = steps[names.index("Save the environment")]
    assert save["uses"].startswith("actions/cache/save@")
    assert "always()" in save["if"]
    assert names.index("Save the environment") < names.index("Check the submission")


def test_all_settings_reach_the_check() -> None:
    inputs = yaml.safe_load(ACTION.read_text())["inputs"]
    called = yaml.safe_load(WORKFLOWS[1].read_text())
    of_workflow = called[True]["workflow_call"]["inputs"]  # YAML 1.1 reads `on` as true
    for path in WORKFLOWS:
        (job,) = yaml.safe_load(path.read_text())["jobs"].values()
        assert set(job["steps"][1]["with"]) == set(inputs) - {"folder"} == set(of_workflow)
    script = (CI / "pset4-check.sh").read_text()
    assert all(f"${{{name.upper()}:" in script for name in inputs)


def test_the_lock_file_of_ci_is_made_of_the_whole_one() -> None:
    assert TARGET.read_text() == ci_lock(), "run `make regold`"
    names = set(re.findall(r"^([\w.-]+)==", TARGET.read_text(), re.MULTILINE))
    assert not names & NEVER_OPENED
    assert {"torch", "torchvision", "weasyprint"} <= names
    dev = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][
        "dev"
    ]
    assert not names & {"mypy", "playwright", "pytest", "ruff", "zizmor"} & set(dev)


def test_the_folder_is_whole_and_names_the_courses_repository(tmp_path: Path) -> None:
    (tmp_path / "pset4_grader-0.1.0-py3-none-any.whl").write_bytes(b"whole")
    made = tmp_path / "made"
    assert build_folder(made, tmp_path, "mit/check@v2").name.startswith("pset4_grader")
    (tmp_path / "pset4_check-0.1.0-py3-none-any.whl").write_bytes(b"students")
    assert build_folder(made, tmp_path, "mit/check@v2").name.startswith("pset4_check")
    assert {str(p.relative_to(made)) for p in made.rglob("*") if p.is_file()} == {
        *FILES.values(), "pset4_check-0.1.0-py3-none-any.whl"
    }  # fmt: skip
    assert "uses: mit/check@v2" in (made / ".github/workflows/check.yml").read_text()
    assert "ORG/" not in "".join(p.read_text() for p in made.rglob("*.yml"))
    assert (made / "pset4-check.sh").stat().st_mode & 0o111


@pytest.mark.parametrize("action", ["nonsense", "mit/pset4-check", "mit/a b@v1", ""])
def test_the_repository_is_named_in_full(tmp_path: Path, action: str) -> None:
    with pytest.raises(ConfigError, match=r"ACTION: expected OWNER/REPOSITORY@TAG"):
        build_folder(tmp_path / "folder", tmp_path, action)


def test_without_a_wheel_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="run `make student`"):
        build_folder(tmp_path / "made", tmp_path)


@pytest.mark.parametrize(
    ("repository", "pattern", "kerberos"),
    [
        ("mit/pset4-jdoe", "pset4-(.+)", "jdoe"),
        ("mit/f26-pset4-JDoe", "f26-pset4-(.+)", "jdoe"),
        ("jdoe", "pset4-(.+)", "jdoe"),
        ("https://host/mit/pset4-jdoe.git", "pset4-(.+)", "jdoe"),
    ],
)
def test_whose_a_repository_is_stands_in_its_name(
    repository: str, pattern: str, kerberos: str
) -> None:
    assert kerberos_of_repository(repository, pattern=pattern) == kerberos


def test_or_in_a_roster_or_is_known(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("\ufeffGitHub,Kerberos\noctocat,jdoe\n")
    assert kerberos_of_repository("mit/pset4-OctoCat", roster=roster) == "jdoe"
    assert kerberos_of_repository("mit/x", kerberos="ada", roster=roster) == "ada"
    with pytest.raises(ConfigError, match="expected a row for 'else'"):
        kerberos_of_repository("mit/pset4-else", roster=roster)
    roster.write_text("name\njdoe\n")
    with pytest.raises(ConfigError, match="expected the columns kerberos and repository"):
        kerberos_of_repository("mit/pset4-else", roster=roster)


def test_a_wrong_pattern_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mit/pset4-jdoe", "--pattern", "("]) == 2
    assert "expected a regular expression" in capsys.readouterr().err
    assert main(["mit/pset4-jdoe"]) == 0
    assert capsys.readouterr().out == "jdoe\n"


def autograder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("autograder", CI / "classroom50/autograder.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_TEXT, _WHOLE = {"type": "string"}, {"type": "integer", "minimum": 0}
CLASSROOM50 = {
    "type": "object",
    "required": ["schema", "classroom", "assignment", "submission", "commit", "release", "review",
                 "datetime", "score", "max-score", "tests"],
    "properties": {
        "schema": {"const": "classroom50/result/v1"},
        "datetime": {"type": "string", "format": "date-time"},
        "score": _WHOLE, "max-score": _WHOLE,
        **dict.fromkeys(("classroom", "assignment", "submission"), _TEXT),
        **dict.fromkeys(("commit", "release", "review"), _TEXT),
        "tests": {"type": "array", "items": {
            "type": "object",
            "required": ["test-name", "passed", "score", "max-score"],
            "properties": {"test-name": _TEXT, "passed": {"type": "boolean"}, "score": _WHOLE,
                           "max-score": _WHOLE},
        }},
    },
}  # fmt: skip
"""What the platform's page "Advanced Autograding" says of result.json."""


def test_classroom50_gets_whole_numbers_and_no_zero_for_what_waits() -> None:
    findings = {
        "1a": (factories.finding("conv_forward", Outcome.PASS, credit=1.0),),
        "2a": (factories.finding("in_features", Outcome.PASS, credit=1.0),),
        "4c": (factories.finding("prose", Outcome.NEEDS_HUMAN),),
    }
    sheet = json.loads(to_json(factories.grade_sheet(findings)))
    result = autograder().result_of(sheet, {"CLASSROOM": "6869"}, "2026-11-30T12:00:00+00:00")
    jsonschema.validate(result, CLASSROOM50)
    names = {test["test-name"][:2]: test for test in result["tests"]}
    assert (names["1a"]["score"], names["1a"]["max-score"], names["1a"]["passed"]) == (60, 60, True)
    assert "4c" not in names
    assert result["score"] == sum(test["score"] for test in result["tests"])


def test_the_scale_makes_every_parts_maximum_whole_in_both_courses() -> None:
    scale = autograder().SCALE
    for course in factories.ASSIGNMENT.courses:
        for part in factories.grade_sheet({}, course=course).parts:
            assert abs(part.max_points * scale - round(part.max_points * scale)) < 1e-6
