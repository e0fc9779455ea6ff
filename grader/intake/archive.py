"""Unpack a student's zip: every entry is looked at before a byte of it is written.

`zipfile.extractall` is not used: it renames entries that would leave the folder instead of naming
them, gives up half-way at the first bad one, and believes what the directory says about sizes.
"""

from __future__ import annotations

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader.intake.archive_layout import Refusal, layout_refusals
from grader.intake.limits import MIB, IntakeLimits
from grader.intake.notes import note
from grader.model.records import Note, Severity
from reference.errors import SubmissionError

_JUNK_FOLDERS = frozenset({"__MACOSX", "__pycache__", ".git", ".ipynb_checkpoints", ".idea"})
_JUNK_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_READ_ERRORS = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
_KINDS = (
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"{", "JSON text (a notebook?)"),
    (b"<", "an HTML or XML page"),
)
_JOINERS = frozenset("\u200c\u200d")
_CHUNK_BYTES = 1 << 20
_MAX_NOTES = 8
_MAX_END_BYTES = 65_557 + 76
_END_64_BYTES = 56 + 20
_IN_64 = 0xFFFFFFFF
_MAX_DIRECTORY_BYTES = 16 * MIB


class _DamagedEntry(Exception):
    """A file's bytes are not what its entry declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What came out of a zip."""

    files: tuple[str, ...]
    """Paths below the folder, POSIX form, without a common enclosing folder, sorted."""
    notes: tuple[Note, ...]
    """What was left out, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One file of the zip, not yet written."""

    info: zipfile.ZipInfo
    parts: tuple[str, ...]

    @property
    def path(self) -> str:
        return "/".join(self.parts)


def safe(name: str) -> str:
    """Return a name from the zip in quotes, shortened, with control characters escaped."""
    return repr(name if len(name) <= 80 else f"{name[:50]}…{name[-25:]}")


def unpack(zip_path: Path, folder: Path, limits: IntakeLimits, name: str = "") -> Unpacked:
    """Write the acceptable files of a zip below `folder`, and note the others.

    Args:
        zip_path: The zip.
        folder: Where its files go.
        limits: What is accepted.
        name: What errors call the zip; empty for its own name.

    Raises:
        SubmissionError: not a zip, too large, empty, or no file in it can be used.
    """
    where = safe(name or zip_path.name)
    size = zip_path.stat().st_size
    if size > limits.zip_mib * MIB:
        raise SubmissionError(
            f"{where}: expected at most {limits.zip_mib:.0f} MiB, found {size / MIB:.0f} MiB; "
            "leave out data, weights, and images that the report does not need"
        )
    try:
        if _directory_bytes(zip_path, size) > _MAX_DIRECTORY_BYTES:
            raise SubmissionError(
                f"{where}: expected at most {limits.max_files} files, found far more; "
                "leave out what the report does not need"
            )
        archive = zipfile.ZipFile(zip_path)
    except _READ_ERRORS as error:
        raise SubmissionError(
            f"{where}: expected a zip, found {_kind_of(zip_path, size)}; "
            "zip report.pdf and the notebook again"
        ) from error
    with archive:
        return _unpack(archive, zip_path, folder, limits, where)


def _directory_bytes(path: Path, size: int) -> int:
    """Return the size of the zip's directory as its end record states it, 0 if there is none.

    `zipfile` makes some 600 bytes of memory of a 47-byte entry, and makes all of them at once.
    """
    with path.open("rb") as source:
        source.seek(max(0, size - _MAX_END_BYTES))
        tail = source.read(_MAX_END_BYTES)
    start = tail.rfind(b"PK\x05\x06")
    record = tail[start : start + 22]
    if start < 0 or len(record) < 22:
        return 0
    # Some programs write a 64-bit end record into any zip; `zipfile` looks for it right here.
    before = tail[max(0, start - _END_64_BYTES) : start]
    stated = int(struct.unpack("<L", record[12:16])[0])
    if len(before) == _END_64_BYTES and before[:4] == b"PK\x06\x06":
        return max(int(struct.unpack("<Q", before[40:48])[0]), 0 if stated == _IN_64 else stated)
    return stated


