"""A notebook that is larger than any that is read."""

from __future__ import annotations

import random
from pathlib import Path

from tests.hostile.making import handed_in


def build(target: Path) -> None:
    # Not so regular that the zip's ratio gives it away first.
    block = random.Random(1).randbytes(16_000).hex().encode() + b"A" * 968_000
    body = block * (130 * (1 << 20) // len(block) + 1)
    made = b'{"nbformat":4,"cells":[],"metadata":"' + body[: 130 << 20] + b'"}'
    handed_in(target, made)
