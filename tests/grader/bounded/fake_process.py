"""Stands for the process in which checks and pages are made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from grader.sandbox.apart import Bounds, Ended

Ends = dict[str, Ended]
"""By what is told: how the process ends there."""


class Died(Exception):
    pass


class FakeProcess:
    """Stands for `call_apart`: the function runs here, and dies at some of its words."""

    def __init__(self, ends: Ends, seconds: float = 0.0) -> None:
        self.ends, self.seconds, self.calls = ends, seconds, 0
        self.walls: list[float] = []

    def __call__(
        self,
        function: Callable[..., None],
        arguments: tuple[Any, ...],
        bounds: Bounds,
        *,
        modules: tuple[str, ...],
        on_word: Callable[[str], None],
    ) -> Ended:
        self.calls += 1
        self.walls.append(bounds.wall_s)
        ended = Ended.WELL

        def tell(word: str) -> None:
            nonlocal ended
            on_word(word)
            for text, how in self.ends.items():
                if text in word and "finding" not in word:
                    ended = how
                    raise Died

        with suppress(Died):
            function(tell, *arguments)
        return ended
