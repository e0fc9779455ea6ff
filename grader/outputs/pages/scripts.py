"""Fonts of other scripts and of emoji: in a page only where its text needs them.

All ship with the templates, so that no page depends on the fonts of the machine that makes it.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import lru_cache

from grader.model.resources import templates


@dataclass(frozen=True, slots=True)
class Script:
    """A font, and the characters that ask for it."""

    family: str
    """Its name; `theme.css` lists it."""
    file: str
    """Its file below `templates/fonts`, without its suffix."""
    needed: re.Pattern[str]
    """Matches text that needs it."""


_KANA, _HAN, _HANGUL = "\u3040-\u30ff\u31f0-\u31ff", "\u2e80-\u2fdf\u3400-\u9fff", "\u1100-\u11ff"
_HANGUL += "\u3130-\u318f\uac00-\ud7af"
_WIDE = "\u3000-\u303f\uff00-\uffef"
SCRIPTS = tuple(
    Script(f"{family}", f"{file}-400-normal", re.compile(f"[{characters}]"))
    for family, file, characters in (
        ("Source Sans 3 Extended", "source-sans-3-latin-ext", "\u0100-\u024f\u1e00-\u1e9f"),
        (
            "Source Sans 3 Vietnamese",
            "source-sans-3-vietnamese",
            "\u0102-\u01b0\u1ea0-\u1ef9\u20ab",
        ),
        ("Source Sans 3 Cyrillic", "source-sans-3-cyrillic", "\u0400-\u052f"),
        ("Source Sans 3 Polytonic", "source-sans-3-greek-ext", "\u1f00-\u1fff"),
        ("Noto Sans Arabic", "noto-sans-arabic-arabic", "\u0600-\u077f\u08a0-\u08ff\ufb50-\ufefc"),
        ("Noto Sans Devanagari", "noto-sans-devanagari-devanagari", "\u0900-\u097f\ua8e0-\ua8ff"),
        ("Noto Sans KR", "noto-sans-kr-korean", _HANGUL),
        ("Noto Sans JP", "noto-sans-jp-japanese", _KANA),
        ("Noto Sans SC", "noto-sans-sc-chinese-simplified", f"{_HAN}{_WIDE}"),
        (
            "Noto Emoji",
            "noto-emoji-emoji",
            "\u231a-\u23ff\u2600-\u27bf\u2b50-\u2b55\u203c\u2049\U0001f000-\U0001faff",
        ),
    )
)


def faces_for(text: str) -> str:
    """Return the `@font-face` rules that a page with this text needs beyond the usual ones."""
    characters = "".join(set(text))  # a page holds 500 kB of data, and a hundred characters
    return "\n".join(_face(one) for one in SCRIPTS if one.needed.search(characters))


def face_rule(family: str, weight: int, style: str, file: str) -> str:
    """Return the rule of a font of `templates/fonts`, its data inside."""
    path = templates() / "fonts" / f"{file}.woff2"
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return (
        f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{style};'
        f'src:url("data:font/woff2;base64,{data}") format("woff2")}}'
    )


@lru_cache(maxsize=16)
def _face(script: Script) -> str:
    return face_rule(script.family, 400, "normal", script.file)
