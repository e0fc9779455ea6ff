"""One run inside the driver: the steps of a plan in a kernel, and what was seen."""

from __future__ import annotations

import asyncio
import importlib.metadata
import platform
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat

from grader.execution.asking import Asking, better, no_reply
from grader.execution.breaches import Breach, Breaches
from grader.execution.collector import Collector, StepProgress
from grader.execution.course_files import (
    CourseFiles,
    course_files,
    proxy_environment,
    serve_in_box,
    serve_on_loopback,
)
from grader.execution.fresh_notebook import fresh_notebook
from grader.execution.left_out import as_handed_in, machine_facts, notes_of
from grader.execution.notes import note, words
from grader.execution.places import boxed_place, plain_place, why_cold
from grader.execution.request import DriverRequest, Progress
from grader.execution.session import Session, open_session
from grader.execution.sources import repeat_source
from grader.execution.workspace import KERNEL_PACKAGE
from grader.model.disk import disk_full, is_full
from grader.model.records import (
    CellRun,
    Evidence,
    HostFacts,
    Note,
    Outcome,
    ProbeSpec,
    RepeatAttack,
    RunCell,
    RunProbe,
    Severity,
)
from grader.model.text import cell_label, one_line
from grader.sandbox.provisioner import KernelPlace
from grader.sandbox.tiers import Tier
from reference.errors import GraderFault

LONG_S = 5.0
"""Seconds after which it is told that something still runs, and how long it may."""
NAMED_FILES = 5
"""Files that a note names."""


class WarmFailed(Exception):
    """The run could not be made with a warm kernel; with a cold one it may be. It carries why."""


def run_notebook(
    request: DriverRequest,
    on_progress: Callable[[Progress], None],
    on_started: Callable[[], None],
) -> Evidence:
    """Run the notebook by the plan and return what was seen.

    Args:
        request: The run.
        on_progress: Told how far it is.
        on_started: Called when the kernel's box is made, before it is listened to.

    Raises:
        WarmFailed: it has to be made cold.
        GraderFault: the kernel could not be started or prepared; the student is not at fault.
    """
    files = course_files({url: Path(path) for url, path in request.routes.items()})
    authority = files.authority.cert_pem.bytes()
    with ExitStack() as serving:
        if not request.tier.boxed:
            Path(request.workspace.authority).write_bytes(authority)
            port = serving.enter_context(serve_on_loopback(files))
            place = plain_place(request, proxy_environment(port))
        else:
            on_listeners = serving.enter_context(serve_in_box(files))
            place = boxed_place(request, on_listeners, authority, on_started)
        return _run_in(place, request, files, on_progress)


def _run_in(
    place: KernelPlace,
    request: DriverRequest,
    files: CourseFiles,
    on_progress: Callable[[Progress], None],
) -> Evidence:
    """Run it there; a warm start may fail by whatever fault."""
    run = _Run(request, files, place, on_progress, why_cold(request))
    try:
        asyncio.run(run.go())
    except GraderFault as fault:
        if place.warm is None or run.begun:
            raise
        raise WarmFailed(str(fault.__cause__ or fault)) from fault
    if run.lost:
        raise WarmFailed("the fork server ended while the notebook ran")
    return run.evidence()


