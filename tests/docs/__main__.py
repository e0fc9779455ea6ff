"""Run the slow commands of the documentation as they are written: `python -m tests.docs [PAGE]`.

Those marked `test=slow`, in a copy of the checkout. `make test` runs the quick ones.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.command_line import names
from tests.docs.pages import Block, blocks
from tests.docs.typed import checkout_in, in_shell


def run(block: Block) -> list[str]:
    """Run a block; return what failed."""
    with tempfile.TemporaryDirectory(prefix="pages-") as folder:
        here = checkout_in(Path(folder))
        return [
            f"{block.where}: {command}: exit status {status}"
            for command in block.commands
            if (status := in_shell(command, here, {}))
        ]


def main(pages: list[str]) -> int:
    """Run the slow blocks of some pages, or of all; return the exit status."""
    wanted = [one for one in blocks() if one.mark == "slow" and (not pages or one.page in pages)]
    failed: list[str] = []
    for block in wanted:
        sys.stdout.write(f"{block.where}\n")
        sys.stdout.flush()
        failed += run(block)
    sys.stdout.write("".join(f"{line}\n" for line in failed) or f"{len(wanted)} blocks ran.\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(names(__doc__, "PAGE")))
