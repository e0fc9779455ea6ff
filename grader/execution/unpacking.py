"""JSON from the kernel to plain values: the one place where its text and numbers come in.

Whatever it says is bounded here, and what no file or page could hold is exchanged: half of a
surrogate pair, NaN and infinity, numbers of hundreds of digits, nesting without end. All that
reads a message afterwards, nbclient, records and the executed notebook, sees only what is left.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

MOST_BYTES = 16 * 2**20
"""Bytes of one part of a message that are read: twice what a cell may show."""
MOST_OPENED = 1_000_000
"""Lists and objects in it, and brackets in its text: each takes some hundred bytes of memory."""
MOST_NESTED = 100
"""Depth of lists and objects; what lies deeper is left out."""
MOST_DIGITS = 18
"""Digits of a whole number: those of 64 bits."""
LEFT_OUT = "…"
"""Stands where something nested too deep stood."""
TOO_LARGE = "too large"
"""The only key of what stands for a part that is larger than is read; its value is its bytes."""

_HALF_PAIR = re.compile(rb"\\u[dD][89abABcdefCDEF]")


def unpacked(packed: bytes | str) -> Any:
    """Return the values of a part of a message; of a too large one only its size.

    Raises:
        ValueError: it is no JSON.
    """
    data = packed.encode("utf-8", "replace") if isinstance(packed, str) else packed
    opened = data.count(b"[") + data.count(b"{")
    if len(data) > MOST_BYTES or opened > MOST_OPENED:
        return {TOO_LARGE: len(data)}
    text = data.decode("utf-8", "replace")
    try:
        value = json.loads(
            text, parse_constant=lambda _: None, parse_float=_finite, parse_int=_whole
        )
    except RecursionError as error:
        raise ValueError("nested without end") from error
    halves = _HALF_PAIR.search(data) is not None
    if halves or opened > MOST_NESTED:
        return _cleaned(value, MOST_NESTED)
    return value


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _whole(digits: str) -> int | float | None:
    return int(digits) if len(digits) <= MOST_DIGITS else _finite(digits)


def _cleaned(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_cleaned(one, depth - 1) for one in value] if depth else LEFT_OUT
    if isinstance(value, dict):
        if not depth:
            return LEFT_OUT
        return {_text(name): _cleaned(one, depth - 1) for name, one in value.items()}
    return value


def _text(text: str) -> str:
    """The text with U+FFFD in the place of each half pair."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
