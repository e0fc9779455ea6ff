r"""A formula as LaTeX, made from its tree: what students see of what was read.

out[n] = sum(j, 0, k - 1, W[j] * x[n - j])   →   out[n] = \sum_{j=0}^{k-1} W[j] \, x[n-j]
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.model.formulas.tree import Definition, Kind, Node

_SIGNS = {
    "==": "=", "!=": r"\ne", "<=": r"\le", ">=": r"\ge", "*": r"\,", "%": r"\bmod",
    "and": r"\text{ and }", "or": r"\text{ or }",
}  # fmt: skip
_GREEK = frozenset({"alpha", "beta", "gamma", "delta", "epsilon", "eta", "lambda", "mu", "sigma"})
_OVER = {"sum": r"\sum", "max": r"\max", "min": r"\min", "argmax": r"\arg\max"}
_AROUND = {
    "abs": (r"\left|", r"\right|"),
    "floor": (r"\lfloor ", r"\rfloor"),
    "ceil": (r"\lceil ", r"\rceil"),
}
_SUMS = frozenset("+-")
_PRODUCTS = frozenset({"*", "/", "//", "%"})


def typeset(definition: Definition) -> str:
    """Return one line of a formula cell as LaTeX."""
    index = f"[{_name(definition.index)}]" if definition.index else ""
    return f"{_name(definition.written)}{index} = {_set(definition.value)}"


def _set(node: Node) -> str:
    match node.kind:
        case Kind.NUMBER:
            return node.text
        case Kind.NAME:
            return _name(node.text)
        case Kind.ITEM:
            return f"{_name(node.text)}[{_set(node.parts[0])}]"
        case Kind.NEGATIVE:
            return f"-{_bracketed(node.parts[0], sums=True)}"
        case Kind.NOT:
            return rf"\text{{not }}{_bracketed(node.parts[0], sums=True)}"
        case Kind.CALL:
            return _call(node)
    return _chain(node.signs, node.parts)


def _chain(signs: Sequence[str], parts: Sequence[Node]) -> str:
    first = signs[0]
    if first == "^":
        return f"{_bracketed(parts[0], sums=True, products=True)}^{{{_set(parts[1])}}}"
    if first in _PRODUCTS:
        return _product(signs, parts)
    made = _set(parts[0])
    for sign, part in zip(signs, parts[1:], strict=True):
        made += f" {_SIGNS.get(sign, sign)} {_bracketed(part, sums=sign == '-')}"
    return made


def _product(signs: Sequence[str], parts: Sequence[Node]) -> str:
    # A fraction's line holds its two parts together: they need no brackets.
    made = _set(parts[0]) if signs[0] in {"/", "//"} else _bracketed(parts[0], sums=True)
    for sign, part in zip(signs, parts[1:], strict=True):
        if sign == "//":
            made = rf"\lfloor \frac{{{made}}}{{{_set(part)}}} \rfloor"
        elif sign == "/":
            made = rf"\frac{{{made}}}{{{_set(part)}}}"
        else:
            made += f" {_SIGNS[sign]} {_bracketed(part, sums=True)}"
    return made


def _call(node: Node) -> str:
    if node.text in _OVER and len(node.parts) == 4:  # index, first, last, expression
        index, first, last, each = node.parts
        limits = f"_{{{_set(index)}={_set(first)}}}^{{{_set(last)}}}"
        return f"{_OVER[node.text]}{limits} {_bracketed(each, sums=True)}"
    if node.text == "if":
        condition, then, other = map(_set, node.parts)
        return rf"({then} \text{{ if }} {condition}, \text{{ else }} {other})"
    if node.text in _AROUND:
        left, right = _AROUND[node.text]
        return f"{left}{_set(node.parts[0])}{right}"
    if node.text == "mod":
        return rf"({_set(node.parts[0])} \bmod {_set(node.parts[1])})"
    return rf"\{node.text}({', '.join(map(_set, node.parts))})"


def _bracketed(node: Node, *, sums: bool = False, products: bool = False) -> str:
    """Set a part in brackets where it would be read otherwise without them."""
    signs = set(node.signs)
    loose = node.kind is Kind.NEGATIVE or not signs <= (_PRODUCTS | {"^"})
    inside = _set(node)
    needed = (sums and loose) or (products and bool(signs & _PRODUCTS))
    return f"({inside})" if needed else inside


def _name(name: str) -> str:
    r"""Set a name: `W_new` as W with an index, `eta` as its letter, `out` upright."""
    stem, _, below = name.partition("_")
    shown = rf"\{stem}" if stem in _GREEK else stem
    shown = shown if len(stem) == 1 or stem in _GREEK else rf"\mathrm{{{stem}}}"
    words = below.replace("_", r"\_")
    return rf"{shown}_{{\mathrm{{{words}}}}}" if below else shown
