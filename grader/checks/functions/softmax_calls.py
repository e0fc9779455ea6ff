"""2(c): where the notebook takes probabilities, and where it takes them of probabilities.

The function may be right and its call wrong: `output2prob(output2prob(output))` states another
probability. Only the part's own cells are read, statement by statement, outside of functions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.model.notebook_code import parsed

_SOFTMAX = frozenset({"output2prob", "softmax"})
"""Functions and methods that make probabilities."""

_LAYER = "Softmax"
"""What makes them when it is called: `nn.Softmax(dim=1)(output)`."""

_KEEPS = frozenset(
    {"detach", "cpu", "cuda", "to", "float", "double", "numpy", "squeeze", "unsqueeze", "flatten"}
    | {"reshape", "view", "clone", "contiguous", "tolist", "item", "copy", "astype"}
)
"""Methods whose result is still what they were called on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """How often some cells take probabilities."""

    once: int
    """Of something else."""
    twice: int
    """Of what are probabilities already."""


def calls_in(sources: Iterable[str]) -> Calls:
    """Return how often the statements of some cells take probabilities, the cells in order."""
    known: set[str] = set()
    once = twice = 0
    for source in sources:
        tree = parsed(source)
        for statement in [] if tree is None else _statements(tree.body):
            inner: set[int] = set()
            calls = [node for node in ast.walk(statement) if _takes(node)]
            for call in calls:
                for given in _given(call):
                    inner |= {id(node) for node in ast.walk(given) if _takes(node)}
            for call in calls:
                again = any(_is_probability(given, known) for given in _given(call))
                twice += again
                # What is taken once more at once is stated by nobody.
                once += not again and id(call) not in inner
            known = _after(statement, known)
    return Calls(once=once, twice=twice)


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The simple statements, those of blocks as well, but not those of functions and classes."""
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        if any(blocks):
            for block in blocks:
                yield from _statements(block)
        else:
            yield statement


def _takes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Call):
        return _name(node.func.func) == _LAYER and bool(_given(node))
    return _name(node.func) in _SOFTMAX and bool(_given(node))


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _given(node: ast.AST) -> list[ast.expr]:
    """What probabilities are taken of: the first argument, or what a method is called on."""
    if not isinstance(node, ast.Call):
        return []
    if isinstance(node.func, ast.Attribute) and not node.args:
        return [node.func.value]
    is_method = isinstance(node.func, ast.Attribute) and isinstance(node.args[0], ast.Constant)
    if is_method and isinstance(node.func, ast.Attribute):
        return [node.func.value]  # output.softmax(1)
    return node.args[:1] or [keyword.value for keyword in node.keywords[:1]]


def _is_probability(node: ast.AST, known: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in known
    if isinstance(node, ast.Subscript):
        return _is_probability(node.value, known)
    if _takes(node):
        return True
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in _KEEPS and _is_probability(node.func.value, known)
    return False


def _after(statement: ast.stmt, known: set[str]) -> set[str]:
    """The names that hold probabilities behind a statement."""
    if not isinstance(statement, ast.Assign):
        return known
    names = {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return known | names if _is_probability(statement.value, known) else known - names
