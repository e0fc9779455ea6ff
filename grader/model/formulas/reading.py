"""From the text of a formula cell to definitions: one grammar without ambiguity, nothing guessed.

    out[n] = sum(j, 0, k - 1, W[j] * x[n - j + (k - 1)//2])

A name that is not known, a product without its sign, or a bracket too many is refused with the
place where it stands. No text is ever evaluated as Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput

from grader.model.formulas.tree import Definition, Kind, Misread, Node

FENCE = "formula"
"""What a fenced block of an answer begins with that holds formulas."""
MOST_CHARACTERS = 2_000
"""Of one formula cell."""
DEEPEST = 40
"""Levels of a formula."""
MOST_LINES = 20
"""Definitions of one formula cell."""

_FENCED = re.compile(
    rf"^[ \t]*(`{{3,}}|~{{3,}})[ \t]*{FENCE}[ \t]*\n(.*?)^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL
)
_COMMENT = re.compile(r"#[^\n]*")
_DOUBTFUL = re.compile(rf"(?:[-^]\s*|not\s+){{{DEEPEST},}}")

GRAMMAR = r"""
start: _NL* definition (_NL+ definition)* _NL*
definition: NAME "=" expr               -> scalar
          | NAME "[" NAME "]" "=" expr  -> array
?expr: both (OR both)*                  -> chain
?both: opposite (AND opposite)*         -> chain
?opposite: NOT opposite                 -> opposite
         | comparison
?comparison: terms (COMPARE terms)*     -> chain
?terms: factors ((ADD|SUB) factors)*    -> chain
?factors: signed (TIMES signed)*        -> chain
?signed: SUB signed                     -> negative
       | power
?power: atom (POWER signed)?            -> chain
?atom: NUMBER                           -> number
     | NAME                             -> name
     | NAME "[" expr "]"                -> item
     | NAME "(" expr ("," expr)* ")"    -> call
     | "(" expr ")"
OR.2: "or"
AND.2: "and"
NOT.2: "not"
COMPARE: "==" | "!=" | "<=" | ">=" | "<" | ">"
ADD: "+"
SUB: "-"
TIMES: "*" | "//" | "/" | "%"
POWER: "^"
NAME: /[A-Za-z_][A-Za-z_0-9]*/
NUMBER: /\d{1,9}(\.\d{1,9})?/
_NL: /\n/
%ignore /[ \t]+/
"""

ALIASES = {
    "x": "x", "x_in": "x", "W": "W", "w": "W", "g": "g", "grad_out": "g", "N": "N", "k": "k",
    "K": "k", "eta": "eta", "lr": "eta",
}  # fmt: skip
"""What a formula may use without defining it, and what the grader calls it."""
ARRAYS = frozenset({"x", "W", "g"})
"""Those of them that have an index."""
TARGETS = {
    "out": "out", "x_out": "out", "y": "out", "dx": "dx", "dx_in": "dx", "grad_x": "dx",
    "dW": "dW", "dw": "dW", "grad_w": "dW", "W_new": "W_new", "w_new": "W_new",
}  # fmt: skip
"""What a formula may answer, and what the grader calls it."""
BINDING = frozenset({"sum", "max", "min", "argmax"})
"""Functions that bind an index: `sum(j, first, last, expression)`."""
PLAIN = {"if": 3, "max": 2, "min": 2, "abs": 1, "floor": 1, "ceil": 1, "mod": 2}
"""Other functions, and how many arguments they take."""
_IN_ONE_BINDING = 4
"""Arguments of a function that binds an index."""


def formula_cells(answer: str) -> Iterator[str]:
    """Yield the text of each formula cell of an answer's markdown."""
    for match in _FENCED.finditer(answer.replace("\r\n", "\n") + "\n"):
        yield match[2]


def read_formulas(text: str) -> tuple[Definition, ...]:
    """Return the definitions of a formula cell.

    Raises:
        Misread: it cannot be read; the sentence says where and what to do.
    """
    if len(text) > MOST_CHARACTERS:
        raise Misread("formula.long", most=MOST_CHARACTERS)
    source = _on_lines(_COMMENT.sub("", text))
    if _DOUBTFUL.search(source):
        raise Misread("formula.deep", most=DEEPEST)
    try:
        found: tuple[Definition, ...] = _Tree().transform(_parser().parse(source))
    except UnexpectedInput as error:
        raise _misread(error, source) from error
    except RecursionError as error:
        raise Misread("formula.deep", most=DEEPEST) from error
    if len(found) > MOST_LINES:
        raise Misread("formula.long", most=MOST_CHARACTERS)
    _check(found)
    return found


def prepare() -> None:
    """Make the parser before it is needed; that takes longer than to use it."""
    _parser()


@lru_cache(maxsize=1)
def _parser() -> Lark:
    """The parser: LALR, which refuses a grammar that could be read in two ways."""
    return Lark(GRAMMAR, parser="lalr", propagate_positions=False)


