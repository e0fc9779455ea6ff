"""Goes on with the next statement of a cell where one ends for a reason of the machine.

A person whose Colab lacks a package would take the line out and run the rest. What was left out,
why, and which names lack their value for it is told to the host, which decides what that means. A
statement that ends by the notebook's own fault ends its cell, as ever.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import sys
import types
from dataclasses import dataclass, field
from typing import Any

from .bindings import (
    arguments_of,
    binds_unknown,
    bound_names,
    changed_names,
    read_names,
    refilled_name,
)
from .channel import Channel
from .machine import reason_of
from .machine_facts import failed_for_machine, names_of_machine

MEASURING = frozenset({"time", "prun"})
"""Magics whose body is a cell like any other, which they measure: that is left out."""
MOST_TOLD = 200
"""Statements of a run that are told."""
MOST_STATEMENTS = 1000
"""Statements of a cell that are run one by one; the course's longest has 20. Each costs IPython
the better part of a millisecond, so a cell of more is run as a whole: what ends one ends it."""
MOST_CHARACTERS = 200
"""Characters of a statement or an exception that are told."""


def digest_of(source: str) -> str:
    """Return the short name of a cell's text, by which the host says what became of it before."""
    return hashlib.sha256(source.encode(errors="replace")).hexdigest()[:16]


@dataclass
class _Cell:
    """A cell under way, or the body of a cell magic, which runs as a cell within its cell."""

    source: str
    lines_before: int
    """Lines of the whole cell before this text."""
    blank: int
    """Blank lines at its start, which IPython takes away."""
    ours: bool
    """Whether it is a request of the grader's."""
    well: bool
    """Whether the whole cell ended well as handed in."""


