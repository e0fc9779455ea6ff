"""What calls need is made before they are forked, and once."""

from __future__ import annotations

from grader.bounded import judging, pages
from grader.bounded.limits import MODULES
from grader.model.formulas import reading
from grader.model.records import Evidence, Findings, GradeSheet, Submission, codec
from grader.outputs.pages.render import environment, specimen
from grader.sandbox.apart_server import PREPARE, PREPARE_WHEN_IDLE


def test_the_server_finds_what_is_to_be_made() -> None:
    """By this name, in the modules that it imports."""
    assert {judging.__name__, pages.__name__} <= set(MODULES)
    assert all(hasattr(module, PREPARE) for module in (judging, pages))


def test_adapters_parser_and_templates_are_made() -> None:
    """Else each submission would make them anew, which takes longer than to use them."""
    judging.prepare_calls()
    pages.prepare_calls()
    assert {Evidence, Findings, GradeSheet, Submission} <= set(codec._ADAPTERS)
    assert reading._parser.cache_info().currsize == 1
    cached = {str(name) for _, name in environment().cache or ()}
    assert {"feedback.html.j2", "staff.html.j2"} <= cached


def test_what_a_first_pdf_takes_is_made_while_the_server_is_idle() -> None:
    """Fonts are unpacked, and what sets formulas and code has read what it reads once."""
    assert hasattr(pages, PREPARE_WHEN_IDLE)
    pages.prepare_when_idle()
    from grader.outputs.pages import embedded

    assert embedded._unpacked.cache_info().currsize > 0
    assert all(word in specimen() for word in ('<img class="math"', 'class="code"', "<table"))
