"""Which code this is: the release, and digests of the code that a stage runs.

A digest is over compiled code without docstrings: comments, docstrings and the form of the source
do not count, anything that can change a result does. It differs between versions of Python.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import importlib.util
import marshal
import py_compile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import CodeType

DISTRIBUTIONS = ("pset4-grader", "pset4-check")
"""Names under which this code is installed: the whole of it, or what students get."""
PACKAGES = ("grader", "reference")
"""Where our modules are."""
WITHOUT_DOCSTRINGS = 2
"""Python's level of optimization that drops them."""
_OF_SOURCE = (3).to_bytes(4, "little")
"""Flags of compiled code that is kept with a hash of its source."""
_TABLES = (".", "messages")
"""Folders of a package whose TOML files its modules read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleCode:
    """What a module says, and what it imports."""

    digest: str
    """Of its code."""
    imports: frozenset[str]
    """Modules of ours that it imports, anywhere in it."""


def release() -> str:
    """Return the version of the installed distribution.

    Raises:
        PackageNotFoundError: neither is installed.
    """
    whole, students = DISTRIBUTIONS
    try:
        return importlib.metadata.version(whole)
    except importlib.metadata.PackageNotFoundError:
        return importlib.metadata.version(students)


def code_version() -> str:
    """Return release and digest, such as `0.1.0+3f2a…`, of all that grades; for people."""
    return f"{release()}+{code_digest(('grader.pipeline',))[:16]}"


@functools.cache
def code_digest(roots: tuple[str, ...]) -> str:
    """Return a digest of the code that modules run: their own, and of all that they import.

    The TOML tables beside them count too.

    Args:
        roots: Names of modules; a package stands for all modules right in it where it ends in
            `.*`, as for those that are found by their folder.
    """
    digest = hashlib.sha256()
    for name in sorted(closure(roots)):
        digest.update(f"{name}\0{_module(name).digest}\n".encode())
        for table in _tables(_paths()[name]):
            digest.update(f"{name}/{table.name}\0".encode() + table.read_bytes())
    return digest.hexdigest()


def closure(roots: Iterable[str], without: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the names of the modules, of all that they import, and of the packages around them.

    Args:
        roots: See `code_digest`.
        without: Modules and packages that are not followed.
    """
    found: set[str] = set()
    waiting = [name for root in roots for name in _expanded(root)]
    left_out = tuple(f"{name}." for name in without)
    while waiting:
        name = waiting.pop()
        if name in _paths() and name not in found and not f"{name}.".startswith(left_out):
            found.add(name)
            waiting += [*_module(name).imports, name.rpartition(".")[0]]
    return frozenset(found)


def module_file(name: str) -> Path:
    """Return the file of a module of ours."""
    return _paths()[name]


def _expanded(root: str) -> list[str]:
    package, star, _ = root.partition(".*")
    if not star:
        return [root]
    return [name for name in _paths() if name.rpartition(".")[0] == package]


@functools.cache
def _paths() -> dict[str, Path]:
    """Return the files of our modules by the modules' names."""
    found = {}
    for package in PACKAGES:
        folder = _folder(package)
        for path in sorted(folder.rglob("*.py")):
            parts = [package, *path.relative_to(folder).with_suffix("").parts]
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _folder(package: str) -> Path:
    return Path(str(resources.files(package)))


@functools.cache
def _module(name: str) -> ModuleCode:
    code = _compiled(_paths()[name])
    digest = hashlib.sha256()
    imports: set[str] = set()
    for one in _within(code):
        constants = [_told(c) for c in one.co_consts if not isinstance(c, CodeType)]
        facts = (
            one.co_name, one.co_names, one.co_varnames, one.co_freevars, one.co_cellvars,
            one.co_argcount, one.co_posonlyargcount, one.co_kwonlyargcount, one.co_flags, constants,
        )  # fmt: skip
        digest.update(repr(facts).encode() + one.co_code + one.co_exceptiontable)
        imports.update(_imports(one))
    return ModuleCode(digest=digest.hexdigest(), imports=frozenset(imports))


def _told(constant: object) -> str:
    """Return a constant as text, the same in every process; sets have no order of their own."""
    if isinstance(constant, tuple):
        return f"({','.join(_told(one) for one in constant)})"
    if isinstance(constant, frozenset):
        return f"{{{','.join(sorted(_told(one) for one in constant))}}}"
    return repr(constant)


def _within(code: CodeType) -> Iterator[CodeType]:
    """Yield the code and all functions and classes in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _within(constant)


def _imports(code: CodeType) -> Iterator[str]:
    """Yield names that may be imported: `a.b` of `import a.b`, `a.b` and `a.b.c` of `from a.b`."""
    lists = [c for c in code.co_consts if isinstance(c, tuple)]
    names = [name for c in lists for name in c if isinstance(name, str)]
    for module in code.co_names:
        if module.partition(".")[0] in PACKAGES:
            yield module
            yield from (f"{module}.{name}" for name in names)


def _compiled(path: Path) -> CodeType:
    """Return a module's code without docstrings; Python keeps it beside the module's own."""
    source = path.read_bytes()
    kept = Path(importlib.util.cache_from_source(str(path), optimization=WITHOUT_DOCSTRINGS))
    header = importlib.util.MAGIC_NUMBER + _OF_SOURCE + importlib.util.source_hash(source)
    with contextlib.suppress(OSError):
        data = kept.read_bytes()
        if data.startswith(header):
            code: CodeType = marshal.loads(data[len(header) :])  # noqa: S302 -- Python's own cache
            return code
    with contextlib.suppress(OSError):  # an installation that cannot be written to
        py_compile.compile(
            str(path),
            str(kept),
            doraise=True,
            optimize=WITHOUT_DOCSTRINGS,
            invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
        )
    return compile(source, str(path), "exec", dont_inherit=True, optimize=WITHOUT_DOCSTRINGS)


def _tables(module: Path) -> list[Path]:
    if module.name != "__init__.py":
        return []
    return [path for folder in _TABLES for path in sorted((module.parent / folder).glob("*.toml"))]
