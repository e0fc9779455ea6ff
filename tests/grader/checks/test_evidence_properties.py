"""Deleting or damaging any part of the evidence never raises a grade.

Points are compared, part by part and in total, as `score` gives them. What waits for a person has
no points: lost evidence may make a part wait, right or wrong, since then a person looks at it; it
may not turn anything into points without one.

Each submission (right, half right, wrong, at odds with itself) is damaged in one to three places at
a time. Only the checks that read what was damaged are run again: checks are pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checks import run_checks
from grader.model.records import Evidence, Finding, GradeSheet, Outcome
from grader.scoring.score import score
from tests import factories
from tests.grader.checks.bases import Base, all_bases
from tests.grader.checks.damage import Damage, combined, damages
from tests.grader.checks.support import ASSIGNMENT, Lab
from tests.lanes import examples

READ_BY = {
    "conv1d_forward": {"1a", "3a", "3b"},
    "conv1d_backward": {"3a", "3b"},
    "conv1d_update": {"3b"},
    "maxpool1d_forward": {"1b", "3d"},
    "maxpool1d_backward": {"3d"},
    "output2prob": {"2c"},
}
"""Probe to the parts whose checks read its reply."""

OBSERVED = {"2a", "2b", "2c"}
ATTACKS = {"4a", "4b", "4e", "4f"}
DREAMS = {"4d"}

ALLOWED: Mapping[str, tuple[str, frozenset[str]]] = {
    "raised": ("conv1d_forward", frozenset({"3a", "3b"})),
    "STUDENT_ERROR": ("conv1d_forward", frozenset({"3a", "3b"})),
    "TIMEOUT": ("conv1d_forward", frozenset({"3a", "3b"})),
    "RESOURCE_LIMIT": ("conv1d_forward", frozenset({"3a", "3b"})),
}
"""What is no loss of evidence: a forward that does not come to its end is the student's fault. It
costs its points once, so that the backward may then fit any convention (it did not have to fit its
own forward before)."""


class Subject:
    """A submission with its grade, and all that can happen to its evidence."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.evidence = base.context.evidence
        self.findings = self.judged(self.evidence, {part.id for part in ASSIGNMENT.parts})
        self.sheet = sheet_of(self.findings)

    def __repr__(self) -> str:
        return repr(self.base)

    @cached_property
    def by_kind(self) -> Mapping[str, Sequence[Damage]]:
        found: dict[str, list[Damage]] = {}
        for damage in damages(self.evidence, self.base.memory):
            found.setdefault(damage.kind, []).append(damage)
        return found

    def judged(self, evidence: Evidence, parts: set[str]) -> Mapping[str, tuple[Finding, ...]]:
        few = replace(ASSIGNMENT, parts=tuple(p for p in ASSIGNMENT.parts if p.id in parts))
        return run_checks(few, self.base.damaged(evidence))

    def probe(self, damage: Damage) -> str:
        """The probe whose reply is damaged; empty for other damage."""
        if damage.kind != "replies" or damage.index is None:
            return ""
        return self.evidence.replies[damage.index].probe_id.removesuffix("_alone")

    def parts_concerned(self, damage: Damage) -> set[str]:
        """Parts whose checks read what is damaged."""
        if damage.kind == "replies":
            probe = self.probe(damage)
            return READ_BY[probe] if probe else set().union(*READ_BY.values())
        if damage.kind == "runs":
            if damage.index is None:
                return OBSERVED | ATTACKS | DREAMS
            inline = self.evidence.runs[damage.index].class_id is None
            return OBSERVED | (DREAMS if inline else ATTACKS)
        if damage.kind == "cells":
            return OBSERVED | ATTACKS
        return OBSERVED

    def after(self, chosen: Sequence[Damage]) -> GradeSheet:
        """The grade after some damage."""
        parts = set().union(*(self.parts_concerned(d) for d in chosen))
        again = self.judged(combined(chosen, self.evidence), parts)
        return sheet_of({**self.findings, **again})


Subjects: TypeAlias = tuple[Subject, ...]


def sheet_of(findings: Mapping[str, tuple[Finding, ...]]) -> GradeSheet:
    return score(findings, ASSIGNMENT, factories.sheet_facts(), factories.lateness())


@pytest.fixture(scope="module")
def subjects(lab: Lab) -> Subjects:
    return tuple(Subject(base) for base in all_bases(lab))


