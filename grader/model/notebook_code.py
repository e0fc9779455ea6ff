"""The one place where a notebook's code is parsed: within limits on size and depth, never run.

Size bounds time and memory: a syntax tree takes some 600 bytes for each symbol. What is beyond the
limits is not read at all; then only the kernel tells what a cell binds.
"""

from __future__ import annotations

import ast
import dis
import re
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import CodeType

from IPython.core.inputtransformer2 import TransformerManager

LONGEST_READ = 200_000
"""Characters of a cell that is read; the course's longest has 2,000."""
MOST_SYMBOLS = 20_000
"""Words and signs of a cell that is read; the course's longest has 600."""
MOST_SYMBOLS_IN_ALL = 100_000
"""The same for all cells of a notebook that are read; the course's has 9,000."""
DEEPEST = 250
"""Levels of a syntax tree that is looked into: `elif` under `elif`, and terms of a sum, are one
each. Whoever follows a tree level by level stays well within Python's own limit."""
MOST_MAGICS = 50
"""Lines such as `%matplotlib inline` of a cell that is parsed: IPython tokenises the whole cell
once more for each of them."""
DEEPEST_MAGICS = 4
"""Cell magics above one another that are looked through."""
_GLOBALS_READ = ("LOAD_GLOBAL", "LOAD_NAME")
"""Instructions of functions, and of class bodies within a cell."""
_SYMBOL = re.compile(r"\w+|[^\w\s]")
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


def symbols(source: str) -> int | None:
    """Return how many words and signs a cell has; None where it is too much to be read."""
    if len(source) > LONGEST_READ:
        return None
    found = sum(1 for _ in _SYMBOL.finditer(source))
    return found if found <= MOST_SYMBOLS else None


def within_limits(sources: Iterable[str]) -> Iterator[bool]:
    """Yield for each cell of a notebook, in order, whether it is read.

    One that is too much is passed over; the others are read until they are too much together.
    """
    left = MOST_SYMBOLS_IN_ALL
    for source in sources:
        count = symbols(source)
        reads = count is not None and count <= left
        left -= count if count is not None and reads else 0
        yield reads


def parsed(source: str) -> ast.Module | None:
    """Return a cell's syntax tree; None where it is not valid Python or beyond the limits.

    A cell magic such as `%%time` is looked through: what is below it is code of the notebook.
    """
    if symbols(source) is None:
        return None
    try:
        with warnings.catch_warnings():
            # Of escape sequences and the like, in the student's code.
            warnings.simplefilter("ignore")
            tree = _plain(source) or _looked_through(source, DEEPEST_MAGICS)
    except Exception:  # noqa: BLE001 -- IPython raises what it comes upon; the text is not ours
        return None
    return tree if tree is not None and _is_shallow(tree) else None


def parsed_as_python(source: str) -> ast.Module | None:
    """Return the tree of a cell that is Python without IPython's help, as `parsed`; else None."""
    tree = _plain(source) if symbols(source) is not None else None
    return tree if tree is not None and _is_shallow(tree) else None


def _plain(source: str) -> ast.Module | None:
    """Return the tree of what is Python without IPython's help: sooner, by far."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


def _looked_through(source: str, depth: int) -> ast.Module | None:
    if len(_MAGIC.findall(source)) > MOST_MAGICS:
        return None
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
            return _plain(below) or _looked_through(below, depth - 1)
    return tree


def _is_shallow(tree: ast.Module) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return True
    return False


@lru_cache(maxsize=4096)
def names_bound(source: str) -> frozenset[str]:
    """Names that the cell's statements bind, in any way; empty where it cannot be read."""
    code = _compiled(source)
    if code is None:
        return frozenset()
    return frozenset(_named(code, "STORE_NAME")).union(
        *(_named(inner, "STORE_GLOBAL") for inner in _inner(code))
    )


@lru_cache(maxsize=4096)
def names_read(source: str) -> frozenset[str]:
    """Global names that a cell's statements and functions read; empty where it cannot be read."""
    code = _compiled(source)
    if code is None:
        return frozenset()
    return frozenset(_named(code, "LOAD_NAME")).union(
        *(_named(inner, how) for inner in (code, *_inner(code)) for how in _GLOBALS_READ)
    )


def _compiled(source: str) -> CodeType | None:
    module = parsed(source)
    if module is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code: CodeType = compile(module, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return code


def _named(code: CodeType, how: str) -> Iterator[str]:
    """Yield the names of an instruction. `dis` would print constants, which may be endless."""
    wanted, argument = dis.opmap[how], 0
    shift = how == "LOAD_GLOBAL"  # its lowest bit says whether it is called
    for operation, low in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        argument = argument << 8 | low
        if operation == wanted:
            yield code.co_names[argument >> shift]
        if operation != dis.EXTENDED_ARG:
            argument = 0


def _inner(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inner(constant)


def functions_defined(source: str) -> frozenset[str]:
    """Names of the functions that a cell defines at its top; empty where it cannot be read."""
    module = parsed(source)
    found = module.body if module is not None else ()
    return frozenset(one.name for one in found if isinstance(one, ast.FunctionDef))


def names_meant(source: str) -> frozenset[str]:
    """As `names_bound`; of a cell that is not valid Python, what its lines seem to bind."""
    bound = names_bound(source)
    if bound or symbols(source) is None:
        return bound
    return frozenset(function or name for function, name in _MEANT.findall(source))


def imported_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield pairs of a name that is imported and the full name that it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                plain = alias.name.partition(".")[0]
                yield alias.asname or plain, alias.name if alias.asname else plain
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def dotted_name(node: ast.AST) -> str:
    """Return `a.b.c` for nested attributes of a name; empty for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