class _Run:
    """One run under way."""

    def __init__(
        self,
        request: DriverRequest,
        files: CourseFiles,
        place: KernelPlace,
        on_progress: Callable[[Progress], None],
        why_cold: str,
    ) -> None:
        self.begun = False
        """Whether a cell of the notebook has been run."""
        self.lost = False
        """Whether the kernel went down with its fork server."""
        self._why_cold = why_cold
        self._plan = request.plan
        self._request = request
        self._files = files
        self._place = place
        self._on_progress = on_progress
        self._breaches = Breaches()
        self._collector = Collector(
            folder=request.evidence_folder,
            nonce=request.plan.nonce,
            max_bytes=int(request.plan.limits.evidence_mib * 2**20),
            max_messages=request.plan.limits.evidence_messages,
        )
        self._started = time.perf_counter()
        self._notebook = fresh_notebook(request.submission)
        self._cells: list[CellRun] = []
        self._asking = Asking(request.plan)
        self._unwritten: OSError | None = None
        """Why an array of the evidence could not be written."""
        self._done = 0
        self._label = "starting the kernel"

    async def go(self) -> None:
        """Start the kernel, take the steps of the plan, write the executed notebook."""
        limits = self._plan.limits
        self._report()
        async with open_session(
            self._notebook,
            self._place,
            limits,
            self._on_evidence,
            self._breaches,
            self._collector.problem,
        ) as session:
            await self._prepare(session)
            for number, step in enumerate(self._plan.steps):
                if not session.alive:
                    break
                self.begun = True
                match step:
                    case RunCell():
                        await self._run_cell(session, step)
                        await self._ask_all(session, self._asking.after(number))
                    case RunProbe() if self._asking.due(step.probe):
                        await self._ask(session, step.probe)
                    case RepeatAttack():
                        await self._ask_the_rest(session)
                        await self._repeat(session, step)
                self._done += 1
            await self._ask_the_rest(session)
        self.lost = session.lost
        self._write()

    def _write(self) -> None:
        """Write the executed notebook; all arrays must be on disk, too."""
        path = self._request.executed_notebook
        try:
            if self._unwritten is not None:
                raise self._unwritten
            nbformat.write(self._notebook, path)  # type: ignore[no-untyped-call]
        except OSError as error:
            if is_full(error):
                raise disk_full(error, path) from error
            raise GraderFault(
                f"{error.filename or path} cannot be written: {error.strerror}. Nothing was graded."
            ) from error

    async def _prepare(self, session: Session) -> None:
        plan = self._plan
        code = (
            # Without the current folder, where a student's torch.py would be taken for the library.
            "import sys; _path = sys.path[:]\n"
            f"sys.path[:] = [{self._request.workspace.side!r}, *filter(None, sys.path)]\n"
            f"import {KERNEL_PACKAGE}.light_torchvision, {KERNEL_PACKAGE}.start\n"
            "sys.path[:] = _path\n"
            f"{KERNEL_PACKAGE}.start.start(get_ipython(), nonce={plan.nonce!r}, "
            f"seed={plan.seed}, shims={[shim.name for shim in plan.shims]!r}, "
            f"wanted={list(self._asking.names)!r}, "
            f"originals={self._request.workspace.originals!r}, "
            f"{machine_facts(self._request.submission)})\n"
            f"del sys, _path, {KERNEL_PACKAGE}\n"
            # From now on the notebook may import its own files, as in any Jupyter.
            "from ipykernel.kernelapp import IPKernelApp as _app\n"
            "_app.instance().ignore_cwd = False; _app.instance().init_path(); del _app\n"
        )
        breach = await session.run_hidden(code, self._place.startup_timeout_s)
        if breach or self._collector.started is None:
            why = breach.sentence if breach else "it did not report back"
            raise GraderFault(
                f"The kernel could not be prepared: {why}. Nothing was graded; try again."
            )

    async def _run_cell(self, session: Session, step: RunCell) -> None:
        cell = self._notebook.cells[step.cell_index]
        suffix = f" ({step.part_id})" if step.part_id else ""
        self._label = f"{cell_label(step.cell_index)}{suffix}"
        self._collector.cell_index = step.cell_index
        self._report()
        async with self._telling(self._plan.limits.cell_timeout_s):
            run = await session.run_cell(cell, step.cell_index)
        told = self._collector.statements.finished(run)
        self._cells.append(as_handed_in(told, self._request.submission))
        source = self._request.submission.cells[step.cell_index]
        self._asking.found(self._collector.take_bound(), source)

    async def _repeat(self, session: Session, step: RepeatAttack) -> None:
        self._label = f"attack towards class {step.class_id}, if it was overwritten"
        self._report()
        breach = await session.run_hidden(repeat_source(step), self._plan.limits.cell_timeout_s)
        if breach:
            self._collector.problems.append(
                f"attack repeated with {step.class_id}: {breach.sentence}"
            )

    async def _ask_the_rest(self, session: Session) -> None:
        await self._ask_all(session, self._asking.last())

    async def _ask_all(self, session: Session, probes: Iterable[ProbeSpec]) -> None:
        for probe in probes:
            if session.alive:
                await self._ask(session, probe)

    async def _ask(self, session: Session, probe: ProbeSpec) -> None:
        before = None if self._asking.due(probe) else self._collector.replies.get(probe.probe_id)
        self._collector.replies.pop(probe.probe_id, None)
        self._label = f"calling {probe.needs[-1]}"
        self._report()
        self._collector.asking = probe
        started = time.perf_counter()
        async with self._telling(self._plan.limits.probe_timeout_s):
            breach = await session.ask(probe.source)
        seconds = time.perf_counter() - started
        self._collector.asking = None
        reply = self._collector.replies.get(probe.probe_id)
        self._asking.asked(probe, reply)
        if before is not None and not better(reply, before):
            reply = before
        elif reply is None:
            reply = no_reply(probe, breach, seconds)
            if breach and reply.outcome is Outcome.NEEDS_HUMAN:
                self._collector.problems.append(f"probe {probe.probe_id}: {breach.sentence}"[:400])
        else:
            reply = replace(reply, seconds=seconds)
        self._collector.replies[probe.probe_id] = reply

    def _on_evidence(self, content: Any, buffers: list[Any]) -> None:
        try:
            sign = self._collector.feed(content, buffers)
        except OSError as error:
            self._unwritten = self._unwritten or error
            self._breaches.report(_UNWRITTEN)
            return
        if self._collector.over_cap:
            self._breaches.report(_EVIDENCE)
        if sign is not None:
            self._report(sign)

    @asynccontextmanager
    async def _telling(self, limit_s: float) -> AsyncIterator[None]:
        """Tell once, if the block takes long, that it still runs and how long it may."""

        async def tell() -> None:
            await asyncio.sleep(LONG_S)
            self._label += f", still running, for up to {_in_words(limit_s)}"
            self._report(waiting=True)

        telling = asyncio.ensure_future(tell())
        try:
            yield
        finally:
            telling.cancel()

    def _report(self, sign: StepProgress | None = None, *, waiting: bool = False) -> None:
        self._on_progress(
            Progress(
                done=self._done,
                total=len(self._plan.steps),
                label=self._label,
                seconds=time.perf_counter() - self._started,
                attack_step=sign.step if sign else None,
                attack_total=sign.total if sign else None,
                waiting=waiting,
            )
        )

    def evidence(self) -> Evidence:
        """Everything that was seen, as one record."""
        collector = self._collector
        took_effect = collector.shims
        replies = collector.replies
        return Evidence(
            cells=tuple(self._cells),
            replies=tuple(replies[name] for name in sorted(replies)),
            bindings=self._asking.bindings(),
            runs=tuple(collector.runs.values()),
            models=tuple(collector.models),
            predictions=tuple(collector.predictions),
            plotted=tuple(collector.plotted),
            shims=tuple(shim for shim in self._plan.shims if shim.name in took_effect),
            served=tuple(self._files.served),
            missed=tuple(self._files.all_missed()),
            notes=(
                *_notes(self._why_cold, collector.problems, self._files.all_missed()),
                *_left_out_files(self._request.workspace.left_out),
                *(note("url-mirrored", Severity.INFO, url=url) for url in self._files.mirrored),
                *notes_of(self._cells),
            ),
            host=_host_facts(collector, self._request.tier),
            seconds=time.perf_counter() - self._started,
            seed=self._plan.seed,
        )


