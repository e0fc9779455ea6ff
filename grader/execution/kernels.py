"""The kernel of a session: ours, whatever the notebook asks for, over sockets with limits."""

from __future__ import annotations

import sys
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from grader.execution.unpacking import unpacked
from grader.model.records import Limits
from grader.sandbox.provisioner import BoxProvisioner, KernelPlace

MIB = 2**20
"""Bytes in one MiB."""
RECONNECT_MS = 86_400_000
"""Milliseconds before a lost connection is tried again: longer than any run."""
SEND_TIMEOUT_MS = 2000
"""Milliseconds that a message to a kernel may wait; one that is gone takes none."""

_LAUNCH = """
import sys
if "" in sys.path:  # a file of the student's named json.py must not be taken for the library's
    sys.path.remove("")
sys.modules["debugpy"] = None  # saves 0.4 s of every start
import zmq
make = zmq.Context.socket
def unbounded(self, *args, **kwargs):
    made = make(self, *args, **kwargs)
    made.sndhwm = 0  # else what a fast printer sends is dropped while we are busy
    return made
zmq.Context.socket = unbounded
bind = zmq.Socket.bind
def opened(self, address):
    if address.startswith("ipc://"):  # opened before this program began: k-1 is file 3
        self.setsockopt(zmq.USE_FD, 2 + int(address.rpartition("-")[2]))
    return bind(self, address)
zmq.Socket.bind = opened
from ipykernel.iostream import OutStream
OutStream.flush_interval = 0.02  # seconds; a flood is seen sooner, and less of it is under way
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""


class _Manager(AsyncKernelManager):
    """A manager whose client's sockets have the options of its own."""

    def client(self, **kwargs: Any) -> Any:
        return super().client(context=self.context, **kwargs)


def kernel_manager(place: KernelPlace, limits: Limits) -> Any:
    """A manager whose kernel is ours, whatever the notebook's metadata asks for."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, int(limits.message_mib * MIB))
    context.setsockopt(zmq.RCVHWM, 0)  # the default drops messages of a fast printer
    # The kernel answers when it has started, however long its machine takes for that.
    context.setsockopt(zmq.HANDSHAKE_IVL, 0)
    # A socket that was connected once need not look at its path again: the kernel is gone. "Never"
    # (-1) would abort this process: libzmq drops the rest of a message that is being read when such
    # a connection ends (assertion in fq.cpp).
    context.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
    context.setsockopt(zmq.SNDTIMEO, SEND_TIMEOUT_MS)
    manager = _Manager(
        context=context,
        transport="ipc",
        ip=str(place.sockets / "k"),
        connection_file=str(place.connection / "k.json"),
        shutdown_wait_time=1.0,
    )
    manager.session.unpack = unpacked  # the client's session is the manager's
    spec = KernelSpec(
        argv=[
            sys.executable,
            "-c",
            _LAUNCH,
            "-f",
            "{connection_file}",
            "--HistoryManager.enabled=False",
            # Until `_pset4.start` is done, nothing of the submission can be imported.
            "--InteractiveShellApp.ignore_cwd=True",
        ],
        display_name="Python 3",
        language="python",
        interrupt_mode="message",
    )
    manager._kernel_spec = spec
    provisioner = BoxProvisioner(parent=manager, kernel_id=manager.kernel_id, kernel_spec=spec)
    provisioner.place = place
    manager.provisioner = provisioner
    return manager


async def end_kernel(manager: Any) -> None:
    """Kill the kernel. The manager's own way would first send it a message and wait."""
    await manager.provisioner.kill()
    await manager.provisioner.wait()
    # Now, and not whenever the manager is collected: a second kernel may have written its own.
    manager.cleanup_connection_file()
