"""Whose each submission of a folder is, and which of a student's submissions counts.

The folder is accepted as it is, in any mixture of

* zips named `(kerberos).zip`, at the top or in folders named after students;
* Canvas' "Download Submissions", unpacked (`grader.batch.collect.canvas`);
* Gradescope's "Export Submissions", unpacked (`grader.batch.collect.gradescope`);
* nbgrader's `submitted` folder (`grader.batch.collect.nbgrader`);
* files that a student uploaded without a zip (`grader.batch.collect.loose`).

Whose a submission is, is told by the first of these that knows:

1. the platform's id of the student, where the manifest has it;
2. the local part of the address by which the platform knows the student;
3. the enclosing folder's name, then the zip's, where the manifest has it;
4. the zip's name; or the folder's, where zips in several folders have the same name.

Two students are never taken for one. Where submissions claim one kerberos name and the platform
says that they are different students', the manifest's id decides; without one each is graded as
`kerberos-<platform id>`, and a note asks a person.

Of a student's submissions the latest counts: by the platform's time; else by its number of the file
(Canvas counts upwards); else by the time of the file, which a note says.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader.batch.collect.loose import gather_loose
from grader.batch.collect.manifest import USUAL_NAME, ManifestRow
from grader.batch.collect.nbgrader import PLATFORM
from grader.batch.collect.notes import collected, listing
from grader.batch.collect.packing import hand_in_bytes
from grader.batch.collect.walking import Found, Walk, claimed, walk
from grader.batch.records import Roster, Superseded
from grader.intake.hand_in import HandIn
from grader.model.assignment import Assignment, Course
from grader.model.text import one_line
from reference.errors import ConfigError

__all__ = ["find_hand_ins", "hand_in_bytes"]


def find_hand_ins(
    folder: Path,
    manifest_rows: Sequence[ManifestRow],
    assignment: Assignment,
    default_course: Course,
) -> Roster:
    """Return what the students submitted, by kerberos, and what staff should know about it.

    Args:
        folder: What staff downloaded or gathered; nothing in it is changed.
        manifest_rows: What staff say about the students; may be empty.
        assignment: The offering.
        default_course: Variant of those for whom the manifest names none.

    Raises:
        ConfigError: there is no such folder, or the assignment has no such variant.
    """
    if default_course not in assignment.courses:
        raise ConfigError(
            f"course: expected {' or '.join(assignment.courses)}, found {default_course!r}"
        )
    known = {row.kerberos: row for row in manifest_rows}
    seen = walk(folder, frozenset(known))
    gather_loose(seen, {row.platform_id.casefold() for row in manifest_rows if row.platform_id})
    _of_one_assignment(seen, assignment)
    notes = list(seen.notes)
    counted: list[HandIn] = []
    superseded: list[Superseded] = []
    for kerberos, group in sorted(_by_student(seen.found, known, notes).items()):
        row = known.get(kerberos)
        course = (row and row.course) or default_course
        order = _in_time(group, kerberos, notes)
        latest = _hand_in(order[-1], kerberos, course, row)
        counted.append(latest)
        superseded += [
            Superseded(hand_in=_hand_in(one, kerberos, course, row), by=latest.source)
            for one in order[:-1]
        ]
        notes += _remarks(order[-1], latest, known)
    manifest = {USUAL_NAME} if known else set()
    no_zips = [source for source in seen.no_zips if source not in manifest]
    notes += listing("not-a-zip", no_zips)
    notes += listing("links", seen.links)
    notes += listing("system-files", seen.junk)
    there = {one.kerberos for one in counted}
    return Roster(
        counted=tuple(counted),
        superseded=tuple(superseded),
        missing=tuple(sorted(set(known) - there)),
        notes=tuple(notes),
    )


def _of_one_assignment(seen: Walk, assignment: Assignment) -> None:
    """Leave out what nbgrader collected for other assignments: its folders hold a whole term.

    Raises:
        ConfigError: it cannot be told which of several assignments this is.
    """
    there = [one for one in seen.found if one.platform == PLATFORM]
    names = sorted({Path(one.source).name for one in there})
    if len(names) < 2:
        return
    # `pset4` is pset4_sp21's, and `pset` is nobody's.
    fitting = [one for one in names if f"{assignment.name}_".startswith(f"{one}_")]
    if len(fitting) != 1:
        raise ConfigError(
            f"{seen.folder}: expected nbgrader's folders of one assignment, found "
            f"{', '.join(names)}; copy <student>/<assignment> of one of them elsewhere"
        )
    others = [one for one in there if Path(one.source).name != fitting[0]]
    seen.found[:] = [one for one in seen.found if one not in others]
    seen.notes.extend(listing("nbgrader-others", sorted(one_line(one.source) for one in others)))


def _by_student(
    found: Sequence[Found], known: dict[str, ManifestRow], notes: list[str]
) -> dict[str, list[Found]]:
    """Return the submissions of each student, under a name that no other student has."""
    claims: dict[str, list[Found]] = defaultdict(list)
    for kerberos, one in zip(_one_name_each(found, known, notes), found, strict=True):
        claims[kerberos].append(one)
    groups: dict[str, list[Found]] = {}
    apart: list[tuple[str, list[Found]]] = []
    for kerberos, group in sorted(claims.items()):
        students: dict[str, list[Found]] = defaultdict(list)
        for one in group:
            students[one.identity].append(one)
        unknown = students.pop("", [])
        own = _own(students, known.get(kerberos))
        if mine := [*unknown, *students.pop(own, [])]:
            groups[kerberos] = mine
        apart += [(kerberos, students[identity]) for identity in sorted(students)]
    taken = {*groups, *known}
    for kerberos, theirs in apart:
        name = _free(f"{kerberos}-{_safe(theirs[0].platform_id)}", taken)
        taken.add(name)
        groups[name] = theirs
        notes.append(_apart(kerberos, name, theirs))
    return groups


def _own(students: dict[str, list[Found]], row: ManifestRow | None) -> str:
    """Return which of the platform's students a name belongs to; empty where nothing tells."""
    if row is not None and row.platform_id:
        wanted = row.platform_id.casefold()
        return next((one for one in sorted(students) if one.partition(":")[2] == wanted), "")
    return next(iter(students)) if len(students) == 1 else ""


