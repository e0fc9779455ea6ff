"""What the checks know is asked of their process, in few calls, and is what they say themselves."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from grader.bounded import asking
from grader.checks.registry import parts_of_runs, probes_of
from grader.checks.stage import standard
from grader.model.stage_keys import grader_keys
from grader.sandbox.apart import Ended, call_apart
from reference.errors import ConfigError, GraderFault
from tests.factories import ASSIGNMENT

BUNDLE = "studio-narrow"


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked, by the real process; nothing is remembered from other tests."""
    asked: list[str] = []
    real = call_apart

    def counting(function: Any, arguments: tuple[Any, ...], *rest: Any, **more: Any) -> Any:
        asked.append(arguments[0])
        return real(function, arguments, *rest, **more)

    monkeypatch.setattr(asking, "call_apart", counting)
    monkeypatch.setattr(asking, "_known", [])
    return asked


def test_the_answers_are_the_checks_own(calls: list[str]) -> None:
    judged_by = standard(ASSIGNMENT, BUNDLE)
    assert asking.standard(ASSIGNMENT, BUNDLE) == judged_by
    assert asking.parts_of_runs(ASSIGNMENT) == parts_of_runs(ASSIGNMENT)
    asked = probes_of(ASSIGNMENT, asking.SEED_OF_KEYS)
    own = grader_keys(ASSIGNMENT, judged_by.bundle, asked, judged_by.expected)
    assert asking.keys_of(judged_by) == own
    assert calls == ["offering"]
    assert asking.questions(ASSIGNMENT, 7).probes == probes_of(ASSIGNMENT, 7)


def test_each_run_has_a_seed_of_its_own_and_few_calls_are_made(calls: list[str]) -> None:
    several = [asking.questions(ASSIGNMENT, None) for _ in range(12)]
    assert len({one.seed for one in several}) == len(several)
    assert all(one.probes == probes_of(ASSIGNMENT, one.seed) for one in several)
    assert calls == ["offering", *["questions"] * 4]  # 1, 2, 4, 8


def test_an_offering_that_the_checks_cannot_judge_is_refused_as_by_themselves() -> None:
    part = ASSIGNMENT.parts[0]
    named = replace(part, checks=(replace(part.checks[0], id="no_such_check"),))
    with pytest.raises(ConfigError, match="found 'no_such_check'"):
        asking.standard(replace(ASSIGNMENT, parts=(named, *ASSIGNMENT.parts[1:])), BUNDLE)


def test_another_offering_is_asked_about_anew(calls: list[str]) -> None:
    fewer = replace(ASSIGNMENT, parts=ASSIGNMENT.parts[:1])
    assert asking.parts_of_runs(fewer) == parts_of_runs(fewer) == frozenset()
    assert asking.parts_of_runs(ASSIGNMENT)
    assert calls == ["offering", "offering"]


def test_without_an_answer_it_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "call_apart", lambda *_, **__: Ended.MEMORY)
    with pytest.raises(GraderFault, match="gave no answer"):
        asking.parts_of_runs(ASSIGNMENT)


def test_a_cpu_is_known_without_asking(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "GPU", False)
    assert (asking.device_of("cpu"), asking.device_of("auto")) == ("cpu", "cpu")
    assert calls == []
    with pytest.raises(ConfigError, match="expected one of auto, cpu, cuda"):
        asking.device_of("tpu")


def test_nobody_who_asks_imports_pytorch() -> None:
    """Not even when everything has been asked."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from grader.bounded.asking import keys_of, questions, standard\n"
        "from grader.model.assignment import load_assignment\n"
        f"judged_by = standard(load_assignment(), {BUNDLE!r})\n"
        "keys_of(judged_by); assert questions(judged_by.assignment, 3).probes"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