def _on_lines(text: str) -> str:
    """Join lines that a bracket holds together; refuse what is nested too deep.

    Raises:
        Misread: it is.
    """
    made, depth = [], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if depth > DEEPEST:
            raise Misread("formula.deep", most=DEEPEST)
        made.append(" " if character == "\n" and depth > 0 else character)
    return "".join(made).strip() + "\n"


def _misread(error: UnexpectedInput, source: str) -> Misread:
    """Say where the text stops being a formula, and what is likely meant."""
    line, column = max(int(error.line), 1), max(int(error.column), 1)
    rows = source.split("\n")
    row = rows[line - 1] if line <= len(rows) else ""
    rest = re.match(r"\s*(\w+|\S)?", row[column - 1 :])
    found = (rest[1] if rest else None) or "the end of the line"
    at_name = bool(rest and re.match(r"[\w(]", rest[1] or ""))
    before = row[: column - 1].rstrip()
    if at_name and re.search(r"[\w)\]]$", before):
        return Misread("formula.no_sign", line=line, column=column, found=found)
    return Misread("formula.unexpected", line=line, column=column, found=found)


class _Tree(Transformer[Token, Any]):
    """From lark's tree to ours."""

    def start(self, found: Sequence[Definition]) -> tuple[Definition, ...]:
        return tuple(found)

    def scalar(self, found: Sequence[Any]) -> Definition:
        name, value = found
        return Definition(name=str(name), written=str(name), index="", value=value)

    def array(self, found: Sequence[Any]) -> Definition:
        name, index, value = found
        called = TARGETS.get(str(name), str(name))
        return Definition(name=called, written=str(name), index=str(index), value=value)

    def chain(self, found: Sequence[Any]) -> Node:
        if len(found) == 1:
            only: Node = found[0]
            return only
        return Node(kind=Kind.CHAIN, signs=tuple(map(str, found[1::2])), parts=tuple(found[::2]))

    def opposite(self, found: Sequence[Any]) -> Node:
        return Node(kind=Kind.NOT, parts=(found[1],))

    def negative(self, found: Sequence[Any]) -> Node:
        return Node(kind=Kind.NEGATIVE, parts=(found[1],))

    def number(self, found: Sequence[Token]) -> Node:
        return Node(kind=Kind.NUMBER, text=str(found[0]))

    def name(self, found: Sequence[Token]) -> Node:
        return Node(kind=Kind.NAME, text=str(found[0]))

    def item(self, found: Sequence[Any]) -> Node:
        return Node(kind=Kind.ITEM, text=str(found[0]), parts=(found[1],))

    def call(self, found: Sequence[Any]) -> Node:
        return Node(kind=Kind.CALL, text=str(found[0]), parts=tuple(found[1:]))


# -- names ----------------------------------------------------------------------------------------


def _check(definitions: Sequence[Definition]) -> None:
    """Refuse a name that is not known where it is used; a line knows those before it.

    Raises:
        Misread: one is not.
    """
    scalars, arrays = set(ALIASES) - _written(ARRAYS), _written(ARRAYS)
    for one in definitions:
        bound = scalars | ({one.index} if one.index else set())
        # The gradient to the kernel is given where the line before does not define it.
        given = {name for name, what in TARGETS.items() if what == "dW"} if one.index else set()
        _check_node(one.value, bound, arrays | given)
        (arrays if one.index else scalars).update({one.written, one.name})


def _written(names: frozenset[str]) -> set[str]:
    return {alias for alias, name in ALIASES.items() if name in names}


def _check_node(node: Node, scalars: set[str], arrays: set[str]) -> None:
    match node.kind:
        case Kind.NAME if node.text not in scalars:
            known = "formula.needs_index" if node.text in arrays else "formula.unknown"
            raise Misread(known, name=node.text)
        case Kind.ITEM if node.text not in arrays:
            known = "formula.no_index" if node.text in scalars else "formula.unknown"
            raise Misread(known, name=node.text)
        case Kind.CALL:
            scalars = scalars | _bound_by(node)
            parts = node.parts[1:] if _binds(node) else node.parts
        case _:
            parts = node.parts
    for part in parts:
        _check_node(part, scalars, arrays)


def _binds(node: Node) -> bool:
    return node.text in BINDING and len(node.parts) == _IN_ONE_BINDING


def _bound_by(node: Node) -> set[str]:
    """Return the index that a function binds; refuse one that there is not.

    Raises:
        Misread: there is no such function, or it takes other arguments.
    """
    if _binds(node):
        index = node.parts[0]
        if index.kind is not Kind.NAME:
            raise Misread("formula.binds", name=node.text)
        return {index.text}
    if node.text in PLAIN and PLAIN[node.text] == len(node.parts):
        return set()
    if node.text in BINDING:
        raise Misread("formula.binds", name=node.text)
    if node.text in PLAIN:
        raise Misread("formula.arguments", name=node.text, count=PLAIN[node.text])
    if node.text in ALIASES:
        raise Misread("formula.round_brackets", name=node.text)
    raise Misread("formula.no_function", name=node.text)
