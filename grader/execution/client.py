"""nbclient with our evidence taken out of the outputs, and caps on what comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nbclient import NotebookClient

from grader.execution.breaches import Breach, Breaches
from grader.execution.notes import words
from grader.kernel.channel import MIME
from grader.model.records import Limits

MIB = 2**20
"""Bytes in one MiB."""


class CappedClient(NotebookClient):
    """Runs cells; call `watch` before the first."""

    def watch(
        self,
        on_evidence: Callable[[Any, list[Any]], None],
        limits: Limits,
        breaches: Breaches,
    ) -> None:
        """Say who takes evidence, what the limits are, and who is told of a breach."""
        self._on_evidence = on_evidence
        self._limits = limits
        self._breaches = breaches
        self.reply: Mapping[str, Any] = {}
        self.on_cell_executed = self._keep_reply
        self.cell_bytes = 0
        self._all_bytes = 0
        self._messages = 0

    def _keep_reply(self, execute_reply: Mapping[str, Any] | None = None, **_: Any) -> None:
        self.reply = (execute_reply or {}).get("content") or {}

    def output(self, outs: Any, msg: Any, display_id: Any, cell_index: int) -> Any:
        """Take evidence; keep an output while the caps last."""
        content = msg["content"]
        if msg["msg_type"] == "display_data" and MIME in content.get("data", {}):
            self._on_evidence(content, msg.get("buffers") or [])
            return None
        size = len(str(content))
        self.cell_bytes += size
        if self.cell_bytes > self._limits.output_mib_per_cell * MIB:
            # What still comes until the interrupt takes effect is not the notebook's to pay.
            self._breaches.report(_cell_output(self._limits))
            return None
        self._all_bytes += size
        if self._all_bytes > self._limits.output_mib * MIB:
            self._breaches.report(_whole_output(self._limits))
        return super().output(outs, msg, display_id, cell_index)

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Count every message, and leave widgets out."""
        self._messages += 1
        if self._messages > self._limits.messages:
            self._breaches.report(_too_many(self._limits))
        if msg["msg_type"].startswith("comm_"):
            return None  # widgets draw nothing that is graded
        return super().process_message(msg, cell, cell_index)


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
