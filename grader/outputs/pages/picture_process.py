"""Decode a picture that anybody may have made, apart: see `grader.sandbox.limited`.

    python -m grader.outputs.pages.picture_process

reads the file from standard input, and answers with its width and height on a line and then its
bytes, RGB: nothing that a library would have to understand.
"""

from __future__ import annotations

import functools
import sys

import numpy as np

from grader.outputs.pages.pictures import MAX_MEGAPIXELS, MAX_SIDE, Pixels, decode
from grader.sandbox.limited import TookTooLong, limit_this_process, run_limited
from reference.errors import ConfigError

TIMEOUT_S = 20.0
"""Wall-clock seconds for one picture."""
MEMORY_MIB = 1024.0
"""Private memory for one picture in MiB."""
REMEMBERED = 32
"""Pictures that are kept: feedback and staff page show the same."""


@functools.lru_cache(REMEMBERED)
def decode_apart(data: bytes, *, where: str) -> Pixels:
    """Do what `pictures.decode` does in a process of its own.

    Raises:
        ConfigError: not a picture, one that is too large, or one that its reader fell over.
    """
    try:
        answer = run_limited(__name__, stdin=data, timeout_s=TIMEOUT_S)
    except TookTooLong:
        raise ConfigError(
            f"{where}: expected a picture, found one that takes more than {TIMEOUT_S:.0f} s to read"
        ) from None
    header, _, raw = answer.partition(b"\n")
    try:
        width, height = map(int, header.split())
        if not (0 < max(width, height) <= MAX_SIDE and len(raw) == 3 * width * height > 0):
            raise ValueError
    except ValueError:
        raise ConfigError(
            f"{where}: expected a picture of at most {MAX_MEGAPIXELS:.0f} million pixels, found "
            "something else"
        ) from None
    pixels: Pixels = np.frombuffer(raw, np.uint8).reshape(height, width, 3) / 255
    pixels.flags.writeable = False
    return pixels


def main() -> None:
    """Answer one request."""
    limit_this_process(memory_mib=MEMORY_MIB, cpu_s=int(TIMEOUT_S))
    try:
        pixels = decode(sys.stdin.buffer.read(), where="picture")
    except ConfigError:
        raise SystemExit(1) from None
    height, width, _ = pixels.shape
    eight_bit = np.round(pixels * 255).astype(np.uint8)
    sys.stdout.buffer.write(b"%d %d\n" % (width, height) + eight_bit.tobytes())


if __name__ == "__main__":
    main()
