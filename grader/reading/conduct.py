"""What a notebook's code does that no answer needs: sockets, processes, files searched.

It is read in the code, never run, and costs nothing: staff are told which cells to look at. What a
notebook often does for good reasons (downloads, `pip`, a look at the GPU) is not told.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from grader.model.notebook_code import dotted_name, imported_names, parsed
from grader.model.records import Cell, Note, Severity
from grader.model.text import cell_label
from grader.reading.notes import note, words

MOST_NAMED = 4
"""Cells that are named for each kind."""

_SOCKETS = (
    "socket.",
    "socketserver.",
    "ftplib.",
    "smtplib.",
    "telnetlib.",
    "asyncio.open_",
    "zmq.",
)
_PROCESSES = (
    *("subprocess.", "pty.", "multiprocessing.Process", "multiprocessing.Pool", "os.system"),
    *("os.popen", "os.fork", "os.exec", "os.spawn", "os.posix_spawn", "os.kill", "os._exit"),
    *("signal.", "concurrent.futures.ProcessPool"),
)
_INTERPRETER = (
    *("ctypes.", "gc.get_objects", "gc.get_referrers", "sys._getframe", "sys.settrace"),
    *("sys.setprofile", "sys.addaudithook", "threading.settrace", "threading.setprofile"),
    *("inspect.currentframe", "inspect.stack", "builtins.", "sys.meta_path", "sys.modules"),
    *("resource.setrlimit", "ipykernel.", "jupyter_client."),
)
_KINDS = {"sockets": _SOCKETS, "processes": _PROCESSES, "interpreter": _INTERPRETER}
"""Kind to beginnings of full names of what does it."""
_WALKS = (
    "os.walk",
    "os.listdir",
    "os.scandir",
    "glob.",
    "open",
    "pathlib.Path",
    "os.open",
    "io.open",
)
_ELSEWHERE = re.compile(r"/(?:$|\*|(?:etc|proc|sys|root|var|dev|run|boot|home)(?:/|$))|~?/?\.ssh\b")
"""Places of the system, where nothing of the assignment lies. `/content` and `/tmp` are none."""
_USUAL = re.compile(
    r"\b(?:pip3?|wget|curl|unzip|tar|gdown|nvidia-smi|conda|mamba|apt(?:-get)?|git|ls|mkdir|cp|mv|rm|cat"
    r"|pwd|head|du|df|free|which|uname|lscpu|clear|cls|jupyter|ffmpeg)\b"
)
"""Commands that honest notebooks run."""
_WORDS = {
    "files": "doing.files",
    "sockets": "doing.sockets",
    "processes": "doing.processes",
    "interpreter": "doing.interpreter",
}
"""Kind to the code of its words, in the order in which they are told."""
_KERNEL = re.compile(r"get_ipython\(\)\s*\.\s*kernel|_pset4\b")


def conduct_notes(cells: Iterable[Cell]) -> tuple[Note, ...]:
    """Return a note for staff on what the code of a notebook does beyond answering; or none."""
    code = [cell for cell in cells if cell.kind == "code" and cell.source.strip()]
    trees = {cell.index: parsed(cell.code) for cell in code}
    aliases = dict(
        pair for tree in trees.values() if tree is not None for pair in imported_names(tree)
    )
    found: dict[str, list[int]] = {}
    for cell in code:
        tree = trees[cell.index]
        kinds = set(_in_tree(tree, aliases)) if tree is not None else set()
        if _KERNEL.search(cell.source):
            kinds.add("interpreter")
        for kind in kinds:
            found.setdefault(kind, []).append(cell.index)
    if not found:
        return ()
    listing = "; ".join(
        f"{words(code)} ({_named(found[kind])})" for kind, code in _WORDS.items() if kind in found
    )
    return (note("conduct", Severity.WARNING, listing=listing),)


def _in_tree(tree: ast.Module, aliases: dict[str, str]) -> Iterator[str]:
    """Yield the kinds of what a cell does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _full(node.func, aliases)
            said = list(_texts(node))
            if name.startswith(_WALKS) and any(_ELSEWHERE.match(text) for text in said):
                yield "files"
            if name.startswith(_PROCESSES) and any(_USUAL.search(text) for text in said):
                continue  # such as a download
            yield from _of_name(name)
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            yield from _of_name(_full(node, aliases))  # assigned to, as in `builtins.open = …`


def _texts(call: ast.Call) -> Iterator[str]:
    """Yield the texts among a call's arguments, and in lists of them."""
    for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
        inside = argument.elts if isinstance(argument, ast.List | ast.Tuple) else (argument,)
        for one in inside:
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.value


def _of_name(name: str) -> Iterator[str]:
    for kind, beginnings in _KINDS.items():
        if name.startswith(beginnings):
            yield kind


def _full(node: ast.AST, aliases: dict[str, str]) -> str:
    """Return the full name of what was imported, or `open`; empty for the notebook's own."""
    head, _, rest = dotted_name(node).partition(".")
    full = aliases.get(head, head if head == "open" else "")
    return f"{full}.{rest}" if rest and full else full


def _named(indices: list[int]) -> str:
    listed = ", ".join(cell_label(index) for index in indices[:MOST_NAMED])
    more = len(indices) - MOST_NAMED
    return listed + (f" and {more} more" if more > 0 else "")
