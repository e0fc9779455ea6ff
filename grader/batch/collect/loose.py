"""Loose files: what a student uploaded without a zip, put together as one submission.

Canvas names each file after its student, so a notebook and a report without a zip are known to
belong together. So are files that are named after a student of the manifest (`jdoe.ipynb`,
`jdoe_report.pdf`), or lie in a folder that is. A submission needs a notebook or a PDF among them,
or an id that the manifest has: a spreadsheet of the staff's becomes nobody's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader.batch.collect.canvas import CanvasName, parse_canvas_name
from grader.batch.collect.notes import collected
from grader.batch.collect.walking import Found, Walk, claimed
from grader.model.text import one_line

_ANSWERS = (".ipynb", ".pdf")
_SEPARATORS = "_- ."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loose:
    """One file."""

    source: str
    """Path below the folder of the class."""
    name: str
    """Path in the zip that is made of it."""
    path: Path
    """Where it lies."""
    canvas: CanvasName | None
    """What Canvas' name says; None for a file that is named after a student of the manifest."""

    @property
    def number(self) -> int:
        """Canvas' id of the file, which grows with time; 0 elsewhere."""
        return self.canvas.file_id if self.canvas else 0

    def is_kind(self, *suffixes: str) -> bool:
        """Whether its name ends so."""
        return self.source.lower().endswith(suffixes)


def gather_loose(seen: Walk, platform_ids: Collection[str]) -> None:
    """Move files that belong to a student from `seen.no_zips` to `seen.found`.

    Args:
        seen: The folder, walked.
        platform_ids: Those of the manifest, casefolded.
    """
    groups: dict[tuple[str, str, str], list[_Loose]] = defaultdict(list)
    for source in seen.no_zips:
        for key, file in _owned(source, seen):
            groups[key].append(file)
    for (home, kind, owner), files in sorted(groups.items()):
        wanted = kind == "canvas" and owner.casefold() in platform_ids
        if not wanted and not any(file.is_kind(*_ANSWERS) for file in files):
            continue
        newest = _newest_of_each_name(files, seen)
        taken = (
            _of_canvas(home, owner, newest, seen)
            if kind == "canvas"
            else _of_manifest(owner, newest, seen)
        )
        if taken:
            gone = {file.source for file in newest}
            seen.no_zips[:] = [source for source in seen.no_zips if source not in gone]


def _owned(source: str, seen: Walk) -> Iterator[tuple[tuple[str, str, str], _Loose]]:
    """Yield (folder, kind, owner) and the file, if anybody's name or id is in its path."""
    path, below = seen.folder / source, PurePosixPath(source)
    canvas = parse_canvas_name(below.name)
    if canvas is not None:
        home = source.rpartition("/")[0]
        file = _Loose(source=source, name=canvas.original, path=path, canvas=canvas)
        yield (home, "canvas", canvas.user_id), file
        return
    known = seen.kerberos_names
    for folder in below.parents:
        if folder.name and (owner := claimed(folder.name, known)) in known:
            name = below.relative_to(folder).as_posix()
            yield (str(folder), "", owner), _Loose(source=source, name=name, path=path, canvas=None)
            return
    stem = below.stem.lower()
    owners = [one for one in known if stem == one or stem.startswith(_prefixes(one))]
    if owners:
        file = _Loose(source=source, name=below.name, path=path, canvas=None)
        yield (source.rpartition("/")[0], "", max(owners, key=len)), file


def _prefixes(kerberos: str) -> tuple[str, ...]:
    return tuple(f"{kerberos}{separator}" for separator in _SEPARATORS)


def _newest_of_each_name(files: Sequence[_Loose], seen: Walk) -> tuple[_Loose, ...]:
    """Return the latest file of each name; earlier uploads of it are named in a note."""
    newest: dict[str, _Loose] = {}
    for file in sorted(files, key=lambda one: (one.number, one.source)):
        before = newest.get(file.name)
        if before is not None:
            values = {"source": one_line(before.source), "later": one_line(file.source)}
            seen.notes.append(collected("loose-earlier", **values))
            seen.no_zips.remove(before.source)
        newest[file.name] = file
    return tuple(newest[name] for name in sorted(newest))


def _of_canvas(home: str, user_id: str, files: Sequence[_Loose], seen: Walk) -> bool:
    """Take in the files of a student of Canvas; return whether they are part of a submission."""
    zips = [
        place
        for place, one in enumerate(seen.found)
        if (one.platform, one.platform_id, one.home) == ("canvas", user_id, home)
    ]
    names = ", ".join(one_line(file.source) for file in files)
    if not zips:
        found = _found(files, seen)
        seen.found.append(found)
        who = one_line(found.name) or f"id {user_id}"
        seen.notes.append(collected("loose", names=names, who=who))
        return True
    beside = seen.found[zips[-1]]
    if len(zips) > 1 or any(file.is_kind(".ipynb") for file in files):
        # Which of two notebooks counts is for a person to say.
        seen.notes.append(collected("loose-beside", names=names, source=one_line(beside.source)))
        return False
    added = tuple((file.name, file.path) for file in files)
    seen.found[zips[0]] = replace(beside, files=((beside.zip_name, beside.path), *added))
    seen.notes.append(collected("loose-added", names=names, source=one_line(beside.source)))
    return True


def _of_manifest(kerberos: str, files: Sequence[_Loose], seen: Walk) -> bool:
    """Take in files that are named after a student, unless a zip is there."""
    if any(kerberos in {one.claim, one.folder, one.email_name} for one in seen.found):
        return False
    seen.found.append(replace(_found(files, seen), claim=kerberos, zip_name=f"{kerberos}.zip"))
    names = ", ".join(one_line(file.source) for file in files)
    seen.notes.append(collected("loose", names=names, who=kerberos))
    return True


def _found(files: Sequence[_Loose], seen: Walk) -> Found:
    """Return files as one submission, named after its notebook or else its latest file."""
    main = max(files, key=lambda one: (one.is_kind(".ipynb"), one.number, one.source))
    canvas, known = main.canvas, seen.kerberos_names
    stems = [PurePosixPath(file.name).stem for file in files]
    claims = [claimed(stem, known) for stem in stems if claimed(stem, known) in known]
    name = (canvas.name or f"anon-{canvas.user_id}") if canvas else ""
    claim = claims[0] if claims else claimed(name, known)
    return Found(
        source=main.source,
        path=main.path,
        files=tuple((file.name, file.path) for file in files),
        zip_name=f"{claim}.zip",
        claim=claim,
        name=one_line(canvas.name) if canvas else "",
        platform="canvas" if canvas else "",
        platform_id=canvas.user_id if canvas else "",
        number=max(file.number for file in files) if canvas else None,
        late=any(file.canvas is not None and file.canvas.late for file in files),
        modified_ns=max(file.path.lstat().st_mtime_ns for file in files),
    )
