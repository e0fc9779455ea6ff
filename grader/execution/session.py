"""A kernel session: ipykernel over ZMQ ipc, driven by nbclient one cell at a time."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import nbformat
import zmq
from nbclient.exceptions import DeadKernelError

from grader.execution.breaches import Breach, Breaches
from grader.execution.client import CappedClient
from grader.execution.kernels import end_kernel, kernel_manager
from grader.execution.left_out import NO_PYTHON
from grader.execution.limit_errors import limit_sentence
from grader.execution.notes import words
from grader.execution.patience import MOST_MORE, Patience, first_of, for_cell
from grader.model.disk import disk_full, is_full
from grader.model.records import BUSY_MACHINE, CellRun, Limits, Outcome
from grader.model.text import cell_label, one_line
from grader.sandbox.memory import tree_memory_mib
from grader.sandbox.provisioner import KernelPlace
from reference.errors import GraderFault

MEMORY_POLL_S = 0.5
"""Seconds between looks at the memory of a run that has no control group."""
NEVER_S = 10**9
"""Seconds of a time limit of the client's, which goes by the clock on the wall, that may jump."""
LAST_WORDS_S = 0.5
"""Seconds in which a kernel that hung up turns out to have ended."""
MOST_SAID = 20_000
"""Characters of a cell's output that are kept: what is longer is no statement of a result."""


class KernelGone(Exception):
    """The kernel ended, or was killed, before the request did; it carries why."""

    def __init__(self, breach: Breach) -> None:
        super().__init__(breach.sentence)
        self.breach = breach


_OWN_FILE = re.compile(r"\((?:\d+\.py|<ipython-input-[^>]*>), line (\d+)\)$")
"""How IPython names a cell at the end of such an error: a file that the student never made."""
MEMORY_LIMIT = "MemoryLimit"
"""Name of what ends a run that takes too much memory."""
_DIED = Breach(
    name="KernelDied",
    sentence=words("kernel-ended"),
    outcome=Outcome.STUDENT_ERROR,
)


def _protocol(error: Exception) -> Breach:
    return Breach(
        name="ProtocolViolation",
        sentence=words("protocol", error=type(error).__name__),
        outcome=Outcome.STUDENT_ERROR,
    )


def _memory(limits: Limits) -> Breach:
    return Breach(
        name=MEMORY_LIMIT,
        sentence=words("memory.run", limit_mib=limits.run_memory_mib),
    )


