"""How many features a written answer to 2(a) states: the numbers that it claims, by their role."""

from __future__ import annotations

import ast
import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from grader.model.notebook_code import parsed

Role: TypeAlias = Literal["in", "out", "bare"]

CLASSES = 1000
"""Outputs of the last layer: what stands beside its inputs."""

_LEAST_BARE = 100
"""Smaller numbers that are called nothing may be of a figure, a page or a layer."""


class Stated(StrEnum):
    """What an answer states."""

    RIGHT = "right"
    CONTRADICTORY = "contradictory"
    """The right number, and another one as well."""
    WRONG = "wrong"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A number, and what it is said to count."""

    value: int
    role: Role
    concluded: bool
    """Whether it is given as what follows from the rest: `so 1000`."""


_THOUSANDS = re.compile(
    r"(?<![\d.])(\d{1,3})(?:,|\{,\}|[ \u00a0\u202f\u2009'](?=\d{3}\b))(\d{3})(?!\d)"
)
_POWER = re.compile(
    r"(?<![\d.])(\d{1,4})\s*(?:\^|\*\*)\s*\{?\s*(\d{1,2})\s*\}?(?!\d)"
    r"|(?<![\d.])(\d{1,4})([\u2070\u00b9\u00b2\u00b3\u2074-\u2079]{1,2})"
)
_GREATEST = 10**9
"""Powers above are no number of features."""
_TIMES = re.compile(r"\\times|\\cdot|[\u00d7\u22c5*]|(?<=\d)\s*[xX]\s*(?=\d)")
_MARKS = re.compile(r"[`$_{}\\]+(?=\W|$)|[`$]")
_LEFT_OUT = re.compile(
    r"\b(?:not|than|instead of|unlike)\s+(?:the\s+)?\d+"  # what it is not
    r"|\b(?:resnet|layer|conv|stage|block|cell|page|figure|fig|section|problem|question|part|line"
    r"|imagenet|version|torch|python|year)[\s._-]*v?\d+(?:\.\d+)*\w*"
    r"|\b\d{1,2}\s*\([a-f]\)|\b\d{1,2}[a-f]\b|\b\d*\.\d+\b"
)
_EQUATION = re.compile(
    r"\d+(?:\s*[\u00d7+/-]\s*\d+)+\s*=\s*(?=\d)|(?<=\d)\s*=\s*\d+(?:\s*[\u00d7+]\s*\d+)+"
)
_PRODUCT = re.compile(r"\d+(?:\s*\u00d7\s*\d+)+")
_SHAPE = re.compile(r"[(\[]\s*\d+(?:\s*,\s*\d+)+\s*,?\s*[)\]]")
_NUMBER = re.compile(r"(?<![\w.])(\d{1,9})(?![\d.]*\d)(?:[- ]?d(?:im\w*)?\b)?")
_OUT_AFTER = re.compile(
    r"\s*(?:\w+\s+){0,2}?(?:outputs?|classes|categor\w+|labels?|logits?|scores?|out_features)\b"
)
_OUT_BEFORE = re.compile(
    r"(?:out_features|outputs?|classes)\s*(?:=|:|is|are|of)?\s*$|(?:->|\u2192)\s*$"
)
_IN_AFTER = re.compile(r"\s*-?\s*(?:\w+\s+){0,1}?(?:inputs?|in_features|features?|incoming)\b")
_IN_BEFORE = re.compile(r"(?:in_features|inputs?|features)\s*(?:=|:|is|are|of)?\s*$")
_CONCLUDES = re.compile(
    r"(?:\b(?:so|thus|hence|therefore|consequently|answer|i\.e\.|that is|meaning|makes)\b"
    r"|=>|\u21d2|\u2234)\W{0,3}"
    r"(?:(?:it|the|is|are|there|we|have|get|answer|number|of|a|total|count|final)\W{1,3}){0,6}$"
)
_CONCLUSION = 80
"""Characters before a number in which its conclusion begins."""
_CHOICE = re.compile(r"\b(\d+)\s+or\s+(?:maybe\s+|perhaps\s+)?(\d+)\b")
_IN_WORDS = re.compile(r"\b(?:hundred|thousand)\b")
_MAPS = re.compile(
    r"\s*-?\s*(?:\w+\s+){0,2}?(?:maps?|tensor|volume|weights?|matrix|param\w+|kernels?)\b"
)


def features_stated(text: str, answers: Collection[int]) -> Stated:
    """Return what an answer states; `answers` are the right numbers."""
    claims = list(_claims(_plain(text), set(answers)))
    counted = [c for c in claims if c.role != "out"]
    right = [c for c in counted if c.value in answers]
    named = [c for c in claims if c.role == "in" and c.value not in answers]
    as_output = [c for c in claims if c.role == "out" and c.value in answers]
    bare = [c for c in counted if c.role == "bare" and c.value not in answers]
    if right:
        otherwise = any(c.concluded and c.value >= _LEAST_BARE for c in bare)
        doubtful = named or otherwise or _undecided(text, answers)
        return Stated.CONTRADICTORY if doubtful else Stated.RIGHT
    if named or as_output or any(c.value >= _LEAST_BARE for c in bare):
        # The right number as one of outputs, or spelled out, stands beside.
        beside = as_output or _IN_WORDS.search(text.lower())
        return Stated.CONTRADICTORY if beside else Stated.WRONG
    return Stated.NOTHING


def _plain(text: str) -> str:
    """The text in small letters, its numbers in one piece, products with one sign."""
    text = _THOUSANDS.sub(r"\1\2", _POWER.sub(_value_of_power, text.lower()))
    text = _TIMES.sub("\u00d7", text)
    text = _MARKS.sub(" ", text).replace("model.fc.", "")
    return _LEFT_OUT.sub(" ", _EQUATION.sub(" ", text))


def _value_of_power(match: re.Match[str]) -> str:
    base, exponent = (match[1], match[2]) if match[1] else (match[3], match[4])
    value = int(base) ** int(unicodedata.normalize("NFKC", exponent))
    return f" {value} " if value < _GREATEST else " "


def _claims(text: str, answers: Collection[int]) -> Iterator[_Claim]:
    """The numbers of a text with their roles; of a product or a shape what it comes to."""
    for pattern, value_of in ((_SHAPE, _of_shape), (_PRODUCT, _of_product)):
        kept, end = [], 0
        for match in pattern.finditer(text):
            value = value_of([int(n) for n in re.findall(r"\d+", match[0])], answers)
            described = value not in answers and _MAPS.match(text[match.end() :])
            kept += [text[end : match.start()], " " if described else f" {value} "]
            end = match.end()
        text = "".join([*kept, text[end:]])
    for match in _NUMBER.finditer(text):
        before = text[: match.start()]
        role = _role(before, text[match.end() :])
        concluded = _CONCLUDES.search(before[-_CONCLUSION:]) is not None
        yield _Claim(value=int(match[1]), role=role, concluded=concluded)


def _of_product(factors: list[int], answers: Collection[int]) -> int:
    """Inputs \u00d7 outputs is the size of the layer's matrix; other products are one number."""
    inputs = [n for n in factors if n != CLASSES]
    return (
        inputs[0]
        if len(factors) == 2 and inputs[:1] and inputs[0] in answers
        else math.prod(factors)
    )


