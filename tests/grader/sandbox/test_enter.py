"""Files that a work folder begins with: whole, and without memory for long runs of zeros."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.sandbox.enter import BLOCK_BYTES, LARGE_BYTES, fill

SOME = (bytes(range(1, 256)) * BLOCK_BYTES)[:BLOCK_BYTES]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"small",
        SOME + bytes(LARGE_BYTES) + SOME[:17],
        bytes(LARGE_BYTES + 5),
        SOME[:9] + bytes(2 * LARGE_BYTES),
        SOME * (LARGE_BYTES // BLOCK_BYTES + 1),
    ],
    ids=["empty", "small", "zeros within", "zeros only", "zeros at the end", "no zeros"],
)
def test_a_copy_is_the_same(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "from" / "below").mkdir(parents=True)
    (tmp_path / "from" / "below" / "file").write_bytes(content)
    fill([[str(tmp_path / "from"), str(tmp_path / "to")]], [])
    assert (tmp_path / "to" / "below" / "file").read_bytes() == content


@pytest.mark.skipif(sys.platform != "linux", reason="files with holes, as Linux has them")
def test_zeros_take_no_room(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "file").write_bytes(SOME + bytes(8 * LARGE_BYTES) + SOME)
    fill([[str(tmp_path / "from"), str(tmp_path / "to")]], [])
    taken = (tmp_path / "to" / "file").stat().st_blocks * 512
    assert taken < LARGE_BYTES
