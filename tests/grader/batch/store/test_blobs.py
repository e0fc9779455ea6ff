"""Blobs are what their names say."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from grader.batch.store.blobs import Blobs
from reference.errors import ConfigError, GraderFault


def test_what_is_put_can_be_got(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    for content in (b"", b"zip", b"zip"):
        digest = blobs.put(content)
        assert digest == hashlib.sha256(content).hexdigest()
        assert blobs.get(digest) == content
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


def test_half_a_blob_is_written_anew(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    path = blobs.path(blobs.put(b"whole"))
    path.write_bytes(b"who")
    blobs.put(b"whole")
    assert path.read_bytes() == b"whole"


@pytest.mark.parametrize(("change", "sentence"), [(b"other", "changed"), (None, "expected a blob")])
def test_a_blob_that_is_not_what_it_was_is_a_fault(
    tmp_path: Path, change: bytes | None, sentence: str
) -> None:
    blobs = Blobs(tmp_path)
    path = blobs.path(blobs.put(b"whole"))
    if change is None:
        path.unlink()
    else:
        path.write_bytes(change)
    with pytest.raises(GraderFault, match=sentence):
        blobs.get(path.parent.name + path.name)


def test_a_folder_that_cannot_be_written_is_staffs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="folder to write to"):
        Blobs(tmp_path / "file").put(b"zip")
