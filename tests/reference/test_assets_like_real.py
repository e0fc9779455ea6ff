"""Fetching as from the real servers: redirects, changed files, busy servers, pages, real forms."""

from __future__ import annotations

import hashlib
import http.server
import io
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from PIL import Image

from reference import assets
from reference.assets import SOURCES, Source, check_files, fetch_bundle
from reference.bundle_files import CHECKPOINT, CLASSES, CORGI, ROBUST_CHECKPOINT
from reference.bundles import Bundle
from reference.errors import AssetsMissing

HTML = b"<!DOCTYPE html><html><head><title>Moved</title></head><body>Log in</body></html>" * 2000


@dataclass
class Site:
    """What a server holds and how it behaves, by path."""

    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    busy: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    lies: set[str] = field(default_factory=set)
    after_cut: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)


class Handler(http.server.BaseHTTPRequestHandler):
    """As an object store behind a content network answers: ETag, ranges, If-Range, redirects."""

    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        site, path = self.site, self.path
        site.asked.append((path, dict(self.headers)))
        if path in site.redirects:
            return self._plain(302, {"Location": site.redirects[path]})
        if site.busy.get(path, 0) > 0:
            site.busy[path] -= 1
            return self._plain(503, {"Retry-After": "0"})
        content = site.files.get(path.partition("?")[0])
        if content is None:
            return self._plain(404, {"Content-Type": "text/html"}, HTML)
        return self._file(path, content)

    def _file(self, path: str, content: bytes) -> None:
        etag = f'"{hashlib.md5(content).hexdigest()}"'  # noqa: S324 -- as S3 makes it
        first = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if self.headers.get("If-Range", etag) != etag:
            first = 0
        headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Length": len(content) - first}
        if first:
            told = first + 7 if path in self.site.lies else first
            headers["Content-Range"] = f"bytes {told}-{len(content) - 1}/{len(content)}"
        self.send_response(206 if first else 200)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        last = self.site.cut.pop(path, None)
        self.wfile.write(content[first:last])
        if last is not None:
            self.close_connection = True
            self.site.files.update(self.site.after_cut)

    def _plain(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Site, str]]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(assets, "_PAUSE_S", 0.0)
    held = Site()
    handler = type("OfThisTest", (Handler,), {"site": held})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield held, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetch_corgi(base: str, root: Path, content: bytes, *paths: str) -> bytes:
    """Fetch a bundle of which only the picture is of interest."""
    source = Source(
        urls=tuple(base + path for path in paths), min_bytes=len(content), max_bytes=len(content)
    )
    by_hand = root / "hand"
    by_hand.mkdir(exist_ok=True)
    others = {path: known for path, known in SOURCES.items() if path != CORGI}
    small = {path: Source(urls=(), min_bytes=1, max_bytes=9) for path in others}
    for path in others:
        (by_hand / Path(path).name).write_bytes(b"x")
    bundle = fetch_bundle(
        root / "imagenet",
        sources={CORGI: source, **small},
        from_folder=by_hand,
        check=lambda _: None,
    )
    return bundle.corgi.read_bytes()


PICTURE = bytes(range(256)) * 2000


def test_redirects_are_followed_and_a_cut_behind_them_is_resumed(
    site: tuple[Site, str], tmp_path: Path
) -> None:
    held, base = site
    held.redirects = {"/s/corgi?dl=1": f"{base}/s/dl/corgi", "/s/dl/corgi": "/content/corgi"}
    held.files["/content/corgi"] = PICTURE
    held.cut["/content/corgi"] = 300_000
    assert fetch_corgi(base, tmp_path, PICTURE, "/s/corgi?dl=1") == PICTURE
    ranges = [headers.get("Range") for path, headers in held.asked if path == "/content/corgi"]
    assert ranges == [None, "bytes=262144-"]


def test_a_file_that_changed_after_a_cut_is_fetched_anew(
    site: tuple[Site, str], tmp_path: Path
) -> None:
    held, base = site
    other = PICTURE[::-1]
    held.files["/corgi"], held.cut["/corgi"] = PICTURE, 300_000
    held.after_cut["/corgi"] = other
    assert fetch_corgi(base, tmp_path, PICTURE, "/corgi") == other
    assert not list(tmp_path.rglob("*.etag"))


def test_a_server_that_goes_on_elsewhere_is_asked_for_the_whole_file(
    site: tuple[Site, str], tmp_path: Path
) -> None:
    held, base = site
    held.files["/corgi"], held.cut["/corgi"] = PICTURE, 300_000
    held.lies.add("/corgi")
    assert fetch_corgi(base, tmp_path, PICTURE, "/corgi") == PICTURE
    assert [headers.get("Range") for _, headers in held.asked] == [None, "bytes=262144-", None]


