"""Course files without a network: a proxy on loopback that knows exactly the listed URLs."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import trustme

MAX_NAMED_MISSES = 100
"""Refused URLs that are named in the evidence; a notebook may ask for more."""


@dataclass
class CourseFiles:
    """The proxy while it runs: how to reach it, and what was asked of it."""

    port: int
    """TCP port on 127.0.0.1."""
    ca_file: Path
    """Certificate authority that the kernel's clients must trust."""
    served: list[str] = field(default_factory=list)
    """URLs that were answered from the bundle, in order."""
    missed: list[str] = field(default_factory=list)
    """URLs that are not listed and were refused, in order."""

    def environment(self) -> dict[str, str]:
        """Environment variables by which HTTP clients find the proxy and trust it."""
        proxy = f"http://127.0.0.1:{self.port}"
        authority = str(self.ca_file)
        return {
            "http_proxy": proxy,
            "https_proxy": proxy,
            "HTTP_PROXY": proxy,
            "HTTPS_PROXY": proxy,
            "no_proxy": "",
            "SSL_CERT_FILE": authority,
            "REQUESTS_CA_BUNDLE": authority,
            "CURL_CA_BUNDLE": authority,
        }


def normal_url(url: str) -> str:
    """Scheme-less form under which a URL is looked up: host in lower case, path, no query."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').lower()}{unquote(parts.path)}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    routes: Mapping[str, Path]
    log: CourseFiles
    contexts: dict[str, ssl.SSLContext]
    authority: trustme.CA

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no event."""

    def context_for(self, host: str) -> ssl.SSLContext:
        """TLS context with a leaf certificate for `host`, made when first asked for."""
        if host not in self.contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.authority.issue_cert(host).configure_cert(context)
            self.contexts[host] = context
        return self.contexts[host]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server
    tunnel: str = ""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base's name
        """Nothing to the terminal; what matters is in `CourseFiles`."""

    def do_CONNECT(self) -> None:
        """Open a TLS tunnel that ends here, for a host of the list; refuse any other."""
        host = self.path.rpartition(":")[0].lower()
        if not any(route.startswith(host + "/") for route in self.server.routes):
            self._refuse(f"https://{host}/")
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        secure = self.server.context_for(host).wrap_socket(self.connection, server_side=True)
        self.connection = secure
        self.rfile = secure.makefile("rb", -1)
        self.wfile = secure.makefile("wb", 0)  # type: ignore[assignment]
        self.tunnel = host
        self.close_connection = False

    def finish(self) -> None:
        """Close the tunnel too, which the server does not know of."""
        super().finish()
        if self.tunnel:
            self.connection.close()

    def do_HEAD(self) -> None:
        """Answer with the length only."""
        self._answer(body=False)

    def do_GET(self) -> None:
        """Answer with the file."""
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        url = f"https://{self.tunnel}{self.path}" if self.tunnel else self.path
        path = self.server.routes.get(normal_url(url))
        if path is None:
            self._refuse(url)
            return
        if body:
            self.server.log.served.append(url)
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def _refuse(self, url: str) -> None:
        if len(self.server.log.missed) < MAX_NAMED_MISSES:
            self.server.log.missed.append(url[:300])
        text = b"This URL is not one of the course's files; the grader has no network.\n"
        self.send_response(404)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        self.close_connection = True


@contextmanager
def serve_course_files(routes: Mapping[str, Path], folder: Path) -> Iterator[CourseFiles]:
    """Serve `routes` (URL to file) on loopback while the block runs.

    The certificate authority is made anew and written to `folder/ca.pem`.
    """
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    server = _Server(("127.0.0.1", 0), _Handler)
    server.routes = {normal_url(url): path for url, path in routes.items()}
    server.authority = authority
    server.contexts = {}
    server.log = CourseFiles(port=server.server_address[1], ca_file=ca_file)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.log
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
