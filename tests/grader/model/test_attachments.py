"""Addresses of pasted pictures."""

from __future__ import annotations

import pytest

from grader.model.attachments import parse_place, placed

NAMES = ("image.png", "my scan 1.png", "scan (1).png", "уравнение.png", "50%.png")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("![a](attachment:image.png)", "image.png"),
        ('![a](attachment:image.png "a title")', "image.png"),
        ("![a](attachment:my scan 1.png)", "my scan 1.png"),
        ("![a](attachment:my%20scan%201.png)", "my scan 1.png"),
        ("![a](attachment:scan (1).png)", "scan (1).png"),
        ("![a](attachment:scan%20%281%29.png)", "scan (1).png"),
        ("![a](attachment:уравнение.png)", "уравнение.png"),
        ("![a](attachment:50%.png)", "50%.png"),
        ('<img src="attachment:image.png" width=300>', "image.png"),
        ("[ref]: attachment:image.png", "image.png"),
    ],
)
def test_a_picture_is_found_again_by_its_cell_and_name(written: str, name: str) -> None:
    text = placed(written, 27, NAMES)

    address = text[text.index("attachment:") :].split('"')[0].split(")")[0].split()[0]
    assert parse_place(address) == (28, name)
    assert " " not in address


def test_what_is_not_attached_stays_as_it_is() -> None:
    text = "see attachment: none, ![a](attachment:missing.png) and attachment:"
    assert placed(text, 0, NAMES) == text
    assert placed("![a](attachment:image.png)", 0, ()) == "![a](attachment:image.png)"
    assert parse_place("attachment:image.png") is None
