"""Which names a notebook cell binds. The code is compiled, never run."""

from __future__ import annotations

import ast
import dis
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType

from IPython.core.inputtransformer2 import TransformerManager

LONGEST_PARSED = 200_000
"""Characters of a cell that is parsed; the course's longest has 2,000."""
MOST_MAGICS = 50
"""Lines such as `%matplotlib inline` of a cell that is parsed: IPython tokenises the whole cell
once more for each of them."""
DEEPEST_MAGICS = 4
"""Cell magics above one another that are looked through."""
_MAGIC = re.compile(r"^[^\S\n]*[%!?]|=[^\S\n]*[%!]|\?[^\S\n]*$", re.MULTILINE)
_OTHER_LANGUAGES = frozenset(
    {"!", "HTML", "SVG", "bash", "cmd", "file", "html", "javascript", "js", "latex", "markdown"}
    | {"perl", "pypy", "python2", "ruby", "script", "sh", "shell", "svg", "sx", "system"}
    | {"writefile"}
)
"""Cell magics whose cell is not Python of this notebook."""
_MEANT = re.compile(
    r"^(?:(?:async[^\S\n]+)?(?:def|class)[^\S\n]+(\w+)|(\w+)[^\S\n]*=(?!=))", re.MULTILINE
)


def parsed(source: str) -> ast.Module | None:
    """Return a cell's syntax tree; None where it is not valid Python or too much of it.

    A cell magic such as `%%time` is looked through: what is below it is code of the notebook.
    """
    if len(source) > LONGEST_PARSED or len(_MAGIC.findall(source)) > MOST_MAGICS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of escape sequences and the like, in the student's code
            return _looked_through(source, DEEPEST_MAGICS)
    except Exception:  # noqa: BLE001 -- IPython raises what it comes upon; the text is not ours
        return None


def _looked_through(source: str, depth: int) -> ast.Module:
    tree = ast.parse(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]
    match tree.body:
        case [
            ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(attr="run_cell_magic"),
                    args=[ast.Constant(value=str(magic)), _, ast.Constant(value=str(below))],
                )
            )
        ] if depth and magic not in _OTHER_LANGUAGES:
            return _looked_through(below, depth - 1)
    return tree


@lru_cache(maxsize=4096)
def names_bound(source: str) -> frozenset[str]:
    """Names that the cell's statements bind, in any way; empty where it is not valid Python."""
    module = parsed(source)
    if module is None:
        return frozenset()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(module, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a thousand times `elif`
        return frozenset()
    return frozenset(_stored(code, "STORE_NAME")).union(
        *(_stored(inner, "STORE_GLOBAL") for inner in _inner(code))
    )


def _stored(code: CodeType, how: str) -> Iterator[str]:
    return (step.argval for step in dis.get_instructions(code) if step.opname == how)


def _inner(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inner(constant)


def names_meant(source: str) -> frozenset[str]:
    """As `names_bound`; of a cell that is not valid Python, what its lines seem to bind."""
    bound = names_bound(source)
    if bound or len(source) > LONGEST_PARSED:
        return bound
    return frozenset(function or name for function, name in _MEANT.findall(source))
