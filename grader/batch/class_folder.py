"""What a results folder holds: a class or one submission, and by which offering."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grader.batch.store.store import FOLDER, Store, holds_class
from grader.model.assignment import Assignment, load_assignment
from grader.model.offering_files import offering_place, recorded_offering
from grader.model.results_folder import ResultFolder
from reference.errors import ConfigError


def class_offering(store: Store, results: Path, name: str | None) -> str:
    """Return the offering of a class: that which is named, or by which it was scored last.

    Raises:
        ConfigError: there is no batch in the folder, or the offering is not found any more.
    """
    if name:
        return offering_place(name)
    newest, last = store.newest_batch(), store.scored_by()
    if not Path(last).is_absolute():
        return recorded_offering(last or (newest[1] if newest else ""), results)
    if not Path(last).exists():
        raise ConfigError(
            f"{results}: the class was scored last by the offering {last}, which is not there any "
            "more; put it back, or say where it is with --assignment FOLDER (make: "
            "ASSIGNMENT=FOLDER)"
        )
    return last


def newest_class(store: Store, results: Path, name: str | None) -> tuple[int, Assignment]:
    """Return the newest batch, and the offering that is named or by which it was scored last.

    Raises:
        ConfigError: there is no batch in the folder.
    """
    newest = store.newest_batch()
    if newest is None:
        raise ConfigError(
            f"{results}: expected a graded class in its store, found none; if it is in another "
            "database, name that with --store"
        )
    return newest[0], load_assignment(class_offering(store, results, name))


def is_class(results: Path) -> bool:
    """Whether a folder holds the results of a class; else it holds those of one submission.

    Raises:
        ConfigError: it holds neither.
    """
    if ResultFolder(root=results).results.is_file():
        return False
    if holds_class(results):
        return True
    if not results.exists():
        raise ConfigError(f"{results}: no such folder; name the one that grading wrote")
    if not results.is_dir():
        raise ConfigError(f"{results}: expected a folder, found a file; name what grading wrote")
    if any(ResultFolder(root=path).results.is_file() for path in results.iterdir()):
        raise ConfigError(
            f"{results}: expected the store of a class ({FOLDER}), found only folders of students; "
            "put the store back, or name the students' folders one by one"
        )
    raise ConfigError(
        f"{results}: expected the results of a submission (results.json) or of a class ({FOLDER}), "
        "found neither; grade first"
    )


def refuse_class(results: Path) -> None:
    """Refuse to grade a single submission into the results of a class.

    It would know neither the course nor the deadline that the manifest gives, and its pages would
    stand where those of the class belong.

    Raises:
        ConfigError: the folder holds a class.
    """
    if holds_class(results):
        raise ConfigError(
            f"{results}: expected a folder for single submissions, found the results of a class; "
            "name another folder (OUT=), or grade one student of the class anew with `make batch "
            "ONLY=kerberos FORCE=1`"
        )


def refuse_faults(faults: Sequence[str]) -> None:
    """End with the files of staff's that could not be read, where all else is done.

    Raises:
        ConfigError: there are such files.
    """
    if faults:
        count = "1 file was" if len(faults) == 1 else f"{len(faults)} files were"
        raise ConfigError(f"{count} not taken, all else is scored: {'; '.join(faults)}")