def _apart(kerberos: str, name: str, theirs: Sequence[Found]) -> str:
    sources = ", ".join(one_line(one.source) for one in theirs)
    who = _who(theirs[0])
    return collected("whose", sources=sources, kerberos=kerberos, who=who, name=name)


def _one_name_each(
    found: Sequence[Found], known: dict[str, ManifestRow], notes: list[str]
) -> list[str]:
    """Return a kerberos name for each submission; one student of a platform has one name."""
    names = _named(found, known)
    students: dict[str, list[int]] = defaultdict(list)
    for index, one in enumerate(found):
        if one.identity:
            students[one.identity].append(index)
    for indices in students.values():
        used = {names[index] for index in indices}
        if len(used) == 1:
            continue
        candidates = [index for index in indices if names[index] in known] or indices
        latest = max(candidates, key=lambda index: (found[index].number or 0, index))
        chosen = names[latest]
        names_used = ", ".join(sorted(used))
        who = _who(found[latest])
        notes.append(collected("several-names", who=who, names=names_used, kerberos=chosen))
        for index in indices:
            names[index] = chosen
    return names


def _named(found: Sequence[Found], known: dict[str, ManifestRow]) -> list[str]:
    """Return the kerberos name that each submission goes under, looked at alone."""
    by_id = {row.platform_id.casefold(): row.kerberos for row in known.values() if row.platform_id}
    homes: dict[str, set[str]] = defaultdict(set)
    paths: dict[str, set[str]] = defaultdict(set)
    for one in found:
        if not one.identity:
            homes[one.claim].add(one.home)
            paths[one.folder].add(one.home)
    names = []
    for one in found:
        candidates = [by_id.get(one.platform_id.casefold(), ""), one.email_name]
        candidates += [name for name in (one.folder, one.claim) if name in known]
        if not one.identity and len(homes[one.claim]) > 1:
            alone = len(paths[one.folder]) == 1
            candidates.append(one.folder if alone else claimed(one.home, frozenset(known)))
        names.append(next(filter(None, [*candidates, one.claim])))
    return names


def _in_time(group: Sequence[Found], kerberos: str, notes: list[str]) -> list[Found]:
    """Return a student's submissions, the one that counts last."""
    if len(group) == 1:
        return list(group)
    if all(one.submitted for one in group):
        return sorted(group, key=lambda one: (one.submitted, one.number or 0, one.source))
    if all(one.number is not None and one.submitted is None for one in group):
        return sorted(group, key=lambda one: (one.number, one.source))
    order = sorted(group, key=lambda one: (one.modified_ns, one.source))
    same = order[-1].modified_ns == order[-2].modified_ns
    code = "no-upload-times.name" if same else "no-upload-times.modified"
    source = one_line(order[-1].source)
    notes.append(collected(code, kerberos=kerberos, count=len(order), source=source))
    return order


def _hand_in(one: Found, kerberos: str, course: Course, row: ManifestRow | None) -> HandIn:
    made = HandIn(
        source=_storable(one.source),
        path=one.path,
        files=tuple((_storable(name), path) for name, path in one.files),
        zip_name=_storable(one.zip_name),
        kerberos=kerberos,
        course=course,
        submitted=one.submitted,
        name=one.name,
        platform_id=one.platform_id,
        platform=one.platform,
    )
    if row is None:
        return made
    return replace(
        made,
        submitted=row.submitted or one.submitted,
        extension=row.extension,
        name=row.name or one.name,
        platform_id=row.platform_id or one.platform_id,
    )


def _storable(name: str) -> str:
    """Return a file's name as text that UTF-8 can hold: names may be any bytes."""
    return name.encode("utf-8", "replace").decode()


def _remarks(one: Found, made: HandIn, known: dict[str, ManifestRow]) -> list[str]:
    source = one_line(made.source)
    told = []
    if known and made.kerberos not in known:
        told.append(
            collected("not-in-manifest", source=source, kerberos=made.kerberos, who=_who(one))
        )
    elif one.claim != made.kerberos and (one.claim in known or not known) and one.path.is_file():
        values = {"source": source, "claim": one.claim, "kerberos": made.kerberos}
        told.append(collected("named-otherwise", **values))
    if one.late and made.submitted is None:
        told.append(collected("canvas-late", source=source, kerberos=made.kerberos))
    return told


def _who(one: Found) -> str:
    words = [one.name, f"id {one.platform_id}" if one.platform_id else ""]
    return one_line(", ".join(filter(None, words))) or "unknown"


def _safe(platform_id: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", platform_id.lower()).strip("-")[:40] or "other"


def _free(name: str, taken: set[str]) -> str:
    """Return the name, with a number where another student has it."""
    number = 2
    made = name
    while made in taken:
        made, number = f"{name}-{number}", number + 1
    return made
