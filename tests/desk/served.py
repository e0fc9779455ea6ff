"""`grader review` as a process of its own, and people who ask it over HTTP.

Processes are forked from one that has imported the grader, which takes each of them 5 s else.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2 as httpx

_LINK = re.compile(r"^(\w+) \(\w+\): (http://\S+)/enter#(\S+)$", re.MULTILINE)
START_S = 240
"""Seconds until a desk must listen on a busy machine."""
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["grader.app.cli", "grader.app.review_terminal"])


def _grader(argv: list[str], said: str) -> None:
    """Be the command `grader`; what it says goes to a file. Runs in a process of its own."""
    os.setsid()
    target = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(target, 1)
    os.dup2(target, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from grader.app.main import main

    sys.exit(main(argv))


def grader_process(argv: list[str], said: Path) -> ForkServerProcess:
    """Start the command `grader`."""
    process = _FORKS.Process(target=_grader, args=(argv, str(said)))
    process.start()
    return process


@dataclass
class DeskProcess:
    """A desk that runs."""

    process: ForkServerProcess
    origin: str
    tokens: dict[str, str] = field(default_factory=dict)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, signal.SIGKILL)
        self.process.join()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        os.kill(self.process.pid or 0, signal.SIGINT)
        self.process.join(60)


@contextmanager
def desk_process(results: Path, *names: str, store: str | None = None) -> Iterator[DeskProcess]:
    """Serve a class; the links are for the names, such as `ann:head`."""
    said = results.parent / f"desk-{uuid4().hex}.txt"
    argv = ["review", str(results), "--port", str(20_000 + uuid4().int % 20_000)]
    argv += [word for name in names for word in ("--grader", name)]
    argv += ["--store", store] if store else []
    made = DeskProcess(grader_process(argv, said), "")
    try:
        ends = time.monotonic() + START_S
        while len(made.tokens) < len(names):
            text = said.read_text() if said.exists() else ""
            assert made.process.is_alive(), text
            assert time.monotonic() < ends, text
            for name, origin, token in _LINK.findall(text):
                made.origin, made.tokens[name] = origin, token
            time.sleep(0.02)
        yield made
    finally:
        made.kill()


class Person:
    """Somebody at the desk, without a browser."""

    def __init__(self, desk: DeskProcess, name: str) -> None:
        self.name = name
        self.client = httpx.Client(base_url=desk.origin, timeout=60)
        self.client.headers["sec-fetch-site"] = "same-origin"
        said = self.client.post("/enter", data={"token": desk.tokens[name]}).json()
        assert said["state"] == "entered", said

    def close(self) -> None:
        """Leave without a word."""
        self.client.close()

    def fields(self, address: str) -> dict[str, str]:
        """The hidden fields of an answer's form, as the page has them now."""
        html = self.client.get(address).text
        found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
        return dict(found)

    def decide(self, address: str, fields: dict[str, str], comment: str) -> dict[str, Any]:
        """Decide that nothing is to be taken off."""
        form = fields | {"uuid": uuid4().hex, "nothing": "1", "comment": comment}
        said: dict[str, Any] = self.client.post(f"{address}/decision", data=form).json()
        return said


def addresses(person: Person, part: str) -> Sequence[str]:
    """Addresses of the answers to a part, first page of the list."""
    html = person.client.get(f"/part/{part}/answers").text
    return list(dict.fromkeys(re.findall(rf'href="(/part/{part}/answers/\w+)"', html)))