def _unpack(
    archive: zipfile.ZipFile, zip_path: Path, folder: Path, limits: IntakeLimits, where: str
) -> Unpacked:
    entries, notes = _select(archive.infolist(), layout_refusals(archive, zip_path), limits)
    if not entries and not notes:
        raise SubmissionError(
            f"{where}: expected report.pdf and a notebook, found no file to use; zip them again"
        )
    files: list[str] = []
    for entry in _without_enclosing_folder(entries):
        trouble = _write(archive, entry, folder)
        if trouble is None:
            files.append(entry.path)
        else:
            notes.append(trouble)
    if not files:
        raise SubmissionError(f"{where}: none of its files can be used: {notes[0].message}")
    return Unpacked(files=tuple(sorted(files)), notes=_fold(notes))


def _select(
    infos: Sequence[zipfile.ZipInfo], misplaced: Mapping[int, Refusal], limits: IntakeLimits
) -> tuple[list[_Entry], list[Note]]:
    """Return the entries to write, and a note for each one that must not be written."""
    accepted: dict[str, _Entry] = {}
    notes: list[Note] = []
    for info in infos:
        entry = _Entry(info=info, parts=_parts(info))
        if not entry.parts:
            notes += _nameless(info)
            continue
        if info.filename.endswith("/") or _is_junk(entry.parts):  # `is_dir` needs a name
            continue
        refusal = _refusal(entry, limits) or misplaced.get(id(info))
        if refusal is not None:
            notes.append(_left_out(entry, refusal))
            continue
        if entry.path in accepted:
            notes.append(note("duplicate-name.twice", Severity.WARNING, name=safe(entry.path)))
        accepted[entry.path] = entry
    entries = _without_clashes(list(accepted.values()), notes)
    notes += _alike(accepted)
    return _within_budget(entries, limits, notes), notes


def _nameless(info: zipfile.ZipInfo) -> list[Note]:
    """A file cannot be called nothing; a folder may be the one that all lies in."""
    if info.file_size == 0:
        return []
    return [note("name-empty", Severity.ERROR, name=safe(info.orig_filename))]


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """Return the path's components. `filename` is cut at a NUL, the original name is not."""
    name = info.orig_filename.replace("\\", "/")
    clean = "".join("_" if _is_control(character) else character for character in name)
    parts = tuple(part for part in clean.split("/") if part not in {"", "."})
    # The leading slash is what makes it absolute: keep it where `_refusal` sees it.
    return ("/", *parts) if clean.startswith("/") and parts else parts


def _is_control(character: str) -> bool:
    if character in _JOINERS:
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _is_junk(parts: tuple[str, ...]) -> bool:
    name = parts[-1]
    return not _JUNK_FOLDERS.isdisjoint(parts[:-1]) or name in _JUNK_FILES or name.startswith("._")


def _alike(paths: Iterable[str]) -> Iterator[Note]:
    """Note files that some systems take for one: names that differ in case or in form only."""
    spellings: dict[str, list[str]] = {}
    for path in paths:
        spellings.setdefault(unicodedata.normalize("NFC", path).casefold(), []).append(path)
    for names in spellings.values():
        if len(names) > 1:
            yield note("names-alike", Severity.WARNING, count=len(names), name=safe(names[0]))


def _refusal(entry: _Entry, limits: IntakeLimits) -> Refusal | None:
    """Return why an entry must not be written, or None."""
    return _path_refusal(entry.parts, limits) or _content_refusal(entry.info, limits)


def _path_refusal(parts: tuple[str, ...], limits: IntakeLimits) -> Refusal | None:
    first = parts[0]
    if first == "/" or (len(first) >= 2 and first[1] == ":" and first[0].isalpha()):
        return "unsafe-path.absolute", {}
    if ".." in parts:
        return "unsafe-path.outside", {}
    sizes = [len(part.encode("utf-8", "replace")) for part in parts]
    if max(sizes) > limits.max_name_bytes or sum(sizes) + len(sizes) > limits.max_path_bytes:
        return "name-too-long", {}
    if len(parts) > limits.max_depth:
        return "name-too-deep", {"limit": limits.max_depth}
    return None


