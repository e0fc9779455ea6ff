"""A stage's key changes when, and only when, something that the stage reads has changed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import grimp
import pytest

import grader
from grader.checks.registry import probes_of
from grader.model import stage_keys, version
from grader.model.assignment import load_assignment
from grader.model.records import Limits
from grader.model.stage_keys import (
    JUDGE_CODE,
    PAGES_CODE,
    RUN_CODE,
    GraderKeys,
    RunFacts,
    grader_keys,
    judged_by,
    run_key,
)
from grader.planning.reference_runs import reference_runs
from reference.bundles import get_bundle
from reference.expected import load_expected

ASSIGNMENT = load_assignment()
KEYS = GraderKeys(evidence="e", judge="j", pages="p")
FACTS = RunFacts(
    zip_sha256="a" * 64, zip_name="jdoe.zip", kerberos="jdoe", device="auto", limits=Limits()
)
STAGES = {"evidence": RUN_CODE, "judge": JUDGE_CODE, "pages": PAGES_CODE}


@pytest.mark.parametrize(
    "change",
    [
        {"zip_sha256": "c" * 64},
        {"zip_name": "other.zip"},
        {"kerberos": "other"},
        {"device": "cpu"},
        {"limits": Limits(cell_timeout_s=1.0)},
    ],
)
def test_every_fact_of_a_run_counts(change: dict[str, Any]) -> None:
    assert run_key(replace(FACTS, **change), KEYS) != run_key(FACTS, KEYS)
    assert run_key(FACTS, replace(KEYS, evidence="f")) != run_key(FACTS, KEYS)
    assert run_key(FACTS, replace(KEYS, judge="k", pages="q")) == run_key(FACTS, KEYS)


def test_a_name_that_is_no_text_has_a_key() -> None:
    assert len(run_key(replace(FACTS, zip_name="\udcff.zip"), KEYS)) == 64


PART = ASSIGNMENT.parts[0]
CHECK = PART.checks[0]
EXPERIMENT = ASSIGNMENT.experiments[0]
EXPECTED = reference_runs(load_expected("studio-narrow"), ASSIGNMENT)


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0" * 64},
        {"title": "Other"},
        {"deadline": ASSIGNMENT.deadline + timedelta(days=1)},
        {"late": replace(ASSIGNMENT.late, days=1)},
        {"problems": (replace(ASSIGNMENT.problems[0], points=9.0), *ASSIGNMENT.problems[1:])},
        {"parts": (replace(PART, title="Other", required_for=("6.819",)), *ASSIGNMENT.parts[1:])},
        {
            "parts": (
                replace(PART, checks=(replace(CHECK, weight=9.0), *PART.checks[1:])),
                *ASSIGNMENT.parts[1:],
            )
        },
    ],
)
def test_points_and_dates_only_score_anew(change: dict[str, Any]) -> None:
    assert judged_by(replace(ASSIGNMENT, **change)) == judged_by(ASSIGNMENT)


@pytest.mark.parametrize(
    "change",
    [
        {"experiments": (replace(EXPERIMENT, n_steps=9), *ASSIGNMENT.experiments[1:])},
        {"parts": (replace(PART, anchors=("other",)), *ASSIGNMENT.parts[1:])},
        {"parts": ASSIGNMENT.parts[1:]},
        {"template": ASSIGNMENT.template[1:]},
        {"own_checks": "CHECKS = ()"},
        {"own_messages": "[a.b]\nstudent = 'A.'"},
        {"credit": {}},
        {"short_cuts": {}},
    ],
)
def test_what_the_checks_use_is_judged_again(change: dict[str, Any]) -> None:
    assert judged_by(replace(ASSIGNMENT, **change)) != judged_by(ASSIGNMENT)


def test_questions_and_course_files_are_run_again() -> None:
    bundle, questions = get_bundle("studio-narrow"), probes_of(ASSIGNMENT, 0)
    usual = grader_keys(ASSIGNMENT, bundle, questions, EXPECTED)
    files = replace(ASSIGNMENT, course_files={})
    credit = replace(ASSIGNMENT, credit={"conv_forward": {}})
    for other in (
        grader_keys(ASSIGNMENT, bundle, questions[1:], EXPECTED),
        grader_keys(files, bundle, questions, EXPECTED),
        grader_keys(ASSIGNMENT, replace(bundle, name="studio"), questions, EXPECTED),
    ):
        assert other.evidence != usual.evidence
    judged = grader_keys(credit, bundle, questions, EXPECTED)
    assert judged == replace(usual, judge=judged.judge) != usual


def test_a_run_of_the_reference_that_was_added_is_judged_by() -> None:
    bundle, questions = get_bundle("studio-narrow"), probes_of(ASSIGNMENT, 0)
    usual = grader_keys(ASSIGNMENT, bundle, questions, EXPECTED)
    added = replace(EXPECTED, attacks=(*EXPECTED.attacks, EXPECTED.attacks[-1]))
    judged = grader_keys(ASSIGNMENT, bundle, questions, added)
    assert judged == replace(usual, judge=judged.judge) != usual


def forget() -> None:
    """Let the keys be reckoned anew, as by a new process."""
    for cached in (version._paths, version._module, version.code_digest, stage_keys._files):
        cached.cache_clear()


def with_code(text: str) -> str:
    return f"{text}\n_ONE_MORE = 1\n"


def with_comment(text: str) -> str:
    return f"# A comment.\n{text}"


def with_other_docstring(text: str) -> str:
    return text.replace('"""', '"""Other words. ', 1)


def with_line(text: str) -> str:
    return f"{text}\n"


EDITS: list[tuple[str, Callable[[str], str], set[str]]] = [
    ("grader/execution/session.py", with_code, {"evidence"}),
    ("grader/kernel/steps.py", with_code, {"evidence"}),
    ("grader/sandbox/enter.py", with_code, {"evidence"}),
    ("grader/intake/archive.py", with_code, {"evidence"}),
    ("grader/intake/messages/intake.toml", with_line, {"evidence", "judge", "pages"}),
    ("grader/model/records/evidence.py", with_code, {"evidence", "judge", "pages"}),
    ("grader/checks/images/attacks.py", with_code, {"judge"}),
    ("grader/checks/tolerance.py", with_code, {"judge"}),
    ("grader/checks/measured.toml", with_line, {"judge"}),
    ("grader/checks/messages/common.toml", with_line, {"judge"}),
    ("grader/reading/report.py", with_code, {"judge", "pages"}),
    ("grader/reading/messages/reading.toml", with_line, {"judge", "pages"}),
    ("grader/planning/alignment.py", with_code, {"judge"}),
    ("reference/conv.py", with_code, {"judge"}),
    ("reference/expected_data/studio/4a.json", with_line, {"judge"}),
    ("grader/outputs/pages/svg.py", with_code, {"pages"}),
    ("templates/feedback.css", with_line, {"pages"}),
    ("templates/ci/github/action.yml", with_line, set()),
    ("templates/nbgrader/fill_points.py", with_line, set()),
    ("grader/app/cli.py", with_code, set()),
    ("grader/batch/class_run.py", with_code, set()),
    ("grader/sandbox/doctor.py", with_code, set()),
    ("grader/checks/images/attacks.py", with_comment, set()),
    ("grader/checks/images/attacks.py", with_other_docstring, set()),
    ("grader/execution/session.py", with_comment, set()),
    ("grader/execution/session.py", with_other_docstring, set()),
]
"""(file, edit, keys that must change). Files of `authoring/` are in no stage's reach."""


