from __future__ import annotations

import gc
import logging
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pypdf import PdfReader

from grader.outputs.pages.embedded import put_aside
from grader.outputs.pages.pdf import html_to_pdf
from reference.errors import ConfigError
from tests.grader.outputs.pages.conftest import Pages


class Printed(NamedTuple):
    reader: PdfReader
    text: str
    complaints: list[str]


@pytest.fixture(scope="module")
def printed(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Printed:
    path = tmp_path_factory.mktemp("pdf") / "feedback.pdf"
    complaints: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: complaints.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("weasyprint").addHandler(handler)
    html_to_pdf(pages.feedback, path)
    logging.getLogger("weasyprint").removeHandler(handler)
    reader = PdfReader(path)
    return Printed(reader, "\n".join(page.extract_text() for page in reader.pages), complaints)


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    node = node.get_object()
    if isinstance(node, list):
        for one in node:
            yield from _nodes(one)
    elif isinstance(node, dict):
        yield node
        if "/K" in node:
            yield from _nodes(node["/K"])


def test_text_and_size(printed: Printed) -> None:
    assert 4 <= len(printed.reader.pages) <= 10
    assert [round(float(side)) for side in printed.reader.pages[0].mediabox[2:]] == [612, 792]
    for words in (
        "4.71",
        "Gradients of the convolution",
        "How it was run",
        "measured",
        "tolerance",
    ):
        assert words in printed.text


def test_running_head_names_the_student_and_the_page(printed: Printed) -> None:
    last = len(printed.reader.pages)
    text = printed.reader.pages[-1].extract_text()
    assert "6.869 Problem Set 4 · Feedback · sample" in text
    assert f"{last} of {last}" in text


def test_bookmarks_lead_to_every_part(printed: Printed, pages: Pages) -> None:
    flat: list[str] = []
    stack: list[Any] = [printed.reader.outline]
    while stack:
        entry = stack.pop()
        if isinstance(entry, list):
            stack += entry
        else:
            flat.append(str(entry.title))
    for part in pages.sheet.parts:
        assert any(part.title in title for title in flat), part.title


def test_tagged_with_words_for_every_figure(printed: Printed) -> None:
    root: Any = printed.reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    nodes = list(_nodes(root["/StructTreeRoot"]))
    figures = [node for node in nodes if node.get("/S") == "/Figure"]
    assert len(figures) > 20
    assert all(node.get("/Alt") for node in figures)
    assert any(node.get("/S") == "/TH" for node in nodes)


def test_fonts_are_embedded(printed: Printed) -> None:
    names = set()
    for page in printed.reader.pages:
        resources: Any = page["/Resources"]
        for font in resources.get("/Font", {}).values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = descendant["/FontDescriptor"].get_object()
            names.add(str(descendant["/BaseFont"]))
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)
    assert any("Source-Sans-3" in name or "SourceSans3" in name for name in names), names


def test_the_stylesheets_hold_nothing_that_print_cannot_read(printed: Printed) -> None:
    assert printed.complaints == []


def test_nothing_is_ever_fetched(tmp_path: Path) -> None:
    asked: list[str] = []

    class Canary(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    secret = tmp_path / "secret.txt"
    secret.write_text("the-secret-words")
    url = f"http://127.0.0.1:{server.server_port}"
    html = (
        f'<html lang="en"><title>t</title><style>@import url("{url}/a.css");'
        f'@font-face{{font-family:x;src:url("{url}/f.woff2")}}p{{font-family:x;'
        f'background:url("{url}/b.png")}}</style><link rel="stylesheet" href="{url}/c.css">'
        f'<img alt="a" src="{url}/d.png"><img alt="b" src="{secret.as_uri()}">'
        f'<object data="{secret.as_uri()}">o</object>'
        f'<link rel="attachment" href="{secret.as_uri()}">'
        '<svg width="9" height="9"><image href="' + url + '/e.png" width="9" height="9"/></svg><p>x'
    )
    try:
        html_to_pdf(html, tmp_path / "out.pdf")
    finally:
        server.shutdown()
        server.server_close()
    assert asked == []
    reader = PdfReader(tmp_path / "out.pdf")
    assert not reader.attachments
    assert b"the-secret-words" not in (tmp_path / "out.pdf").read_bytes()
    assert not (tmp_path / "out.pdf.part").exists()


def test_data_is_put_aside_and_text_stays(pages: Pages) -> None:
    text = 'url("data:font/woff2;base64,AAAA") <p>src="data:image/png;base64,AAAA"</p>'
    page = put_aside(f"{pages.feedback}{text}")
    assert page.html.endswith(text)
    assert page.html.count(";base64,") == 2
    assert "@font-face" not in page.html
    pictures = re.findall(r'<img class="plot"[^>]*src="(embedded:\d+)"', page.html)
    assert pictures
    assert 'class="plot" role' not in page.html
    assert page.files.fetch(pictures[0]).read().startswith(b"<svg xmlns=")
    assert page.files.fetch(pictures[0]).content_type == "image/svg+xml"
    pictures = re.findall(r'<img src="(embedded:\d+)"', page.html)
    assert pictures
    assert page.files.fetch(pictures[0]).read().startswith(b"\x89PNG")
    assert page.files.fetch(pictures[0]).content_type == "image/png"
    with pytest.raises(ValueError, match="disallowed"):
        page.files.fetch("embedded:none")


def test_pages_share_no_fonts(pages: Pages) -> None:
    """After the pages of some hostile notebooks a shared symbol font had lost its glyphs."""
    first, second = put_aside(pages.feedback), put_aside(pages.feedback)
    assert first.html == second.html
    assert first.fonts is not second.fonts
    assert put_aside("<p>bare</p>").html == "<p>bare</p>"


@pytest.mark.parametrize("collecting", [True, False])
def test_the_collector_is_left_as_it_was(pages: Pages, tmp_path: Path, collecting: bool) -> None:
    (gc.enable if collecting else gc.disable)()
    try:
        html_to_pdf("<p>one</p>", tmp_path / "one.pdf")
        assert gc.isenabled() is collecting
    finally:
        gc.enable()


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere/report\.pdf: cannot be written: No such file"):
        html_to_pdf("<p>Text.</p>", tmp_path / "nowhere" / "report.pdf")
