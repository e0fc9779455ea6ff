"""`make assets`: fetch the real weights and pictures into the cache, once.

Each file has one or more addresses, which may redirect. A download goes into a `.part` file and is
resumed there after a cut (HTTP Range), unless the server's file has changed since (`If-Range`). A
server that is busy is asked again. What is known of a file beforehand is checked: for torchvision's
checkpoint the first digits of its sha256, which its name holds; for the others the size, and that
they load: all of ResNet-50's tensors, 1,000 class names, a picture. Their digests were never
published, so they are recorded on first use in `bundle.json` and compared at every later one
(`bundles.open_bundle`).
"""

from __future__ import annotations

import logging
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pooch
import requests

from reference.bundle_files import (
    CHECKPOINT,
    CLASSES,
    CORGI,
    FULL_IN_FEATURES,
    ROBUST_CHECKPOINT,
    sha256_of,
    write_record,
)
from reference.bundles import Bundle, open_bundle
from reference.checkpoints import load_state_dict_file, robust_state_dict
from reference.classify import load_class_names
from reference.errors import AssetsMissing, ConfigError
from reference.images import read_image
from reference.networks import network_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_COURSE = "http://6.869.csail.mit.edu/fa19/psets19/pset6"
_KIB = 1024
_MIB = 1024 * _KIB
_CHUNK_BYTES = 64 * _KIB
"""What is lost at most when a download is cut."""
_TIMEOUT_S = 30
_ATTEMPTS = 3
_BUSY = frozenset({429, 500, 502, 503, 504})
"""Statuses of a server that may answer later."""
_LONGEST_PAUSE_S = 10.0
_PAUSE_S = 1.0
"""Between two attempts, where the server names no time."""
_PAGE = (b"<!doctype", b"<html", b"<?xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a file of the bundle comes from and what is known of it beforehand."""

    urls: tuple[str, ...]
    """Addresses, tried in order."""
    min_bytes: int
    """Smallest plausible size."""
    max_bytes: int
    """Largest plausible size."""
    sha256_prefix: str = ""
    """First digits of its sha256, as far as published."""


SOURCES: Mapping[str, Source] = {
    CHECKPOINT: Source(
        urls=("https://download.pytorch.org/models/resnet50-0676ba61.pth",),
        min_bytes=90 * _MIB,
        max_bytes=110 * _MIB,
        sha256_prefix="0676ba61",
    ),
    ROBUST_CHECKPOINT: Source(
        urls=(
            f"{_COURSE}/imagenet_l2_3_0.pt",
            # the address that the lab's `robustness` library gave for this file
            "https://www.dropbox.com/s/knf4uimlqsi1yz8/imagenet_l2_3_0.pt?dl=1",
        ),
        min_bytes=190 * _MIB,
        max_bytes=200 * _MIB,
    ),
    CORGI: Source(urls=(f"{_COURSE}/WelshCorgi.jpeg",), min_bytes=120 * _KIB, max_bytes=135 * _KIB),
    CLASSES: Source(
        urls=(f"{_COURSE}/imagenet_classes.txt",), min_bytes=10 * _KIB, max_bytes=60 * _KIB
    ),
}
"""The imagenet bundle, by path relative to its root."""


class Progress(Protocol):
    """Hears of a download: file, bytes there, bytes in all (0: unknown)."""

    def __call__(self, name: str, done_bytes: int, total_bytes: int, /) -> None:
        """Take note."""


def fetch_bundle(
    root: Path,
    *,
    sources: Mapping[str, Source] = SOURCES,
    from_folder: Path | None = None,
    check: Callable[[Path], None] | None = None,
    on_progress: Progress | None = None,
) -> Bundle:
    """Fetch, verify and open the imagenet bundle; a complete one is only verified.

    Args:
        root: The bundle's folder; what has been fetched so far waits beside it, in
            `<root>.fetching`, until all is there.
        sources: Addresses by path.
        from_folder: A folder with files fetched by other means; a file found there by its name is
            copied from it.
        check: Loads the files in a folder and raises ConfigError where they are not what they
            should be; default `check_files`.
        on_progress: Hears of the downloads.

    Raises:
        AssetsMissing: No address of a file answered, or what came is not the file.
    """
    if (root / "bundle.json").is_file():
        return open_bundle(root)
    staging = root.with_name(root.name + ".fetching")
    for path, source in sources.items():
        if from_folder is not None and (from_folder / Path(path).name).is_file():
            (staging / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(from_folder / Path(path).name, staging / path)
            _check_known(staging / path, source)
        else:
            _fetch(staging, path, source, on_progress)
    try:
        (check or check_files)(staging)
    except ConfigError as error:
        raise AssetsMissing(f"{error} The other files are kept in {staging}.") from error
    write_record(staging, name="imagenet", version="1", in_features=FULL_IN_FEATURES)
    staging.replace(root)
    return open_bundle(root)


def check_files(root: Path) -> None:
    """Load every file of a bundle's folder.

    Raises:
        ConfigError: A checkpoint does not match ResNet-50, or another file is not what it should
            be; that file has been deleted, so that the next call fetches it again.
    """
    readers: Sequence[tuple[str, Callable[[Path], object]]] = (
        (CHECKPOINT, lambda path: network_from(load_state_dict_file(path), path)),
        (
            ROBUST_CHECKPOINT,
            lambda path: network_from(robust_state_dict(load_state_dict_file(path)), path),
        ),
        (CORGI, read_image),
        (CLASSES, load_class_names),
    )
    for name, read in readers:
        try:
            read(root / name)
        except ConfigError:
            (root / name).unlink(missing_ok=True)
            raise


def _fetch(staging: Path, path: str, source: Source, on_progress: Progress | None) -> None:
    pooch.get_logger().setLevel(logging.ERROR)
    troubles: list[str] = []
    for url in source.urls:
        registry = pooch.create(
            path=staging, base_url="", registry={path: None}, urls={path: url}, env=None
        )
        try:
            registry.fetch(path, downloader=Resuming(staging / f"{path}.part", on_progress))
            _check_known(staging / path, source)
        except (requests.RequestException, AssetsMissing) as error:
            troubles.append(f"{url}: {_brief(error)}")
        else:
            return
    raise AssetsMissing(
        f"{Path(path).name} could not be fetched ({'; '.join(troubles)}). Run `make assets` again "
        f"with a network connection (what has come so far is kept), put the file into a folder and "
        f"run `python -m reference assets --from FOLDER`, or take the built-in one (BUNDLE=studio)."
    )


def _check_known(path: Path, source: Source) -> None:
    size = path.stat().st_size
    trouble = ""
    with path.open("rb") as file:
        is_page = file.read(64).lstrip().lower().startswith(_PAGE)
    if is_page:  # of a server that has moved, or a network that asks for a login
        trouble = f"expected a file of {source.min_bytes} bytes or more, found an HTML page"
    elif not source.min_bytes <= size <= source.max_bytes:
        trouble = f"expected {source.min_bytes} to {source.max_bytes} bytes, found {size}"
    elif not sha256_of(path).startswith(source.sha256_prefix):
        trouble = f"expected a sha256 that begins with {source.sha256_prefix}, found another"
    if trouble:
        path.unlink()
        raise AssetsMissing(f"{path.name}: {trouble}.")


def _brief(error: Exception) -> str:
    """Say in a few words what went wrong with an address."""
    match error:
        case requests.HTTPError() if error.response is not None:
            return f"HTTP status {error.response.status_code}"
        case requests.Timeout():
            return "no answer in time"
        case requests.TooManyRedirects():
            return "it redirects in a circle"
        case requests.ConnectionError():
            return "no connection"
        case _:
            return str(error).rstrip(".")


class Resuming:
    """A downloader for pooch that goes on where a `.part` file ends."""

    def __init__(self, part: Path, on_progress: Progress | None = None) -> None:
        self.part = part
        self.on_progress = on_progress

    def __call__(self, url: str, output_file: str, _registry: object, /) -> None:
        """Download `url` to `output_file`, over several attempts.

        Raises:
            requests.RequestException: The address did not deliver; what came is kept.
        """
        self.part.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(_ATTEMPTS):
            try:
                self._go_on(url)
                break
            except requests.HTTPError as error:
                answer = error.response
                if attempt == _ATTEMPTS - 1 or answer is None or answer.status_code not in _BUSY:
                    raise
                time.sleep(_pause_s(answer))
            except (requests.exceptions.ChunkedEncodingError, requests.ConnectionError):
                # a cut in the middle is worth another attempt, an address without answer is not
                if attempt == _ATTEMPTS - 1 or not self.part.exists():
                    raise
        self.part.replace(output_file)
        self._mark.unlink(missing_ok=True)

    @property
    def _mark(self) -> Path:
        """What the server said of the file that the part is of."""
        return self.part.with_name(f"{self.part.name}.etag")

    def _go_on(self, url: str) -> None:
        have = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        if have and self._mark.is_file():
            headers["If-Range"] = self._mark.read_text(encoding="ascii")
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                if answer.headers.get("Content-Range", "") == f"bytes */{have}":
                    return None  # everything had come before the cut
                self.part.unlink()  # of another file: begin anew, without a range
                return self._go_on(url)
            answer.raise_for_status()
            if answer.status_code != requests.codes.partial_content:
                have = 0  # the server sends the whole file
            begins = answer.headers.get("Content-Range", f"bytes {have}-")
            if have and not begins.startswith(f"bytes {have}-"):
                self.part.unlink()  # the server goes on elsewhere: begin anew, without a range
                return self._go_on(url)
            etag = answer.headers.get("ETag", "")
            if etag.startswith('"') and etag.isascii():  # a weak one says nothing of bytes
                self._mark.write_text(etag, encoding="ascii")
            total = have + int(answer.headers.get("Content-Length", -have))
            with self.part.open("ab" if have else "wb") as file:
                for chunk in answer.iter_content(_CHUNK_BYTES):
                    have += file.write(chunk)
                    if self.on_progress is not None:
                        self.on_progress(self.part.stem, have, total)
        return None


def _pause_s(answer: requests.Response) -> float:
    """Return how long to wait for a busy server, in seconds."""
    wished = answer.headers.get("Retry-After", "")
    return min(float(wished), _LONGEST_PAUSE_S) if wished.isdigit() else _PAUSE_S
