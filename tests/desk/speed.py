"""How soon the next answer is on the screen, in a real browser, with a class of 300.

    python -m tests.desk.speed [STUDENTS]       300 by default, 3 minutes

From the key to the frame after the new answer was painted, with what was read ahead; the same for
the key that saves first. Exit 1 where the median is over 300 ms.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Page, sync_playwright

from grader.batch.store.store import open_store
from tests.command_line import counts
from tests.desk.journey import CHROMIUM, PART, sit
from tests.desk.served import desk_process
from tests.grader.review.desk.synthetic import HUMAN, write_class

STUDENTS = 300
STEPS = 15
READING_MS = 2000
"""Milliseconds that somebody looks at an answer, at the least."""
ALLOWED_MS = 300
_MEASURE = """
window.painted = [];
addEventListener("keydown", (event) => {
  if (!["l", "Enter"].includes(event.key)) return;
  const began = performance.now();
  const before = document.getElementById("panel").dataset.address;
  const look = () => {
    if (document.getElementById("panel").dataset.address === before) requestAnimationFrame(look);
    else requestAnimationFrame(() => setTimeout(() => painted.push(performance.now() - began)));
  };
  requestAnimationFrame(look);
}, true);
"""


def painted(page: Page, keys: tuple[str, ...], steps: int) -> list[float]:
    """Return milliseconds from the last of the keys to the next answer on the screen."""
    page.evaluate("window.painted.length = 0")
    for number in range(steps):
        page.wait_for_timeout(READING_MS)  # meanwhile the next answer is read ahead
        for key in keys:
            page.keyboard.press(key)
        for _ in range(300):  # by evaluate: the page's policy lets nothing else be waited for
            if page.evaluate("window.painted.length") > number:
                break
            page.wait_for_timeout(50)
    found: list[float] = page.evaluate("window.painted")
    return found


def main(students: int) -> int:
    """Measure, print, and compare with what is allowed."""
    with tempfile.TemporaryDirectory(prefix="speed-") as place:
        results = Path(place) / "results"
        results.mkdir()
        with open_store(results) as store:
            write_class(results, store, students)
        with desk_process(results, "ann:head") as desk, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = sit(browser, desk, "ann")
            slow = False
            page.goto(f"{desk.origin}/part/{PART}")
            page.evaluate(_MEASURE)
            for what, keys in (("next", ("l",)), ("save and next", ("1", "Enter"))):
                found = painted(page, keys, STEPS)
                slow |= median(found) > ALLOWED_MS
                sys.stdout.write(
                    f"{PART}, {what}: median {median(found):.0f} ms, "
                    f"95th percentile {quantiles(found, n=20)[-1]:.0f} ms\n"
                )
                sys.stdout.flush()
            browser.close()
    sys.stdout.write(f"{students} students, {len(HUMAN)} parts that people grade\n")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main(*counts(__doc__, students=STUDENTS)))