def _content_refusal(info: zipfile.ZipInfo, limits: IntakeLimits) -> Refusal | None:
    form = stat.S_IFMT(info.external_attr >> 16)
    if form not in {0, stat.S_IFREG}:
        return "link.symbolic" if form == stat.S_IFLNK else "link.special", {}
    if info.flag_bits & 0x1:
        return "encrypted", {}
    if info.compress_type not in _METHODS:
        return "compression", {}
    size_mib = info.file_size / MIB
    if size_mib > limits.file_mib:
        return "too-large.file", {"size_mib": size_mib, "limit_mib": limits.file_mib}
    if size_mib > limits.ratio_free_mib and info.file_size > limits.max_ratio * info.compress_size:
        packed_mib = info.compress_size / MIB
        return "too-large.ratio", {"size_mib": size_mib, "packed_mib": packed_mib}
    return None


def _without_clashes(entries: list[_Entry], notes: list[Note]) -> list[_Entry]:
    """Leave out files whose path is also the folder of another file."""
    folders = {
        "/".join(entry.parts[:depth]) for entry in entries for depth in range(1, len(entry.parts))
    }
    kept = []
    for entry in entries:
        if entry.path in folders:
            notes.append(_left_out(entry, ("duplicate-name.folder", {})))
        else:
            kept.append(entry)
    return kept


def _within_budget(entries: list[_Entry], limits: IntakeLimits, notes: list[Note]) -> list[_Entry]:
    """Keep what fits into the bounds on number and total size, notebooks and PDFs first."""
    urgent = sorted(
        entries,
        key=lambda entry: (
            PurePosixPath(entry.path).suffix.lower() not in {".ipynb", ".pdf"},
            len(entry.parts),
        ),
    )
    kept: list[_Entry] = []
    total = 0
    for entry in urgent:
        total += entry.info.file_size
        if len(kept) == limits.max_files or total > limits.total_mib * MIB:
            notes.append(
                note(
                    "too-large.total",
                    Severity.ERROR,
                    files=len(entries),
                    max_files=limits.max_files,
                    limit_mib=limits.total_mib,
                    left=len(entries) - len(kept),
                    name=safe(entry.path),
                )
            )
            break
        kept.append(entry)
    return kept


def _without_enclosing_folder(entries: list[_Entry]) -> list[_Entry]:
    """Strip the folders that enclose all files, as a zip of a folder has one."""
    while entries and len({e.parts[0] for e in entries}) == 1 and len(entries[0].parts) > 1:
        # No clash of a file with a folder is left, so all of them have more than one component.
        entries = [replace(entry, parts=entry.parts[1:]) for entry in entries]
    return entries


def _write(archive: zipfile.ZipFile, entry: _Entry, folder: Path) -> Note | None:
    """Write one file; return a note and leave nothing behind where it cannot be read."""
    target = folder.joinpath(*entry.parts)
    # A file system that ignores case, or a second zip unpacked into the same folder.
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        return _left_out(entry, ("duplicate-name.parent", {}))
    try:
        sink = target.open("xb")
    except FileExistsError:
        return _left_out(entry, ("duplicate-name.exists", {}))
    with sink:
        try:
            for chunk in _chunks(archive, entry.info):
                sink.write(chunk)
        except _DamagedEntry:
            target.unlink()
            return _left_out(entry, ("corrupt.data", {}))
    return None


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a file's bytes, exactly as many as its entry declares."""
    left = info.file_size
    try:
        with archive.open(info) as source:
            while chunk := source.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
    except _READ_ERRORS as error:
        raise _DamagedEntry from error
    if left != 0:
        raise _DamagedEntry


def _left_out(entry: _Entry, refusal: Refusal) -> Note:
    code, values = refusal
    return note(code, Severity.ERROR, name=safe(entry.path), **values)


def _fold(notes: list[Note]) -> tuple[Note, ...]:
    """Keep the first notes and count the others: 100,000 bad names are one sentence."""
    if len(notes) <= _MAX_NOTES:
        return tuple(notes)
    rest = note("more-left-out", Severity.ERROR, count=len(notes) - _MAX_NOTES)
    return (*notes[:_MAX_NOTES], rest)


def _kind_of(path: Path, size: int) -> str:
    if size == 0:
        return "an empty file"
    with path.open("rb") as source:
        head = source.read(8)
    for magic, kind in _KINDS:
        if head.startswith(magic):
            return kind
    return "a damaged zip" if head.startswith(b"PK") else "another kind of file"
