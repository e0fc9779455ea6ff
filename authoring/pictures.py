"""Pictures of the documentation: real pages of really graded samples, taken in Chromium.

    python -m authoring.pictures [RESULTS]

`make pictures` runs it: some minutes, for the samples are graded with the narrow networks.
With the results of an earlier run it only takes the pictures again.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import pypdfium2
import typer
from markdown_it import MarkdownIt
from playwright.sync_api import Page, sync_playwright

from authoring.samples import SUBMISSIONS, build_zip
from grader.batch.store.store import FOLDER
from grader.model.assignment import load_assignment
from grader.model.records import Evidence, GradeSheet, Submission
from grader.model.records.codec import load
from grader.model.resources import templates
from grader.model.results_folder import ResultFolder
from grader.outputs.gaps import gaps_in
from grader.outputs.policy import evaluate, parse_policy
from grader.outputs.summary import render_summary
from grader.review.desk.classroom import KEY_FILE
from reference.errors import GraderFault

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
NAMES = ("feedback-page.png", "class-page.png", "summary.png", "desk.png", "report-page.png")
"""Of the pictures, in the order in which they are taken."""
SHOWN = "complete"
"""The sample whose pages are shown."""
WRONG = "wrong_flipped_kernel"
"""The sample whose summary of a check is shown."""
SAMPLES = (SHOWN, "undergrad_6819", WRONG, "wrong_descent")
PART = "3c"
"""The part at the desk."""
OF_REPORT = "4(b) Attack"
"""On the page of a report that is shown: to students too, so it holds no answer of ours."""
LOOK = """
body { font: 16px/1.5 "Source Sans 3", "Noto Emoji", sans-serif; margin: 24px 32px; color: #1f2328 }
table { border-collapse: collapse } td, th { border: 1px solid #d1d9e0; padding: 6px 13px }
h2, h3 { border-bottom: 1px solid #d1d9e0 } code { background: #eff1f3; border-radius: 4px }
"""
"""Of a summary, much as the page of a job shows it."""
FONTS = (
    ("Source Sans 3", 400, "source-sans-3-latin-400-normal.woff2"),
    ("Source Sans 3", 700, "source-sans-3-latin-600-normal.woff2"),
    ("Noto Emoji", 400, "noto-emoji-emoji-400-normal.woff2"),
)
"""Family, weight and file of the fonts of a summary."""
WIDTH = 1000
"""Of the browser's window, in pixels."""
TALL, LOW = 1200, 910
"""Heights of pictures, in pixels: of the desk, and of pages that go on."""
_LINK = re.compile(r"(http://\S+/enter#\S+)")


def take_pictures(results: Path) -> None:
    """Take every picture anew from the results of the samples."""
    IMAGES.mkdir(exist_ok=True)
    feedback, of_class, summary, at_desk, report = (IMAGES / name for name in NAMES)
    with _browser() as page, _desk(results) as link:
        _shoot(page, (results / SHOWN / "feedback.html").as_uri(), feedback)
        _shoot(page, (results / "staff.html").as_uri(), of_class)
        page.set_content(_summary(ResultFolder(root=results / WRONG)))
        page.screenshot(path=summary)
        page.set_viewport_size({"width": WIDTH, "height": TALL})
        page.goto(link)
        page.wait_for_selector("#overview")
        page.goto(f"{link.partition('/enter')[0]}/part/{PART}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=at_desk, animations="disabled")
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        made = Path(folder) / "report.pdf"
        zipped = build_zip(SHOWN, Path(folder) / f"{SHOWN}.zip")
        command = ["report", str(zipped), "--stored", "--out", str(made)]
        subprocess.run([_grader(), *command], check=True)  # noqa: S603 -- ours
        _page_with(OF_REPORT, made, report)


def _summary(folder: ResultFolder) -> str:
    """Return the summary that a check writes for a job's page, as a page."""
    sheet = load(GradeSheet, folder.results)
    assignment = load_assignment(sheet.facts.assignment)
    submission = load(Submission, folder.record("submission"))
    evidence = load(Evidence, folder.record("evidence"))
    gaps = gaps_in(folder, assignment)
    verdict = evaluate(parse_policy(None), assignment, sheet, submission, evidence, gaps)
    made = MarkdownIt("commonmark").enable("table").render(render_summary(sheet, verdict, gaps))
    fonts = "".join(_font(*one) for one in FONTS)
    return f"<!doctype html><style>{fonts}{LOOK}</style>{made}"


def _font(family: str, weight: int, name: str) -> str:
    data = base64.b64encode((templates() / "fonts" / name).read_bytes()).decode("ascii")
    source = f"url(data:font/woff2;base64,{data})"
    return f"@font-face {{font-family: '{family}'; font-weight: {weight}; src: {source}}}"


def grade_samples(folder: Path) -> Path:
    """Grade the samples as a class; return the results folder."""
    submissions, results = folder / "in", folder / "results"
    submissions.mkdir()
    rows = ["kerberos,course,submitted"]
    for name in SAMPLES:
        build_zip(name, submissions / f"{name}.zip")
        facts = tomllib.loads((SUBMISSIONS / name / "expect.toml").read_text(encoding="utf-8"))
        rows.append(f"{name},{facts['course']},{facts['submitted']}")
    (submissions / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    command = ["batch", str(submissions), "--bundle", "studio-narrow", "--out", str(results)]
    subprocess.run([_grader(), *command], check=True)  # noqa: S603 -- ours
    return results


def _grader() -> str:
    return str(Path(sys.prefix, "bin", "grader"))


@contextmanager
def _browser() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page(
            viewport={"width": WIDTH, "height": LOW}, color_scheme="light", locale="en-US"
        )
        browser.close()


@contextmanager
def _desk(results: Path) -> Iterator[str]:
    """Open the desk over a copy, which nobody grades in; yield a head's link."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "results"
        shutil.copytree(results, copy)
        (copy / FOLDER / KEY_FILE).write_bytes(bytes(32))  # the same order each time
        desk = subprocess.Popen(  # noqa: S603 -- ours
            [_grader(), "review", str(copy), "--grader", "ann:head"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "400"},
        )
        try:
            yield _link_of(desk)
        finally:
            desk.send_signal(signal.SIGINT)
            desk.wait(60)


def _link_of(desk: subprocess.Popen[str]) -> str:
    for line in desk.stdout or ():
        found = _LINK.search(line)
        if found:
            return found[1]
    raise GraderFault("grader review: expected a link, found none")


def _shoot(page: Page, address: str, target: Path) -> None:
    page.goto(address)
    page.screenshot(path=target, animations="disabled")


def _page_with(words: str, report: Path, target: Path) -> None:
    """Draw the first page of a report that holds the words."""
    document = pypdfium2.PdfDocument(report)
    found = (page for page in document if words in page.get_textpage().get_text_range())
    next(found).render(scale=1.4).to_pil().save(target, optimize=True)
    document.close()


def main(
    results: Annotated[
        Path | None, typer.Argument(help="Results of an earlier run; graded anew by default.")
    ] = None,
) -> None:
    """Take the pictures of the documentation."""
    if results is not None:
        take_pictures(results)
        return
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder:
        take_pictures(grade_samples(Path(folder)))


if __name__ == "__main__":
    typer.run(main)
