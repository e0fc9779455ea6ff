"""What a kernel gets of ours: sources, and bytecode so that no kernel compiles them again."""

from __future__ import annotations

import marshal
from pathlib import PurePosixPath

import pytest

from grader.execution.workspace import CACHED, KERNEL_PACKAGE, SIDE, TAG, _kernel_side


@pytest.mark.parametrize("narrow", [True, False])
def test_each_source_comes_with_its_bytecode(*, narrow: bool) -> None:
    """The names within are those that a traceback in the box shows."""
    files = {PurePosixPath(name): data for name, data in _kernel_side(narrow=narrow)}
    sources = {path.stem for path in files if path.suffix == ".py"}
    assert {"start", "probing", "light_torchvision"} <= sources
    assert ("narrow" in sources) == narrow
    compiled = {path for path in files if path.suffix == ".pyc"}
    assert compiled == {PurePosixPath(CACHED, f"{stem}.{TAG}.pyc") for stem in sources}
    for path in compiled:
        header, code = files[path][:16], marshal.loads(files[path][16:])  # noqa: S302 -- ours
        assert int.from_bytes(header[4:8], "little") == 0b01  # by hash, never looked up
        assert code.co_filename == f"{SIDE}/{KERNEL_PACKAGE}/{path.name.partition('.')[0]}.py"