@dataclass
class Session:
    """A started kernel. Use `open_session`."""

    client: Any
    manager: Any
    limits: Limits
    breaches: Breaches
    alive: bool = True
    _cells_started: float = field(default_factory=time.monotonic)
    _probes_s: float = 0.0
    _given_s: float = 0.0

    @property
    def lost(self) -> bool:
        """Whether the kernel went down with its fork server; known once it has ended."""
        return bool(self.manager.provisioner.lost)

    async def run_cell(self, cell: Any, cell_index: int) -> CellRun:
        """Run one code cell of the notebook under its deadline; outputs go into `cell`."""
        left_s = self.limits.notebook_timeout_s - (time.monotonic() - self._cells_started)
        timeout_s = max(0.0, min(self.limits.cell_timeout_s, left_s))
        self.client.cell_bytes, self.client.reply = 0, {}
        self.breaches.next_cell()
        started = time.perf_counter()
        try:
            patience = for_cell(timeout_s, self.limits.busy_machine_s - self._given_s)
            breach = await self._bounded(
                self.client.async_execute_cell(cell, cell_index), timeout_s, patience
            )
        except KernelGone as gone:
            return _ended(cell_index, started, gone.breach)
        if breach is not None:
            return _ended(cell_index, started, breach)
        return replace(self._from_reply(cell_index, started), said=_said(cell.get("outputs")))

    async def run_hidden(self, code: str, timeout_s: float) -> Breach | None:
        """Run our own code outside the notebook; return what ended it early, None for nothing."""
        cell = nbformat.v4.new_code_cell(code)  # type: ignore[no-untyped-call]
        place = (
            len(self.client.nb.cells) - 1
        )  # nbclient writes the cell there: our own scratch slot
        self.client.cell_bytes, self.client.reply = 0, {}
        self.breaches.next_cell()
        started = time.monotonic()
        request = self.client.async_execute_cell(cell, place, store_history=False)
        try:
            breach = await self._bounded(request, timeout_s, Patience(most_s=MOST_MORE * timeout_s))
        except KernelGone as gone:
            died = gone.breach is _DIED
            return replace(gone.breach, sentence=words("no-kernel")) if died else gone.breach
        finally:
            # What we ask is not the notebook's time.
            self._cells_started += time.monotonic() - started
        if breach is not None:
            return _no_answer(f"{timeout_s:.0f} s") if breach.outcome is Outcome.TIMEOUT else breach
        reply = self.client.reply
        if reply.get("status") == "ok":
            return None
        name = one_line(str(reply.get("ename", ""))) or "Exception"
        return Breach(
            name=name,
            sentence=f"{name}: {one_line(str(reply.get('evalue', '')))}",
            outcome=Outcome.STUDENT_ERROR,
            fatal=False,
        )

    async def ask(self, code: str) -> Breach | None:
        """Ask a probe under its deadline, and all probes' together; return as `run_hidden`."""
        left_s = self.limits.probes_timeout_s - self._probes_s
        if left_s <= 0:
            return _no_answer(f"{self.limits.probes_timeout_s:.0f} s for all probes together")
        started = time.monotonic()
        timeout_s = min(self.limits.probe_timeout_s, left_s)
        breach = await self.run_hidden(code, timeout_s)
        self._probes_s += min(timeout_s, time.monotonic() - started)
        return breach

    async def _bounded(
        self,
        request: Coroutine[Any, Any, Any],
        timeout_s: float,
        patience: Patience,
    ) -> Breach | None:
        """Wait for the request; at a limit: interrupt, grace, kill.

        nbclient's own timeout is no bound: a cell that ignores the interrupt runs on for minutes.
        Raises `KernelGone`, and nothing else.

        Args:
            request: What is asked of the kernel.
            timeout_s: Wall-clock seconds that it may take.
            patience: How much longer on a busy machine.
        """
        task = asyncio.ensure_future(request)
        watch = asyncio.ensure_future(self.breaches.wait())
        try:
            pid = self.manager.provisioner.pid
            waited = await first_of({task, watch}, timeout_s, pid, patience)
        finally:
            watch.cancel()
        done = waited.done
        if patience.by_others:
            self._given_s += waited.given_s
            self._cells_started += waited.given_s  # nor is that the notebook's
        if task in done:
            await self._result(task)
            return None
        breach = watch.result() if watch in done else _over_time(timeout_s, self.limits)
        if not done and patience.by_others and waited.for_long(timeout_s):
            breach = replace(breach, name=BUSY_MACHINE)
        if breach.fatal:
            await self._kill(task)
            raise KernelGone(await self._why(breach))
        with contextlib.suppress(Exception):  # a channel that student code has closed
            await self.manager.interrupt_kernel()
        fatal = asyncio.ensure_future(self.breaches.wait_fatal())
        await asyncio.wait(
            {task, fatal},
            timeout=self.limits.interrupt_grace_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        fatal.cancel()
        if not task.done():
            await self._kill(task)
            raise KernelGone(_after_kill(breach))
        await asyncio.gather(task, return_exceptions=True)
        return breach

    async def _result(self, task: asyncio.Task[Any]) -> None:
        """Take the request's result; whatever else than an answer came ends the kernel."""
        try:
            task.result()
        except DeadKernelError as error:
            await self._kill(task)
            raise KernelGone(await self._why(_DIED)) from error
        except Exception as error:
            # nbclient reads what the kernel says, and student code may say anything.
            await self._kill(task)
            raise KernelGone(await self._why(_protocol(error))) from error

    async def _why(self, breach: Breach) -> Breach:
        """A better reason for the end, where the system knows one."""
        provisioner = self.manager.provisioner
        place = provisioner.place if provisioner is not None else None
        if place is not None and place.cgroup and place.cgroup.out_of_memory_kills():
            return _memory(self.limits)
        return breach

    async def _kill(self, task: asyncio.Task[Any]) -> None:
        self.alive = False
        await end_kernel(self.manager)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def _from_reply(self, cell_index: int, started: float) -> CellRun:
        """Read off the kernel's reply whether the cell raised; its outputs may be any."""
        reply = self.client.reply
        if reply.get("status") == "ok":
            return _ended(cell_index, started, Breach(name="", sentence="", outcome=Outcome.PASS))
        text = one_line(str(reply.get("evalue", "")))[:500]
        name = one_line(str(reply.get("ename", "")))[:200] or "Exception"
        if name in NO_PYTHON:
            text = _OWN_FILE.sub(rf"({cell_label(cell_index)}, line \1)", text)
        limit = limit_sentence(name, text, self.limits)
        outcome = Outcome.RESOURCE_LIMIT if limit else Outcome.STUDENT_ERROR
        return _ended(
            cell_index, started, Breach(name=name, sentence=limit or text, outcome=outcome)
        )


def _said(outputs: Any) -> str:
    """The text of a cell's outputs; empty where it is longer than `MOST_SAID`, or no text."""
    texts = []
    for output in outputs or ():
        data = output.get("data") or {}
        text = output.get("text", "") if "text" in output else data.get("text/plain", "")
        texts.append(text if isinstance(text, str) else "")
    said = "\n".join(texts)
    if len(said) > MOST_SAID:
        return ""
    return said.encode("utf-8", "replace").decode()  # a lone surrogate goes into no file


def _over_time(timeout_s: float, limits: Limits) -> Breach:
    whole = timeout_s < limits.cell_timeout_s
    code = "time.notebook" if whole else "time.cell"
    limit_s = limits.notebook_timeout_s if whole else timeout_s
    return Breach(
        name=Outcome.TIMEOUT.value,
        sentence=words(code, limit_s=limit_s),
        outcome=Outcome.TIMEOUT,
        fatal=whole and timeout_s <= 0,
    )


def _no_answer(within: str) -> Breach:
    """Our question was interrupted: the student's function did not come to an end."""
    return Breach(
        name=Outcome.TIMEOUT.value,
        sentence=words("no-answer", within=within),
        outcome=Outcome.TIMEOUT,
        fatal=False,
    )


def _after_kill(breach: Breach) -> Breach:
    return Breach(
        name=breach.name,
        sentence=words("killed", reason=breach.sentence.rstrip(".")),
        outcome=breach.outcome,
    )


def _ended(cell_index: int, started: float, breach: Breach) -> CellRun:
    return CellRun(
        cell_index=cell_index,
        outcome=breach.outcome,
        seconds=time.perf_counter() - started,
        error_name=breach.name,
        error_message=breach.sentence,
    )


async def _watch_memory(session: Session) -> None:
    """Without a control group: look, and stop a run that is over."""
    while session.alive:
        pid = session.manager.provisioner.pid
        used_mib = await asyncio.to_thread(tree_memory_mib, pid)
        if used_mib > session.limits.run_memory_mib:
            session.breaches.report(_memory(session.limits))
            return
        await asyncio.sleep(MEMORY_POLL_S)


async def _watch_connection(session: Session, channel: Any) -> None:
    """A message over its size makes ZMQ hang up, and nbclient wait for ever."""
    monitor = channel.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    await monitor.recv_multipart()
    await asyncio.sleep(LAST_WORDS_S)
    process = session.manager.provisioner.process
    if session.alive and process is not None and process.poll() is None:
        session.breaches.report(
            Breach(
                name="OutputLimit",
                sentence=words("message-size", limit_mib=session.limits.message_mib),
            )
        )


@asynccontextmanager
async def open_session(
    notebook: Any,
    place: KernelPlace,
    limits: Limits,
    on_evidence: Callable[[Any, list[Any]], None],
    breaches: Breaches,
    on_dropped: Callable[[str], None],
) -> AsyncIterator[Session]:
    """Start a kernel for the notebook; whatever happens, it is gone when the block ends.

    Args:
        notebook: Its cells get their outputs.
        place: Where the kernel lives.
        limits: Of the run.
        on_evidence: Takes what the recorders send.
        breaches: Told of a limit that is reached.
        on_dropped: Told of a message that is no output of a notebook.

    Raises:
        DiskFull: there is no room for what starts it.
        GraderFault: the kernel did not start.
    """
    manager = kernel_manager(place, limits)
    scratch = nbformat.v4.new_code_cell()  # type: ignore[no-untyped-call]
    driven = copy.copy(notebook)
    driven["cells"] = [*notebook.cells, scratch]
    client: Any = CappedClient(
        driven,
        km=manager,
        allow_errors=True,
        timeout=None,
        startup_timeout=NEVER_S,
        iopub_timeout=int(limits.late_output_s),
        store_widget_state=False,
        record_timing=False,
    )
    client.watch(on_evidence, limits, breaches, on_dropped)
    try:
        await client.async_start_new_kernel()
        await asyncio.wait_for(client.async_start_new_kernel_client(), place.startup_timeout_s)
    except Exception as error:
        why = manager.provisioner.why_ended() or str(error) or "it does not answer"
        await end_kernel(manager)
        manager.context.destroy(linger=0)
        if isinstance(error, OSError) and is_full(error):
            raise disk_full(error, place.connection) from error
        raise GraderFault(
            f"The kernel did not start within {place.startup_timeout_s:.0f} s: {why}. "
            "Nothing was graded; try again."
        ) from error
    session = Session(client=client, manager=manager, limits=limits, breaches=breaches)
    channels = (client.kc.iopub_channel.socket, client.kc.shell_channel.socket)
    watches = [asyncio.ensure_future(_watch_connection(session, one)) for one in channels]
    if place.cgroup is None:
        watches.append(asyncio.ensure_future(_watch_memory(session)))
    try:
        yield session
    finally:
        session.alive = False
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
        for channel in channels:
            channel.disable_monitor()
        client.kc.stop_channels()
        await end_kernel(manager)
        manager.context.destroy(linger=0)  # what is unsent to a kernel that is gone stays unsent
