"""Whether a notebook's own words failed for what they ask of the machine.

`assert torch.__version__ == "1.8"`, `os.environ["COLAB_GPU"]`, `resource.setrlimit(…)`: what they
ask for is another here. An assertion counts only where nothing that the notebook computed
stands in it, so that a student's wrong result is never the machine's.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import os
import sys
from collections.abc import Iterator, Mapping, Set
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, TracebackType
from typing import Any

FACTS = frozenset(
    """
    IPython cv2.VideoCapture cv2.cuda cv2.getBuildInformation ctypes distro distutils getpass glob
    genericpath.exists genericpath.isdir genericpath.isfile google.colab importlib.metadata
    importlib.util.find_spec importlib_metadata ipykernel locale multiprocessing os.access
    os.cpu_count os.environ os.getcwd os.getenv os.getlogin os.getuid os.listdir os.name os.nice
    os.path.exists os.path.expanduser os.path.getsize os.path.isdir os.path.isfile
    os.sched_getaffinity os.sched_setaffinity os.uname pathlib.Path pkg_resources platform
    posixpath.expanduser posixpath.isdir psutil resource shutil.disk_usage shutil.which signal
    socket sys.executable sys.getwindowsversion sys.hexversion sys.maxsize sys.modules sys.path
    sys.platform sys.version sys.version_info sysconfig torch.accelerator torch.backends torch.cuda
    torch.device torch.get_num_threads torch.hub.get_dir torch.mps torch.multiprocessing
    torch.set_num_interop_threads torch.set_num_threads torch.version torch.xpu
    """.split()  # noqa: SIM905 -- a table
)
"""What tells about a machine, or sets it, by its full name; what lies in it too."""
_OF_ANYTHING = frozenset({"__version__", "device", "is_cuda"})
"""Attributes that tell of the machine, whatever they are of."""
_PLAIN = (str, bytes, int, float, bool, type(None))
_OF_LIBRARIES = (type, FunctionType, BuiltinFunctionType, MethodType)
_MOST_VALUES = 100
"""Values of a list that are looked at."""


def asks_machine(node: ast.expr, space: Mapping[str, Any], known: Set[str]) -> bool:
    """Return whether an expression is about the machine and nothing that a notebook computed.

    Args:
        node: The expression.
        space: The notebook's names.
        known: Those whose values tell about the machine.
    """
    operands = [node]
    while operands:  # of `a and not b`, each must
        one = operands.pop()
        if isinstance(one, ast.BoolOp):
            operands += one.values
        elif isinstance(one, ast.UnaryOp):
            operands.append(one.operand)
        elif not (_is_asked(one, space, known) and _asks(one, space, known)):
            return False
    return True


def names_of_machine(
    statement: ast.stmt, bound: Set[str], space: Mapping[str, Any], known: Set[str]
) -> set[str]:
    """Return the names that tell about the machine from a statement on.

    Only texts, numbers and the like: a tensor that lies on a device tells of more.

    Args:
        statement: The one that was run.
        bound: Names that it binds.
        space: The notebook's names.
        known: Those that told about the machine before it.
    """
    match statement:
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            tell = asks_machine(value, space, known)
        case ast.If(test=test):
            tell = asks_machine(test, space, known)
        case ast.Try(body=body):  # try: import google.colab …
            tell = any(isinstance(one, (ast.Import, ast.ImportFrom)) for one in body)
        case _:
            tell = False
    anew = {name for name in bound if tell and _is_constant(_value(name, space))}
    return (set(known) - bound) | anew


def failed_for_machine(
    error: BaseException, statement: ast.stmt, space: Mapping[str, Any], known: Set[str]
) -> bool:
    """Return whether an exception came of what the notebook asks of the machine.

    Args:
        error: The exception.
        statement: The one that ended with it.
        space: The notebook's names.
        known: Those whose values tell about the machine.
    """
    if not isinstance(error, (Exception, SystemExit)) or isinstance(
        error, (NameError, MemoryError)
    ):
        return False
    place = _last_place(error.__traceback__, space)
    if place is None:
        return False
    above = list(_above(_tree(place, statement), _position(place)))
    inner = next((one for one in reversed(above) if isinstance(one, ast.stmt)), None)
    if isinstance(inner, ast.Assert) and type(error) is AssertionError:
        return asks_machine(inner.test, space, known)
    if isinstance(inner, ast.Raise) or isinstance(error, SystemExit):
        guards = [one.test for one in above if isinstance(one, (ast.If, ast.While))]
        return bool(guards) and asks_machine(guards[-1], space, known)
    last = above[-1] if above else None
    if isinstance(last, ast.Attribute) and last.attr in _OF_ANYTHING:
        return False  # it has none
    return (
        isinstance(last, ast.expr) and _is_asked(last, space, known) and _asks(last, space, known)
    )


# -- expressions ----------------------------------------------------------------------------------


def _asks(node: ast.expr, space: Mapping[str, Any], known: Set[str]) -> bool:
    own = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and _is_stored(one)}
    found = False
    waiting: list[ast.AST] = [node]
    while waiting:
        part = waiting.pop()
        if _is_fact(part, space):
            found = True
        elif isinstance(part, ast.Name):
            found = found or part.id in known
            if not (part.id in own | known or _is_plain(_value(part.id, space))):
                return False
        else:
            waiting.extend(ast.iter_child_nodes(part))
    return found


def _is_asked(node: ast.expr, space: Mapping[str, Any], known: Set[str]) -> bool:
    """Whether it is the machine's answer that an expression takes, and not only for its device."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        match one:
            case ast.Name(id=name) if name in known:
                return True
            case ast.Name() | ast.Attribute() if _is_named(one, space):
                return True
            case ast.Attribute(attr=name) if name in _OF_ANYTHING:
                return True
            case _:
                waiting += _takes(one, space)
    return False


