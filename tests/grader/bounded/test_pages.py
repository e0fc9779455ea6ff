"""Pages have limits of their own; one that reaches them is made plain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.bounded import pages
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.names import PAGES
from grader.sandbox.apart import Ended
from reference.errors import GraderFault
from tests.grader.bounded.fake_process import FakeProcess


@pytest.mark.parametrize("page", PAGES[:3])
def test_a_page_that_takes_too_much_is_made_plain(
    monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    made: list[tuple[str, bool]] = []
    process = FakeProcess({page: Ended.MEMORY})

    def make(name: str, folder: object, *, plain: bool) -> None:
        made.append((name, plain))

    def call(*args: Any, **kwargs: Any) -> Ended:
        process.ends = {} if process.calls else process.ends
        return process(*args, **kwargs)

    monkeypatch.setattr("grader.outputs.pages.stage.make_page", make)
    monkeypatch.setattr(pages, "call_apart", call)
    pages.write_pages(ResultFolder(root=Path()))
    assert made == [(name, name == page) for name in PAGES]
    process.calls, process.ends = 0, {page: Ended.MEMORY}
    monkeypatch.setattr(pages, "call_apart", process)
    with pytest.raises(GraderFault, match=page.replace(".", r"\.")):
        pages.write_pages(ResultFolder(root=Path()))
