"""Output to a terminal or a pipe that cannot encode every character: words stay, nothing ends.

Python's own streams raise where a character is missing from the encoding (`LANG=C`, cp1252), and
the run that wanted to tell something would be lost with it.
"""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

_NAME = "pset4-spell-out"
_SPELT = {
    "…": "...",
    "→": "->",
    "←": "<-",
    "×": "x",
    "·": "-",
    "•": "*",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "−": "-",
    "–": "-",
    "—": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "✓": "ok",
    "│": "|",
    "┃": "|",
}
_BOX_DRAWING = range(0x2500, 0x2580)
_BRAILLE = range(0x2800, 0x2900)


def spell_out() -> None:
    """Let standard output and error spell out in ASCII what they cannot encode."""
    codecs.register_error(_NAME, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # tests and notebooks put others in its place
            stream.reconfigure(errors=_NAME)


def in_ascii(text: str) -> str:
    """Return text in ASCII: usual signs spelt out, accents left away, `?` for what is left."""
    return "".join(map(_spelt, text))


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return in_ascii(error.object[error.start : error.end]), error.end


def _spelt(character: str) -> str:
    if character.isascii():
        return character
    if character in _SPELT:
        return _SPELT[character]
    if ord(character) in _BOX_DRAWING:
        return "-"
    if ord(character) in _BRAILLE:  # a spinner
        return "."
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain or "?"