@dataclass
class GoingOn:
    """Runs a shell's cells statement by statement, and knows what was left out."""

    channel: Channel
    shell: Any
    ended_well: frozenset[str]
    """Digests of the cells that ended well as handed in."""
    bound: frozenset[str]
    """Names that the notebook binds somewhere."""
    lacking: dict[str, int] = field(default_factory=dict)
    """Name to the number of the statement for whose lack it has no value, or another one."""
    leaned: dict[str, int] = field(default_factory=dict)
    """Those of them that the cell under way read."""
    substitute: tuple[str, str] = ("", "")
    """Reason and sentence, where the statement under way got something else than it asked for."""
    told: int = 0
    """Statements that were told."""
    unknown: int | None = None
    """The last one that would have bound names which do not stand in it."""
    of_machine: set[str] = field(default_factory=set)
    """Names whose values tell about the machine."""
    _cell: _Cell | None = None
    _depth: int = 0
    _reason: str = ""
    """Why the statement under way ended, where that is the machine's."""
    _statement: ast.stmt | None = None
    _shown: int = 0
    """Identity of the exception that was shown last."""

    def install(self) -> None:
        """Take the place of what runs statements, shows exceptions, and runs cell magics."""
        shell = self.shell
        self._run_plainly = shell.run_ast_nodes
        self._show_plainly = shell.showtraceback
        self._magic_plainly = shell.run_cell_magic
        shell.run_ast_nodes = self._run
        shell.showtraceback = self._show
        shell.run_cell_magic = self._run_cell_magic
        shell.events.register("pre_run_cell", self._before_cell)
        shell.events.register("post_run_cell", self._after_cell)

    # -- cells --------------------------------------------------------------------------------

    def _before_cell(self, info: Any) -> None:
        source = str(info.raw_cell)
        if self._depth:  # the body of a cell magic; its lines are counted from the magic's
            outer = self._cell
            if outer is not None:
                before = outer.lines_before + outer.blank + 1
                self._cell = _Cell(source, before, _blank_lines(source), outer.ours, outer.well)
            return
        self._shown, self.leaned = 0, {}
        well = digest_of(source) in self.ended_well
        self._cell = _Cell(source, 0, _blank_lines(source), not info.store_history, well)

    def _after_cell(self, *_: Any) -> None:
        if self._depth:
            return
        if self.leaned:
            names = [{"name": name[:100], "left_out": n} for name, n in sorted(self.leaned.items())]
            self.channel.send("leans", {"names": names[:MOST_TOLD]})
        self._cell, self.leaned = None, {}

    async def _run(
        self,
        nodelist: list[ast.stmt],
        cell_name: str,
        interactivity: str = "last_expr",
        compiler: Any = compile,
        result: Any = None,
    ) -> bool:
        """Run a cell's statements one by one; return whether one of them ended the cell."""
        if len(nodelist) > MOST_STATEMENTS:
            ended: bool = await self._run_plainly(
                as_a_whole(nodelist), cell_name, interactivity, compiler=compiler, result=result
            )
            return ended
        cell = self._cell
        self._depth += 1
        try:
            for statement in list(nodelist):
                last = statement is nodelist[-1]
                mode = interactivity if last or interactivity == "all" else "none"
                self._statement, self._reason, self._cell = statement, "", cell
                self.substitute, self._shown = ("", ""), 0
                raised = await self._run_plainly(
                    [statement], cell_name, interactivity=mode, compiler=compiler, result=result
                )
                if raised and not self._reason:
                    return True
                if cell is not None and not cell.ours:
                    self._statement, self._cell = statement, cell
                    self._settle(statement, result if raised else None)
            return False
        finally:
            self._depth -= 1
            self._statement = None

    def _run_cell_magic(self, name: str, line: str, cell: str) -> Any:
        """Run the body of one that measures, or that is not here, as the cell it would be."""
        known = self.shell.find_cell_magic(name) is not None
        if (
            (known and name not in MEASURING)
            or not cell.strip()
            or not _is_python(self.shell, cell)
        ):
            return self._magic_plainly(name, line, cell)
        if not known and self._cell is not None and not self._cell.ours:
            self._tell("magic", f"%%{name} {line}".strip(), ("UsageError", f"%%{name}"), set())
        done = self.shell.run_cell(cell, store_history=False)
        done.raise_error()  # it was shown, and is not shown twice
        return None

    # -- statements ---------------------------------------------------------------------------

    def _show(self, exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
        """Show an exception as ever, or one line where the cell goes on."""
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        if error is not None and id(error) == self._shown:
            self._reason = ""
            return
        self._shown = id(error)
        self._reason = self._why(error) if error is not None else ""
        if error is None or not self._reason:
            self._show_plainly(exc_tuple, *args, **kwargs)
            return
        said = f"{type(error).__name__}: {_one_line(error)}"
        sys.stderr.write(f"Left out by the grader, which goes on with the next line: {said}\n")

    def _why(self, error: BaseException) -> str:
        """The reason of the machine for which the statement under way ended; empty for none."""
        cell, statement = self._cell, self._statement
        if cell is None or cell.ours or statement is None or self.told >= MOST_TOLD:
            return ""
        try:
            found = reason_of(error, statement, self._text(statement))
            if found:
                return found
            if type(error) is NotImplementedError or isinstance(error, MemoryError):
                return ""
            return self._why_not_own(error, statement)
        except Exception:  # noqa: BLE001 -- objects of the notebook's may do anything
            return ""

    def _why_not_own(self, error: BaseException, statement: ast.stmt) -> str:
        """The reason that lies in what came before, in what was asked, or in what was handed in."""
        if self.substitute[0] in {"file", "device"}:  # cv2.cvtColor(cv2.imread("a.jpg"), …)
            return self.substitute[0]
        if self._names_behind(error, statement) & set(self.lacking):
            return "follows"
        if failed_for_machine(error, statement, self.shell.user_ns, self.of_machine):
            return "machine"
        if not isinstance(error, Exception):
            return ""
        never = isinstance(error, NameError) and error.name not in self.bound
        if never and self.unknown is not None:
            return "follows"
        return "differs" if self._cell is not None and self._cell.well and not never else ""

    def _names_behind(self, error: BaseException, statement: ast.stmt) -> set[str]:
        """Names of the notebook that the statement, and the functions that it was in, read."""
        names = read_names(statement)
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_globals is self.shell.user_ns:
                names |= set(trace.tb_frame.f_code.co_names)
            trace = trace.tb_next
        return names

    def _settle(self, statement: ast.stmt, failed: Any) -> None:
        """Note what became of a statement; `failed` is the result of one that was left out."""
        touched = bound_names(statement)
        changed = self._changed(statement)
        refilled = refilled_name(statement)
        read = read_names(statement) - {refilled}
        leaning = {name: self.lacking[name] for name in read if name in self.lacking}
        leaning |= dict.fromkeys(self._nowhere(read - touched), self.unknown or 0)
        self.leaned |= leaning
        number = min(leaning.values(), default=self.told)
        space = self.shell.user_ns
        self.of_machine = names_of_machine(statement, touched, space, self.of_machine)
        if failed is not None:
            if binds_unknown(statement):
                self.unknown = self.told
            error = failed.error_before_exec or failed.error_in_exec
            failed.error_before_exec = failed.error_in_exec = None
            said = (type(error).__name__, _one_line(error))
            self._tell(self._reason, self._text(statement), said, touched | changed)
        elif self.substitute[0]:
            reason, instead = self.substitute
            self._tell(reason, self._text(statement), ("", instead), touched | changed)
        elif not leaning:
            for name in touched | {refilled}:
                self.lacking.pop(name, None)
            return
        self.lacking |= dict.fromkeys(touched | changed, number)

    def _nowhere(self, names: set[str]) -> set[str]:
        """Those that the notebook never binds, where a star import that was left out may have."""
        if self.unknown is None:
            return set()
        return {n for n in names - self.bound - set(self.shell.user_ns) if not hasattr(builtins, n)}

    def _changed(self, statement: ast.stmt) -> set[str]:
        """Names whose values a statement may change: neither modules nor functions."""
        space = self.shell.user_ns
        fixed = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
        changed = {n for n in changed_names(statement) if not isinstance(space.get(n), fixed)}
        torch = sys.modules["torch"]
        networks = {n for n in arguments_of(statement) if isinstance(space.get(n), torch.nn.Module)}
        return (changed & set(space)) | networks

    def _tell(self, reason: str, text: str, error: tuple[str, str], names: set[str]) -> None:
        self.told += 1
        self.channel.send(
            "left-out",
            {
                "line": self._line(),
                "code": text[:MOST_CHARACTERS],
                "reason": reason,
                "error": {"name": error[0][:100], "message": error[1]},
                "names": sorted(name[:100] for name in names)[:MOST_TOLD],
            },
        )

    def _line(self) -> int:
        before = self._cell.lines_before + self._cell.blank if self._cell is not None else 0
        return before + getattr(self._statement, "lineno", 1)

    def _text(self, statement: ast.stmt) -> str:
        """The first line of a statement, as the student wrote it."""
        if self._cell is None:
            return ""
        lines = self._cell.source.split("\n")
        first = self._cell.blank + getattr(statement, "lineno", 1) - 1
        return lines[first].strip() if 0 <= first < len(lines) else ""


def as_a_whole(nodelist: list[ast.stmt]) -> list[ast.stmt]:
    """Put all but the last of many statements, which may be shown, into one."""
    *first, last = nodelist
    if any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in first):
        return nodelist  # such a one stands at the beginning, or nowhere
    truth = ast.copy_location(ast.Constant(value=True), first[0])
    return [ast.copy_location(ast.If(test=truth, body=first, orelse=[]), first[0]), last]


