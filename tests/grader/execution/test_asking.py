"""When a probe is asked: where the plan says, once its names are there, else where found."""

from __future__ import annotations

from grader.execution.asking import MOST_ASKED, Asking, better
from grader.model.records import Outcome, ProbeReply, ProbeSpec, ProbeValue, RunPlan
from tests import factories
from tests.grader.planning.test_plan import planned

LACKS_H = "name 'h' is not defined"


def ids(probes: tuple[ProbeSpec, ...]) -> list[str]:
    return [probe.probe_id for probe in probes]


def reply(*errors: str) -> ProbeReply:
    values = tuple(
        ProbeValue(name=f"c{i}", array=None, kind="", error_name=e, error_message=LACKS_H)
        for i, e in enumerate(errors)
    )
    return ProbeReply(probe_id="forward", outcome=Outcome.PASS, values=values)


def asking(*sources: str) -> tuple[Asking, RunPlan]:
    plan = planned(*sources)
    return Asking(plan), plan


def test_a_name_that_reading_does_not_see_is_asked_where_it_is_found() -> None:
    wait, _ = asking("x = 1", "exec(text)")
    wait.found((), factories.cell(0, "x = 1"))
    assert ids(wait.after(0)) == []
    wait.found(("f",), factories.cell(1, "exec(text)"))
    assert ids(wait.after(1)) == ["forward"]


def test_a_name_that_a_later_cell_is_seen_to_bind_waits_for_it() -> None:
    wait, plan = asking("f = 1", "f = 2")
    wait.found(("f",), factories.cell(0, "f = 1"))
    assert ids(wait.after(0)) == []
    assert ids(wait.after(len(plan.steps))) == ["forward"]


def test_what_the_later_cell_never_bound_is_asked_at_the_end() -> None:
    wait, _ = asking("exec(text)", "if x:\n    f = 2")
    wait.found(("f",), factories.cell(0, "exec(text)"))
    assert ids(wait.last()) == ["forward"]
    assert wait.last() == ()


def test_a_probe_is_asked_again_when_what_its_function_lacked_is_there() -> None:
    wait, plan = asking("f = 1", "def h(): ...")
    probe = next(p for p in wait.probes if p.probe_id == "forward")
    wait.found(("f",), factories.cell(0, "f = 1"))
    wait.asked(probe, reply("NameError"))
    assert not wait.due(probe)
    wait.found((), factories.cell(1, "def h(): ..."))
    assert ids(wait.after(len(plan.steps))) == ["forward"]
    wait.asked(probe, reply(""))
    assert wait.last() == ()


def test_a_name_bound_in_every_cell_is_not_asked_for_ever() -> None:
    wait, plan = asking("x = 1")
    probe = next(p for p in wait.probes if p.probe_id == "forward")
    for _ in range(MOST_ASKED):
        wait.found(("f",), factories.cell(0, "x = 1"))
        assert wait.due(probe)
        wait.asked(probe, reply(""))
    wait.found(("f",), factories.cell(0, "x = 1"))
    assert ids(wait.after(len(plan.steps))) == []


def test_names_that_no_probe_needs_are_no_matter() -> None:
    wait, _ = asking("x = 1")
    wait.found(("np",), factories.cell(0, "x = 1"))
    assert wait.bindings() == ()


def test_the_answer_with_fewer_exceptions_is_the_better_one() -> None:
    assert better(reply("", "NameError"), reply("NameError", "NameError"))
    assert not better(reply("NameError"), reply("NameError"))
    assert not better(None, reply("NameError"))
    assert better(reply("NameError"), None)
