"""Pictures by strangers are decoded apart, and what comes back is only pixels."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from grader.outputs.pages import picture_process
from grader.outputs.pages.picture_process import decode_apart
from grader.outputs.pages.pictures import MAX_SIDE, decode
from grader.sandbox.limited import TookTooLong
from reference.errors import ConfigError


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    decode_apart.cache_clear()
    yield
    decode_apart.cache_clear()


def png(width: int, height: int) -> bytes:
    sink = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(noise).save(sink, "PNG")
    return sink.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb() -> bytes:
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_same_pixels_as_in_this_process() -> None:
    data = png(7, 5)
    apart = decode_apart(data, where="picture")
    assert apart.shape == (5, 7, 3)
    assert np.array_equal(apart, decode(data, where="picture"))


@pytest.mark.parametrize("data", [b"", b"GIF89a", png(9, 9)[:40], bomb()], ids=range(4))
def test_anything_else_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(ConfigError, match="cell 3: expected a picture"):
        decode_apart(data, where="cell 3")


def test_one_that_is_larger_than_a_page_shows_is_shrunk() -> None:
    assert decode_apart(png(2 * MAX_SIDE, 4), where="picture").shape == (2, MAX_SIDE, 3)


@pytest.mark.parametrize(
    "answer", [b"2 2\n" + b"x" * 11, b"-1 -1\nxxx", b"9999 1\n", b"a b\n", b""]
)
def test_an_answer_that_is_forged_is_no_picture(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_process, "run_limited", lambda *_, **__: answer)
    with pytest.raises(ConfigError, match="something else"):
        decode_apart(b"any", where="picture")


def test_one_that_takes_for_ever_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> bytes:
        raise TookTooLong

    monkeypatch.setattr(picture_process, "run_limited", slow)
    with pytest.raises(ConfigError, match="20 s"):
        decode_apart(b"any", where="picture")
