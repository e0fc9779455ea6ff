"""From the kernel to the host: one message with JSON facts and raw array bytes.

Messages go out on the IOPub socket itself, so `%%capture` and `clear_output` do not swallow them.
No pickle: an array is its dtype, its shape and its bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

MIME = "application/vnd.pset4.evidence+json"


class Channel:
    """Sends evidence under the nonce of this run."""

    def __init__(self, kernel: Any, nonce: str) -> None:
        self._kernel = kernel
        self._nonce = nonce

    def send(
        self, kind: str, body: dict[str, Any], arrays: dict[str, np.ndarray] | None = None
    ) -> None:
        """Send one message; `arrays` travel as binary buffers in the order of their table."""
        table = []
        buffers = []
        for name, array in (arrays or {}).items():
            plain = np.ascontiguousarray(array)
            table.append({"name": name, "dtype": plain.dtype.name, "shape": list(plain.shape)})
            buffers.append(plain.tobytes())
        content = {
            "data": {MIME: {"nonce": self._nonce, "kind": kind, "body": body, "arrays": table}},
            "metadata": {},
            "transient": {},
        }
        kernel = self._kernel
        kernel.session.send(
            kernel.iopub_socket,
            "display_data",
            content=content,
            parent=kernel.get_parent(),
            ident=b"display_data",
            buffers=buffers,
        )
