"""A fork server of drivers: their imports done once.

    python -m grader.execution.driver_server FD

FD is a listening socket of packets. A request is one packet: the driver's environment as JSON, and
three files, its standard streams. Closing the connection ends the driver and all below it.

    server      imports; forks before it reads, so no run is ever in its memory
      watcher   waits for either end
        driver  as if it had been started by itself
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys

import nbformat

from grader.execution import driver
from grader.execution.request import DriverRequest
from grader.model.records import codec
from grader.sandbox.orphans import die_with_parent

PACKET_BYTES = 2**17
STREAMS = 3


def serve(listener: socket.socket) -> None:
    """Serve for ever; returns only in a driver that is done."""
    die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # watchers are reaped by the system
    _make_ready()
    gc.collect()
    gc.freeze()
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            die_with_parent()
            _watch(connection)
            return
        connection.close()


def _make_ready() -> None:
    """Have the libraries generate, once, the code by which each driver would check its input."""
    codec.prepare(DriverRequest)
    for make in (nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell):
        nbformat.validate(nbformat.v4.new_notebook(cells=[make("pass")]))  # type: ignore[no-untyped-call]


def _watch(connection: socket.socket) -> None:
    """Fork the driver and see it out; returns only in the driver."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()  # Ctrl-C is for the grader
    text, fds, _, _ = socket.recv_fds(connection, PACKET_BYTES, STREAMS)
    child = os.fork()
    if child == 0:
        connection.close()
        for number, fd in enumerate(fds):
            os.dup2(fd, number)
            os.close(fd)
        os.environ.clear()
        os.environ.update(json.loads(text))
        driver.main()
        return
    for fd in fds:
        os.close(fd)
    look = select.poll()
    look.register(os.pidfd_open(child), select.POLLIN)
    look.register(connection, 0)  # only that the other side has gone
    look.poll()
    os._exit(0)  # and with us the driver


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
