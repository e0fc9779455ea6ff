"""A folder of submissions, walked: every zip and every unpacked submission that lies in it.

Nothing is opened but Gradescope's metadata, and no link is followed. What is no submission is
named in a note: no file is lost without a word.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from grader.batch.collect.canvas import parse_canvas_name
from grader.batch.collect.gradescope import METADATA, SubmissionFacts, Submitter, read_metadata
from grader.batch.collect.nbgrader import PLATFORM, collected_at, is_collected
from grader.batch.collect.notes import collected, listing
from grader.batch.collect.packing import files_below, is_plain_file
from grader.intake.submission import kerberos_of
from grader.model.records import Severity
from grader.model.text import one_line
from reference.errors import ConfigError

_JUNK = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})
_FILE_SUFFIX = re.compile(r"\.(html?|csv|json|pdf|toml|lock|log|part|tmp|db|sqlite3?)$")
_WHOLE_CLASS = re.compile(r"(assignment_\d+_export|(.*[ _-])?submissions)\.zip", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A submission as it was found, before it is known whose it is."""

    source: str
    """Path below the folder of the class."""
    path: Path
    """The zip, or the folder that a platform unpacked it into, or one of `files`."""
    zip_name: str
    """What the student called it."""
    claim: str
    """The kerberos name that the zip's name gives (see `claimed`)."""
    folder: str = ""
    """The same of the enclosing folder's name; empty at the top."""
    platform: str = ""
    """`canvas`, `gradescope` or `nbgrader`; empty for none of them."""
    email_name: str = ""
    """Local part of the address by which the platform knows the student."""
    name: str = ""
    """The student's name as the platform shows it."""
    platform_id: str = ""
    """The platform's id of the student."""
    submitted: datetime | None = None
    """When, as the platform tells."""
    number: int | None = None
    """The platform's number of the submission; a later one is greater."""
    late: bool = False
    """Whether the platform marks it as late."""
    modified_ns: int = 0
    """Time of the file in the file system, in nanoseconds."""
    files: tuple[tuple[str, Path], ...] = ()
    """(name in the zip, path) of files that were uploaded without one; empty elsewhere."""

    @property
    def home(self) -> str:
        """Path of the enclosing folder below the folder of the class; empty at the top."""
        return self.source.rpartition("/")[0]

    @property
    def identity(self) -> str:
        """The student as the platform knows them; empty where no platform does."""
        return f"{self.platform}:{self.platform_id.casefold()}" if self.platform_id else ""


@dataclass(slots=True, kw_only=True)
class Walk:
    """What a walk has found so far."""

    folder: Path
    """Of the class."""
    kerberos_names: frozenset[str]
    """Those of the manifest."""
    found: list[Found] = field(default_factory=list)
    """Submissions."""
    notes: list[str] = field(default_factory=list)
    """Sentences for staff."""
    no_zips: list[str] = field(default_factory=list)
    """Paths of files that are no submissions."""
    links: list[str] = field(default_factory=list)
    """Paths of links and other things that are neither file nor folder."""
    junk: list[str] = field(default_factory=list)
    """Paths of files that systems leave behind."""

    def source(self, path: Path) -> str:
        """Return the path below the folder of the class."""
        return path.relative_to(self.folder).as_posix()

    def unreadable(self, error: OSError) -> None:
        """Note a folder that cannot be listed."""
        name = one_line(str(error.filename))
        self.notes.append(collected("unreadable", name=name, error=str(error.strerror)))


