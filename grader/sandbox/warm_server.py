"""Keep a fork server up: start it in its box, hear that it is ready, start it anew if it ends."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from grader.sandbox.box import Box, Mount, bwrap_argv, write_etc
from grader.sandbox.seccomp import filter_program
from grader.sandbox.tail import Tail
from grader.sandbox.tiers import Tier, box_user
from grader.sandbox.warm import WarmServer

START_TIMEOUT_S = 180.0
"""Wall-clock seconds in which it must have imported; a cold disk takes most of a minute."""
RESTARTS = 3
"""How often it is started anew."""
PROGRAMS = ("zygote.py", "inner.py")
"""Programs of ours in its box, besides `enter.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preload:
    """What a fork server does before it serves."""

    programs: tuple[Path, ...] = ()
    """Files of ours that lie beside the server's, from where it can import them."""
    modules: tuple[str, ...] = ()
    """Imported in this order."""
    denied: tuple[str, ...] = ()
    """Modules that no import finds."""
    while_importing: tuple[tuple[str, str], ...] = ()
    """Added to the environment for the time of the imports."""
    copies: tuple[tuple[str, str], ...] = ()
    """(from, to) folders inside, copied before the imports."""
    trial: str = "pass"
    """Code that a trial child must get through in 5 s."""


@contextmanager
def warm_server(
    tier: Tier,
    preload: Preload,
    *,
    environment: tuple[tuple[str, str], ...],
    mounts: tuple[Mount, ...] = (),
    gpu: bool = False,
    restarts: int = RESTARTS,
) -> Iterator[WarmServer]:
    """Keep a fork server up while the block runs. It dies with this process, and all kernels too.

    Args:
        tier: Of the runs; a plain process has no warm start.
        preload: What it imports.
        environment: Of the kernels.
        mounts: What its kernels see, besides what is laid out for each run.
        gpu: Whether they see the GPUs.
        restarts: How often it is started anew where it ends.

    Raises:
        OSError: it cannot be had; the sentence says why.
    """
    if not tier.boxed:
        raise OSError("without a box there is no warm start")
    folder = Path(tempfile.mkdtemp(prefix=f"pset4-{os.getpid()}-"))
    try:
        folder.chmod(0o711)
        runs = folder / "r"
        runs.mkdir(mode=0o711)
        _, user_namespace = box_user()
        own = [Mount(host=runs, inside=str(runs), writable=True)]
        programs = (*map(_program, PROGRAMS), *preload.programs)
        own += [Mount(host=path, inside=f"/box/{path.name}") for path in programs]
        box = Box(
            folder=folder,
            uid=0,  # it becomes another user only in its children; this gives it their name
            user_namespace=user_namespace,
            mounts=(*own, *mounts),
            environment=environment,
            gpu=gpu,
            bind_ports=True,
            nests=True,
        )
        write_etc(box, b"")
        server = WarmServer(
            address=folder / "z",
            runs=runs,
            mounts=mounts,
            environment=environment,
            gpu=gpu,
            loaded=(),
        )
        keeper = _Keeper(box, preload, server.address, restarts)
        keeper.start()
        try:
            loaded = keeper.wait_ready()
            yield replace(server, loaded=(*loaded, *preload.denied))
        finally:
            keeper.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> Path:
    return Path(__file__).with_name(name)


class _Keeper(threading.Thread):
    """Starts the server and starts it anew. It dies with the thread that started it: this one."""

    def __init__(self, box: Box, preload: Preload, address: Path, restarts: int) -> None:
        super().__init__(daemon=True, name="warm kernels")
        self._box, self._preload, self._address = box, preload, address
        self._restarts = restarts
        self._lock = threading.Lock()
        self._ending = False
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = threading.Event()
        self._loaded: tuple[str, ...] = ()
        self._problem = ""

    def run(self) -> None:
        """Start it; whenever it ends by itself, start it anew."""
        for _ in range(1 + self._restarts):
            try:
                self._serve()
            except OSError as error:
                self._problem = str(error)
                break
            finally:
                self._address.unlink(missing_ok=True)
                self._heard.set()
            if self._ending:
                break

    def wait_ready(self) -> tuple[str, ...]:
        """Wait for the first start; return the names of what it loaded.

        Raises:
            OSError: it did not start.
        """
        self._heard.wait()
        if self._problem:
            raise OSError(f"warm kernels cannot be had: {self._problem}")
        return self._loaded

    def stop(self) -> None:
        """End it, and every kernel that it made."""
        with self._lock:
            self._ending = True
            if self._process is not None:
                self._process.kill()
        self.join()

    def _serve(self) -> None:
        """Start it, hear that it is ready, and wait for its end."""
        tail = Tail()
        process = self._start(tail)
        if process is None:
            return
        with process:
            try:
                self._loaded = _ready(process, self._preload, tail)
            except OSError:
                process.kill()
                raise
            self._heard.set()

    def _start(self, tail: Tail) -> subprocess.Popen[bytes] | None:
        """Start it; None where it is to end already."""
        self._address.unlink(missing_ok=True)
        with self._lock, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(self._address))
            self._address.chmod(0o600)
            try:
                if self._ending:
                    return None
                command = [sys.executable, "/box/zygote.py", str(listener.fileno())]
                self._process = subprocess.Popen(  # noqa: S603 -- our own command line
                    bwrap_argv(self._box, command, seccomp_fd=None),
                    env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=tail.mouth,
                    pass_fds=[listener.fileno()],
                    start_new_session=True,
                    cwd="/",
                )
            finally:
                tail.started()
            # Our end of the socket closes here: without the server, nobody waits for it in vain.
            return self._process


def _ready(process: subprocess.Popen[bytes], preload: Preload, tail: Tail) -> tuple[str, ...]:
    """Tell it what to import and wait for its one line; return the names that it loaded.

    Raises:
        OSError: it is not usable.
    """
    mouth, ear = process.stdin, process.stdout
    said = b""
    if mouth is not None and ear is not None:
        with suppress(BrokenPipeError), mouth:
            mouth.write(json.dumps(_config(preload)).encode())
        if select.select([ear], [], [], START_TIMEOUT_S)[0]:
            said = ear.readline()
    try:
        facts = json.loads(said)
    except ValueError:
        words = tail.text()[-600:] or "it said nothing"
        raise OSError(f"the fork server did not get ready: {words}") from None
    if facts["problem"]:
        raise OSError(f"the fork server is not usable: {facts['problem']}")
    return tuple(facts["loaded"])


def _config(preload: Preload) -> dict[str, object]:
    return {
        "modules": preload.modules,
        "blocked": preload.denied,
        "while_importing": dict(preload.while_importing),
        "copies": preload.copies,
        "trial": preload.trial,
        "filter": filter_program().hex(),
    }
