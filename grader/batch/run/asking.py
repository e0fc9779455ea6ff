"""What each hand-in of a class asks for: its zip, and the run that it needs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from grader.batch.collect.manifest import ManifestRow
from grader.batch.collect.platforms import hand_in_bytes
from grader.batch.records import State
from grader.batch.run.options import BatchOptions
from grader.batch.store.conversion import now
from grader.batch.store.rows import HandInRow, RunRow
from grader.batch.store.store import Store
from grader.intake.hand_in import HandIn
from grader.model.assignment import Course
from grader.model.stage_keys import GraderKeys, RunFacts, run_key
from grader.model.text import one_line
from grader.model.version import code_version
from reference.bundles import bundle_version
from reference.errors import ConfigError, SubmissionError


def asked(hand_in: HandIn, options: BatchOptions, store: Store, keys: GraderKeys) -> HandInRow:
    """Keep the zip, and say which run it asks for."""
    try:
        content = hand_in_bytes(hand_in)
    except (SubmissionError, ConfigError) as error:  # one file never stops the class
        return _unreadable(hand_in, options, store, str(error))
    digest = store.blobs.put(content)
    facts = RunFacts(
        zip_sha256=digest,
        zip_name=hand_in.zip_name,
        kerberos=hand_in.kerberos,
        device=options.settings.device,
        limits=options.settings.limits,
    )
    return _row(hand_in, digest, run_key(facts, keys))


def missing(told: ManifestRow, course: Course) -> HandInRow:
    """Return the row of a student of the manifest who handed in nothing."""
    nothing = HandIn(
        path=Path(),
        kerberos=told.kerberos,
        course=told.course or course,
        name=told.name,
        extension=told.extension,
    )
    return HandInRow(hand_in=nothing, zip_sha256="", cache_key="", role="missing")


def run_row(row: HandInRow, options: BatchOptions, state: State, sentence: str) -> RunRow:
    """Return what is known of a run before anything came of it."""
    return RunRow(
        kerberos=row.kerberos,
        cache_key=row.cache_key,
        state=state.value,
        sentence=sentence,
        zip_sha256=row.zip_sha256,
        assignment=options.assignment.name,
        assignment_sha256=options.assignment.sha256,
        code_version=code_version(),
        bundle=options.bundle.name,
        bundle_sha256=bundle_version(options.bundle),
        seed=None,
        device="",
        isolation="",
        worker="",
        attempts=0,
        seconds=0.0,
        stage_seconds="{}",
        sheet_sha256="",
        finished_at=now(),
    )


def _row(hand_in: HandIn, digest: str, key: str) -> HandInRow:
    return HandInRow(hand_in=hand_in, zip_sha256=digest, cache_key=key, role="counted")


def _unreadable(hand_in: HandIn, options: BatchOptions, store: Store, why: str) -> HandInRow:
    """A hand-in of which not even a zip can be made: rejected, and staff look at it."""
    key = hashlib.sha256(f"{hand_in.kerberos}\0{hand_in.source}\0{why}".encode()).hexdigest()
    row = _row(hand_in, "", key)
    if not store.done_runs([key]):
        store.add_run(run_row(row, options, State.REJECTED, one_line(why)), None)
    return row