def _takes(node: ast.expr, space: Mapping[str, Any]) -> list[ast.expr]:
    """The expressions of which an expression is an answer."""
    match node:
        case ast.Call(func=function, args=args):
            return [function, *args] if _path(function, space) else [function]
        case ast.Subscript(value=inner) | ast.Attribute(value=inner):
            return [inner]
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Compare(left=left, comparators=others):
            return [left, *others]
        case ast.ListComp(generators=parts) | ast.GeneratorExp(generators=parts):
            return [part.iter for part in parts]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return elements
    return []


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _is_fact(node: ast.AST, space: Mapping[str, Any]) -> bool:
    of_anything = isinstance(node, ast.Attribute) and node.attr in _OF_ANYTHING
    return of_anything or _is_named(node, space)


def _is_named(node: ast.AST, space: Mapping[str, Any]) -> bool:
    if not isinstance(node, (ast.Attribute, ast.Name)):
        return False
    parts = _path(node, space).split(".")
    return any(".".join(parts[:n]) in FACTS for n in range(1, len(parts) + 1))


def _path(node: ast.expr, space: Mapping[str, Any]) -> str:
    """The full name of what an expression of names and dots stands for; empty for none."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    base = _name_of(_value(node.id, space)) if isinstance(node, ast.Name) else ""
    return ".".join([base, *reversed(attributes)]) if base else ""


def _name_of(value: Any) -> str:
    if isinstance(value, ModuleType):
        return value.__name__
    if value is os.environ:
        return "os.environ"
    if value is sys.version_info or value is sys.modules:
        return "sys.version_info"
    if type(value).__module__ == "torch" and type(value).__name__ == "device":
        return "torch.device"
    if not callable(value):
        return ""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    return f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else ""


def _value(name: str, space: Mapping[str, Any]) -> Any:
    return space.get(name, getattr(builtins, name, _value))


def _is_plain(value: Any) -> bool:
    """Whether a value is a constant, or a library's function: nothing of the notebook's."""
    if _is_constant(value) or isinstance(value, ModuleType):
        return True
    module = getattr(value, "__module__", None)
    of_library = isinstance(module, str) and module not in {"__main__", __name__}
    return of_library and isinstance(value, _OF_LIBRARIES)


def _is_constant(value: Any) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return len(value) <= _MOST_VALUES and all(type(one) in _PLAIN for one in value)
    return type(value) in _PLAIN


# -- places ---------------------------------------------------------------------------------------


def _last_place(trace: TracebackType | None, space: Mapping[str, Any]) -> TracebackType | None:
    """Where the notebook's own code was last."""
    last = None
    while trace is not None:
        if trace.tb_frame.f_globals is space:
            last = trace
        trace = trace.tb_next
    return last


def _tree(place: TracebackType, statement: ast.stmt) -> ast.AST:
    lines = linecache.getlines(place.tb_frame.f_code.co_filename)
    return ast.parse("".join(lines)) if lines else statement


def _position(place: TracebackType) -> tuple[int, int, int, int]:
    """First line and column, and last ones, of what was run."""
    positions = list(place.tb_frame.f_code.co_positions())
    line, last, column, end = positions[place.tb_lasti // 2]
    return line or place.tb_lineno, column or 0, last or place.tb_lineno, end or 0


def _above(tree: ast.AST, place: tuple[int, int, int, int]) -> Iterator[ast.AST]:
    """Yield the nodes that hold a place, from the outermost to the one that lies there."""
    node: ast.AST | None = tree
    while node is not None:
        if isinstance(node, (ast.stmt, ast.expr)):
            yield node
        node = next((one for one in ast.iter_child_nodes(node) if _holds(one, place)), None)


def _holds(node: ast.AST, place: tuple[int, int, int, int]) -> bool:
    if not isinstance(node, (ast.stmt, ast.expr)):
        return any(_holds(one, place) for one in ast.iter_child_nodes(node))
    last, end = node.end_lineno or node.lineno, node.end_col_offset or 0
    return (node.lineno, node.col_offset) <= place[:2] and place[2:] <= (last, end)
