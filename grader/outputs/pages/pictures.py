"""Arrays and files of pictures to data URIs. Nothing is passed through: all is re-encoded."""

from __future__ import annotations

import base64
import hashlib
import io
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from grader.model.records import ArrayRef
from reference.errors import ConfigError

Pixels = npt.NDArray[np.float64]
"""(H, W, 3), pixels in [0, 1]."""

MEAN = np.array((0.485, 0.456, 0.406))
"""ImageNet mean, RGB, pixels in [0, 1]."""
STD = np.array((0.229, 0.224, 0.225))
"""ImageNet standard deviation, RGB, pixels in [0, 1]."""
MAX_FILE_BYTES = 64 * 2**20
"""A larger array or picture is not read."""
MAX_SIDE = 2048
"""A larger picture is shown at this size, in pixels; a larger array is not shown."""
MAX_MEGAPIXELS = 64.0
"""A picture file of more millions of pixels is not read; phones take 12 to 50."""
MAX_PNG_BYTES = 300_000
"""A larger picture of an answer, such as a photograph, becomes a JPEG if that is smaller."""
JPEG_QUALITY = 88
"""Handwriting stays sharp."""
DIFFERENCE_FACTOR = 10
"""Amplification of the difference between two pictures."""
_NOT_A_PICTURE = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def load_pixels(ref: ArrayRef, folder: Path, *, normalised: bool) -> Pixels:
    """Return an evidence array (1, 3, H, W) as (H, W, 3) pixels in [0, 1].

    Raises:
        ConfigError: the file is missing, was changed since the run, or is not a picture.
    """
    data = _read(_below(folder, ref.path))
    if hashlib.sha256(data).hexdigest() != ref.sha256:
        raise ConfigError(f"{ref.path}: changed since the run; grade the submission again")
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ConfigError(f"{ref.path}: expected an array, found {error}") from error
    return to_pixels(array, normalised=normalised, where=ref.path)


def to_pixels(array: npt.NDArray[np.generic], *, normalised: bool, where: str) -> Pixels:
    """Return a (1, 3, H, W) array as (H, W, 3) pixels in [0, 1], clipped; NaN becomes mid-grey.

    Raises:
        ConfigError: the array has another shape or is not of numbers.
    """
    shape = array.shape
    fits = (
        len(shape) == 4 and shape[:2] == (1, 3) and 0 < min(shape[2:]) <= max(shape[2:]) <= MAX_SIDE
    )
    if not fits or array.dtype.kind not in "fiu":
        raise ConfigError(
            f"{where}: expected a picture of shape (1, 3, H, W), found {shape} {array.dtype}"
        )
    image: Pixels = array[0].astype(np.float64).transpose(1, 2, 0)
    if normalised:
        image = image * STD + MEAN
    image = np.nan_to_num(image, nan=0.5, posinf=1.0, neginf=0.0)
    return np.clip(image, 0.0, 1.0)


def load_file_below(name: str, folder: Path) -> Pixels:
    """Return a picture file that lies with the evidence as (H, W, 3) pixels in [0, 1].

    Raises:
        ConfigError: the file is missing, lies elsewhere or is not a picture.
    """
    return load_file(_below(folder, name))


def load_file(path: Path) -> Pixels:
    """Return a picture file of the reference as (H, W, 3) pixels in [0, 1].

    Raises:
        ConfigError: the file is missing or is not a picture.
    """
    return decode(_read(path), where=path.name)


def decode(data: bytes, *, where: str) -> Pixels:
    """Return the picture that `data` encodes as (H, W, 3) pixels in [0, 1], upright.

    One of more than `MAX_SIDE` pixels a side is shrunk to that.

    Raises:
        ConfigError: not a picture, or one of more than `MAX_MEGAPIXELS` million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
                if image.width * image.height > MAX_MEGAPIXELS * 1e6:
                    most = f"at most {MAX_MEGAPIXELS:.0f} million pixels"
                    raise ConfigError(f"{where}: expected a picture of {most}")
                rgba = _shrunk(image).convert("RGBA")
    except _NOT_A_PICTURE as error:
        raise ConfigError(f"{where}: expected a picture, found something else") from error
    white = Image.new("RGBA", rgba.size, "white")
    return np.asarray(Image.alpha_composite(white, rgba).convert("RGB"), dtype=np.float64) / 255


def _shrunk(image: Image.Image) -> Image.Image:
    """Return a picture at most `MAX_SIDE` pixels wide and high, turned as its camera says."""
    if max(image.size) > MAX_SIDE:
        image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # a JPEG is then decoded at a smaller size
        image.thumbnail((MAX_SIDE, MAX_SIDE))
    return ImageOps.exif_transpose(image)


def difference(yours: Pixels, original: Pixels, factor: int = DIFFERENCE_FACTOR) -> Pixels:
    """Return `factor` times (yours - original) around mid-grey, in pixel space, clipped.

    Raises:
        ConfigError: the two pictures differ in size.
    """
    if yours.shape != original.shape:
        raise ConfigError(f"expected pictures of one size, found {yours.shape}, {original.shape}")
    return np.clip(0.5 + factor * (yours - original), 0.0, 1.0)


def png_data_uri(pixels: Pixels) -> str:
    """Return (H, W, 3) pixels in [0, 1] as an 8-bit PNG in a data URI."""
    eight_bit = np.round(pixels * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(eight_bit).save(buffer, "PNG", compress_level=6)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def answer_data_uri(pixels: Pixels) -> str:
    """Return (H, W, 3) pixels in [0, 1] as a PNG, or as a JPEG where that is much to carry."""
    lossless = png_data_uri(pixels)
    if len(lossless) <= MAX_PNG_BYTES:
        return lossless
    buffer = io.BytesIO()
    eight_bit = np.round(pixels * 255).astype(np.uint8)
    Image.fromarray(eight_bit).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    photo = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    return min(lossless, photo, key=len)


def _below(folder: Path, name: str) -> Path:
    """Return the path of a file of the evidence; what a record names never leads out of it."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ConfigError(f"{name}: expected a file below the evidence folder")
    return path


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path.name}: expected at most {MAX_FILE_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path.name}: expected a picture, found {error.strerror}") from error
