"""Library functions that answer a question by themselves: seen in the code, and in the calls.

The assignment file lists them per check. A person decides what they are worth; nothing is taken
off here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.checks.context import CheckContext
from grader.checks.findings import say
from grader.checks.functions.replies import reply_of
from grader.model.notebook_code import parsed
from grader.model.records import Remark

METHODS_OF = "torch.Tensor."
"""Listed names that begin so are methods: `x.backward()` names no module."""


def short_cut_notes(context: CheckContext, check_id: str, function: str) -> tuple[Remark, ...]:
    """Return remarks for staff on the short cuts that an answer takes."""
    listed = set(context.assignment.short_cuts.get(check_id, ()))
    if not listed or not function:
        return ()
    sources = [cell.code for cell in context.submission.cells]
    reply = reply_of(context, function, f"{function}_alone")
    called = set() if reply is None else set(reply.used) & listed
    written = named_in(sources, function) & listed
    return tuple(
        say(code, function=function, names=", ".join(sorted(names)))
        for code, names in (
            ("short_cut.written_and_called", written & called),
            ("short_cut.written", written - called),
            ("short_cut.called", called - written),
            ("short_cut.unread", {function} if context.unread else set()),
        )
        if names
    )


def named_in(sources: list[str], function: str) -> set[str]:
    """Return the full names of library functions in a function and in those that it calls.

    Args:
        sources: Code cells in order; what is not valid Python, or too much of it, stays out.
        function: Its name. The last definition of a name counts.
    """
    trees = [tree for tree in map(parsed, sources) if tree is not None]
    aliases = dict(pair for tree in trees for pair in _imports(tree))
    definitions = {
        node.name: node
        for tree in trees
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    found: set[str] = set()
    waiting, done = [function], set[str]()
    while waiting:
        name = waiting.pop()
        if name in done or name not in definitions:
            continue
        done.add(name)
        for node in ast.walk(definitions[name]):
            dotted = _dotted(node)
            head, _, rest = dotted.partition(".")
            if head in definitions:
                waiting.append(head)
            if head in aliases:
                found.add(f"{aliases[head]}.{rest}" if rest else aliases[head])
            if isinstance(node, ast.Attribute):
                found.add(METHODS_OF + node.attr)
    return found


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Pairs of a name in the notebook and what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                plain = alias.name.partition(".")[0]
                yield alias.asname or plain, alias.name if alias.asname else plain
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.AST) -> str:
    """`a.b.c` for nested attributes of a name; empty for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
