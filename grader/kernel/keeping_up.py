"""Keeps the kernel answering: errors that can be shown, text that can be sent, exits of cells only.

And an answer to every cell: what IPython comes upon before the first statement is the cell's error.
"""

from __future__ import annotations

import functools
import json
import os
import signal
from types import TracebackType
from typing import Any, NoReturn

MOST_FRAMES = 24
"""Frames of one traceback that are shown. A thousand of them take IPython most of a minute, during
which it heeds no interrupt."""
MOST_ERRORS = 6
"""Exceptions of one chain ("during handling of …") that are shown."""
MOST_CHARACTERS = 20_000
"""Of an exception's message; it is sent three times over."""


def install(shell: Any) -> None:
    """Do all of it in this shell and its kernel."""
    _shorten_tracebacks(shell.InteractiveTB)
    _send_any_text(shell.kernel.session)
    _end_cells_only(shell)
    _answer_always(shell)
    _show_any_error(shell)


def showable(error: BaseException) -> BaseException:
    """Return an exception, or a stand-in of the same name if its message cannot be shown.

    Jupyter asks an exception for its text when it replies, and does not reply where that raises;
    so too where the exception draws a traceback of its own that is no text.
    """
    try:
        text = str(error)
        if len(text) <= MOST_CHARACTERS and not hasattr(error, "_render_traceback_"):
            return error
        text = text[:MOST_CHARACTERS] + " …" * (len(text) > MOST_CHARACTERS)
    except BaseException:  # noqa: BLE001 -- code of the notebook, whatever it raises
        text = "(its message cannot be shown)"
    try:
        kind: type[Exception] = type(str(type(error).__name__), (Exception,), {})
    except BaseException:  # noqa: BLE001 -- the name is the notebook's too
        kind = Exception
    return kind(text).with_traceback(error.__traceback__)


def _show_any_error(shell: Any) -> None:
    """Let IPython show and report exceptions by `showable`."""
    plain, runs = shell._get_exc_info, shell.run_cell_async

    def exc_info(*args: Any) -> tuple[Any, Any, Any]:
        kind, error, trace = plain(*args)
        shown = showable(error) if isinstance(error, BaseException) else error
        return (kind, error, trace) if shown is error else (type(shown), shown, trace)

    @functools.wraps(runs)
    async def run_cell_async(*args: Any, **kwargs: Any) -> Any:
        result = await runs(*args, **kwargs)
        for place in ("error_before_exec", "error_in_exec"):
            error = getattr(result, place)
            if error is not None:
                setattr(result, place, showable(error))
        return result

    shell._get_exc_info, shell.run_cell_async = exc_info, run_cell_async


def _shorten_tracebacks(shown: Any) -> None:
    plain = shown.structured_traceback

    def structured_traceback(etype: Any, evalue: Any, etb: Any, *args: Any, **kwargs: Any) -> Any:
        _shorten_chain(evalue)
        _shorten(etb)
        return plain(etype, evalue, etb, *args, **kwargs)

    shown.structured_traceback = structured_traceback


def _shorten_chain(error: BaseException | None) -> None:
    seen: set[int] = set()
    while isinstance(error, BaseException) and id(error) not in seen:
        seen.add(id(error))
        _shorten(error.__traceback__)
        behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if len(seen) == MOST_ERRORS and behind is not None:
            error.__cause__ = error.__context__ = None
            return
        error = behind


def _shorten(trace: TracebackType | None) -> None:
    """Take the frames out of the middle."""
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    if len(frames) > MOST_FRAMES:
        frames[MOST_FRAMES // 2 - 1].tb_next = frames[-(MOST_FRAMES // 2)]


def _send_any_text(session: Any) -> None:
    """Half of a surrogate pair has no UTF-8: a message that holds one was never sent."""
    plain = session.pack

    def pack(message: Any) -> bytes:
        try:
            packed: bytes = plain(message)
        except UnicodeEncodeError:
            text = json.dumps(message, default=str, ensure_ascii=False)
            return text.encode("utf-8", errors="replace")
        return packed

    session.pack = pack


def _answer_always(shell: Any) -> None:
    """Let a cell fail that IPython cannot read.

    Code nested too deep for the compiler raised through IPython, and the kernel never replied.
    """
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult

    plain, waits = shell.run_cell_async, shell.should_run_async

    def should_run_async(*args: Any, **kwargs: Any) -> bool:
        try:
            return bool(waits(*args, **kwargs))
        except Exception:  # noqa: BLE001 -- it compiles, to see whether the cell awaits anything
            return False

    @functools.wraps(plain)
    async def run_cell_async(raw_cell: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return await plain(raw_cell, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the cell ends with it
            info: Any = ExecutionInfo(raw_cell, False, False, True, None, None)  # type: ignore[no-untyped-call]
            result: Any = ExecutionResult(info)  # type: ignore[no-untyped-call]
            result.error_before_exec = error
            shell.showtraceback()
            return result

    shell.should_run_async, shell.run_cell_async = should_run_async, run_cell_async


def _end_cells_only(shell: Any) -> None:
    """Let `exit()`, and what restarts a Colab runtime, end its cell and not the whole run."""
    kernel = os.getpid()
    plain_exit, plain_kill = os._exit, os.kill

    def ask_exit() -> NoReturn:
        raise SystemExit("exit() ends this cell; the run goes on")

    def leave(status: int) -> NoReturn:
        if os.getpid() != kernel:
            plain_exit(status)
        raise SystemExit(f"os._exit({status}) ends this cell; the run goes on")

    def kill(pid: int, number: int, /) -> None:
        if pid == kernel == os.getpid() and number in _ENDING:
            raise SystemExit("a kernel that is to be restarted; the run goes on")
        plain_kill(pid, number)

    shell.ask_exit = ask_exit
    os._exit = leave
    os.kill = kill


_ENDING: frozenset[int] = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGHUP})