_EVIDENCE = Breach(
    name="EvidenceLimit",
    sentence=words("evidence"),
)


_UNWRITTEN = Breach(name="EvidenceLimit", sentence=words("unwritten"))
"""Ends a run whose evidence cannot be kept; nobody is graded on it."""


def _notes(why_cold: str, problems: list[str], missed: list[str]) -> tuple[Note, ...]:
    cold = [note("kernel-cold", Severity.INFO, reason=why_cold)] if why_cold else []
    dropped = [note("kernel-message", Severity.WARNING, text=text) for text in problems]
    urls = [note("url-missed", Severity.WARNING, url=url) for url in dict.fromkeys(missed)]
    return (*cold, *dropped, *urls)


def _in_words(limit_s: float) -> str:
    """Return a limit as people say it: `20 s` or `20 min`."""
    return f"{limit_s:.0f} s" if limit_s < 2 * 60 else f"{limit_s / 60:.0f} min"


def _left_out_files(names: tuple[str, ...]) -> tuple[Note, ...]:
    if not names:
        return ()
    some = ", ".join(names[:NAMED_FILES])
    if len(names) > NAMED_FILES:
        some += f" and {len(names) - NAMED_FILES} more"
    return (note("files-left-out", Severity.WARNING, names=one_line(some)),)


def _host_facts(collector: Collector, tier: Tier) -> HostFacts:
    started = collector.started
    claimed = (
        (("torch", started.torch), ("torchvision", started.torchvision), ("numpy", started.numpy))
        if started
        else ()
    )
    return HostFacts(
        device=started.device if started else "unknown",
        isolation=tier.value,
        versions=(
            ("python", platform.python_version()),
            *claimed,
            ("nbclient", importlib.metadata.version("nbclient")),
        ),
    )
