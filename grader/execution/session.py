"""A kernel session: ipykernel over ZMQ ipc, driven by nbclient one cell at a time."""

from __future__ import annotations

import asyncio
import copy
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from grader.execution.workspace import Workspace
from grader.kernel_side.channel import MIME
from grader.records import CellRun, Limits, Outcome
from reference.errors import GraderFault

INTERRUPT_GRACE_S = 10.0
"""Seconds between the interrupt of a cell over its time and the kill of its kernel."""

_LAUNCH = (
    "import sys; sys.modules['debugpy'] = None; "  # saves 0.4 s of every start
    "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
)


class KernelGone(Exception):
    """The kernel ended, or was killed, before the cell did."""


class _Client(NotebookClient):
    """nbclient with our evidence taken out of the outputs and a cap on what stays."""

    def watch(self, on_evidence: Callable[[Any, list[Any]], None], cap_bytes: int) -> None:
        self._on_evidence = on_evidence
        self._cap_bytes = cap_bytes
        self.stored_bytes = 0
        self.over_cap = asyncio.Event()

    def output(self, outs: Any, msg: Any, display_id: Any, cell_index: int) -> Any:
        content = msg["content"]
        if msg["msg_type"] == "display_data" and MIME in content.get("data", {}):
            self._on_evidence(content, msg.get("buffers") or [])
            return None
        self.stored_bytes += len(str(content))
        if self.stored_bytes > self._cap_bytes:
            self.over_cap.set()
            return None
        return super().output(outs, msg, display_id, cell_index)


@dataclass
class Session:
    """A started kernel. Use `open_session`."""

    client: Any
    manager: Any
    limits: Limits
    alive: bool = True
    _notebook_started: float = field(default_factory=time.monotonic)

    async def run_cell(self, cell: Any, cell_index: int) -> CellRun:
        """Run one code cell of the notebook under its deadline; outputs go into `cell`."""
        left_s = self.limits.notebook_timeout_s - (time.monotonic() - self._notebook_started)
        timeout_s = max(1.0, min(self.limits.cell_timeout_s, left_s))
        self.client.stored_bytes = 0
        self.client.over_cap.clear()
        started = time.perf_counter()
        try:
            reason = await self._bounded(
                self.client.async_execute_cell(cell, cell_index), timeout_s
            )
        except KernelGone:
            return _ended(cell_index, started, Outcome.STUDENT_ERROR, "KernelDied", _DIED)
        if reason is not None:
            text = reason.value if self.alive else f"{reason.value}; its kernel had to be killed"
            message = f"{_REASONS[reason]} ({timeout_s:.0f} s)" if reason is Outcome.TIMEOUT else ""
            return _ended(cell_index, started, reason, text, message or _REASONS[reason])
        return _from_outputs(cell, cell_index, started)

    async def run_hidden(self, code: str, timeout_s: float) -> str:
        """Run our own code outside the notebook; return the error it raised, or an empty string."""
        cell = nbformat.v4.new_code_cell(code)  # type: ignore[no-untyped-call]
        place = (
            len(self.client.nb.cells) - 1
        )  # nbclient writes the cell there: our own scratch slot
        request = self.client.async_execute_cell(cell, place, store_history=False)
        try:
            reason = await self._bounded(request, timeout_s)
        except KernelGone:
            return "the kernel ended"
        if reason is not None:
            return f"no answer within {timeout_s:.0f} s"
        for output in cell.outputs:
            if output.output_type == "error":
                return f"{output.ename}: {output.evalue}"
        return ""

    async def _bounded(self, request: Coroutine[Any, Any, Any], timeout_s: float) -> Outcome | None:
        """Wait for the request; over the time or the output cap: interrupt, grace, kill.

        nbclient's own timeout is no bound: a cell that ignores the interrupt runs on for minutes.
        """
        task = asyncio.ensure_future(request)
        flood = asyncio.ensure_future(self.client.over_cap.wait())
        done, _ = await asyncio.wait(
            {task, flood}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        flood.cancel()
        if task not in done:
            reason = Outcome.RESOURCE_LIMIT if flood in done else Outcome.TIMEOUT
            await self.manager.interrupt_kernel()
            finished, _ = await asyncio.wait({task}, timeout=INTERRUPT_GRACE_S)
            if not finished:
                await self._kill(task)
            else:
                await asyncio.gather(task, return_exceptions=True)
            return reason
        try:
            task.result()
        except DeadKernelError as error:
            self.alive = False
            raise KernelGone from error
        return None

    async def _kill(self, task: asyncio.Task[Any]) -> None:
        self.alive = False
        await self.manager.shutdown_kernel(now=True)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


_DIED = (
    "The kernel ended during this cell (for example by exit(), a crash in native code, or too much "
    "memory); the cells after it were not run."
)
_REASONS = {
    Outcome.TIMEOUT: "The cell ran longer than its limit",
    Outcome.RESOURCE_LIMIT: "The cell wrote more output than its limit; it was stopped.",
}


def _ended(cell_index: int, started: float, outcome: Outcome, name: str, message: str) -> CellRun:
    return CellRun(
        cell_index=cell_index,
        outcome=outcome,
        seconds=time.perf_counter() - started,
        error_name=name,
        error_message=message,
    )


def _from_outputs(cell: Any, cell_index: int, started: float) -> CellRun:
    """Read off the cell's outputs whether it raised."""
    for output in cell.outputs:
        if output.output_type == "error":
            text = " ".join(str(output.evalue).split())[:500]
            return _ended(cell_index, started, Outcome.STUDENT_ERROR, str(output.ename), text)
    return _ended(cell_index, started, Outcome.PASS, "", "")


def _kernel_manager(workspace: Workspace) -> Any:
    """A manager whose kernel is ours, whatever the notebook's metadata asks for."""
    manager = AsyncKernelManager(
        transport="ipc",
        ip=str(workspace.root / "k"),
        connection_file=str(workspace.root / "k.json"),
    )
    manager._kernel_spec = KernelSpec(
        argv=[
            sys.executable,
            "-c",
            _LAUNCH,
            "-f",
            "{connection_file}",
            "--HistoryManager.enabled=False",
        ],
        display_name="Python 3",
        language="python",
    )
    return manager


@asynccontextmanager
async def open_session(
    notebook: Any,
    workspace: Workspace,
    limits: Limits,
    environment: dict[str, str],
    on_evidence: Callable[[Any, list[Any]], None],
) -> AsyncIterator[Session]:
    """Start a kernel for the notebook; whatever happens, it is gone when the block ends.

    Raises:
        GraderFault: the kernel did not start.
    """
    manager = _kernel_manager(workspace)
    scratch = nbformat.v4.new_code_cell()  # type: ignore[no-untyped-call]
    driven = copy.copy(notebook)
    driven["cells"] = [*notebook.cells, scratch]
    client: Any = _Client(
        driven,
        km=manager,
        allow_errors=True,
        timeout=None,
        startup_timeout=int(limits.startup_timeout_s),
        store_widget_state=False,
        record_timing=False,
    )
    client.watch(on_evidence, int(limits.output_mib_per_cell * 2**20))
    try:
        await client.async_start_new_kernel(cwd=str(workspace.work), env=environment)
        await client.async_start_new_kernel_client()
    except Exception as error:
        await manager.shutdown_kernel(now=True)
        raise GraderFault(
            f"The kernel did not start within {limits.startup_timeout_s:.0f} s: {error}. "
            "Nothing was graded; try again."
        ) from error
    session = Session(client=client, manager=manager, limits=limits)
    try:
        yield session
    finally:
        client.kc.stop_channels()
        await manager.shutdown_kernel(now=True)
