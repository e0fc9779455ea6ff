"""Arrays come back as they were stored, or not at all."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.checks import evidence_reader
from grader.model.records import ArrayRef
from reference.errors import GraderFault


def npy(value: float) -> bytes:
    memory = io.BytesIO()
    np.save(memory, np.full((2, 3), value), allow_pickle=False)
    return memory.getvalue()


def reference(value: float, path: str, member: str = "") -> ArrayRef:
    digest = hashlib.sha256(npy(value)).hexdigest()
    return ArrayRef(path=path, member=member, sha256=digest, dtype="float64", shape=(2, 3))


def pack(folder: Path, **members: bytes) -> None:
    with zipfile.ZipFile(folder / "a.npz", "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.npy").write_bytes(npy(1))
    pack(tmp_path, two=npy(2), three=npy(3))
    return tmp_path


def test_files_and_members_are_read(folder: Path) -> None:
    read = evidence_reader(folder)
    shown = [
        read(one)
        for one in (
            reference(1, "one.npy"),
            reference(2, "a.npz", "two"),
            reference(3, "a.npz", "three"),
        )
    ]
    assert [float(array.max()) for array in shown] == [1, 2, 3]


def test_numpy_opens_the_file_too(folder: Path) -> None:
    with np.load(folder / "a.npz", allow_pickle=False) as archive:
        assert sorted(archive) == ["three", "two"]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "another value": lambda folder: pack(folder, two=npy(7)),
    "member gone": lambda folder: pack(folder, three=npy(3)),
    "no zip": lambda folder: (folder / "a.npz").write_bytes(b"no zip"),
    "cut off": lambda folder: (folder / "a.npz").write_bytes((folder / "a.npz").read_bytes()[:-9]),
    "gone": lambda folder: (folder / "a.npz").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_a_fault_and_no_array(folder: Path, damage: Callable[[Path], object]) -> None:
    damage(folder)
    with pytest.raises(GraderFault, match="grade the submission again"):
        evidence_reader(folder)(reference(2, "a.npz", "two"))


def test_nothing_outside_the_folder_is_read(folder: Path) -> None:
    (folder / "inside").mkdir()
    with pytest.raises(GraderFault):
        evidence_reader(folder / "inside")(replace(reference(1, "one.npy"), path="../one.npy"))
