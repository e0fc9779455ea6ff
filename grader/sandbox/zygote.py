"""The fork server: imports what notebooks need once, then forks a boxed kernel for each request.

    python /box/zygote.py FD < JSON

FD is a socket of packets. The keys of JSON are those that `warm_server.py` writes. `enter.py` and
`inner.py`, of which it makes use, lie next to it. One line of JSON on standard output says that it
is ready, or why it cannot be used.

    server      imports; forks before it reads, so no request is ever in its memory
      watcher   reads the request; dies when the connection closes, tells the exit status
        init    process 1 of the kernel's own namespaces; makes its box; reaps
          kernel

Nothing may run in parallel before a fork: the threads of OpenMP are not there in the child, which
would wait for them for ever. So there are only imports, and a trial child must get through.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import tempfile
import time
import types
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from grader.sandbox import enter, inner
else:
    import enter
    import inner

REQUEST_BYTES = 2**20
"""Greatest request."""
REQUEST_FDS = 5
"""Standard input, output, error; where asked for, the channel for the course files' sockets, and
the folder in which the kernel's own are opened."""
WAITING = 32
"""Requests that may wait to be accepted."""
TRIAL_S = 5.0
"""Wall-clock seconds in which the trial child must be done."""
MISSED = -1
"""Status of a trial child that was not done."""


