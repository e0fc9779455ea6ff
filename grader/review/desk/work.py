"""Long work of the desk, one at a time, beside the pages: what it is at, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from grader.batch.store.rows import RunRow
from grader.model.fault_log import keep_fault
from reference.errors import PsetError

STAGES = {
    "": "Beginning",
    "scoring": "Applying decisions to points",
    "exports": "Writing gradebook and class page",
    "pages": "Writing feedback pages",
    "pdfs": "Writing feedback.pdf",
}
"""Stages of the work in words."""
Does = Callable[["Progress"], tuple[str, ...]]
"""The work itself; returns a sentence per thing that somebody should know."""


@dataclass(slots=True)
class Progress:
    """Sees how scoring comes along; as `grader.batch.run.watching.Watcher`."""

    at: str = ""
    """A key of `STAGES`."""
    total: int = 0
    """Files that the stage writes; 0 where it does not say."""
    count: int = 0
    """Files that were written, or could not be."""

    @property
    def words(self) -> str:
        """What it is at."""
        words = STAGES.get(self.at, self.at)
        return f"{words}, {self.count} of {self.total} done" if self.total else words

    def stage(self, name: str) -> None:
        """A stage begins."""
        self.at, self.total, self.count = name, 0, 0

    def begin(self, total: int, known: int) -> None:
        """So many files are to be written; so many are there already."""
        self.total, self.count = total, known

    def under_way(self, names: tuple[str, ...]) -> None:
        """Nothing is run here."""

    def done(self, kerberos: str, run: RunRow, total: float | None, pending: float) -> None:
        """Nothing is run here."""

    def judged(self, kerberos: str, before: float, after: float) -> None:
        """Nothing is judged here."""

    def written(self, kerberos: str) -> None:  # noqa: ARG002 -- they are only counted
        """One more is done."""
        self.count += 1

    def not_judged(self, kerberos: str, sentence: str) -> None:
        """Nothing is judged here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of work, as it stands or as it ended."""

    what: str
    """In words, such as `Publishing 41 grades`."""
    author: str
    """Who asked for it."""
    progress: Progress
    """What it is at."""
    ended: bool = False
    """Whether it is over."""
    failed: bool = False
    """Whether it stopped before its end; asked for again, it goes on where it was."""
    sentences: tuple[str, ...] = ()
    """What came of it."""


@dataclass(slots=True)
class Work:
    """The work under way, or the last one."""

    task: Task | None = None
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, what: str, author: str, does: Does) -> bool:
        """Begin in the background; return False where something else is still under way."""
        with self._lock:
            if self.under_way:
                return False
            task = Task(what=what, author=author, progress=Progress())
            self.task = task
            self._thread = threading.Thread(target=self._do, args=(task, does), daemon=True)
            self._thread.start()
        return True

    @property
    def under_way(self) -> bool:
        """Whether something goes on."""
        return self.task is not None and not self.task.ended

    def wait(self) -> None:
        """Return when nothing is under way: what was begun is not cut off."""
        if self._thread is not None:
            self._thread.join()

    def _do(self, task: Task, does: Does) -> None:
        failed = True
        sentences: tuple[str, ...] = ("A fault of the grader.",)
        try:
            sentences = does(task.progress)
            failed = False
        except PsetError as error:
            sentences = (f"{error}.",)
        except Exception as error:  # noqa: BLE001 -- the edge of a thread: it is told, and kept
            sentences = (f"A fault of the grader; its log is {keep_fault(error)}.",)
        finally:
            self.task = Task(
                what=task.what,
                author=task.author,
                progress=task.progress,
                ended=True,
                failed=failed,
                sentences=sentences,
            )
