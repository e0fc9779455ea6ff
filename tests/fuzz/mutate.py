"""Seeded damage to files: bytes, numbers and pieces, and the structure of JSON.

The same generator gives the same damage, so a number is all that is needed to see a fault again.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable
from typing import Any

TOKENS = (
    *(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08"),
    *(
        b"../",
        b"/",
        b"\\",
        b"\x00",
        b"\r\n",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\x1b]52;c;",
    ),
    *(
        b"obj",
        b"endobj",
        b"stream\n",
        b"endstream",
        b"xref",
        b"trailer",
        b"startxref",
        b"/Kids[2 0 R]",
    ),
    *(
        b"/Type/Pages",
        b"/Count 99999999",
        b"/MediaBox[0 0 1e9 1e9]",
        b"1 0 R",
        b"<<",
        b">>",
        b"[",
        b"]",
    ),
    *(
        b"/Filter/FlateDecode",
        b"/Filter[/LZWDecode/ASCII85Decode]",
        b"/Length 0",
        b"%%EOF",
        b"/Encrypt",
    ),
    *(
        b"{",
        b"}",
        b'"',
        b"null",
        b"NaN",
        b"1e999",
        b"-1",
        b'"cells":',
        b'"source":',
        b'"outputs":',
        b",",
    ),
)
"""Pieces that readers look for."""
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 65_535, 1 << 20, 22, 46)
"""Lengths, counts and offsets at the edge."""
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 10**30, 1.5, float("nan"), float("inf"), "", "x", [], {}, [[]]),
    *(
        "\ud800",
        "\x00",
        "\x1b]0;x\x07",
        "\u202e",
        "<script>",
        "$" * 50,
        "[" * 300,
        "a\x0cb",
        {"a": 1},
    ),
    *(
        "code",
        "markdown",
        "raw",
        "stream",
        "error",
        ["x\n", 3],
        {"text/plain": []},
        "**Answer to 3(c).**",
    ),
    *(
        "%%bash\n!ls\n?",
        "if x:\n  for",
        "\\begin{align}",
        "![x](data:image/png;base64,AAAA)",
        4,
        3,
        2,
    ),
)
"""What may stand in the place of a piece of JSON."""

Damage = Callable[[random.Random, bytes], bytes]


def damaged(draw: random.Random, data: bytes) -> bytes:
    """Return `data` with one to eight pieces of damage."""
    for _ in range(draw.choice((1, 1, 1, 2, 3, 5, 8))):
        data = draw.choice(BYTE_DAMAGE)(draw, data)
    return data


def damaged_json(draw: random.Random, data: bytes) -> bytes:
    """Return the text of a JSON document with values exchanged, doubled, dropped or nested."""
    document = json.loads(data)
    for _ in range(draw.choice((1, 1, 2, 3, 6))):
        places = list(_places(document))
        if not places:
            break
        holder, key = draw.choice(places)
        _change(draw, holder, key)
    return json.dumps(document).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting and len(found) < 5000:
        one = waiting.pop()
        items = one.items() if isinstance(one, dict) else enumerate(one)
        for key, child in list(items):
            found.append((one, key))
            if isinstance(child, dict | list):
                waiting.append(child)
    return found


def _change(draw: random.Random, holder: Any, key: Any) -> None:
    how = draw.randrange(5)
    if how == 0:
        holder.pop(key)
    elif how == 1:
        holder[key] = [holder[key]] * draw.choice((1, 2, 50))
    elif how == 2:
        holder[key] = {str(draw.choice(VALUES))[:20]: holder[key]}
    elif how == 3 and isinstance(holder[key], str):
        holder[key] = holder[key][: draw.randrange(len(holder[key]) + 1)] + str(draw.choice(VALUES))
    else:
        holder[key] = draw.choice(VALUES)


def _flip(draw: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice((1, 2, 8, 40))):
        if changed:
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _number(draw: random.Random, data: bytes) -> bytes:
    form = draw.choice(("<B", "<H", "<L", ">L", "<Q"))
    size = struct.calcsize(form)
    value = draw.choice(NUMBERS) & ((1 << 8 * size) - 1)
    at = draw.randrange(max(1, len(data) - size))
    return data[:at] + struct.pack(form, value) + data[at + size :]


def _decimal(draw: random.Random, data: bytes) -> bytes:
    digits = [place for place, byte in enumerate(data) if 0x30 <= byte <= 0x39]
    if not digits:
        return data
    at = draw.choice(digits)
    return data[:at] + str(draw.choice((*NUMBERS, 10**12, -1))).encode() + data[at + 1 :]


def _token(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    skipped = draw.choice((0, 0, 4, 20))
    return data[:at] + draw.choice(TOKENS) * draw.choice((1, 1, 30)) + data[at + skipped :]


def _cut(draw: random.Random, data: bytes) -> bytes:
    first, last = sorted(draw.randrange(len(data) + 1) for _ in range(2))
    return draw.choice((data[:first], data[last:], data[:first] + data[last:]))


def _double(draw: random.Random, data: bytes) -> bytes:
    first = draw.randrange(len(data) + 1)
    piece = data[first : first + draw.choice((4, 30, 200, 3000))]
    at = draw.randrange(len(data) + 1)
    return data[:at] + piece * draw.choice((1, 2, 20)) + data[at:]


BYTE_DAMAGE: tuple[Damage, ...] = (_flip, _flip, _number, _decimal, _token, _cut, _double)
"""Ways to damage any file."""
