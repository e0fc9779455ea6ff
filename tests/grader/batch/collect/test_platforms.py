"""Whose each hand-in is, which one counts, and that no file is lost."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.batch.collect.manifest import ManifestRow
from grader.batch.collect.platforms import find_hand_ins, hand_in_bytes
from grader.batch.records import Roster
from grader.intake.hand_in import HandIn
from grader.intake.limits import IntakeLimits
from reference.errors import ConfigError, SubmissionError
from tests.factories import ASSIGNMENT

METADATA = """\
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '901'
    :email: jdoe@mit.edu
  :created_at: 2021-04-02 02:12:13.123456000 Z
  :score: 0.0
  :history:
  - :created_at: 2021-04-01 02:12:13.123456000 Z
submission_12:
  :submitters:
  - :name: Ann Smith
    :email: asmith@mit.edu
  - :name: Bo Lee
    :sid: '903'
    :email: blee@mit.edu
  :created_at: 2021-04-03 00:00:00.000000000 Z
"""


def put(folder: Path, *names: str) -> None:
    for age, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
        os.utime(path, (1_600_000_000 + age,) * 2)


def find(folder: Path, *rows: ManifestRow | str) -> Roster:
    made = [ManifestRow(kerberos=row) if isinstance(row, str) else row for row in rows]
    return find_hand_ins(folder, made, ASSIGNMENT, "6.869")


def counted(roster: Roster) -> dict[str, str]:
    return {one.kerberos: one.source for one in roster.counted}


@pytest.mark.parametrize(
    ("names", "manifest", "expected"),
    [
        (["jdoe.zip", "asmith.ZIP"], [], {"jdoe": "jdoe.zip", "asmith": "asmith.ZIP"}),
        (["jdoe/pset4.zip"], ["jdoe"], {"jdoe": "jdoe/pset4.zip"}),
        (["Done/JDoe.zip"], ["jdoe"], {"jdoe": "Done/JDoe.zip"}),
        (["a/pset4.zip", "b/pset4.zip"], [], {"a": "a/pset4.zip", "b": "b/pset4.zip"}),
        (["doejane_1_2_jdoe-1.zip"], [], {"jdoe": "doejane_1_2_jdoe-1.zip"}),
        (["doejane_1_2_j-1.zip"], ["j-1"], {"j-1": "doejane_1_2_j-1.zip"}),
    ],
)
def test_whose_a_zip_is(
    names: list[str], manifest: list[str], expected: dict[str, str], tmp_path: Path
) -> None:
    put(tmp_path, *names)

    roster = find(tmp_path, *manifest)

    assert counted(roster) == expected
    assert roster.superseded == ()
    assert roster.missing == ()


def test_the_manifest_says_what_it_knows(tmp_path: Path) -> None:
    put(tmp_path, "doejane_LATE_77_2_final.zip")
    submitted = datetime(2021, 4, 3, tzinfo=UTC)
    row = ManifestRow(
        kerberos="jdoe",
        course="6.819",
        submitted=submitted,
        extension=timedelta(days=2),
        name="Jane Doe",
        platform_id="77",
    )

    roster = find(tmp_path, row, "absent")

    assert roster == Roster(
        counted=(
            HandIn(
                source="doejane_LATE_77_2_final.zip",
                path=tmp_path / "doejane_LATE_77_2_final.zip",
                zip_name="final.zip",
                kerberos="jdoe",
                course="6.819",
                submitted=submitted,
                extension=timedelta(days=2),
                name="Jane Doe",
                platform_id="77",
                platform="canvas",
            ),
        ),
        missing=("absent",),
    )


def test_late_in_canvas_without_a_time_is_said(tmp_path: Path) -> None:
    put(tmp_path, "doejane_LATE_77_2_jdoe.zip")

    (note,) = find(tmp_path).notes

    assert "Canvas marks it as late" in note


def test_who_is_not_in_the_manifest_is_graded_and_named(tmp_path: Path) -> None:
    put(tmp_path, "stranger.zip")

    roster = find(tmp_path, "jdoe")

    assert counted(roster) == {"stranger": "stranger.zip"}
    assert roster.missing == ("jdoe",)
    (note,) = roster.notes
    assert note.startswith("stranger.zip is graded as stranger (unknown), who is")


@pytest.mark.parametrize(
    ("names", "latest", "said"),
    [
        (["d_1_30_jdoe-1.zip", "d_1_4_jdoe.zip"], "d_1_30_jdoe-1.zip", False),
        (["d_1_4_jdoe.zip", "d_1_30_report.zip"], "d_1_30_report.zip", True),
        (["jdoe (1).zip", "jdoe.zip"], "jdoe.zip", True),
        (["new/jdoe.zip", "d_1_30_jdoe.zip"], "d_1_30_jdoe.zip", True),
    ],
)
def test_the_latest_counts(names: list[str], latest: str, said: bool, tmp_path: Path) -> None:
    put(tmp_path, *names)

    roster = find(tmp_path, "jdoe")

    assert counted(roster) == {"jdoe": latest}
    assert [one.by for one in roster.superseded] == [one.source for one in roster.counted]
    assert bool(roster.notes) == said


def test_a_student_of_canvas_with_two_names_is_one(tmp_path: Path) -> None:
    put(tmp_path, "d_1_4_first.zip", "d_1_30_second.zip")

    roster = find(tmp_path)

    assert counted(roster) == {"second": "d_1_30_second.zip"}
    assert [one.hand_in.source for one in roster.superseded] == ["d_1_4_first.zip"]
    assert "under the names first, second" in roster.notes[0]


def test_the_manifests_name_counts_where_a_student_has_two(tmp_path: Path) -> None:
    put(tmp_path, "d_1_4_jdoe.zip", "d_1_30_final.zip")

    assert counted(find(tmp_path, "jdoe")) == {"jdoe": "d_1_30_final.zip"}


def test_two_students_who_claim_one_name_stay_two(tmp_path: Path) -> None:
    put(tmp_path, "doejane_1_4_jdoe.zip", "foemax_2_5_jdoe.zip")

    roster = find(tmp_path, "jdoe")

    assert counted(roster) == {"jdoe-1": "doejane_1_4_jdoe.zip", "jdoe-2": "foemax_2_5_jdoe.zip"}
    assert roster.superseded == ()
    assert roster.missing == ("jdoe",)
    assert sum("to decide whose it is" in note for note in roster.notes) == 2


def test_the_manifests_id_says_whose_name_it_is(tmp_path: Path) -> None:
    put(tmp_path, "doejane_1_4_jdoe.zip", "foemax_2_5_jdoe.zip")

    roster = find(tmp_path, ManifestRow(kerberos="jdoe", platform_id="1"))

    assert counted(roster) == {"jdoe": "doejane_1_4_jdoe.zip", "jdoe-2": "foemax_2_5_jdoe.zip"}
    assert roster.missing == ()


@pytest.mark.parametrize(
    "names",
    [
        ["\u674e.zip", "\u738b.zip"],
        ["a b.zip", "a-b.zip", "a_b.zip"],
        ["gradebook.csv.zip", "gradebook-csv.zip"],
        ["a/x/pset4.zip", "b/x/pset4.zip"],
        ["a/x/p.zip", "b/y/p.zip", "c/x/q.zip", "d/z/q.zip"],
        ["d_1_4_jdoe.zip", "e_2_4_jdoe.zip", "jdoe-1.zip"],
        ["x" * 70 + "a.zip", "x" * 70 + "b.zip"],
    ],
)
def test_different_students_are_never_merged(names: list[str], tmp_path: Path) -> None:
    put(tmp_path, *names)

    roster = find(tmp_path)

    assert len(roster.counted) == len(names)
    assert not {one.kerberos for one in roster.counted} & {"gradebook.csv", "staff.html"}


def test_gradescopes_export_is_taken_as_it_is(tmp_path: Path) -> None:
    export = tmp_path / "assignment_9_export"
    put(
        export,
        *("submission_11/a.ipynb", "submission_11/sub/report.pdf", "submission_12/mine.zip"),
        *("submission_13/a.ipynb", "submission_12/__MACOSX/x"),
    )
    (export / "submission_12/__MACOSX/x").unlink()
    (export / "submission_metadata.yml").write_text(METADATA)

    roster = find(tmp_path, "jdoe", "asmith", "blee")

    assert [
        (one.kerberos, one.source, one.zip_name, one.name, one.platform_id)
        for one in roster.counted
    ] == [
        ("asmith", f"{export.name}/submission_12", "mine.zip", "Ann Smith", "asmith@mit.edu"),
        ("blee", f"{export.name}/submission_12", "mine.zip", "Bo Lee", "903"),
        ("jdoe", f"{export.name}/submission_11", "jdoe.zip", "Jane Doe", "901"),
        ("submission_13", f"{export.name}/submission_13", "submission_13.zip", "", ""),
    ]
    assert roster.counted[2].submitted == datetime(2021, 4, 2, 2, 12, 13, 123456, tzinfo=UTC)
    assert roster.counted[0].path == export / "submission_12/mine.zip"
    told = " ".join(roster.notes)
    assert "submitted by 2 students together" in told
    assert "lists 2 submissions; 3 found" in told


def test_names_that_are_no_text_can_be_stored(tmp_path: Path) -> None:
    for name in (b"j\xff.zip", b"j\xfe.zip", b"d_1_2_\xff.zip"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"")

    roster = find(tmp_path)

    assert len(roster.counted) == 3
    for one in roster.counted:
        assert all(text.encode() for text in (one.source, one.zip_name, one.kerberos))


def test_an_address_cannot_name_a_path(tmp_path: Path) -> None:
    put(tmp_path, "submission_1/a.ipynb")
    (tmp_path / "submission_metadata.yml").write_text(
        "submission_1: {':submitters': [{':email': '../../x@mit.edu', ':name': \"\\ud800\"}]}"
    )

    (one,) = find(tmp_path).counted

    assert "/" not in one.kerberos + one.zip_name
    assert one.name == ""


@pytest.mark.parametrize(
    "metadata",
    ["a: [", "- 1", "submission_11: 5", "a: !!python/object/apply:os.system [id]", "a: 2021-99-99"],
)
def test_a_damaged_list_of_gradescope_loses_nobody(metadata: str, tmp_path: Path) -> None:
    put(tmp_path, "submission_11/a.ipynb")
    (tmp_path / "submission_metadata.yml").write_text(metadata)

    roster = find(tmp_path)

    assert counted(roster) == {"submission_11": "submission_11"}
    assert "cannot be assigned to students" in roster.notes[0]


def test_addresses_of_two_schools_are_two_students(tmp_path: Path) -> None:
    put(tmp_path, "submission_1/a.ipynb", "submission_2/a.ipynb")
    (tmp_path / "submission_metadata.yml").write_text(
        "submission_1: {':submitters': [{':email': j@mit.edu}]}\n"
        "submission_2: {':submitters': [{':email': j@wellesley.edu}]}\n"
    )

    assert set(counted(find(tmp_path))) == {"j-j-mit-edu", "j-j-wellesley-edu"}


def test_what_is_no_zip_is_named(tmp_path: Path) -> None:
    put(tmp_path, "jdoe.zip", "notes.txt", "a_1_2_b.csv", "__MACOSX/._jdoe.zip", ".DS_Store")
    (tmp_path / "linked.zip").symlink_to(tmp_path / "jdoe.zip")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.zip")
    put(tmp_path, "submissions.zip")

    roster = find(tmp_path)

    assert counted(roster) == {"jdoe": "jdoe.zip"}
    assert "submissions.zip looks like the download of a whole class" in roster.notes[0]
    assert roster.notes[1:] == (
        "Not graded, not zip files: a_1_2_b.csv, notes.txt.",
        "Not graded, links (never followed): loop, linked.zip, pipe.zip.",
        "Ignored system files: .DS_Store, __MACOSX/._jdoe.zip.",
    )


def test_the_manifest_itself_is_no_news(tmp_path: Path) -> None:
    put(tmp_path, "jdoe.zip", "manifest.csv", "more/manifest.csv")

    assert find(tmp_path, "jdoe").notes == ("Not graded, not zip files: more/manifest.csv.",)
    assert "zip files: manifest.csv, more/manifest.csv" in find(tmp_path).notes[0]


@pytest.mark.parametrize("course", ["6.036", ""])
def test_a_course_that_is_not_there_is_refused(course: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"course: expected 6\.819 or 6\.869, found"):
        find_hand_ins(tmp_path, (), ASSIGNMENT, course)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="class: expected a folder of submissions, found none"):
        find(tmp_path / "class")


stems = st.sampled_from(["jdoe", "JDoe", "asmith", "pset 4", "\u674e", "staff.html", "jdoe (1)"])
plain = st.builds("{}.{}".format, stems, st.sampled_from(["zip", "ZIP", "pdf", "ipynb"]))
of_canvas = st.builds(
    "doe{}_{}_{}_{}".format, st.sampled_from(["", "_LATE"]), st.integers(1, 3), st.integers(1, 9),
    plain,
)  # fmt: skip
folders = st.sampled_from(["", "", "jdoe/", "old/x/", "new/x/", "__MACOSX/", "submission_1/"])
entries = st.lists(
    st.builds("{}{}".format, folders, st.one_of(plain, of_canvas)), max_size=8, unique=True
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    entries,
    st.sets(st.sampled_from(["jdoe", "asmith", "blee"])),
    st.sampled_from(["", "1", "asmith@x"]),
    st.sampled_from([None, METADATA, "a: [", METADATA.replace("_11", "_1")]),
)
@example(["submission_1/jdoe.zip"], {"jdoe"}, "901", METADATA.replace("_11", "_1"))
def test_no_file_is_ever_lost(
    names: list[str], manifest: set[str], platform_id: str, metadata: str | None
) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        put(folder, *names)
        if metadata is not None:
            (folder / "submission_metadata.yml").write_text(metadata)
        rows = [
            ManifestRow(kerberos=one, platform_id=platform_id if one == "jdoe" else "")
            for one in sorted(manifest)
        ]

        roster = find(folder, *rows)

        there = {
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        }
        graded = {one.source for one in roster.counted}
        graded |= {one.hand_in.source for one in roster.superseded}
        told = " ".join(roster.notes)
        lost = {
            name
            for name in there
            if not any(name == one or name.startswith(f"{one}/") for one in graded)
            and name not in told
        }
        assert lost == set()
        kerberos_names = [one.kerberos for one in roster.counted]
        assert len(set(kerberos_names)) == len(kerberos_names)
        assert set(roster.missing) == manifest - set(kerberos_names)
        assert {one.by for one in roster.superseded} <= {one.source for one in roster.counted}
        _same_student_only(roster)


def _same_student_only(roster: Roster) -> None:
    """No hand-in is superseded by that of a student whom the platform knows as another."""
    students = {one.source: one.platform_id for one in roster.counted}
    for one in roster.superseded:
        assert "" in {one.hand_in.platform_id, students[one.by]} or (
            one.hand_in.platform_id == students[one.by]
        )


def hand_in(path: Path) -> HandIn:
    return HandIn(source=path.name, path=path, zip_name="j.zip", kerberos="j", course="6.869")


def test_a_zips_bytes_are_its_own(tmp_path: Path) -> None:
    put(tmp_path, "j.zip")

    assert hand_in_bytes(hand_in(tmp_path / "j.zip")) == b"j.zip"


def test_a_folder_is_packed_the_same_each_time(tmp_path: Path) -> None:
    for folder, order in (("one", 1), ("two", -1)):
        put(tmp_path / folder, *["b.ipynb", "a/report.pdf", "c.txt"][::order])
        for path in (tmp_path / folder).rglob("*"):
            if path.is_file():
                path.write_text(path.name)
    (tmp_path / "two/secret").symlink_to("/etc/passwd")
    (tmp_path / "two/all").symlink_to("/")

    packed = hand_in_bytes(hand_in(tmp_path / "one"))

    assert packed == hand_in_bytes(hand_in(tmp_path / "two"))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["a/report.pdf", "b.ipynb", "c.txt"]
        assert archive.read("a/report.pdf") == b"report.pdf"


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (IntakeLimits(zip_mib=0.00001), "expected a smaller submission"),
        (IntakeLimits(max_files=2), "expected at most 2 files, found more"),
    ],
)
def test_what_is_too_large_is_refused(limits: IntakeLimits, sentence: str, tmp_path: Path) -> None:
    put(tmp_path / "one", "a.ipynb", "b.pdf", "c.txt")

    with pytest.raises(SubmissionError, match=f"one: {sentence}"):
        hand_in_bytes(hand_in(tmp_path / "one"), limits)


@pytest.mark.parametrize("name", ["gone.zip", "link.zip"])
def test_what_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "link.zip").symlink_to("/etc/passwd")

    with pytest.raises(ConfigError, match=f"{name}: expected a readable submission"):
        hand_in_bytes(hand_in(tmp_path / name))
