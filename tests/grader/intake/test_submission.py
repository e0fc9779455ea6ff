"""Intake: whatever is in the zip, it is named in a sentence, and what can be graded is."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.intake.limits import IntakeLimits
from grader.intake.report_pages import PageCount
from grader.intake.submission import read_submission
from grader.model.records import Severity, Submission
from grader.model.text import one_line
from reference.errors import ConfigError, PsetError, SubmissionError
from tests import factories
from tests.hostile import making

NO_PAGES = PageCount(pages=2)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most cases are not about the report: leave out the process that counts its pages."""
    monkeypatch.setattr("grader.intake.submission.count_pages", lambda path, limits: NO_PAGES)


def read(tmp_path: Path, files: dict[str, bytes], name: str = "jdoe.zip") -> Submission:
    zip_path = factories.write_zip(tmp_path / name, files)
    return read_submission(zip_path, tmp_path / "unpacked")


def codes(submission: Submission) -> list[str]:
    return [note.code for note in submission.notes]


def test_a_good_submission_has_no_note(tmp_path: Path) -> None:
    files = factories.honest_files() | {"helpers/layers.py": b"y = 2\n"}

    submission = read(tmp_path, files)

    assert submission.kerberos == "jdoe"
    assert (submission.notebook_path, submission.report_path) == ("pset4.ipynb", "report.pdf")
    assert submission.report_pages == 2
    assert submission.other_files == ("helpers/layers.py",)
    assert [cell.source for cell in submission.cells] == ["# Problem Set 4", "x = 1\n"]
    assert submission.cells[1].cell_id == "aBcDeFgHiJkL"
    assert submission.notes == ()
    # The notebook lies there as it was handed in, byte for byte.
    unpacked = tmp_path / "unpacked" / "pset4.ipynb"
    assert unpacked.read_bytes() == files["pset4.ipynb"]


@pytest.mark.parametrize(
    ("name", "kerberos", "noted"),
    [
        ("jdoe.zip", "jdoe", []),
        ("JDoe.ZIP", "jdoe", []),
        ("j_doe-2.x.zip", "j_doe-2.x", []),
        ("jdoe (1).zip", "jdoe", ["zip-name"]),
        ("jdoe - Copy (2).zip", "jdoe", ["zip-name"]),
        ("(jdoe).zip", "jdoe", ["zip-name"]),
        ("Jané Dœ pset 4.zip", "jane-d-pset-4", ["zip-name"]),
        ("...zip", "unknown", ["zip-name"]),
        ("-rf.zip", "rf", ["zip-name"]),
        ("x" * 90 + ".zip", "x" * 64, ["zip-name"]),
    ],
)
@pytest.mark.usefixtures("counted")
def test_the_kerberos_name_comes_from_the_file_name(
    tmp_path: Path, name: str, kerberos: str, noted: list[str]
) -> None:
    submission = read(tmp_path, factories.honest_files(), name)

    assert submission.kerberos == kerberos
    assert codes(submission) == noted


class Layout(NamedTuple):
    name: str
    change: Callable[[dict[str, bytes]], dict[str, bytes]]
    notebook: str
    report: str
    noted: tuple[str, ...]