def _blank_lines(source: str) -> int:
    lines = source.split("\n")
    return next((n for n, line in enumerate(lines) if line.strip()), 0)


def _is_python(shell: Any, cell: str) -> bool:
    try:
        ast.parse(shell.transform_cell(cell))
    except Exception:  # noqa: BLE001 -- IPython raises what it comes upon
        return False
    return True


def _one_line(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 -- an exception of the notebook's own class
        text = ""
    return text.encode(errors="replace").decode()[:MOST_CHARACTERS]


_under_way: list[GoingOn] = []


def install(channel: Channel, shell: Any, *, ended_well: list[str], bound: list[str]) -> None:
    """Go on in this shell's cells.

    Args:
        channel: To the host.
        shell: The kernel's.
        ended_well: Digests of the cells that ended well as handed in.
        bound: Names that the notebook binds somewhere.
    """
    going = GoingOn(channel, shell, frozenset(ended_well), frozenset(bound))
    going.install()
    _under_way[:] = [going]


def got_instead(reason: str, said: str) -> None:
    """Say that the statement under way asked for something, and got something else or nothing."""
    if _under_way and _under_way[0].told < MOST_TOLD:
        _under_way[0].substitute = (reason, said[:MOST_CHARACTERS])


def source_under_way() -> str:
    """Return the text of the cell under way; empty where there is none."""
    cell = _under_way[0]._cell if _under_way else None
    return cell.source if cell is not None else ""
