"""How tests share the cores; and how hypothesis draws: the same examples in every run, no clock.

To look for new examples, run with `--hypothesis-profile explore`.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("repeatable")

SHARING_NOTHING = frozenset(
    {
        "tests/accuracy/test_accuracy.py",
        "tests/authoring/test_submissions.py",
        "tests/hostile/test_hostile.py",
    }
)
"""Files with long tests that have no expensive fixture in common: any worker takes any of them."""


class ByFile(LoadScopeScheduling):
    """A file stays on one worker, so that its expensive fixtures are made once.

    Not `--dist loadfile`, for some files are better split; nor `loadgroup`, which pytest 9.2 and
    pytest-xdist 3.8 together ignore without a word: the full-size run was made by three workers.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if file in SHARING_NOTHING else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Hand out files in the order of the items."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long tests first, so that the workers end together."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    marked = item.get_closest_marker
    return 0 if marked("fullsize") else 1 if marked("kernel") else 2
