"""Where a run's kernel lives: its box or plain process, from the request."""

from __future__ import annotations

import socket
from collections.abc import Callable

from grader.execution.request import DriverRequest
from grader.execution.workspace import ASSETS, SIDE, STAGE
from grader.isolation.bounds import resource_limits
from grader.isolation.box import Box, Mount, write_etc
from grader.isolation.launch import Entry
from grader.isolation.provisioner import KernelPlace
from grader.isolation.tiers import box_user

TakeListeners = Callable[[tuple[socket.socket, ...]], None]


def _environment(request: DriverRequest) -> dict[str, str]:
    environment = dict(request.workspace.environment)
    if request.plan.device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = ""  # the notebook must not find what was ruled out
    return environment


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
        cgroup=None,
        on_listeners=lambda _: None,
        startup_timeout_s=request.plan.limits.startup_timeout_s,
    )


def boxed_place(
    request: DriverRequest, on_listeners: TakeListeners, authority: bytes
) -> KernelPlace:
    """Return the place of a kernel in a box.

    Args:
        request: The run.
        on_listeners: Takes the sockets for course files.
        authority: Certificates in PEM that sign the course files' hosts.
    """
    workspace, limits = request.workspace, request.plan.limits
    uid, user_namespace = box_user()
    box = Box(
        folder=workspace.root,
        uid=uid,
        user_namespace=user_namespace,
        mounts=(
            Mount(host=workspace.stage, inside=STAGE),
            Mount(host=workspace.package, inside=SIDE),
            Mount(host=workspace.assets, inside=ASSETS),
            Mount(host=workspace.sockets, inside=str(workspace.sockets), writable=True),
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
        cgroup=request.cgroup,
        on_listeners=on_listeners,
        startup_timeout_s=limits.startup_timeout_s,
    )
