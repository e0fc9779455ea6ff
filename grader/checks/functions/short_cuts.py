"""Library functions that answer a question by themselves: seen in the code, and in the calls.

The assignment file lists them per check. What an answer earns by one waits for a person, with the
share that the check found. Only code counts that the answer uses: the function itself and what it
calls. A comment, an import that is not used, or what stands after a `return` holds nothing up.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.checks.context import CheckContext, once_per_context
from grader.checks.findings import annotated, say
from grader.checks.functions.replies import reply_of
from grader.model.notebook_code import dotted_name, imported_names, parsed
from grader.model.records import Finding, Outcome

METHODS_OF = "torch.Tensor."
"""Listed names that begin so are methods: `x.backward()` names no module."""
HIDING = (
    *("sys.setprofile", "sys.getprofile", "sys.settrace", "sys._getframe", "sys.monitoring.*"),
    *("threading.*", "_thread.*", "concurrent.futures.*", "multiprocessing.*", "subprocess.*"),
    *("ctypes.*", "gc.get_objects", "gc.get_referrers", "inspect.currentframe", "inspect.stack"),
    *("os.fork", "os.posix_spawn", "_posixsubprocess.*"),
)
"""What ends the watch of a call, looks for it, or works where it does not see; no answer needs it.
Names of `grader/kernel/watching.py` are among them."""
_ENDS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
"""Statements after which the rest of their block is never run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortCuts:
    """Listed functions of one answer, by full name."""

    written: frozenset[str]
    """Named in the code that the answer uses."""
    called: frozenset[str]
    """Seen when it was called."""
    hiding: frozenset[str] = frozenset()
    """What hides calls from us, of `HIDING`, named or seen."""

    @property
    def used(self) -> frozenset[str]:
        """What the answer rests on, as far as is known.

        A call may be made for other inputs than the one that was watched, so a name is enough; not
        that of a method, which an object of the student's own may have as well.
        """
        return self.called | {name for name in self.written if not name.startswith(METHODS_OF)}


def short_cuts_of(context: CheckContext, check_id: str, function: str) -> ShortCuts:
    """Return the short cuts that an answer takes, of those that the assignment lists."""
    listed = frozenset(context.assignment.short_cuts.get(check_id, ()))
    if not listed or not function:
        return ShortCuts(written=frozenset(), called=frozenset())
    reply = reply_of(context, function, f"{function}_alone")
    named = named_in(_code_of(context), function)
    seen = frozenset(() if reply is None else reply.used)
    return ShortCuts(
        written=_among(listed, named),
        called=listed & seen,
        hiding=_among(HIDING, named | seen),
    )


def _among(listed: Iterable[str], names: Iterable[str]) -> frozenset[str]:
    """The names that are listed; a `*` at the end of a listed one stands for any rest."""
    whole = {one for one in listed if not one.endswith("*")}
    starts = tuple(one[:-1] for one in listed if one.endswith("*"))
    return frozenset(one for one in names if one in whole or one.startswith(starts))


def held_for_short_cuts(
    finding: Finding, context: CheckContext, check_id: str, function: str
) -> Finding:
    """Return the finding with what is to be known of short cuts; it waits where one earns points.

    Args:
        finding: What the check found.
        context: Of the submission.
        check_id: Whose list of short cuts counts.
        function: The student's function that the check asks; empty for none.
    """
    found = short_cuts_of(context, check_id, function)
    if finding.credit and found.used:
        finding = _waiting(finding, "short_cut.held", found.used)
    elif finding.credit and found.hiding:
        finding = _waiting(finding, "short_cut.hidden", found.hiding)
    listed = bool(context.assignment.short_cuts.get(check_id)) and bool(function)
    unread = {function} if listed and context.unread else set[str]()
    remarks = (
        say(code, function=function, names=", ".join(sorted(names)))
        for code, names in (
            ("short_cut.written_and_called", found.written & found.called),
            ("short_cut.written", found.written - found.called),
            ("short_cut.called", found.called - found.written),
            ("short_cut.unread", unread),
        )
        if names
    )
    return annotated(finding, *remarks)


def _waiting(finding: Finding, code: str, names: Iterable[str]) -> Finding:
    """Return what the check found, to be given or not by a person."""
    bare = replace(finding, outcome=Outcome.NEEDS_HUMAN, credit=0.0, offered=finding.credit)
    why = annotated(
        replace(bare, remarks=(), message="", staff_detail=""),
        say(code, names=", ".join(sorted(names)), share=finding.credit),
    )
    return replace(
        bare,
        remarks=(*why.remarks, *finding.remarks),
        message=f"{why.message} {finding.message}".strip(),
        staff_detail=f"{why.staff_detail} {finding.staff_detail}".strip(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What the code cells of a notebook import and define."""

    aliases: Mapping[str, str]
    """Imported names, and the full names that they stand for."""
    definitions: Mapping[str, ast.FunctionDef | ast.ClassDef]
    """Functions and classes by name; the last definition of a name counts."""


def read_code(sources: Iterable[str]) -> Code:
    """Read code cells, in order; what is not valid Python, or too much of it, stays out."""
    trees = [tree for tree in map(parsed, sources) if tree is not None]
    return Code(
        aliases=dict(pair for tree in trees for pair in imported_names(tree)),
        definitions={
            node.name: node
            for tree in trees
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        },
    )


@once_per_context
def _code_of(context: CheckContext) -> Code:
    return read_code(cell.code for cell in context.submission.cells)


def named_in(code: Code, function: str) -> set[str]:
    """Return the full names of library functions in a function and in those that it calls."""
    found: set[str] = set()
    waiting, done = [function], set[str]()
    while waiting:
        name = waiting.pop()
        if name in done or name not in code.definitions:
            continue
        done.add(name)
        for node in _reached(code.definitions[name]):
            dotted = dotted_name(node)
            head, _, rest = dotted.partition(".")
            if head in code.definitions:
                waiting.append(head)
            if head in code.aliases:
                found.add(f"{code.aliases[head]}.{rest}" if rest else code.aliases[head])
            if isinstance(node, ast.Attribute):
                found.add(METHODS_OF + node.attr)
    return found


def _reached(root: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below one, without statements that cannot be reached."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        for _, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                waiting.append(value)
            elif isinstance(value, list):
                waiting += _until_end(one for one in value if isinstance(one, ast.AST))


def _until_end(nodes: Iterable[ast.AST]) -> Sequence[ast.AST]:
    kept: list[ast.AST] = []
    for node in nodes:
        kept.append(node)
        if isinstance(node, _ENDS):
            break
    return kept
