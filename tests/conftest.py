"""How tests share the cores; and how hypothesis draws: the same examples in every run, no clock.

`make test` draws few examples, `make test-all` more (`tests.lanes.examples`). To look for new ones,
and twice as many where a test does not say how many, run with `--hypothesis-profile explore`.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.cpu_times import CpuTimes
from tests.lanes import KernelGuard, has_all_examples, is_in_lane, is_left_out, mark

gc.disable()
"""What is collected lives as long as the process: see `pytest_collection_finish`."""

PROFILES = {"sampled": 15, "repeatable": 50}
"""Examples of a property that does not say how many: in `make test`, and in `make test-all`."""
for name, count in PROFILES.items():
    settings.register_profile(
        name, derandomize=True, deadline=None, database=None, max_examples=count
    )
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("sampled")

SHARING_NOTHING = frozenset(
    {
        "tests/accuracy/test_accuracy.py",
        "tests/authoring/test_submissions.py",
        "tests/hostile/test_hostile.py",
    }
)
"""Files with long tests that have no expensive fixture in common: any worker takes any of them."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A file stays on one worker, so that its expensive fixtures are made once.

    Not `--dist loadfile`, for some files are better split; nor `loadgroup`, which pytest 9.2 and
    pytest-xdist 3.8 together ignore without a word: the full-size run was made by three workers.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if file in SHARING_NOTHING else file


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make quick`: see tests/lanes.py."""
    parser.addoption("--quick", action="store_true", help="leave out the long tests")
    parser.addoption(
        "--whole", action="store_true", help="as `make test-all`: leave nothing out, cut nothing"
    )
    parser.addoption("--cpu-times", metavar="FILE", help="append what each test costs to FILE")


def pytest_configure(config: pytest.Config) -> None:
    """Draw as many examples as the lane asks for, and measure in the processes that run tests.

    These are xdist's workers, or this one.
    """
    whole, explored = config.getoption("--whole"), config.getoption("--hypothesis-profile")
    has_all_examples(bool(whole or explored))
    if whole and not explored:
        settings.load_profile("repeatable")
    file = config.getoption("--cpu-times")
    if file and (hasattr(config, "workerinput") or not config.getoption("numprocesses", None)):
        config.pluginmanager.register(CpuTimes(Path(file)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Hand out files in the order of the items."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files of other lanes unread: importing them all takes a third of `make quick`."""
    if config.getoption("--quick") and collection_path.is_file():
        return is_left_out(collection_path) or None
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by their fixtures; put long ones first, so that the workers end together."""
    mark(items)
    items.sort(key=_rank)
    left_out = [item for item in items if not is_in_lane(item, config)]
    items[:] = [item for item in items if is_in_lane(item, config)]
    config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """Look for garbage from here on, and never among what was imported and collected."""
    gc.freeze()
    gc.enable()


def _rank(item: pytest.Item) -> int:
    marked = item.get_closest_marker
    longest_first = ("fullsize", "kernel", "slow")
    return next((i for i, name in enumerate(longest_first) if marked(name)), len(longest_first))


GUARD = KernelGuard()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Refuse kernels to tests that are not marked, fixtures included."""
    GUARD.refusing = not any(item.iter_markers("kernel"))
    result = yield
    GUARD.refusing = False
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail such a test even where the code under test made a fault of the grader of it."""
    GUARD.refused.clear()
    result = yield
    assert GUARD.refused == [], "a kernel was started; see tests/lanes.py"
    return result
