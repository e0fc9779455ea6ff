"""Which cells print what depends on random numbers: the untrained network, and random images.

The names that come from a random source are followed from statement to statement. Where it is in
doubt, a cell counts as random: then its output is not compared, and nothing wrong is said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from grader.model.notebook_code import parsed, within_limits

_SOURCE = re.compile(
    r"\b(?:rand|randn|randint|randperm|rand_like|randn_like|random|shuffle|choice|permutation"
    r"|normal_|uniform_)\b"
    r"|\bresnet\d+(?:['\"]\s*\])?\s*\(\s*\)"  # an untrained network
    r"|\bpretrained\s*=\s*False|\bweights\s*=\s*None"
)
MOST_STATEMENTS = 5_000
"""Statements of a cell that are followed, those of loops twice."""
_BLOCKS = ("body", "orelse", "finalbody", "handlers")


def seeded_cells(sources: Sequence[str]) -> frozenset[int]:
    """Return the positions of the cells, in the order of the run, that depend on a seed."""
    names: set[str] = set()
    reads = within_limits(sources)
    return frozenset(
        i
        for i, (source, read) in enumerate(zip(sources, reads, strict=True))
        if _depends(source, parsed(source) if read else None, names)
    )


def _depends(source: str, module: ast.Module | None, names: set[str]) -> bool:
    """Whether a cell depends on a seed; `names`, those that do, are brought up to date."""
    try:
        if module is not None:
            return _follow(module.body, names, _Work())
    except (ValueError, RecursionError):  # too much, or too deep
        pass
    return bool(_SOURCE.search(source))


class _Work:
    """Counts statements: loops are followed twice, so that loops in loops double at each level."""

    def __init__(self) -> None:
        self._done = 0

    def one(self) -> None:
        """Count one statement.

        Raises:
            ValueError: there were too many.
        """
        self._done += 1
        if self._done > MOST_STATEMENTS:
            raise ValueError("too many statements")


def _follow(statements: Iterable[ast.stmt], names: set[str], work: _Work) -> bool:
    """Go through statements in order; return whether one of them depends on a seed."""
    depends = False
    for statement in statements:
        work.one()
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            # Not run here: whoever calls it depends on a seed.
            _keep({statement.name}, bool(_SOURCE.search(ast.unparse(statement))), names)
            continue
        blocks = [block for field in _BLOCKS for block in getattr(statement, field, [])]
        if isinstance(statement, (ast.For, ast.While)):
            blocks *= 2  # what one round leaves behind, the next one reads
        own = _own_nodes(statement)
        drawn = bool(_SOURCE.search(_own_text(statement) if blocks else ast.unparse(statement)))
        now = drawn or bool(_read(own) & names)
        _keep(_written(own), now, names)
        inner = _follow(_flat(blocks), names, work)
        depends = depends or now or inner
    return depends


def _keep(written: set[str], depends: bool, names: set[str]) -> None:
    if depends:
        names |= written
    else:
        names -= written


def _flat(blocks: Iterable[ast.AST]) -> Iterable[ast.stmt]:
    """Statements of blocks; those of an `except` as well."""
    for block in blocks:
        if isinstance(block, ast.ExceptHandler):
            yield from block.body
        elif isinstance(block, ast.stmt):
            yield block


def _own_nodes(statement: ast.stmt) -> list[ast.AST]:
    """Nodes of a statement without those of its blocks."""
    children = [
        child
        for field, value in ast.iter_fields(statement)
        if field not in _BLOCKS
        for child in (value if isinstance(value, list) else [value])
        if isinstance(child, ast.AST)
    ]
    return [node for child in children for node in ast.walk(child)]


def _own_text(statement: ast.stmt) -> str:
    """The expressions in a block's head."""
    return " ".join(
        ast.unparse(node) for node in _own_nodes(statement) if isinstance(node, ast.expr)
    )


def _read(nodes: Iterable[ast.AST]) -> set[str]:
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _written(nodes: Iterable[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.split(".")[0])
    return found