def walk(folder: Path, kerberos_names: frozenset[str]) -> Walk:
    """Return every submission below `folder`, sorted by path, and what else lies there.

    Args:
        folder: What staff downloaded or gathered.
        kerberos_names: Those of the manifest: a zip that is named so is always a submission.

    Raises:
        ConfigError: there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: expected a folder of submissions, found none; unpack a zip first"
        )
    seen = Walk(folder=folder, kerberos_names=kerberos_names)
    for root, folders, files in os.walk(folder, followlinks=False, onerror=seen.unreadable):
        here, names = Path(root), files
        folders.sort()
        for name in [one for one in folders if (here / one).is_symlink()]:
            folders.remove(name)
            seen.links.append(seen.source(here / name))
        if METADATA in names and is_plain_file(here / METADATA):
            names = [name for name in names if name != METADATA]
            taken = _export(here, sorted([*folders, *names]), seen)
            folders[:] = [name for name in folders if name not in taken]
            names = [name for name in names if name not in taken]
        elif here.parent != folder.parent and is_collected(here, names):
            _collected(here, seen)
            folders[:], names = [], []
        for name in sorted(names):
            _file(here / name, seen)
    return seen


def _file(path: Path, seen: Walk) -> None:
    source, kerberos_names = seen.source(path), seen.kerberos_names
    below = path.relative_to(seen.folder)
    if _JUNK.intersection(below.parts) or path.name.startswith("._"):
        seen.junk.append(source)
        return
    if not is_plain_file(path):
        seen.links.append(source)
        return
    if path.suffix.lower() != ".zip":
        seen.no_zips.append(source)
        return
    if (
        _WHOLE_CLASS.fullmatch(path.name)
        and claimed(path.name, kerberos_names) not in kerberos_names
    ):
        seen.notes.append(collected("whole-class", source=one_line(source)))
        return
    canvas = parse_canvas_name(path.name)
    inside = claimed(below.parent.name, kerberos_names) if below.parent.name else ""
    modified = path.lstat().st_mtime_ns
    if canvas is None:
        seen.found.append(
            Found(
                source=source,
                path=path,
                zip_name=path.name,
                claim=claimed(path.name, kerberos_names),
                folder=inside,
                modified_ns=modified,
            )
        )
        return
    as_given = claimed(canvas.given, kerberos_names)
    seen.found.append(
        Found(
            source=source,
            path=path,
            zip_name=canvas.given if as_given in kerberos_names else canvas.original,
            claim=as_given
            if as_given in kerberos_names
            else claimed(canvas.original, kerberos_names),
            folder=inside,
            name=one_line(canvas.name),
            platform="canvas",
            platform_id=canvas.user_id,
            number=canvas.file_id,
            late=canvas.late,
            modified_ns=modified,
        )
    )


def _export(here: Path, entries: list[str], seen: Walk) -> frozenset[str]:
    """Take in one export of Gradescope; return the entries of `here` that are its submissions."""
    source = seen.source(here / METADATA)
    try:
        facts = read_metadata(here / METADATA)
    except ConfigError as error:
        seen.notes.append(collected("gradescope-unreadable", error=one_line(str(error))))
        facts = {}
    submissions = [
        name
        for name in entries
        if (name in facts or re.fullmatch(r"submission_\d+", name))
        and ((here / name).is_dir() or name.lower().endswith(".zip"))
        and not (here / name).is_symlink()
    ]
    for name in submissions:
        _submission(here / name, facts.get(name, SubmissionFacts()), seen)
    counts = {"listed": len(facts), "found": len(submissions)}
    seen.notes.append(collected("gradescope-list", source=one_line(source), **counts))
    absent = sorted(set(facts) - set(submissions))
    seen.notes.extend(listing("gradescope-absent", absent))
    return frozenset(submissions)


def _submission(path: Path, facts: SubmissionFacts, seen: Walk) -> None:
    source, kerberos_names = seen.source(path), seen.kerberos_names
    inside = [path] if path.is_file() else [file for _, file in files_below(path)]
    plain = [file for file in inside if is_plain_file(file)]
    seen.links.extend(seen.source(file) for file in inside if file not in plain)
    if not plain:
        seen.notes.append(collected("empty-folder", source=one_line(source)))
        return
    one_zip = plain[0] if len(plain) == 1 and plain[0].suffix.lower() == ".zip" else None
    if len(facts.submitters) > 1:
        count = len(facts.submitters)
        seen.notes.append(collected("group", source=one_line(source), count=count))
    number = re.search(r"\d{1,18}", path.name)
    for student in facts.submitters or (Submitter(),):
        local = student.email.partition("@")[0]
        # An address may hold anything, a slash too.
        named = claimed(local, kerberos_names) if local else path.name
        zip_name = one_zip.name if one_zip else f"{named}.zip"
        seen.found.append(
            Found(
                source=source,
                path=one_zip or path,
                zip_name=zip_name,
                claim=claimed(zip_name, kerberos_names),
                email_name=claimed(local, kerberos_names) if local else "",
                name=student.name,
                platform="gradescope",
                platform_id=student.sid or student.email,
                submitted=facts.created_at,
                number=int(number[0]) if number else None,
                modified_ns=max(file.lstat().st_mtime_ns for file in plain),
            )
        )


def _collected(here: Path, seen: Walk) -> None:
    """Take in one submission of nbgrader's: the folder's parent is named after the student."""
    files = [file for _, file in files_below(here)]
    plain = [file for file in files if is_plain_file(file)]
    seen.links.extend(seen.source(file) for file in files if file not in plain)
    student = claimed(here.parent.name, seen.kerberos_names)
    submitted, source = collected_at(here), one_line(seen.source(here))
    if submitted is None:
        seen.notes.append(collected("nbgrader-time", source=source, kerberos=student))
    seen.found.append(
        Found(
            source=seen.source(here),
            path=here,
            zip_name=f"{student}.zip",
            claim=student,
            platform=PLATFORM,
            platform_id=here.parent.name,
            submitted=submitted,
            modified_ns=max(file.lstat().st_mtime_ns for file in plain),
        )
    )


def claimed(name: str, kerberos_names: frozenset[str]) -> str:
    """Return the kerberos name that a file's or folder's name gives, fit for a results folder.

    Another name than a kerberos name gets a digest behind it: two students whose names have no
    letters in common with ours must not become one, nor may `staff.html.zip` take the place of a
    file of the class.
    """
    made, notes = kerberos_of(name)
    regular = all(note.severity is Severity.INFO for note in notes)
    if regular and (made in kerberos_names or not _FILE_SUFFIX.search(made)):
        return made
    digest = hashlib.sha256(name.casefold().encode("utf-8", "surrogateescape")).hexdigest()
    return f"{made.replace('.', '-')}-{digest[:8]}"
