"""Decisions in today's points: by the newest rubric, in the share of today's maximum."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.model.assignment import load_assignment
from grader.model.records import AppliedItem, DecisionKind, Rubric, RubricItem, Show
from grader.scoring.overrides import human_grades
from tests.factories import decision

ASSIGNMENT = replace(load_assignment(), rubrics=())
HIDDEN = RubricItem(id="copied", share=0.0, title="Copied", show=Show.NEVER)
BORDER = RubricItem(id="border", share=0.5, title="Border", for_student="*Borders* are said.")
RUBRIC = Rubric(part_id="3c", number=1, items=(BORDER, HIDDEN))
APPLIED = tuple(AppliedItem(id=i.id, share=i.share, title=i.title) for i in RUBRIC.items)
BY_RUBRIC = decision(uuid="d1", items=APPLIED, rubric_number=1, share=0.5)


def points(*decisions: object, rubrics: tuple[Rubric, ...] = (RUBRIC,)) -> float | None:
    human = human_grades(decisions, rubrics, ASSIGNMENT)  # type: ignore[arg-type]
    found = human.about("jdoe", "a" * 64, ASSIGNMENT, "6.869")
    return found[0].points if found else None


def test_a_changed_rubric_changes_what_was_decided_by_it() -> None:
    assert points(BY_RUBRIC) == pytest.approx(0.4)
    dearer = replace(RUBRIC, number=2, items=(replace(BORDER, share=0.75),))
    assert points(BY_RUBRIC, rubrics=(RUBRIC, dearer)) == pytest.approx(0.6)


def test_points_given_without_a_rubric_stay_the_share_that_they_are() -> None:
    assert points(decision(share=0.25)) == pytest.approx(0.2)


def test_only_the_hand_in_that_was_looked_at_has_the_points() -> None:
    assert points(decision(zip_sha256="b" * 64)) is None


def test_what_is_withdrawn_or_beside_does_not_count() -> None:
    withdrawn = decision(parent="d1", kind=DecisionKind.WITHDRAWN, share=None)
    assert points(BY_RUBRIC, withdrawn) is None
    for kind in (DecisionKind.SECOND, DecisionKind.CONFLICT):
        assert points(BY_RUBRIC, decision(parent="d1", kind=kind, share=0.0)) == pytest.approx(0.4)


def test_a_student_reads_the_words_of_items_and_none_that_are_for_staff() -> None:
    human = human_grades([BY_RUBRIC], [RUBRIC], ASSIGNMENT)
    (found,) = human.about("jdoe", "a" * 64, ASSIGNMENT, "6.869")
    assert [(one.title, one.share) for one in found.items] == [("*Borders* are said.", 0.5)]