def _of_shape(sizes: list[int], answers: Collection[int]) -> int:
    """Of a shape such as (1000, 2048) or (1, 2048) the number of features; else all together."""
    others = [n for n in sizes if n not in {1, CLASSES}]
    return others[0] if len(others) == 1 and others[0] in answers else math.prod(sizes)


def _role(before: str, after: str) -> Role:
    if _IN_AFTER.match(after) and not _OUT_AFTER.match(after[:12]):
        return "in"
    if _OUT_AFTER.match(after) or _OUT_BEFORE.search(before):
        return "out"
    return "in" if _IN_BEFORE.search(before) else "bare"


def _undecided(text: str, answers: Collection[int]) -> bool:
    """Whether the right number is one of two that are offered: `2048 or 1000`."""
    pairs = _CHOICE.findall(_THOUSANDS.sub(r"\1\2", text.lower()))
    return any((int(a) in answers) != (int(b) in answers) for a, b in pairs)


_LAST_LAYER = frozenset({"fc", "in_features"})
_PARTS = frozenset({"children", "modules", "named_children", "named_modules"})
"""Methods of a network that give its layers in order."""
_NAMED = re.compile(r"\bfc\b")
_SHOWN = re.compile(r"^[^#\n]*(\bfc\b|in_features|print\(\s*model\s*\))|^model\s*$", re.MULTILINE)
"""The same in what is no valid Python."""


def shows_last_layer(sources: Iterable[str]) -> bool:
    """Whether some cell's code looks at the last layer, or shows all of them.

    Comments, texts that stand by themselves, and what puts another layer there show nothing.
    """
    return any(map(_shows, sources))


def _shows(source: str) -> bool:
    tree = parsed(source)
    if tree is None:
        return _SHOWN.search(source) is not None
    stated = [one.value for one in ast.walk(tree) if isinstance(one, ast.Expr)]
    texts = {id(one) for one in stated if isinstance(one, ast.Constant)}
    looks = any(_is_look(node) for node in ast.walk(tree) if id(node) not in texts)
    return looks or any(map(_is_model, stated))


def _is_look(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr=name, ctx=ast.Load()) | ast.Name(id=name, ctx=ast.Load()):
            return name in _LAST_LAYER
        case ast.Constant(value=str(text)):
            return _NAMED.search(text) is not None
        case ast.Call(func=ast.Name(id="print"), args=[shown]):
            return _is_model(shown)
        case ast.Subscript(
            value=ast.Call(args=[ast.Call(func=ast.Attribute(attr=name))]),
            slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)),
        ):
            return name in _PARTS  # list(model.children())[-1]
    return False


def _is_model(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "model"
