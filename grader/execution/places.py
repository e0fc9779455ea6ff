"""Where a run's kernel lives: its box or plain process, from the request."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping

from grader.execution.request import DriverRequest
from grader.execution.workspace import ASSETS, SETTINGS, SIDE, STAGE
from grader.sandbox.bounds import resource_limits
from grader.sandbox.box import Box, Mount, write_etc
from grader.sandbox.launch import Entry, unique_uid
from grader.sandbox.provisioner import KernelPlace
from grader.sandbox.tiers import Tier, box_user

WARM_STARTUP_S = 30.0
"""Wall-clock seconds for a warm kernel to answer; then it is tried cold."""

TakeListeners = Callable[[tuple[socket.socket, ...]], None]


def run_environment(environment: Mapping[str, str], device: str) -> dict[str, str]:
    """Return the environment of a kernel whose run uses `device`."""
    if device == "cpu":  # the notebook must not find what was ruled out
        return {**environment, "CUDA_VISIBLE_DEVICES": ""}
    return dict(environment)


def _environment(request: DriverRequest) -> dict[str, str]:
    return run_environment(request.workspace.environment, request.plan.device)


def _entry(request: DriverRequest) -> Entry:
    gpu = request.plan.device != "cpu"
    return Entry(
        command=(),
        limits=resource_limits(request.plan.limits, request.tier, gpu=gpu),
        copies=request.workspace.copies,
        links=request.workspace.links,
        folder=request.workspace.work,
    )


def plain_place(request: DriverRequest, proxy: dict[str, str]) -> KernelPlace:
    """Return the place of a kernel without a box; `proxy` names the course files' server."""
    return KernelPlace(
        box=None,
        entry=_entry(request),
        environment=_environment(request) | proxy,
        sockets=request.workspace.sockets,
        connection=request.workspace.connection,
        cgroup=None,
        on_listeners=lambda _: None,
        uid=unique_uid() if request.tier is Tier.USER else None,
        startup_timeout_s=request.plan.limits.startup_timeout_s,
    )


def boxed_place(
    request: DriverRequest,
    on_listeners: TakeListeners,
    authority: bytes,
    on_started: Callable[[], None],
) -> KernelPlace:
    """Return the place of a kernel in a box.

    Args:
        request: The run.
        on_listeners: Takes the sockets for course files.
        authority: Certificates in PEM that sign the course files' hosts.
        on_started: Called when the box is made.
    """
    workspace, limits = request.workspace, request.plan.limits
    warm = None if why_cold(request) else request.warm
    uid, user_namespace = box_user()
    box = Box(
        folder=workspace.root,
        uid=uid,
        user_namespace=user_namespace,
        mounts=(
            Mount(host=workspace.stage, inside=STAGE),
            Mount(host=workspace.package, inside=SIDE),
            Mount(host=workspace.assets, inside=ASSETS),
            Mount(host=workspace.settings, inside=SETTINGS),
            Mount(host=workspace.connection, inside=str(workspace.connection)),
        ),
        work_mib=limits.work_mib,
        tmp_mib=limits.tmp_mib,
        shared_memory_mib=limits.shared_memory_mib,
        environment=tuple(_environment(request).items()),
        gpu=request.plan.device != "cpu",
        bind_ports=True,
    )
    write_etc(box, authority)
    return KernelPlace(
        box=box,
        entry=_entry(request),
        environment={},
        sockets=workspace.sockets,
        connection=workspace.connection,
        cgroup=request.cgroup,
        on_listeners=on_listeners,
        on_started=on_started,
        warm=warm,
        startup_timeout_s=min(limits.startup_timeout_s, WARM_STARTUP_S)
        if warm
        else limits.startup_timeout_s,
    )


def why_cold(request: DriverRequest) -> str:
    """Return why a kernel is started cold although a warm one was asked for; empty for warm."""
    if request.cold_because:
        return request.cold_because
    if request.warm is None or not request.tier.boxed:
        return ""
    loaded = set(request.warm.loaded)
    same = sorted(p.name for p in request.workspace.stage.iterdir() if p.stem in loaded)
    if same:  # the notebook may import these, and would get the library's
        return f"files of the submission are named like libraries: {', '.join(same)[:200]}"
    return ""
