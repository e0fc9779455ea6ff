from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright
from pypdfium2 import PdfDocument

from tests.grader.outputs.pages.conftest import Pages
from tests.lanes import more

AXE = Path(__file__).parents[3] / "axe" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--hide-scrollbars", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-dev-shm-usage", "--enable-logging=stderr"),
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.mark.parametrize(
    ("page", "width", "height", "dark"),
    [
        ("feedback", 1100, 1600, False),
        *more(("feedback", 500, 1600, True), ("staff", 1100, 1600, True)),
    ],
)
def test_pages_show_in_a_real_browser(
    pages: Pages, tmp_path: Path, page: str, width: int, height: int, dark: bool
) -> None:
    html, picture = tmp_path / "page.html", tmp_path / "page.png"
    html.write_text(getattr(pages, page), encoding="utf-8")
    command = [
        str(CHROMIUM),
        *FLAGS,
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},{height}",
        f"--screenshot={picture}",
        *(["--blink-settings=preferredColorScheme=0"] if dark else []),
        html.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
    image = np.asarray(Image.open(picture).convert("RGB"), dtype=float)
    assert image.shape == (height, width, 3)
    assert image.std() > 15  # not blank
    assert (image[2, 2].mean() < 60) == dark


def test_pages_of_a_submission_have_no_fault_that_axe_finds_at_any_width(
    pages: Pages, tmp_path: Path
) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        for name in ("feedback", "staff"):
            html = tmp_path / f"{name}.html"
            html.write_text(getattr(pages, name), encoding="utf-8")
            page.goto(html.as_uri())
            page.evaluate(AXE.read_text(encoding="utf-8"))
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 900})
                found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
                assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == [], width


@pytest.mark.whole
def test_print_keeps_the_score_bar_where_a_browser_leaves_backgrounds_out(
    pages: Pages, tmp_path: Path
) -> None:
    html = tmp_path / "page.html"
    html.write_text(pages.feedback, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(html.as_uri())
        printed = page.pdf(print_background=False, page_ranges="1")
        browser.close()
    picture = np.asarray(PdfDocument(printed)[0].render(scale=1).to_pil().convert("RGB"), dtype=int)
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    bar = (green > red + 60) & (green > blue + 20)
    assert bar.sum(axis=1).max() > 40  # a row of the bar's green, wider than any icon
