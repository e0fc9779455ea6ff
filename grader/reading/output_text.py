"""Printed text made comparable: what differs from run to run and machine to machine is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_LINE = 500
"""Characters of a line that are compared."""

_DROPPED = re.compile(
    r"""
    \d+%\|                                    # a progress bar
  | \b(?:it/s|s/it|B/s|[kM]B/s)\b             # its rate
  | \bHBox\(|\bFloatProgress|\bIntProgress    # its widget
  | Warning\b|\bwarnings?\.warn             # a warning
  | \b(?:cuda|cpu|gpu|tpu|nvidia|tesla|cudnn)(?:\b|:\d)   # devices
  | \b(?:wall|cpu)\ times?\b|\b(?:elapsed|took|seconds|minutes)\b|\bper\ loop\b
  | ^\s*<.*>\s*$                              # the repr of an object
  | ^\s*\(\w+\):\ \w+\(|^\s*\)\s*$|^\s*(?:Narrow)?ResNet\(   # the repr of a network
  | https?://|\.(?:jpe?g|png|txt|pth?|zip|whl)\b             # downloads and files
  | ^(?:streaming\ )?output\ (?:is\ )?(?:truncated|exceeds\ the\ size\ limit)  # a viewer cut it
  | ^iopub\ (?:data|message)\ rate\ exceeded
  | ^(?:requirement|collecting|installing|successfully|mounted|downloading|saving|resolving
       |connecting|length)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TENSOR_NOTES = re.compile(r",?\s*(?:device='?\w+(?::\d)?'?|grad_fn=<\w+>|dtype=[\w.]+)")
_DROPPED_WORDS = (
    (re.compile(r"0x[0-9a-fA-F]{6,}"), "ADDRESS"),
    (re.compile(r"\b\d+(?:\.\d+){2,}(?:[+.]?\w+)?\b"), "VERSION"),
    (re.compile(r"\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\b"), "TIME"),
    (re.compile(r"\b\d+(?:\.\d+)?\s?(?:ms|µs|us|ns|s|sec|min|h)\b"), "TIME"),
)
_NETWORK_WIDTH = re.compile(r"\b(in|out)_features=\d+")
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,4})?(?!\w)")
_IN_FEATURES = re.compile(r"\bin_features=(\d{1,9})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedNumber:
    """A number as it was printed."""

    text: str
    """Its characters."""
    value: float
    """Its value."""
    half_unit: float
    """Half a unit of its last printed digit; 0 for a whole number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLine:
    """One line that can be compared."""

    text: str
    """As it was printed."""
    words: str
    """With `#` in the place of each number."""
    numbers: tuple[PrintedNumber, ...]
    """Its numbers, in order."""


def comparable_lines(text: str) -> tuple[PrintedLine, ...]:
    """Return the lines of printed text that say the same in every run of the same code."""
    lines = []
    for raw in text.split("\n"):
        # Of what overwrites itself, the end is seen. Long lines cost regular expressions dearly.
        shown = raw.rsplit("\r", 1)[-1].strip()[:LONGEST_LINE]
        kept = _TENSOR_NOTES.sub("", shown)
        if not kept or _DROPPED.search(kept):
            continue
        kept = _NETWORK_WIDTH.sub(r"\1_features", kept)
        for pattern, word in _DROPPED_WORDS:
            kept = pattern.sub(word, kept)
        numbers = tuple(_number(match[0]) for match in _NUMBER.finditer(kept))
        words = " ".join(_NUMBER.sub("#", kept).split())
        lines.append(PrintedLine(text=shown, words=words, numbers=numbers))
    return tuple(lines)


def in_features_printed(text: str) -> int | None:
    """Return the `in_features` of the last linear layer that the text shows, if any."""
    found = _IN_FEATURES.findall(text)
    return int(found[-1]) if found else None


def _number(text: str) -> PrintedNumber:
    mantissa, _, exponent = text.lower().partition("e")
    _, point, decimals = mantissa.partition(".")
    whole = not point and not exponent
    unit = 0.0 if whole else 10.0 ** (min(int(exponent or 0), 300) - len(decimals))
    return PrintedNumber(text=text, value=float(text), half_unit=unit / 2)