def main(config: dict[str, Any], listener: socket.socket) -> dict[str, Any]:
    """Serve for ever; returns only in a kernel, with the request that it is to follow."""
    started = time.monotonic()
    problem = _prepare(config)
    facts = {
        "problem": problem,
        "loaded": sorted({name.partition(".")[0] for name in sys.modules}),
        "seconds": round(time.monotonic() - started, 2),
    }
    if not problem:
        listener.listen(WAITING)
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    if problem:
        raise SystemExit(1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # watchers are reaped by the system
    server = os.getpid()
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            _die_with_parent(server)
            return _watch(connection, config)
        connection.close()


def _prepare(config: dict[str, Any]) -> str:
    """Import, and try a child; return why forks cannot be had, or an empty string."""
    enter.fill(config["copies"], [])
    os.environ.update(config["while_importing"])
    sys.modules.update(dict.fromkeys(config["blocked"]))
    for name in config["modules"]:
        importlib.import_module(name)
    for name in config["while_importing"]:
        del os.environ[name]
    gc.collect()
    gc.freeze()  # or the child's collector would write to, and so copy, every page
    if sys.modules.get("torch") and sys.modules["torch"].cuda.is_initialized():
        return "CUDA is in use before any kernel"
    status = _trial(config["trial"])
    if status != 0:
        why = "was not done in time" if status == MISSED else f"ended with status {status}"
        return f"a trial child {why}"
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208
    return "" if threads == 1 else f"{threads} threads run before any kernel"


def _trial(code: str) -> int:
    """Run code in a child; return its status."""
    child = os.fork()
    if child == 0:
        exec(code, {})  # noqa: S102 -- our own
        os._exit(0)
    deadline = time.monotonic() + TRIAL_S
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return MISSED


def _die_with_parent(parent: int) -> None:
    inner.prctl(inner.PR_SET_PDEATHSIG, inner.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


# -- in the watcher -------------------------------------------------------------------------------


def _watch(connection: socket.socket, config: dict[str, Any]) -> dict[str, Any]:
    """Fork process 1 of a new box and see it out; returns only in the kernel."""
    try:
        text, fds, _, _ = socket.recv_fds(connection, REQUEST_BYTES, REQUEST_FDS)
        request = json.loads(text)
        inner.leave_namespaces()
        # Its parent is in another namespace, so it cannot ask who that is: the pipe tells.
        alive, ours = os.pipe()
        init = os.fork()
    except (OSError, ValueError) as error:
        _give_up(connection, error)
    if init == 0:
        os.close(ours)
        return _init(connection, config, request, fds, alive)
    os.close(alive)
    for fd in fds:
        os.close(fd)
    ended = os.pidfd_open(init)
    look = select.poll()
    look.register(ended, select.POLLIN)
    look.register(connection, 0)  # only that the other side has gone
    look.poll()
    if not select.select([ended], [], [], 0)[0]:
        os._exit(0)  # and with us, by its own wish, the whole box
    _, status = os.waitpid(init, 0)
    _tell(connection, f"ended {os.waitstatus_to_exitcode(status)}")
    os._exit(0)


def _tell(connection: socket.socket, word: str) -> None:
    with suppress(OSError):  # where nobody wants to know
        connection.send(word.encode())


def _give_up(connection: socket.socket, error: Exception) -> NoReturn:
    _tell(connection, f"failed {type(error).__name__}: {error}"[:2000])
    os._exit(1)


# -- in process 1 of the box ----------------------------------------------------------------------


def _init(
    connection: socket.socket,
    config: dict[str, Any],
    request: dict[str, Any],
    fds: list[int],
    alive: int,
) -> dict[str, Any]:
    """Make the box, fork the kernel, and reap; returns only in the kernel."""
    inner.prctl(inner.PR_SET_PDEATHSIG, inner.SIGKILL)
    os.set_blocking(alive, False)
    try:
        if os.read(alive, 1) == b"":
            os._exit(1)  # the watcher ended before we asked to end with it
    except BlockingIOError:
        os.close(alive)
    try:
        os.setsid()
        connection.send(b"here")  # with our credentials: the host's number of this process
        if connection.recv(16) != b"go":  # we are in the run's control group now
            os._exit(1)
        inner.unshare(inner.CLONE_NEWCGROUP)
        inner.make_box(request)
        sockets = _kernel_sockets(fds.pop()) if request["sockets"] else []
        if request["listeners"]:
            enter.hand_out_listeners(fds.pop())
        for number, fd in enumerate(fds):
            os.dup2(fd, number)
        program = bytes.fromhex(config["filter"])
        config.clear()
        kernel = os.fork()
    except OSError as error:
        _give_up(connection, error)
    connection.close()
    enter.leave_open(sockets if kernel == 0 else [])
    if kernel == 0:
        _become(request, program)
        return request
    enter.give_up_privileges(request["uid"])
    inner.prctl(inner.PR_SET_PDEATHSIG, inner.SIGKILL)  # another user: it must be said again
    inner.prctl(inner.PR_SET_DUMPABLE, 0)  # nobody else may look into process 1
    inner.filter_system_calls(program)
    while True:
        ended, status = os.wait()
        if ended == kernel:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)  # as shells and bubblewrap have it


def _kernel_sockets(folder: int) -> list[int]:
    opened = enter.open_kernel_sockets(f"/proc/self/fd/{folder}")
    os.close(folder)
    return opened


# -- in the kernel --------------------------------------------------------------------------------


def _become(request: dict[str, Any], program: bytes) -> None:
    """Do what `enter` does before a cold kernel, and undo what tells children apart from it."""
    os.setsid()
    enter.give_up_privileges(request["uid"])
    inner.prctl(inner.PR_SET_PDEATHSIG, inner.SIGKILL)
    inner.prctl(inner.PR_SET_DUMPABLE, 1)  # or its own /proc/self would be another user's
    os.environ.update(request["environment"])  # what the imports added to it stays
    enter.fill(request["copies"], request["links"])
    enter.set_limits(request["limits"])
    os.chdir(request["folder"])
    inner.filter_system_calls(program)
    tempfile.tempdir = None
    _reseed()


def _reseed() -> None:
    """Give this child random numbers of its own, as a fresh process has them."""
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    if torch := sys.modules.get("torch"):
        torch.default_generator.seed()


def _forget_us(command: list[str]) -> types.ModuleType:
    """Leave no trace of this program in the interpreter; return a fresh main module."""
    sys.argv[:] = ["-c", *command[3:]]
    sys.orig_argv[:] = command
    sys.path[0] = ""  # as with `-c`; it was the folder of this program
    for name in ("enter", "inner"):
        sys.modules.pop(name, None)
    fresh = types.ModuleType("__main__")
    fresh.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = fresh
    return fresh


if __name__ == "__main__":
    _request = main(json.load(sys.stdin), socket.socket(fileno=int(sys.argv[1])))
    _fresh = _forget_us(_request["command"])
    _code = compile(_request["command"][2], "<string>", "exec", dont_inherit=True)
    exec(_code, _fresh.__dict__)  # noqa: S102
