"""Which names a notebook cell binds at its top level. The code is parsed, never run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

LONGEST_PARSED = 200_000
"""Characters of a cell that is parsed; the course's longest has 2,000."""
MOST_MAGICS = 50
"""Lines such as `%matplotlib inline` of a cell that is parsed: IPython tokenises the whole cell
once more for each of them."""
_MAGIC = re.compile(r"^[^\S\n]*[%!?]|=[^\S\n]*[%!]|\?[^\S\n]*$", re.MULTILINE)


def parsed(source: str) -> ast.Module | None:
    """Return a cell's syntax tree; None where it is not valid Python or too much of it."""
    if len(source) > LONGEST_PARSED or len(_MAGIC.findall(source)) > MOST_MAGICS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of escape sequences and the like, in the student's code
            return ast.parse(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 -- IPython raises what it comes upon; the text is not ours
        return None


@lru_cache(maxsize=4096)
def names_bound(source: str) -> frozenset[str]:
    """Names that the cell's statements bind; empty where it is not valid Python."""
    module = parsed(source)
    try:
        return frozenset() if module is None else frozenset(_bound(module.body))
    except RecursionError:  # a thousand times `elif`
        return frozenset()


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
