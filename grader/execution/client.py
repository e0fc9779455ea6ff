"""nbclient with our evidence taken out of the outputs, and caps on what comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal

from grader.execution.breaches import Breach, Breaches
from grader.execution.notes import words
from grader.execution.unpacking import TOO_LARGE
from grader.kernel.bounds import GREATEST_NUMBER
from grader.kernel.channel import MIME
from grader.model.records import Limits
from grader.model.text import cell_label

MIB = 2**20
"""Bytes in one MiB."""
MOST_WORDS = 2000
"""Characters that are read of an exception's name and text."""
_READ = frozenset(
    {"status", "execute_input", "clear_output", "update_display_data"}
    | {"stream", "display_data", "execute_result", "error"}
)
"""Types of messages that come to anything."""
_TOLD = ("status", "ename", "evalue")
"""What is read of a kernel's reply."""


class CappedClient(NotebookClient):
    """Runs cells; call `watch` before the first."""

    def watch(
        self,
        on_evidence: Callable[[Any, list[Any]], None],
        limits: Limits,
        breaches: Breaches,
        on_dropped: Callable[[str], None],
    ) -> None:
        """Say who takes evidence, what the limits are, who hears of breaches and of drops."""
        self._on_evidence = on_evidence
        self._on_dropped = on_dropped
        self._limits = limits
        self._breaches = breaches
        self.reply: Mapping[str, Any] = {}
        self.on_cell_executed = self._keep_reply
        self.cell_bytes = 0
        self._all_bytes = 0
        self._messages = 0

    def _keep_reply(self, execute_reply: Mapping[str, Any] | None = None, **_: Any) -> None:
        content = (execute_reply or {}).get("content")
        told = content if isinstance(content, dict) else {}
        self.reply = {name: str(told.get(name, ""))[:MOST_WORDS] for name in _TOLD}

    def output(self, outs: Any, msg: Any, display_id: Any, cell_index: int) -> Any:
        """Take evidence; keep an output while the caps last."""
        content = msg["content"]
        if msg["msg_type"] == "display_data" and MIME in content.get("data", {}):
            self._on_evidence(content, msg.get("buffers") or [])
            return None
        if not self._has_room(content):
            return None
        return super().output(outs, msg, display_id, cell_index)

    def _has_room(self, content: Any) -> bool:
        """Whether an output, or what takes the place of one, still fits into the caps."""
        size = len(str(content))
        self.cell_bytes += size
        if self.cell_bytes > self._limits.output_mib_per_cell * MIB:
            # What still comes until the interrupt takes effect is not the notebook's to pay.
            self._breaches.report(_cell_output(self._limits))
            return False
        self._all_bytes += size
        if self._all_bytes > self._limits.output_mib * MIB:
            self._breaches.report(_whole_output(self._limits))
        return True

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Count every message; leave widgets out, and what no notebook can hold."""
        self._messages += 1
        if self._messages > self._limits.messages:
            self._breaches.report(_too_many(self._limits))
        if msg["msg_type"] not in _READ:
            return None  # widgets, for one: they draw nothing that is graded
        content = msg["content"]
        if TOO_LARGE in content:  # an animation, for one; the cell is over its cap, not the run
            self._breaches.report(_cell_output(self._limits))
            return None
        if msg["msg_type"] == "update_display_data" and not self._has_room(content):
            return None  # else it grows an output that was small when it was counted
        if not _is_count(content.get("execution_count", 0)):
            del content["execution_count"]
        try:
            return super().process_message(msg, cell, cell_index)
        except CellControlSignal:
            raise
        except Exception as error:  # noqa: BLE001 -- nbclient and nbformat believe what they read
            # One output lost is all that it comes to: any cell may show what is no output.
            where, kind = cell_label(cell_index), type(error).__name__
            self._on_dropped(words("dropped", where=where, kind=msg["msg_type"], error=kind))
            return None


def _is_count(value: Any) -> bool:
    return value is None or (type(value) is int and 0 <= value <= GREATEST_NUMBER)


def _whole_output(limits: Limits) -> Breach:
    return Breach(
        name="OutputLimit",
        sentence=words("output.notebook", limit_mib=limits.output_mib),
    )


def _cell_output(limits: Limits) -> Breach:
    return Breach(
        name="OutputLimit",
        sentence=words("output.cell", limit_mib=limits.output_mib_per_cell),
        fatal=False,
    )


def _too_many(limits: Limits) -> Breach:
    return Breach(
        name="OutputLimit",
        sentence=words("messages", limit=limits.messages),
    )
