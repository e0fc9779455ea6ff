"""What the kernel says is plain values before anything reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.execution.unpacking import (
    LEFT_OUT,
    MOST_BYTES,
    MOST_NESTED,
    MOST_OPENED,
    TOO_LARGE,
    unpacked,
)
from tests.lanes import examples

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=examples(40))
@given(JSON)
def test_what_is_sound_stays_as_it_is(value: Any) -> None:
    assert unpacked(json.dumps(value).encode()) == value
    assert unpacked(json.dumps(value, ensure_ascii=False)) == value


@pytest.mark.parametrize(
    ("packed", "value"),
    [
        (rb'["\ud800x"]', ["\ufffdx"]),
        (rb'{"\udc00": "\uD83D\uDE00"}', {"\ufffd": "\U0001f600"}),
        (b'["\xed\xa0\x80"]', ["\ufffd" * 3]),
        (b"[NaN, Infinity, -Infinity, 1e999, -1e999]", [None] * 5),
        (b"1" + b"0" * 400, None),
        (b"12345678901234567890", 12345678901234567890.0),
        (b"-1" + b"0" * 5000, None),
    ],
)
def test_text_and_numbers_that_no_file_can_hold_are_exchanged(packed: bytes, value: Any) -> None:
    assert unpacked(packed) == value
    json.dumps(unpacked(packed), allow_nan=False).encode()


@pytest.mark.parametrize("brackets", [(b"[", b"]"), (b'{"a":', b"}")], ids=["list", "object"])
def test_nesting_has_an_end(brackets: tuple[bytes, bytes]) -> None:
    opened, closed = brackets
    depth, value = 0, unpacked(opened * 400 + b"1" + closed * 400)
    while isinstance(value, list | dict):
        depth, value = depth + 1, value[0] if isinstance(value, list) else value["a"]
    assert (depth, value) == (MOST_NESTED, LEFT_OUT)
    with pytest.raises(ValueError, match="without end"):
        unpacked(opened * 100_000 + b"1" + closed * 100_000)


def test_size_has_an_end() -> None:
    assert unpacked(b" " * (MOST_BYTES + 1)) == {TOO_LARGE: MOST_BYTES + 1}
    many = b"[" + b"[]," * MOST_OPENED + b"1]"
    assert unpacked(many) == {TOO_LARGE: len(many)}
