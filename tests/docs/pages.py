"""Fenced blocks of the documentation, and what their info strings say of how they are tested.

```console test=quick                     run by `make test`, in a class without a kernel
```console test=slow                      run by `python -m tests.docs`
```console test=tests/x/test_y.py::test_z that test runs the command
```console test="no: needs an account"    why nothing runs it
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = frozenset({"console", "bash", "sh"})
"""Languages of blocks that hold commands."""
_FENCE = re.compile(r"^( *)(`{3,}|~{3,})(.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page."""

    page: str
    """Path below the checkout."""
    line: int
    """Of its fence, from 1."""
    language: str
    """First word of its info string; empty for none."""
    mark: str
    """What stands behind `test=`; empty for none."""
    text: str
    """Its lines."""

    @property
    def where(self) -> str:
        """Such as `docs/ci.md:7`."""
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> tuple[str, ...]:
        """What is typed: lines behind a `$`, or all of them; without comments."""
        lines = self.text.splitlines()
        typed = [line[2:] for line in lines if line.startswith("$ ")]
        chosen = typed or ([] if self.language == "console" else lines)
        bare = (re.sub(r"\s+# .*$|^# .*$", "", line).strip() for line in chosen)
        return tuple(line for line in bare if line)


def documents() -> tuple[Path, ...]:
    """Return every page that people read: README, CONTRIBUTING, and those in docs/."""
    own = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    return (*own, *sorted((ROOT / "docs").rglob("*.md")))


def blocks() -> tuple[Block, ...]:
    """Return the blocks of all pages."""
    return tuple(block for path in documents() for block in blocks_of(path))


def blocks_of(path: Path) -> Iterator[Block]:
    """Yield the blocks of one page."""
    page = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    start, fence, indent, info, held = 0, "", "", "", list[str]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        found = _FENCE.match(line)
        if not fence and found:
            start, indent, fence, info, held = number, found[1], found[2], found[3].strip(), []
        elif fence and line.strip() == fence:
            language, mark = _read(info)
            yield Block(page=page, line=start, language=language, mark=mark, text="\n".join(held))
            fence = ""
        elif fence:
            held.append(line.removeprefix(indent))
    assert not fence, f"{page}:{start}: the block does not end"


def _read(info: str) -> tuple[str, str]:
    if not info or info.startswith("{"):  # a directive of the site
        return info, ""
    words = shlex.split(info)
    marks = [word.removeprefix("test=") for word in words[1:] if word.startswith("test=")]
    return words[0], marks[0] if marks else ""
