"""Whether a statement ended for a reason of the machine: a module, a magic, a file, the network.

Only a guess about the exception, which goes to the host as evidence. A notebook that raises such an
exception on purpose gains nothing by it: what depends on it waits for a person.
"""

from __future__ import annotations

import ast
import errno
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import urllib.error
from collections.abc import Iterator

_NETWORK = (
    urllib.error.URLError,
    http.client.HTTPException,
    socket.gaierror,
    ssl.SSLError,
    ConnectionError,
    TimeoutError,
)
_NETWORK_PACKAGES = frozenset(
    {"requests", "urllib3", "gdown", "huggingface_hub", "httpx", "httpcore", "aiohttp", "kaggle"}
)
_UNREADABLE = frozenset(
    {"UnidentifiedImageError", "UnpicklingError", "BadZipFile", "ReadError", "EOFError"}
)
"""Exceptions of a file that is not what its name says, such as the page of a refused download."""
_LIMITS = frozenset({errno.ENOSPC, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.EAGAIN})
"""Numbers of errors that mean a limit of the run."""
_DEVICE = re.compile(
    r"\b(cuda|cudnn|nvidia|gpus?|tpus?|mps)\b|no display|Rebuild the library with Windows",
    re.IGNORECASE,
)
_FILE = re.compile(r"Parent directory .* does not exist|No such file or directory")
_RUN_CODE = frozenset(
    {"time", "timeit", "run", "prun", "capture", "debug", "lprun", "memit", "mprun", "scalene"}
)
"""Magics that run code of the notebook: what it raises is its own."""
_MOST_LINKS = 10
"""Exceptions of a chain that are looked at."""


def reason_of(error: BaseException, statement: ast.stmt, source: str) -> str:
    """Return the reason of the machine for which a statement ended; empty for none.

    Args:
        error: What it raised.
        statement: The statement.
        source: Its text.
    """
    if isinstance(error, SystemExit):
        if _DEVICE.search(str(error)):
            return "device"
        behind = list(_chain(error))[1:]  # except ImportError: sys.exit()
        return next((why for one in behind if (why := _reason_of_one(one, source))), "")
    if not isinstance(error, Exception) or _is_no_reason(error):
        return ""
    if _calls_magic(statement) or type(error).__name__ == "UsageError":
        return "magic"
    for link in _chain(error):
        found = _reason_of_one(link, source)
        if found:
            return found
    return ""


def _is_no_reason(error: Exception) -> bool:
    """Whether it is an unfinished stub, or a limit of the run."""
    if isinstance(error, MemoryError) or "out of memory" in str(error):
        return True
    if isinstance(error, OSError) and error.errno in _LIMITS:
        return True
    return type(error) is NotImplementedError and not _DEVICE.search(str(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, and those that it came of."""
    link: BaseException | None = error
    for _ in range(_MOST_LINKS):
        if link is None:
            return
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _reason_of_one(error: BaseException, source: str) -> str:
    kind = type(error)
    package = kind.__module__.partition(".")[0]
    if isinstance(error, ImportError):
        return "" if _is_own_module(error.name) else "module"
    if kind.__name__ == "StdinNotImplementedError":
        return "input"
    if isinstance(error, _NETWORK) or package in _NETWORK_PACKAGES:
        return "network"
    if isinstance(error, subprocess.CalledProcessError):
        return "command"
    if isinstance(error, OSError) or kind.__name__ in _UNREADABLE or _FILE.search(str(error)):
        return "file"
    asks_for_device = isinstance(error, AssertionError) and _DEVICE.search(source)
    if not isinstance(error, NameError) and (_DEVICE.search(str(error)) or asks_for_device):
        return "device"
    return ""


def _is_own_module(name: str | None) -> bool:
    """Whether a module that was found lies among the student's own files."""
    file = getattr(sys.modules.get(name or ""), "__file__", None)
    home = os.path.expanduser("~")  # noqa: PTH111
    return isinstance(file, str) and os.path.abspath(file).startswith(home + os.sep)  # noqa: PTH100


def _calls_magic(statement: ast.stmt) -> bool:
    """Whether a statement is a line with a magic or a shell command that runs no Python of it."""
    call = getattr(statement, "value", None)
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=kind),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return kind in {"system", "getoutput"} or name not in _RUN_CODE
    return False
