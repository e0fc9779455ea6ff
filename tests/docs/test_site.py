"""`make docs`: every warning is an error, and a page fetches nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.docs.pages import ROOT

pytestmark = pytest.mark.slow

_FETCHED = re.compile(r"<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]*\"")


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    options = re.search(r"sphinx (.*) docs build/docs", recipe)
    assert options is not None
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *options[1].split(), str(source), str(target)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    done = build(ROOT / "docs", target)
    assert (done.returncode, done.stderr) == (0, "")
    return target


def test_every_page_is_built_and_can_be_found_from_the_first_one(site: Path) -> None:
    pages = {
        path.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
    }
    first = (site / "index.html").read_text(encoding="utf-8")
    linked = {link.partition("#")[0] for link in re.findall(r'href="([^"]+)"', first)}
    assert pages - linked - {"index.html"} == set()
    assert all((site / page).is_file() for page in pages)


def test_a_page_fetches_nothing_from_other_hosts(site: Path) -> None:
    for path in site.rglob("*.html"):
        assert _FETCHED.findall(path.read_text(encoding="utf-8")) == [], path.name
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"@import[^;]*//|url\([\"']?(?:https?:)?//", text) == [], path.name


@pytest.mark.whole
@pytest.mark.browser
def test_the_search_needs_no_server_and_no_network(site: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("chromium is not installed")
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
        page.on("console", lambda message: said.append(message.text))
        page.on(
            "request",
            lambda one: None if one.url.startswith(("file:", "data:")) else said.append(one.url),
        )
        page.goto(f"{(site / 'search.html').as_uri()}?q=gradebook")
        expect(page.locator("#search-results")).to_contain_text("Canvas", timeout=20_000)
        for name in ("index.html", "reference/sentences.html"):
            page.goto((site / name).as_uri())
            root = "document.documentElement"
            assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), name
        browser.close()
    assert said == []


def test_a_link_that_leads_nowhere_ends_the_build(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    shutil.copytree(ROOT / "docs" / "static", source / "static")
    shutil.copy(ROOT / "docs" / "conf.py", source)
    (source / "index.md").write_text("# One\n\n[a](other.md#gone) [b](#nowhere) [c](x/y.md)\n")
    (source / "other.md").write_text("---\norphan: true\n---\n\n# Other\n")
    done = build(source, tmp_path / "built")
    assert done.returncode != 0
    assert all(word in done.stderr for word in ("gone", "nowhere", "x/y.md"))
