"""Staff pages lead to the class's page, and to the students before and after."""

from __future__ import annotations

from pathlib import Path

from grader.batch.exports.neighbors import link_neighbors
from grader.batch.records import State
from grader.outputs.pages.render import render_staff_html
from tests.factories import grade_sheet
from tests.grader.batch.factory import row, without_sheet
from tests.grader.outputs.pages.test_render import Inventory
from tests.hostile.pages import active_content

NAMES = ("ann", "bob", "cyd")


def class_of(results: Path) -> None:
    for name in NAMES:
        (results / name).mkdir()
        page = render_staff_html(grade_sheet(kerberos=name), results / name)
        (results / name / "staff.html").write_text(page, encoding="utf-8")


def links_of(results: Path, name: str) -> list[str]:
    html = (results / name / "staff.html").read_text(encoding="utf-8")
    assert active_content(html) == ()
    return [url for url in Inventory(html).urls if url.startswith("..")]


def test_each_page_leads_to_the_class_and_its_neighbors(tmp_path: Path) -> None:
    class_of(tmp_path)
    rows = (row("cyd"), without_sheet("abe", State.REJECTED), row("ann"), row("bob"))
    assert link_neighbors(rows, tmp_path) == ()
    assert links_of(tmp_path, "ann") == ["../staff.html#student-ann", "../bob/staff.html"]
    assert links_of(tmp_path, "bob") == [
        "../staff.html#student-bob",
        "../ann/staff.html",
        "../cyd/staff.html",
    ]
    page = tmp_path / "bob" / "staff.html"
    before = page.stat().st_mtime_ns
    link_neighbors(rows, tmp_path)
    assert page.stat().st_mtime_ns == before  # written only where a link is another
    link_neighbors((row("ann"), row("cyd")), tmp_path)
    assert links_of(tmp_path, "cyd") == ["../staff.html#student-cyd", "../ann/staff.html"]


def test_a_page_without_a_place_for_links_is_left_alone(tmp_path: Path) -> None:
    class_of(tmp_path)
    (tmp_path / "ann" / "staff.html").write_text("<p>of an older template</p>")
    assert link_neighbors((row("ann"),), tmp_path) == ()
    assert (tmp_path / "ann" / "staff.html").read_text() == "<p>of an older template</p>"
