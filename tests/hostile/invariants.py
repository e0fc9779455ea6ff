"""What must be true after any submission, whatever it did."""

from __future__ import annotations

import ctypes
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import psutil

from authoring.hostile_samples import Expectation
from tests.hostile.judge import excess
from tests.hostile.pages import active_content
from tests.hostile.running import Got

ROOT = Path(__file__).parents[2]
EVIDENCE_CAP_BYTES = 64 * 2**20
"""Evidence of the base notebook, whatever was put into it."""
PROCESS_GRACE_S = 5.0
"""Wall-clock seconds in which the processes of a run may end."""
CANARY = Path(tempfile.gettempdir()) / "hostile-canary"
"""A folder that hostile cells may try to read and change; it must stay as it is."""
CANARY_TEXT = "canary-3f9a1c: this text must never be seen in any result\n"

_SKIPPED = frozenset({"__pycache__", "results", "build", "node_modules"})
_HOME_FILES = (
    *(".bashrc", ".bash_profile", ".profile", ".zshrc", ".gitconfig", ".netrc"),
    *(".ssh/*", ".ipython/**/*", ".jupyter/**/*", ".config/pip/*", ".config/matplotlib/*"),
)
_TEMPORARY = "hostile-*"
_PR_SET_CHILD_SUBREAPER = 36
_TERMINAL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

Stamp = tuple[int, int, int]
"""Size in bytes, and times of change of content and of entry in nanoseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was there before a case ran."""

    files: dict[str, Stamp]
    """Watched files."""
    processes: frozenset[int]
    """Ids of our own children."""


def take_stock() -> Before:
    """Look at what must not change; call it right before a case runs."""
    _adopt_orphans()
    _put_canary()
    return Before(files=_watched(), processes=frozenset(p.pid for p in _children()))


def _put_canary() -> None:
    """Write the canary whole or not at all: other test processes look at it, too."""
    CANARY.mkdir(exist_ok=True)
    secret = CANARY / "secret.txt"
    if not secret.is_file() or secret.read_text(encoding="utf-8") != CANARY_TEXT:
        with tempfile.NamedTemporaryFile("w", dir=CANARY.parent, delete=False) as file:
            file.write(CANARY_TEXT)
        Path(file.name).replace(secret)


def broken(before: Before, got: Got, honest: Expectation) -> tuple[str, ...]:
    """Return a line for each invariant that does not hold."""
    found = list(excess(got, honest))
    found += _left_processes(before)
    found += _changed(before.files, _watched())
    if got.evidence_bytes > EVIDENCE_CAP_BYTES:
        found.append(f"evidence of {got.evidence_bytes / 2**20:.0f} MiB")
    for name, page in (got.pages or {}).items():
        found += [f"{name}: {line}" for line in active_content(page)]
    found += _unfit(got)
    return tuple(found)


def _unfit(got: Got) -> Iterator[str]:
    """Control characters for the terminal, secrets, and XML that is none."""
    texts = dict(got.texts or {})
    for name in ("terminal", "summary.md", "junit.xml"):
        control = _TERMINAL.search(texts.get(name, ""))
        if control:
            yield f"{name}: a control or direction character U+{ord(control[0]):04X}"
    if any(_TERMINAL.search(text) for text in got.told) and got.exit != 0:
        yield "the refusal holds a control or direction character"
    if "junit.xml" in texts:
        ET.fromstring(texts["junit.xml"])  # noqa: S314 -- made by us a moment ago
    shown = [*got.told, *texts.values(), *(got.pages or {}).values()]
    if any(CANARY_TEXT.split(":", maxsplit=1)[0] in text for text in shown):
        yield "the canary's text was read"


# -- processes ------------------------------------------------------------------------------------


def _adopt_orphans() -> None:
    """Become the parent of any process below us whose own parent ends, so that we find it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _children() -> list[psutil.Process]:
    alive = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                alive.append(process)
        except psutil.NoSuchProcess:
            continue
    return alive


def _left_processes(before: Before) -> Iterator[str]:
    until = time.monotonic() + PROCESS_GRACE_S
    left = _new(before)
    while left and time.monotonic() < until:
        time.sleep(0.05)
        left = _new(before)
    for process in left:
        try:
            words = " ".join(process.cmdline())[:120]
            process.kill()  # the next case must not be judged by it
        except psutil.NoSuchProcess:
            continue
        yield f"process {process.pid} is left: {words}"


def _new(before: Before) -> list[psutil.Process]:
    return [p for p in _children() if p.pid not in before.processes and not _is_our_helper(p)]


def _is_our_helper(process: psutil.Process) -> bool:
    """What lives as long as we do: Python's resource tracker, and what checks are forked from."""
    try:
        words = " ".join(process.cmdline())
        return "resource_tracker" in words or "apart_server" in words
    except psutil.NoSuchProcess:
        return True


# -- files ----------------------------------------------------------------------------------------


def _watched() -> dict[str, Stamp]:
    found: dict[str, Stamp] = {}
    for path in (*_repository(), *_home(), *_temporary()):
        try:
            facts = path.lstat()
        except OSError:
            continue
        found[str(path)] = (facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    secret = CANARY / "secret.txt"
    # Each of several test processes writes it anew: what it says counts, not when.
    same = secret.is_file() and secret.read_text(encoding="utf-8") == CANARY_TEXT
    found[str(secret)] = (int(same), 0, 0)
    return found


def _repository() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in _SKIPPED and name[0] != "."]
        yield from (Path(folder, name) for name in names if not name.endswith((".zip", ".part")))


def _home() -> Iterator[Path]:
    for pattern in _HOME_FILES:
        yield from (path for path in Path.home().glob(pattern) if path.is_file())


def _temporary() -> Iterator[Path]:
    for folder in {Path(tempfile.gettempdir()), Path("/tmp"), Path("/dev/shm")}:  # noqa: S108
        yield from (path for path in folder.glob(_TEMPORARY) if path != CANARY)
    yield from (path for path in CANARY.rglob("*") if path.name != "secret.txt")


def _changed(before: dict[str, Stamp], after: dict[str, Stamp]) -> Iterator[str]:
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) == after.get(path):
            continue
        what = "was made" if path not in before else "is gone" if path not in after else "changed"
        yield f"{path} {what}"