def raised(before: GradeSheet, after: GradeSheet) -> dict[str, tuple[float, float]]:
    """Parts that have more points than before, and the total if it has."""
    found = {
        old.id: (old.points, new.points)
        for old, new in zip(before.parts, after.parts, strict=True)
        if new.points > old.points + 1e-9
    }
    if after.total > before.total + 1e-9:
        found["total"] = (before.total, after.total)
    return found


def test_the_submissions_are_what_they_are_called(subjects: Subjects) -> None:
    right, half, wrong, odd = (subject.sheet for subject in subjects)
    assert right.total + right.pending == pytest.approx(11.5)
    assert right.total > half.total > wrong.total
    for sheet in (half, wrong, odd):
        outcomes = {part.outcome for part in sheet.parts}
        assert Outcome.FAIL in outcomes or Outcome.PARTIAL in outcomes
        assert Outcome.GRADER_FAULT not in outcomes


@pytest.mark.parametrize("kind", ["replies", "runs", "models", "predictions", "cells"])
def test_every_kind_of_evidence_can_be_damaged(subjects: Subjects, kind: str) -> None:
    assert len(subjects[0].by_kind[kind]) > 10


def excused(subject: Subject, chosen: Sequence[Damage]) -> set[str]:
    """Parts that this damage may help: by the rule above."""
    parts: set[str] = set()
    for damage in chosen:
        for word, (probe, helped) in ALLOWED.items():
            if word in damage.words and subject.probe(damage) == probe:
                parts |= helped
    return parts


def speaks_for_itself(subject: Subject, chosen: Sequence[Damage]) -> set[str]:
    """Attacks that wait for what they show, where the witness of it is damaged.

    What such a witness cannot tell speaks against nobody; a damaged run lifts no hold.
    """
    if not any(damage.kind in {"predictions", "cells"} for damage in chosen):
        return set()
    return {
        part.id
        for part in subject.sheet.parts
        for finding in part.findings
        if any(remark.code.startswith("attack.shows_") for remark in finding.remarks)
    }


def points_of(sheet: GradeSheet, part_id: str) -> float:
    return next(part.points for part in sheet.parts if part.id == part_id)


def check(subject: Subject, chosen: Sequence[Damage]) -> None:
    after = subject.after(chosen)
    helped = excused(subject, chosen)
    if points_of(after, "1a") < points_of(subject.sheet, "1a"):
        helped |= ALLOWED["raised"][1]  # damage cannot be told from a forward that is wrong
    helped |= speaks_for_itself(subject, chosen)
    better = raised(subject.sheet, after)
    assert set(better) - helped - ({"total"} if helped else set()) == set(), better


@st.composite
def chosen(
    draw: st.DrawFn, subjects: Sequence[Subject], *kinds: str
) -> tuple[Subject, list[Damage]]:
    """A submission and what happens to it: one to three damages of these kinds of evidence."""
    subject = draw(st.sampled_from(subjects))
    there = [kind for kind in kinds if subject.by_kind.get(kind)]
    one = st.sampled_from(there).flatmap(lambda kind: st.sampled_from(subject.by_kind[kind]))
    return subject, draw(st.lists(one, min_size=1, max_size=3))


@given(data=st.data())
@settings(max_examples=examples(40))
def test_damaged_replies_raise_no_grade(subjects: Subjects, data: st.DataObject) -> None:
    check(*data.draw(chosen(subjects, "replies")))


@given(data=st.data())
@settings(max_examples=examples(40))
def test_damaged_observations_raise_no_grade(subjects: Subjects, data: st.DataObject) -> None:
    seen = tuple(s for s in subjects if "predictions" in s.by_kind)
    check(*data.draw(chosen(seen, "models", "predictions", "cells")))


@given(data=st.data())
@settings(max_examples=examples(25))
def test_damaged_runs_raise_no_grade(subjects: Subjects, data: st.DataObject) -> None:
    check(*data.draw(chosen(subjects, "runs")))


@given(data=st.data())
@settings(max_examples=examples(15))
def test_damage_of_all_kinds_raises_no_grade(subjects: Subjects, data: st.DataObject) -> None:
    check(*data.draw(chosen(subjects, "replies", "runs", "models", "predictions", "cells")))


def test_nothing_at_all_is_worth_nothing(subjects: Subjects) -> None:
    """Without any evidence no check gives a point, and what is not decided waits for a person."""
    for subject in subjects:
        everything = [
            Damage(d.kind, None, d.words, d.change)
            for kind in subject.by_kind
            for d in subject.by_kind[kind]
            if d.index is None
        ]
        sheet = subject.after(everything)
        assert sheet.total == 0
        assert sheet.pending > 0
