"""Fetching a bundle from a server on loopback: whole, cut, damaged, absent."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reference.assets import SOURCES, Source, check_files, fetch_bundle
from reference.bundle_files import BUNDLE_FILES, CHECKPOINT, CLASSES, CORGI, ROBUST_CHECKPOINT
from reference.bundles import Bundle
from reference.errors import AssetsMissing, ConfigError

CONTENT = {
    CHECKPOINT: bytes(range(256)) * 4000,
    ROBUST_CHECKPOINT: bytes(reversed(range(256))) * 3000,
    CORGI: b"corgi" * 100,
    CLASSES: b"tench, Tinca tinca\n" * 1000,
}


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT by file name; breaks off, lies or refuses as told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {path.rsplit("/", 1)[1]: content for path, content in CONTENT.items()}
        self.cut_after: dict[str, int] = {}  # name -> bytes after which the next answer breaks off
        self.has_ranges = True
        self.asked: list[tuple[str, str | None]] = []  # (name, Range header)

    def sources(self, **changes: Any) -> dict[str, Source]:
        base = f"http://127.0.0.1:{self.server_address[1]}"
        return {
            path: Source(
                urls=(f"{base}/{path.rsplit('/', 1)[1]}",),
                min_bytes=1,
                max_bytes=10_000_000,
                **changes.get(path, {}),
            )
            for path in CONTENT
        }


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        name, wanted = self.path.strip("/"), self.headers.get("Range")
        self.server.asked.append((name, wanted))
        content = self.server.files.get(name)
        if content is None:
            return self.send_error(404)
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if not self.server.has_ranges:
            first = 0
        if first >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        last = self.server.cut_after.pop(name, len(content))
        self.wfile.write(content[first:last])
        return None


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def accept(root: Path) -> None:
    """Takes the place of loading 300 MB of weights."""


def fetch(server: Server, root: Path, **options: Any) -> Bundle:
    given: dict[str, Any] = {"sources": server.sources(), "check": accept}
    return fetch_bundle(root, **given | options)


def test_a_whole_bundle_is_fetched_recorded_and_not_fetched_again(
    server: Server, tmp_path: Path
) -> None:
    seen = []
    bundle = fetch(server, tmp_path / "imagenet", on_progress=lambda *args: seen.append(args))
    assert bundle.name == "imagenet"
    assert bundle.in_features == 2048
    for path, content in CONTENT.items():
        assert (bundle.root / path).read_bytes() == content
    record = json.loads((bundle.root / "bundle.json").read_text())
    assert record["files"][CORGI] == {
        "sha256": hashlib.sha256(CONTENT[CORGI]).hexdigest(),
        "size": 500,
    }
    assert ("resnet50-0676ba61.pth", 1_024_000, 1_024_000) in seen
    requests_before = len(server.asked)
    fetch(server, tmp_path / "imagenet")
    assert len(server.asked) == requests_before
    assert not (tmp_path / "imagenet.fetching").exists()


def test_a_cut_is_resumed_where_it_was(server: Server, tmp_path: Path) -> None:
    server.cut_after["resnet50-0676ba61.pth"] = 300_000
    bundle = fetch(server, tmp_path / "imagenet")
    assert bundle.checkpoint.read_bytes() == CONTENT[CHECKPOINT]
    ranges = [wanted for name, wanted in server.asked if name == "resnet50-0676ba61.pth"]
    assert ranges == [None, "bytes=262144-"]  # whole chunks of 64 KiB


def test_what_came_is_kept_for_the_next_call(server: Server, tmp_path: Path) -> None:
    part = tmp_path / "imagenet.fetching" / f"{CHECKPOINT}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[CHECKPOINT][:1000])
    assert fetch(server, tmp_path / "imagenet").checkpoint.read_bytes() == CONTENT[CHECKPOINT]
    assert server.asked[0] == ("resnet50-0676ba61.pth", "bytes=1000-")


def test_a_complete_part_is_taken(server: Server, tmp_path: Path) -> None:
    part = tmp_path / "imagenet.fetching" / f"{CORGI}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[CORGI])
    assert fetch(server, tmp_path / "imagenet").corgi.read_bytes() == CONTENT[CORGI]


def test_a_part_longer_than_the_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    part = tmp_path / "imagenet.fetching" / f"{CORGI}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[CORGI] + b"more")
    assert fetch(server, tmp_path / "imagenet").corgi.read_bytes() == CONTENT[CORGI]


def test_a_server_without_ranges_sends_all_again(server: Server, tmp_path: Path) -> None:
    server.has_ranges = False
    server.cut_after["WelshCorgi.jpeg"] = 100
    assert fetch(server, tmp_path / "imagenet").corgi.read_bytes() == CONTENT[CORGI]


def test_the_second_address_is_taken_when_the_first_fails(server: Server, tmp_path: Path) -> None:
    sources = server.sources()
    good = sources[CORGI].urls[0]
    sources[CORGI] = Source(urls=(good + ".gone", good), min_bytes=1, max_bytes=1000)
    assert fetch(server, tmp_path / "imagenet", sources=sources).corgi.is_file()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256_prefix": "0676ba61"}, "begins with 0676ba61, found another"),
        ({"min_bytes": 2_000_000}, "expected 2000000 to 10000000 bytes, found 1024000"),
    ],
    ids=["digest", "size"],
)
def test_another_content_is_refused_and_deleted(
    server: Server, tmp_path: Path, changes: Any, message: str
) -> None:
    sources = server.sources()
    source = sources[CHECKPOINT]
    known = {"min_bytes": 1, "max_bytes": 10_000_000} | changes
    sources[CHECKPOINT] = Source(urls=source.urls, **known)
    with pytest.raises(AssetsMissing, match=message):
        fetch(server, tmp_path / "imagenet", sources=sources)
    assert not (tmp_path / "imagenet").exists()
    assert not (tmp_path / "imagenet.fetching" / CHECKPOINT).exists()


def test_files_that_do_not_load_are_refused_and_deleted(server: Server, tmp_path: Path) -> None:
    with pytest.raises(AssetsMissing, match=r"resnet50-0676ba61\.pth: expected a checkpoint"):
        fetch(server, tmp_path / "imagenet", check=check_files)
    assert not (tmp_path / "imagenet.fetching" / CHECKPOINT).exists()
    assert (tmp_path / "imagenet.fetching" / CORGI).exists()


def test_no_network_is_one_sentence_with_the_ways_out(tmp_path: Path) -> None:
    nowhere = {
        path: Source(urls=("http://127.0.0.1:9/x",), min_bytes=1, max_bytes=2) for path in CONTENT
    }
    with pytest.raises(AssetsMissing) as caught:
        fetch_bundle(tmp_path / "imagenet", sources=nowhere, check=accept)
    text = str(caught.value)
    assert text.startswith(
        "resnet50-0676ba61.pth could not be fetched (http://127.0.0.1:9/x: no con"
    )
    assert "BUNDLE=studio" in text
    assert "\n" not in text


def test_a_missing_file_names_the_status(server: Server, tmp_path: Path) -> None:
    del server.files["WelshCorgi.jpeg"]
    with pytest.raises(AssetsMissing, match=r"WelshCorgi\.jpeg could not .*HTTP status 404"):
        fetch(server, tmp_path / "imagenet")


def test_files_fetched_by_hand_are_taken_first(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "hand"
    folder.mkdir()
    (folder / "WelshCorgi.jpeg").write_bytes(b"mine")
    bundle = fetch(server, tmp_path / "imagenet", from_folder=folder)
    assert bundle.corgi.read_bytes() == b"mine"
    assert "WelshCorgi.jpeg" not in [name for name, _ in server.asked]


def test_later_changes_are_noticed(server: Server, tmp_path: Path) -> None:
    bundle = fetch(server, tmp_path / "imagenet")
    bundle.corgi.write_bytes(b"dog!!" * 100)
    with pytest.raises(AssetsMissing, match="no longer matches the digest"):
        fetch(server, tmp_path / "imagenet")


def test_every_file_of_a_bundle_has_a_source() -> None:
    assert set(SOURCES) == set(BUNDLE_FILES)


def test_check_files_accepts_nothing_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="found no file"):
        check_files(tmp_path)