def inside(folder: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: {f"{folder}{name}": data for name, data in files.items()}


def plus(**more: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: files | {name.replace("__", "/"): data for name, data in more.items()}


def renamed(old: str, *new: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def change(files: dict[str, bytes]) -> dict[str, bytes]:
        rest = {name: data for name, data in files.items() if name != old}
        return rest | dict.fromkeys(new, files[old])

    return change


JUNK = {
    "__MACOSX/._report.pdf": b"x",
    ".DS_Store": b"x",
    "._pset4.ipynb": b"x",
    ".ipynb_checkpoints/pset4-checkpoint.ipynb": b"x",
}
LAYOUTS = [
    Layout("mac_junk", lambda files: files | JUNK, "pset4.ipynb", "report.pdf", ()),
    Layout("one_folder", inside("jdoe/"), "pset4.ipynb", "report.pdf", ()),
    Layout("two_folders", inside("a/b/"), "pset4.ipynb", "report.pdf", ()),
    Layout("windows_slashes", inside("jdoe\\"), "pset4.ipynb", "report.pdf", ()),
    Layout("folder_and_junk", lambda f: inside("j/")(f) | JUNK, "pset4.ipynb", "report.pdf", ()),
    Layout(
        "report_in_capitals",
        renamed("report.pdf", "Report.PDF"),
        "pset4.ipynb",
        "Report.PDF",
        ("report-name",),
    ),
    Layout(
        "another_pdf",
        renamed("report.pdf", "answers.pdf"),
        "pset4.ipynb",
        "answers.pdf",
        ("report-name",),
    ),
    Layout(
        "pdf_of_that_sort",
        renamed("report.pdf", "x.pdf", "my_report.pdf"),
        "pset4.ipynb",
        "my_report.pdf",
        ("report-name",),
    ),
    Layout(
        "report_in_a_folder",
        renamed("report.pdf", "doc/report.pdf"),
        "pset4.ipynb",
        "doc/report.pdf",
        (),
    ),
    Layout("no_report", renamed("report.pdf"), "pset4.ipynb", "", ("no-report",)),
    Layout("which_pdf", renamed("report.pdf", "a.pdf", "b.pdf"), "pset4.ipynb", "", ("no-report",)),
    Layout("no_notebook", renamed("pset4.ipynb"), "", "report.pdf", ("no-notebook",)),
    Layout(
        "script_instead", renamed("pset4.ipynb", "pset4.py"), "", "report.pdf", ("no-notebook",)
    ),
    Layout(
        "odd_names",
        renamed("pset4.ipynb", "Aufgabe 4 – 解答 🦊.ipynb"),
        "Aufgabe 4 – 解答 🦊.ipynb",
        "report.pdf",
        (),
    ),
    Layout(
        "control_characters",
        renamed("pset4.ipynb", "a\nb\u202e.ipynb"),
        "a_b_.ipynb",
        "report.pdf",
        (),
    ),
]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.usefixtures("counted")
def test_layouts(tmp_path: Path, layout: Layout) -> None:
    submission = read(tmp_path, layout.change(factories.honest_files()))

    assert submission.notebook_path == layout.notebook
    assert submission.report_path == layout.report
    assert codes(submission) == list(layout.noted)
    assert bool(submission.cells) == bool(layout.notebook)
    for note in submission.notes:
        assert note.message.endswith(".")
        assert "\n" not in note.message


ONE_CELL = factories.notebook_bytes([factories.code_cell("a = 1")])
TWO_CELLS = factories.notebook_bytes([factories.code_cell("a = 1"), factories.code_cell("b = 2")])


@pytest.mark.parametrize(
    ("notebooks", "chosen"),
    [
        ({"jdoe.ipynb": ONE_CELL, "pset4.ipynb": TWO_CELLS}, "jdoe.ipynb"),
        ({"PSET4.ipynb": ONE_CELL, "scratch.ipynb": TWO_CELLS}, "PSET4.ipynb"),
        ({"a.ipynb": ONE_CELL, "b.ipynb": TWO_CELLS}, "b.ipynb"),
        ({"A.ipynb": ONE_CELL, "a.ipynb": ONE_CELL}, "A.ipynb"),
        ({"jdoe.ipynb": b"{", "other.ipynb": ONE_CELL}, "other.ipynb"),
    ],
)
@pytest.mark.usefixtures("counted")
def test_one_of_several_notebooks_is_chosen_and_all_are_named(
    tmp_path: Path, notebooks: dict[str, bytes], chosen: str
) -> None:
    submission = read(tmp_path, {"report.pdf": b"%PDF"} | notebooks)

    assert submission.notebook_path == chosen
    note = next(note for note in submission.notes if note.code == "several-notebooks")
    assert all(repr(name) in note.message for name in notebooks)
    assert set(submission.other_files) == set(notebooks) - {chosen}


class Content(NamedTuple):
    name: str
    data: bytes
    noted: str
    sentence: str


def deep() -> bytes:
    return b'{"nbformat": 4, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


CONTENTS = [
    Content("not_json", b"not json", "unreadable-notebook", "text that is not JSON"),
    Content("html", b"<html></html>", "unreadable-notebook", "an HTML page"),
    Content("empty_file", b"", "unreadable-notebook", "an empty file"),
    Content("list", b"[]", "unreadable-notebook", "JSON that is not a notebook"),
    Content("number", b"3", "unreadable-notebook", "JSON that is not a notebook"),
    Content("no_cells", b'{"nbformat": 4}', "unreadable-notebook", "without a list of cells"),
    Content("nbformat_99", b'{"nbformat": 99, "cells": []}', "unreadable-notebook", "nbformat 99"),
    Content("nbformat_text", b'{"nbformat": "4"}', "unreadable-notebook", "nbformat '4'"),
    Content(
        "bad_nbformat_3", b'{"nbformat": 3, "cells": 1}', "unreadable-notebook", "damaged note"
    ),
    Content("latin_1", '{"a": "é"}'.encode("latin-1"), "unreadable-notebook", "not in UTF-8"),
    Content("deep", deep(), "unreadable-notebook", "not JSON"),
    Content(
        "long_number", b'{"nbformat": ' + b"4" * 5000 + b"}", "unreadable-notebook", "not JSON"
    ),
    Content("no_cell", factories.notebook_bytes([]), "empty-notebook", "no code"),
    Content(
        "blank", factories.notebook_bytes([factories.code_cell(" \n")]), "empty-notebook", "no code"
    ),
]


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: content.name)
@pytest.mark.usefixtures("counted")
def test_a_notebook_that_cannot_be_used_is_named_and_the_report_remains(
    tmp_path: Path, content: Content
) -> None:
    submission = read(tmp_path, factories.honest_files() | {"pset4.ipynb": content.data})

    assert submission.report_path == "report.pdf"
    (note,) = submission.notes
    assert (note.code, note.severity) == (content.noted, Severity.ERROR)
    assert content.sentence in note.message


def cells_of(tmp_path: Path, data: bytes) -> Submission:
    return read(tmp_path, {"report.pdf": b"%PDF", "pset4.ipynb": data})


@pytest.mark.usefixtures("counted")
def test_byte_order_mark_and_carriage_returns_are_accepted(tmp_path: Path) -> None:
    text = json.dumps(factories.notebook([factories.code_cell("a = 1\r\nb = 2\r\n")]), indent=1)
    data = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()

    submission = cells_of(tmp_path, data)

    assert submission.cells[0].source == "a = 1\nb = 2\n"
    assert submission.notes == ()


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.usefixtures("counted")
def test_old_formats_are_converted(tmp_path: Path, major: int) -> None:
    cell = {
        "cell_type": "code",
        "collapsed": False,
        "input": "a = 1\nb = 2",
        "language": "python",
        "outputs": [],
        "prompt_number": 7,
    }
    document = {
        "metadata": {"name": "pset4"},
        "nbformat": major,
        "nbformat_minor": 0,
        "worksheets": [{"cells": [cell]}],
    }

    submission = cells_of(tmp_path, json.dumps(document).encode())

    assert submission.cells[0].source == "a = 1\nb = 2"
    assert submission.cells[0].execution_count == 7
    assert submission.cells[0].cell_id == ""


@pytest.mark.usefixtures("counted")
def test_what_a_cell_says_about_itself(tmp_path: Path) -> None:
    cells: list[Any] = [
        factories.code_cell("a", cell_id="colab-id", part_id="4a") | {"id": "nbformat-id"},
        factories.code_cell("b") | {"id": "nbformat-id", "outputs": [{}, {}]},
        factories.markdown_cell("text", part_id="3c"),
        {"cell_type": "code", "source": "bare"},
        factories.code_cell("lone \ud800 surrogate"),
        factories.code_cell("count") | {"execution_count": True, "outputs": 3, "metadata": []},
    ]

    submission = cells_of(tmp_path, factories.notebook_bytes(cells))

    assert [cell.cell_id for cell in submission.cells[:2]] == ["colab-id", "nbformat-id"]
    assert [cell.part_id for cell in submission.cells[:3]] == ["4a", "", "3c"]
    assert submission.cells[1].stored_outputs == 2
    assert submission.cells[3].source == "bare"
    assert submission.cells[4].source == "lone \ufffd surrogate"
    assert (submission.cells[5].execution_count, submission.cells[5].stored_outputs) == (None, 0)


@pytest.mark.parametrize(
    "raw",
    [3, None, {}, {"cell_type": "code", "source": 7}, {"cell_type": "code", "source": ["a", 1]},
     {"cell_type": "html", "source": "a"}],
)  # fmt: skip
@pytest.mark.usefixtures("counted")
def test_a_malformed_cell_keeps_its_place(tmp_path: Path, raw: Any) -> None:
    cells = [factories.code_cell("a"), raw, factories.code_cell("c")]

    submission = cells_of(tmp_path, factories.notebook_bytes(cells))

    assert [cell.index for cell in submission.cells] == [0, 1, 2]
    assert (submission.cells[1].kind, submission.cells[1].source) == ("raw", "")
    assert codes(submission) == ["malformed-cell"]
    assert "Cell 2 of" in submission.notes[0].message


@pytest.mark.usefixtures("counted")
def test_code_that_is_too_much_to_be_read_is_noted(tmp_path: Path) -> None:
    cells = [factories.code_cell(text) for text in ("f = 1", "x=1;" * 6_000, "g = 1")]
    submission = cells_of(tmp_path, factories.notebook_bytes(cells))
    assert [cell.code for cell in submission.cells] == ["f = 1", "", "g = 1"]
    noted = next(one for one in submission.notes if one.code == "code-not-read")
    assert noted.message.startswith("Cell 2 of the notebook holds more code")
    assert noted.for_student


@pytest.mark.usefixtures("counted")
def test_a_notebook_that_was_never_run_is_noted(tmp_path: Path) -> None:
    cell = factories.code_cell("a = 1") | {"execution_count": None}

    submission = cells_of(tmp_path, factories.notebook_bytes([cell]))

    assert codes(submission) == ["notebook-not-run"]
    assert submission.notes[0].severity is Severity.WARNING


@pytest.mark.usefixtures("counted")
def test_too_many_cells_and_too_large_a_notebook(tmp_path: Path) -> None:
    zip_path = factories.write_zip(
        tmp_path / "jdoe.zip", factories.honest_files() | {"pset4.ipynb": TWO_CELLS}
    )

    few = read_submission(zip_path, tmp_path / "a", IntakeLimits(max_cells=1))
    small = read_submission(zip_path, tmp_path / "b", IntakeLimits(notebook_mib=1e-4))

    assert (codes(few), len(few.cells)) == (["too-many-cells"], 1)
    assert (codes(small), small.notebook_path) == (["unreadable-notebook"], "")


# Hostile and broken zips.


class Entry(NamedTuple):
    name: str
    code: str
    message: str
    mode: int = stat.S_IFREG | 0o644
    data: bytes = b"x"


ENTRIES = [
    Entry("../../x", "unsafe-path", "leaves the folder"),
    Entry("a/../../b", "unsafe-path", "leaves the folder"),
    Entry("..\\..\\x", "unsafe-path", "leaves the folder"),
    Entry("/abs/x", "unsafe-path", "is absolute"),
    Entry("\\\\server\\share\\x", "unsafe-path", "is absolute"),
    Entry("C:\\Windows\\x", "unsafe-path", "is absolute"),
    Entry("link", "link", "a symbolic link", stat.S_IFLNK | 0o777, b"/etc/passwd"),
    Entry("pipe", "link", "not a regular file", stat.S_IFIFO | 0o644),
    Entry("n" * 256, "name-too-long", "too long"),
    Entry("d/" * 600 + "x", "name-too-long", "too long"),
    Entry("d/" * 40 + "x", "name-too-deep", "more than 40 folders deep"),
    Entry("a/" * 499 + "x", "name-too-deep", "more than 40 folders deep"),
    Entry("", "name-empty", "A file named '' was left out"),
    Entry("./.", "name-empty", "A file named './.' was left out"),
    Entry("zeros.bin", "too-large", "it unpacks to 20 MiB", data=bytes(20 << 20)),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name[:12])
@pytest.mark.usefixtures("counted")
def test_a_bad_entry_is_left_out_and_the_rest_is_graded(tmp_path: Path, entry: Entry) -> None:
    zip_path = factories.write_zip(tmp_path / "jdoe.zip", factories.honest_files())
    with zipfile.ZipFile(zip_path, "a", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(entry.name)
        info.external_attr = entry.mode << 16
        info.create_system = 3
        archive.writestr(info, entry.data, zipfile.ZIP_DEFLATED)

    submission = read_submission(zip_path, tmp_path / "deep" / "unpacked")

    assert codes(submission) == [entry.code]
    assert submission.notes[0].severity is Severity.ERROR
    assert entry.message in submission.notes[0].message
    assert (submission.notebook_path, submission.report_path) == ("pset4.ipynb", "report.pdf")
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    unpacked = {f"deep/unpacked/{name}" for name in ("pset4.ipynb", "report.pdf")}
    assert written == unpacked | {"jdoe.zip"}


@pytest.mark.usefixtures("counted")
def test_entries_that_share_their_bytes_are_left_out(tmp_path: Path) -> None:
    zip_path = factories.write_zip(
        tmp_path / "jdoe.zip", factories.honest_files() | {"bomb.txt": b"y" * 1000}
    )
    with zipfile.ZipFile(zip_path, "a") as archive:
        copy = zipfile.ZipInfo("bomb.txt")
        original = archive.getinfo("bomb.txt")
        for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
            setattr(copy, name, getattr(original, name))
        archive.filelist.append(copy)
        archive._didModify = True  # type: ignore[attr-defined]

    submission = read_submission(zip_path, tmp_path / "unpacked")

    assert codes(submission) == ["overlapping-entries"] * 2
    assert submission.other_files == ()
    assert submission.notebook_path == "pset4.ipynb"


@pytest.mark.usefixtures("counted")
def test_a_file_that_is_there_twice(tmp_path: Path) -> None:
    files = factories.honest_files() | {"notes.txt": b"old"}
    zip_path = factories.write_zip(tmp_path / "jdoe.zip", files)
    with zipfile.ZipFile(zip_path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("notes.txt", b"new")

    submission = read_submission(zip_path, tmp_path / "unpacked")

    assert codes(submission) == ["duplicate-name"]
    assert Path(tmp_path, "unpacked", "notes.txt").read_bytes() == b"new"


@pytest.mark.usefixtures("counted")
def test_a_file_with_the_name_of_a_folder(tmp_path: Path) -> None:
    submission = read(tmp_path, factories.honest_files() | {"data": b"1", "data/x.txt": b"2"})

    assert codes(submission) == ["duplicate-name"]
    assert submission.other_files == ("data/x.txt",)


@pytest.mark.usefixtures("counted")
def test_a_damaged_file_is_left_out(tmp_path: Path) -> None:
    zip_path = factories.write_zip(
        tmp_path / "jdoe.zip", factories.honest_files() | {"a.bin": bytes(range(256)) * 8}
    )
    data = bytearray(zip_path.read_bytes())
    with zipfile.ZipFile(zip_path) as archive:
        offset = archive.getinfo("a.bin").header_offset
    data[offset + 60 : offset + 90] = b"\xff" * 30
    zip_path.write_bytes(data)

    submission = read_submission(zip_path, tmp_path / "unpacked")

    assert codes(submission) == ["corrupt"]
    assert not Path(tmp_path, "unpacked", "a.bin").exists()


@pytest.mark.parametrize("size", [100, 4000])
@pytest.mark.usefixtures("counted")
def test_a_declared_size_that_lies_is_not_believed(tmp_path: Path, size: int) -> None:
    zip_path = factories.write_zip(
        tmp_path / "jdoe.zip", factories.honest_files() | {"a.bin": bytes(range(256)) * 8}
    )
    data = bytearray(zip_path.read_bytes())
    start = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4) + 4)
    data[start + 24 : start + 28] = size.to_bytes(4, "little")
    zip_path.write_bytes(data)

    submission = read_submission(zip_path, tmp_path / "unpacked")

    assert codes(submission) == ["corrupt"]
    assert not Path(tmp_path, "unpacked", "a.bin").exists()


@pytest.mark.usefixtures("counted")
def test_other_ways_of_packing(tmp_path: Path) -> None:
    zip_path = factories.write_zip(tmp_path / "jdoe.zip", factories.honest_files())
    with zipfile.ZipFile(zip_path, "a", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.txt", b"a" * 100)

    assert codes(read_submission(zip_path, tmp_path / "unpacked")) == ["compression"]


@pytest.mark.usefixtures("counted")
def test_notebook_and_report_come_before_a_thousand_other_files(tmp_path: Path) -> None:
    files = {f"cache/{number}.txt": b"x" for number in range(1200)}

    submission = read(tmp_path, files | factories.honest_files())

    assert (submission.notebook_path, submission.report_path) == ("pset4.ipynb", "report.pdf")
    assert len(submission.other_files) == 998
    assert codes(submission) == ["too-large"]
    assert "202 files were left out" in submission.notes[0].message


@pytest.mark.usefixtures("counted")
def test_all_files_together_are_bounded(tmp_path: Path) -> None:
    files = {f"{number}.bin": bytes([number]) * (1 << 20) for number in range(4)}
    zip_path = factories.write_zip(tmp_path / "jdoe.zip", files | factories.honest_files())

    submission = read_submission(zip_path, tmp_path / "u", IntakeLimits(total_mib=2.5))

    assert len(submission.other_files) == 2
    assert codes(submission) == ["too-large"]


@pytest.mark.usefixtures("counted")
def test_a_hundred_bad_names_are_few_sentences(tmp_path: Path) -> None:
    submission = read(
        tmp_path, factories.honest_files() | {f"../{number}": b"" for number in range(100)}
    )

    assert codes(submission) == ["unsafe-path"] * 8 + ["more-left-out"]
    assert submission.notes[-1].message.startswith("92 more files in the zip have")


def encrypted(data: bytes) -> bytes:
    """Set the flag that says `encrypted` in every header."""
    made = bytearray(data)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = made.find(magic)
        while start >= 0:
            made[start + offset] |= 1
            start = made.find(magic, start + 4)
    return bytes(made)


@pytest.mark.usefixtures("counted")
def test_one_zip_within_the_zip_is_unpacked(tmp_path: Path) -> None:
    inner = factories.write_zip(tmp_path / "inner.zip", factories.honest_files()).read_bytes()

    submission = read(tmp_path, {"jdoe/pset4.zip": inner})

    assert (submission.notebook_path, submission.report_path) == ("pset4.ipynb", "report.pdf")
    assert codes(submission) == ["zip-in-zip"]


@pytest.mark.parametrize("clash", ["report.pdf/a.txt", "report.pdf", "inner.zip/a"])
def test_a_file_of_the_inner_zip_whose_name_is_taken_is_left_out(
    clash: str, tmp_path: Path
) -> None:
    files = {"pset4.ipynb": factories.notebook_bytes(), clash: b"x"}
    inner = factories.write_zip(tmp_path / "inner.zip", files).read_bytes()
    report = factories.honest_files()["report.pdf"]
    submission = read(tmp_path, {"report.pdf": report, "inner.zip": inner})

    assert (submission.notebook_path, submission.report_path) == ("pset4.ipynb", "report.pdf")
    assert codes(submission) == ["zip-in-zip", "duplicate-name"]
    assert Path(tmp_path, "unpacked", "report.pdf").read_bytes() == report


@pytest.mark.usefixtures("counted")
def test_a_zip_within_the_zip_that_is_none(tmp_path: Path) -> None:
    submission = read(tmp_path, {"report.pdf": b"%PDF", "code.zip": b"Rar!"})

    assert codes(submission) == ["zip-in-zip", "zip-in-zip", "no-notebook"]
    assert "a RAR archive" in submission.notes[1].message


class Refusal(NamedTuple):
    name: str
    data: Callable[[Path], bytes]
    sentence: str


def zipped(files: dict[str, bytes]) -> Callable[[Path], bytes]:
    return lambda folder: factories.write_zip(folder / "made.zip", files).read_bytes()


def end_record(count: int, size: int) -> bytes:
    tail = count.to_bytes(2, "little") * 2 + size.to_bytes(4, "little") + bytes(6)
    return b"PK\x05\x06" + bytes(4) + tail


REFUSALS = [
    Refusal("empty_file", lambda _: b"", "expected a zip, found an empty file"),
    Refusal("rar", lambda _: b"Rar!\x1a\x07\x00" + b"0" * 99, "found a RAR archive"),
    Refusal("7z", lambda _: b"7z\xbc\xaf\x27\x1c" + b"0" * 99, "found a 7z archive"),
    Refusal("tar_gz", lambda _: b"\x1f\x8b" + b"0" * 99, "found a gzip archive"),
    Refusal("pdf", lambda _: factories.pdf_bytes(), "found a PDF"),
    Refusal("notebook", lambda _: factories.notebook_bytes(), r"found JSON text \(a notebook\?\)"),
    Refusal("html", lambda _: b"<!doctype html>", "found an HTML"),
    Refusal("text", lambda _: b"hello", "found another kind of file"),
    Refusal("cut_off", lambda p: zipped(factories.honest_files())(p)[:-30], "found a damaged zip"),
    Refusal("no_entry", zipped({}), "found no file to use"),
    Refusal("only_junk", zipped({".DS_Store": b"", "__MACOSX/x": b""}), "found no file to use"),
    Refusal("only_a_folder", zipped({"jdoe/": b""}), "found no file to use"),
    Refusal("neither", zipped({"a.txt": b"", "b.txt": b""}), r"found neither .*'a\.txt', 'b\.txt'"),
    Refusal("bad_notebook", zipped({"a.ipynb": b"{"}), "found neither.*not JSON"),
    Refusal("all_bad", zipped({"../x": b""}), "none of its files can be used: '../x' was left out"),
    Refusal(
        "encrypted", lambda p: encrypted(zipped(factories.honest_files())(p)), "without a pass"
    ),
    Refusal("long_list", lambda _: bytes(99) + end_record(9, 99 << 20), "found far more"),
    Refusal(
        "zip64",
        lambda _: b"PK\x06\x06" + bytes(36) + b"\xff" * 8 + bytes(28) + end_record(9, 99),
        "found far more",
    ),
    Refusal("zip64_without_record", lambda _: b"PK\x06\x07" + bytes(16) + end_record(9, 99), "zip"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_what_holds_nothing_to_grade_is_refused_in_a_sentence(
    tmp_path: Path, refusal: Refusal
) -> None:
    zip_path = tmp_path / "jdoe.zip"
    zip_path.write_bytes(refusal.data(tmp_path))

    with pytest.raises(SubmissionError, match=refusal.sentence):
        read_submission(zip_path, tmp_path / "unpacked")


def test_too_large_a_zip(tmp_path: Path) -> None:
    zip_path = factories.write_zip(tmp_path / "jdoe.zip", factories.honest_files())

    with pytest.raises(SubmissionError, match="expected at most 0 MiB"):
        read_submission(zip_path, tmp_path / "unpacked", IntakeLimits(zip_mib=1e-4))


def test_staff_errors_are_not_the_students(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected the zip of a submission, found no such file"):
        read_submission(tmp_path / "none.zip", tmp_path / "unpacked")
    with pytest.raises(ConfigError, match="found a folder"):
        read_submission(tmp_path, tmp_path / "unpacked")
    zip_path = factories.write_zip(tmp_path / "jdoe.zip", factories.honest_files())
    with pytest.raises(ConfigError, match="expected an empty folder"):
        read_submission(zip_path, tmp_path)


# The report.


@pytest.mark.parametrize(
    ("data", "pages", "sentence"),
    [
        (factories.pdf_bytes(3), 3, ""),
        (factories.pdf_bytes(1, password="secret"), 0, "it is encrypted"),  # noqa: S106
        (b"hello", 0, "it is damaged or not a PDF"),
        (b"", 0, "it is damaged or not a PDF"),
        (factories.pdf_bytes(3)[:200], 0, "it is damaged or not a PDF"),
        (factories.pdf_bytes(0), 0, "has no pages"),
    ],
    ids=["good", "encrypted", "text", "empty", "cut_off", "no_page"],
)
def test_pages_of_the_report(tmp_path: Path, data: bytes, pages: int, sentence: str) -> None:
    submission = read(tmp_path, factories.honest_files() | {"report.pdf": data})

    assert submission.report_pages == pages
    assert submission.report_path == "report.pdf"
    if sentence:
        (note,) = submission.notes
        assert (note.code, note.severity) == ("unreadable-report", Severity.ERROR)
        assert sentence in note.message
    else:
        assert submission.notes == ()


def test_the_count_of_pages_is_bounded_in_time_and_memory(tmp_path: Path) -> None:
    zip_path = factories.write_zip(tmp_path / "jdoe.zip", factories.honest_files())
    limits = IntakeLimits(max_report_pages=1)

    long = read_submission(zip_path, tmp_path / "a", limits)
    slow = read_submission(zip_path, tmp_path / "b", replace(limits, report_timeout_s=0.01))
    padded = factories.pdf_bytes() + b"%" * (20 << 20)
    zip_path = factories.write_zip(zip_path, {"report.pdf": padded})
    big = read_submission(
        zip_path,
        tmp_path / "c",
        replace(limits, report_memory_mib=1.0, ratio_free_mib=64),
    )

    assert (codes(long), long.report_pages) == (["long-report"], 2)
    assert "could not be read within 0.01 s" in slow.notes[0].message
    assert [note.code for note in big.notes] == ["no-notebook", "unreadable-report"]


# Whatever bytes there are, the answer is a submission or one of our own errors.


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_flipped_bytes_never_break_intake(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flip")
    zip_path = factories.write_zip(folder / "jdoe.zip", {"pset4.ipynb": TWO_CELLS, "a/b.txt": b"x"})
    content = bytearray(zip_path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    zip_path.write_bytes(content)

    try:
        submission = read_submission(zip_path, folder / "unpacked")
    except PsetError as error:
        assert str(error)  # noqa: PT017 -- both ends are right, any other exception is not
    else:
        assert Path(folder, "unpacked", submission.notebook_path).is_file()
    outside = [path for path in folder.iterdir() if path.name not in {"jdoe.zip", "unpacked"}]
    assert outside == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "nbformat", "source", "cell_type", "metadata", "id", "outputs", "pset4"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(document=JSON, major=st.sampled_from([2, 3, 4, 5]))
def test_any_json_is_a_notebook_or_a_note(
    tmp_path_factory: pytest.TempPathFactory, document: Any, major: int
) -> None:
    folder = tmp_path_factory.mktemp("json")
    if isinstance(document, dict):
        document["nbformat"] = major
    zip_path = factories.write_zip(
        folder / "jdoe.zip", {"a.ipynb": json.dumps(document).encode(), "b.ipynb": TWO_CELLS}
    )

    submission = read_submission(zip_path, folder / "unpacked")

    assert submission.notebook_path in {"a.ipynb", "b.ipynb"}
    assert [cell.index for cell in submission.cells] == list(range(len(submission.cells)))


# What the directory of a zip says, against what stands before each file.


def hostile(tmp_path: Path, *members: making.Member, **how: Any) -> Submission:
    zip_path = tmp_path / "jdoe.zip"
    making.raw_zip(zip_path, [*making.honest_members(), *members], **how)
    return read_submission(zip_path, tmp_path / "unpacked")


@pytest.mark.usefixtures("counted")
def test_a_needless_64_bit_directory_is_read(tmp_path: Path) -> None:
    assert codes(hostile(tmp_path, zip64=True)) == []


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize(
    ("member", "code"),
    [
        (making.Member(name=b"x", data=b"0123", local_size=3), "corrupt"),
        (making.Member(name=b"x", data=b"0123", offset=5), "corrupt"),
        (making.Member(name=b"x", data=b"0123", offset=1 << 30), "corrupt"),
        (making.Member(name=b"x", data=b"0123", packed_size=9000), "overlapping-entries"),
        (making.Member(name=b"x", data=b"0123", local_name=b"y"), "corrupt"),
    ],
)
def test_an_entry_must_lie_where_and_be_what_the_directory_says(
    tmp_path: Path, member: making.Member, code: str
) -> None:
    submission = hostile(tmp_path, member)
    assert codes(submission) == [code]
    assert (submission.notebook_path, submission.other_files) == ("pset4.ipynb", ())


@pytest.mark.usefixtures("counted")
def test_names_that_some_systems_take_for_one_are_noted(tmp_path: Path) -> None:
    names = ("Data.txt", "data.txt", "caf\u00e9", "cafe\u0301")
    submission = hostile(tmp_path, *(making.Member(name=name.encode()) for name in names))
    assert codes(submission) == ["names-alike"] * 2
    assert set(submission.other_files) == set(names)


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize(
    "raw",
    [
        {"cell_type": ["code"], "source": "x"},
        {"cell_type": {}, "source": "x"},
    ],
)
def test_a_cell_of_no_kind_is_malformed(tmp_path: Path, raw: Any) -> None:
    files = factories.honest_files() | {"pset4.ipynb": factories.notebook_bytes([raw])}
    assert "malformed-cell" in codes(read(tmp_path, files))


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("count", [10**30, -1, 1.5, True, "1", float("nan")])
def test_a_count_that_no_kernel_gives_is_dropped(tmp_path: Path, count: Any) -> None:
    cell = factories.code_cell("x = 1") | {"execution_count": count}
    files = factories.honest_files() | {"pset4.ipynb": factories.notebook_bytes([cell])}
    assert read(tmp_path, files).cells[0].execution_count is None


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("major", [[4], {"a": 4}, "4", None, 99, "\u202e\x1b[31m"])
def test_an_nbformat_that_is_none(tmp_path: Path, major: Any) -> None:
    made = {**factories.notebook(), "nbformat": major}
    files = factories.honest_files() | {"pset4.ipynb": json.dumps(made).encode()}
    submission = read(tmp_path, files)
    assert codes(submission) == ["unreadable-notebook"]
    assert one_line(submission.notes[0].message) == submission.notes[0].message
