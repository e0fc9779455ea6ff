"""The manifest is read strictly, from whatever a spreadsheet writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.batch.collect.manifest import ManifestRow, parse_manifest, read_manifest
from reference.errors import ConfigError
from tests.factories import ASSIGNMENT


def parse(text: str) -> tuple[ManifestRow, ...]:
    return parse_manifest(text, ASSIGNMENT, where="class.csv")


def test_all_columns_are_read() -> None:
    text = (
        "kerberos,course,submitted,extension,name,platform_id\n"
        'JDoe,6.819,2021-04-02T14:00Z,12h,"Doe, Jane",123\n'
        "asmith,,,,,\n"
    )

    assert parse(text) == (
        ManifestRow(
            kerberos="jdoe",
            course="6.819",
            submitted=datetime(2021, 4, 2, 14, tzinfo=UTC),
            extension=timedelta(hours=12),
            name="Doe, Jane",
            platform_id="123",
        ),
        ManifestRow(kerberos="asmith"),
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfkerberos;extension\r\njdoe;1,5\r\n",
        b"Kerberos\textension\njdoe\t1.5\n",
        b"extension,KERBEROS,,\n\n1.5,jdoe@mit.edu,,\n,,,\n",
        b"kerberos,extension\rjdoe,1.5d\r",
    ],
    ids=["bom, CRLF, semicolons", "tabs", "empty cells and lines", "old Mac"],
)
def test_what_spreadsheets_write_is_accepted(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_bytes(data)

    assert read_manifest(path, ASSIGNMENT) == (
        ManifestRow(kerberos="jdoe", extension=timedelta(hours=36)),
    )


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2", 48), ("1.5", 36), ("2d", 48), ("12h", 12), ("1 day", 24), ("0", 0), (".5 D", 12)],
)
def test_an_extension_is_days_or_hours(text: str, hours: float) -> None:
    (row,) = parse(f"kerberos,extension\njdoe,{text}\n")

    assert row.extension == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "class.csv:1: expected a header with `kerberos`, found an empty file"),
        ("name\nJane\n", "class.csv:1: expected the column `kerberos`, found name"),
        ("kerberos,extention\nj,1\n", "class.csv:1: expected known columns, found 'extention'; al"),
        ("kerberos,Kerberos\nj,j\n", "class.csv:1: expected each column once, found 'kerberos'"),
        ("kerberos\n\nj d\n", "class.csv:3: kerberos: expected a kerberos name .*, found 'j d'"),
        ("kerberos,name\n,Jane\n", "class.csv:2: kerberos: expected a kerberos name .*, found ''"),
        ("kerberos\n../x\n", "class.csv:2: kerberos: expected a kerberos name"),
        ("kerberos\nj,x\n", "class.csv:2: expected 1 cells as in the header, found 2"),
        ("kerberos,course\nj,6.86\n", "class.csv:2: course: expected 6.819 or 6.869, found '6.86'"),
        ("kerberos,submitted\nj,May\n", "class.csv:2: submitted: expected a time .*, found 'May'"),
        ("kerberos,submitted\nj,2021-04-02\n", "class.csv:2: submitted: .*found '2021-04-02'"),
        ("kerberos,extension\nj,-1\n", "class.csv:2: extension: expected days .*, found '-1'"),
        ("kerberos,extension\nj,inf\n", "class.csv:2: extension: expected days .*, found 'inf'"),
        ("kerberos,extension\nj,400\n", "class.csv:2: extension: expected at most 366 days, found"),
        ("kerberos\nj\nk\nJ@mit.edu\n", "class.csv:4: kerberos: expected each student once, .*2"),
        ("kerberos,platform_id\nj,1\nk,1\n", "class.csv:3: platform_id: expected each student"),
        ('kerberos\n"j\n', "class.csv:2: expected CSV, found: unexpected end of data"),
    ],
)
def test_what_does_not_fit_is_named_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=f"^{sentence}"):
        parse(text)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("kerberos,name\nj,Zo\xeb\n".encode("latin-1"), r"class\.csv:2: .*another encoding; save"),
        (None, r"class\.csv: expected a CSV file in UTF-8, found: No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    data: bytes | None, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "class.csv"
    if data is not None:
        path.write_bytes(data)

    with pytest.raises(ConfigError, match=sentence):
        read_manifest(path, ASSIGNMENT)


@given(st.text(max_size=200))
def test_any_text_gives_rows_or_a_sentence(text: str) -> None:
    try:
        rows = parse(f"kerberos,extension\n{text}")
    except ConfigError as error:
        told = str(error)
    else:
        told = "class.csv: read"
        assert len({row.kerberos for row in rows}) == len(rows)
    assert told.startswith("class.csv:")