def test_a_busy_server_is_asked_again(site: tuple[Site, str], tmp_path: Path) -> None:
    held, base = site
    held.files["/corgi"], held.busy["/corgi"] = PICTURE, 2
    assert fetch_corgi(base, tmp_path, PICTURE, "/corgi") == PICTURE
    assert len(held.asked) == 3


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/gone", "HTTP status 404"),
        ("/loop", "it redirects in a circle"),
        ("/page", "found an HTML page"),
        ("/short", "expected 512000 to 512000 bytes, found 500000"),
        ("/busy", "HTTP status 503"),
    ],
)
def test_what_went_wrong_is_told_and_the_next_address_is_tried(
    path: str, why: str, site: tuple[Site, str], tmp_path: Path
) -> None:
    held, base = site
    held.redirects["/loop"] = "/loop"
    held.files = {"/page": HTML, "/short": PICTURE[:500_000], "/corgi": PICTURE}
    held.busy["/busy"] = 99
    with pytest.raises(AssetsMissing, match=why):
        fetch_corgi(base, tmp_path, PICTURE, path)
    assert not (tmp_path / "imagenet").exists()
    assert fetch_corgi(base, tmp_path, PICTURE, path, "/corgi") == PICTURE


# -- files of the real names and forms ------------------------------------------------------------


@lru_cache(maxsize=1)
def real_forms() -> Mapping[str, bytes]:
    """Files as the real servers hold them: sizes, names inside, and formats; made-up weights."""
    state = torchvision.models.resnet50().state_dict()
    plain, robust, picture = io.BytesIO(), io.BytesIO(), io.BytesIO()
    # torchvision's file of 2021 is of the format before zip.
    torch.save(state, plain, _use_new_zipfile_serialization=False)
    wrapped = {f"module.model.{name}": value for name, value in state.items()}
    attacked = {f"module.attacker.model.{name}": value for name, value in state.items()}
    normalizer = {"module.normalizer.new_mean": torch.zeros(3, 1, 1)}
    fresh = {name: value.clone() for name, value in attacked.items()}
    torch.save({"model": {**normalizer, **wrapped, **fresh}, "epoch": 90}, robust)
    noise = torch.randint(0, 256, (430, 640, 3), generator=torch.Generator().manual_seed(0))
    Image.fromarray(noise.byte().numpy()).save(picture, "JPEG", quality=42)
    names = "".join(f"class {n}, another word for {n}\n" for n in range(1000))
    return {
        CHECKPOINT: plain.getvalue(),
        ROBUST_CHECKPOINT: robust.getvalue(),
        CORGI: picture.getvalue(),
        CLASSES: names.encode(),
    }


@pytest.mark.slow
def test_files_of_the_real_names_and_forms_are_fetched_checked_and_loaded(
    site: tuple[Site, str], tmp_path: Path
) -> None:
    held, base = site
    made = real_forms()
    sources = {}
    for path, known in SOURCES.items():
        name = "/" + known.urls[-1].rsplit("/", 1)[1].partition("?")[0]
        held.files[f"/store{name}"] = made[path]
        held.redirects[name] = f"{base}/store{name}"
        prefix = hashlib.sha256(made[path]).hexdigest()[:8] if known.sha256_prefix else ""
        if path != CORGI:  # made-up pictures are of other sizes
            assert known.min_bytes <= len(made[path]) <= known.max_bytes, path
        sources[path] = Source(
            urls=(base + name,),
            min_bytes=1 if path == CORGI else known.min_bytes,
            max_bytes=known.max_bytes * (9 if path == CORGI else 1),
            sha256_prefix=prefix,
        )
    held.cut["/store/resnet50-0676ba61.pth"] = 60_000_000

    bundle: Bundle = fetch_bundle(tmp_path / "imagenet", sources=sources, check=check_files)

    assert bundle.in_features == 2048
    assert bundle.checkpoint.stat().st_size == len(made[CHECKPOINT])
    wrong = {**sources, CHECKPOINT: Source(**{**_facts(sources[CHECKPOINT]), "sha256_prefix": "0"})}
    with pytest.raises(AssetsMissing, match="expected a sha256 that begins with 0, found another"):
        fetch_bundle(tmp_path / "again", sources=wrong, check=lambda _: None)


def _facts(source: Source) -> dict[str, Any]:
    return {name: getattr(source, name) for name in ("urls", "min_bytes", "max_bytes")}