@pytest.fixture
def keys_of_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], GraderKeys]]:
    """Keys of a copy of this project that a test may edit."""
    root = Path(grader.__file__).parents[1]
    skip = shutil.ignore_patterns("__pycache__", "*.pt")
    for name in ("grader", "reference", "templates"):
        shutil.copytree(root / name, tmp_path / name, ignore=skip)

    bundle, questions = get_bundle("studio-narrow"), probes_of(ASSIGNMENT, 0)
    places = {"grader": tmp_path / "grader", "reference": tmp_path / "reference"}
    monkeypatch.setattr(version, "_folder", places.__getitem__)
    monkeypatch.setattr(stage_keys, "templates", lambda: tmp_path / "templates")
    expected = tmp_path / "reference" / "expected_data" / "studio"
    monkeypatch.setattr(stage_keys, "expected_folder", lambda _: expected)

    def keys() -> GraderKeys:
        forget()
        return grader_keys(ASSIGNMENT, bundle, questions, EXPECTED)

    yield keys
    forget()


def test_a_change_of_a_file_changes_the_keys_of_the_stages_that_read_it(
    keys_of_tree: Callable[[], GraderKeys], tmp_path: Path
) -> None:
    usual = asdict(keys_of_tree())
    for name, edit, expected in EDITS:
        path = tmp_path / name
        text = path.read_text(encoding="utf-8")
        path.write_text(edit(text), encoding="utf-8")
        found = asdict(keys_of_tree())
        path.write_text(text, encoding="utf-8")
        assert {stage for stage in usual if found[stage] != usual[stage]} == expected, name
    assert asdict(keys_of_tree()) == usual


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_the_code_of_a_stage_is_all_that_it_imports(stage: str) -> None:
    """Import-linter's own library finds the same modules."""
    graph = grimp.build_graph("grader", "reference", cache_dir=None)
    roots = [name for root in STAGES[stage] for name in version._expanded(root)]
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name and name not in found:
            found.add(name)
            waiting += [*graph.find_modules_directly_imported_by(name), name.rpartition(".")[0]]
    assert version.closure(STAGES[stage]) == found


def test_what_is_started_by_its_name_is_code_of_the_run() -> None:
    code = version.closure(RUN_CODE)
    for name in ("execution.driver", "execution.driver_server", "sandbox.enter", "sandbox.inner"):
        assert f"grader.{name}" in code
    assert {name for name in version._paths() if name.startswith("grader.kernel")} <= code


def test_keys_take_little_time() -> None:
    grader_keys(ASSIGNMENT, get_bundle("studio-narrow"), (), EXPECTED)  # Python's cache is filled
    forget()
    started = time.process_time()
    grader_keys(ASSIGNMENT, get_bundle("studio-narrow"), (), EXPECTED)
    assert time.process_time() - started < 0.6  # 0.2 on a machine with nothing else to do
