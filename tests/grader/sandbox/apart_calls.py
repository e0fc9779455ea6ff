"""Functions that a call apart comes to: right, and each way of going wrong."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path

from grader.sandbox.apart import Tell
from reference.errors import ConfigError


def adds(tell: Tell, a: int, b: int) -> None:
    tell("adding")
    tell(str(a + b))


def tells_parent(tell: Tell) -> None:
    tell(str(os.getppid()))


def loops(tell: Tell) -> None:
    tell("looping")
    while True:
        pass


def works_in_steps(tell: Tell, steps: int, seconds: float) -> None:
    for step in range(steps):
        tell(str(step))
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass


def sleeps(tell: Tell) -> None:
    tell("sleeping")
    time.sleep(60)


def fills_memory(tell: Tell) -> None:
    tell("filling")
    kept = []
    while True:
        kept.append(bytearray(2**24))


def crashes(tell: Tell) -> None:
    tell("crashing")
    ctypes.string_at(0)


def exits(tell: Tell) -> None:
    tell("leaving")
    os._exit(3)


def is_killed(tell: Tell) -> None:
    tell("dying")
    os.kill(os.getpid(), 9)


def raises(tell: Tell, ours: bool) -> None:
    class Own(Exception):
        pass

    raise ConfigError("x.toml: expected y") if ours else Own("nobody else knows this class")


def leaves_a_process(tell: Tell, path: str) -> None:
    if os.fork() == 0:
        os._exit(0)
    Path(path).write_text(str(os.getpid()))
    tell("there")
    time.sleep(60)


def fills_slowly(tell: Tell) -> None:
    fills_memory(tell)


if os.environ.get("PSET4_TEST_GPU"):  # in the server of one test
    vars(sys.modules["__main__"]).update(GPU=True, GPU_MEMORY_MIB=64, LOOK_MS=20)
