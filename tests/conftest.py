"""How tests share the cores (a file stays on one worker, each sample submission is its own), and
how hypothesis draws: the same examples in every run, with no clock. To look for new ones, run with
`--hypothesis-profile explore`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("repeatable")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group by file, so that expensive fixtures are made once; long tests first."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=lambda item: _rank(item.get_closest_marker))


def _rank(marker: Callable[[str], object]) -> int:
    return 0 if marker("fullsize") else 1 if marker("kernel") else 2
