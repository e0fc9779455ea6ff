"""Which names a notebook cell binds at its top level. The code is parsed, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager


@lru_cache(maxsize=4096)
def names_bound(source: str) -> frozenset[str]:
    """Names that the cell's statements bind; empty where it is not valid Python."""
    try:
        module = ast.parse(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    return frozenset(_bound(module.body))


def _bound(statements: Iterable[ast.stmt]) -> Iterator[str]:
    for node in statements:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name.split(".")[0] for alias in names)
            case ast.Assign(targets=targets):
                yield from _targets(targets)
            case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
                yield from _targets([target])
            case _:
                # Blocks such as `if` and `with` bind into the same scope.
                for field in ("body", "orelse", "finalbody"):
                    yield from _bound(getattr(node, field, []))


def _targets(targets: Iterable[ast.expr]) -> Iterator[str]:
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id
        elif isinstance(target, (ast.Tuple, ast.List)):
            yield from _targets(target.elts)
