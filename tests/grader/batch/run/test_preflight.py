"""Workers are looked at before the first submission; one that is lost then is replaced."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from grader.batch.run.preflight import check_before_running
from grader.model.assignment import load_assignment
from grader.model.stage_keys import GraderKeys
from reference.errors import ConfigError

KEYS = GraderKeys(evidence="e", judge="j", pages="p")
OTHERS = GraderKeys(evidence="other", judge="j", pages="p")


class Losing(Executor):
    """Loses the first workers, then answers."""

    def __init__(self, lost: int, answer: GraderKeys = KEYS) -> None:
        self.lost, self.answer = lost, answer

    def submit(self, fn: Callable[..., Any], /, *_: Any, **__: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.lost -= 1
        if self.lost >= 0:
            future.set_exception(EOFError("the worker is gone"))
        else:
            future.set_result(self.answer)
        return future


def check(executor: Executor) -> None:
    check_before_running(load_assignment(), "studio-narrow", executor, 3, KEYS)


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_a_worker_that_is_lost_is_replaced(lost: int) -> None:
    check(Losing(lost))


def test_workers_that_are_all_lost_again_and_again_end_it() -> None:
    with pytest.raises(ConfigError, match=r"cannot work.*nothing was graded"):
        check(Losing(100))


def test_a_worker_of_another_version_is_refused() -> None:
    with pytest.raises(ConfigError, match="another version"):
        check(Losing(1, OTHERS))
