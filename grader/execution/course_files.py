"""Course files without a network: a server that knows exactly the listed URLs.

It runs outside the box, on sockets of the network inside it: ports 80 and 443, and names, all of
which lead there. Without a box it is a proxy on loopback, which the environment names.
"""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import trustme

from grader.execution.names import serve_names
from grader.model.text import one_line

MAX_NAMED_MISSES = 100
"""Refused URLs that are named in the evidence; a notebook may ask for more."""
MAX_SERVED = 1000
"""Requests for the course's files that are named in the evidence."""
MAX_URL = 300
"""Characters of a URL, or of a host's name, that are kept."""
MAX_HOSTS = 64
"""Hosts that get a certificate at a time."""
MAX_CONNECTIONS = 32
"""Connections that are served at a time; further ones wait."""
CONNECTION_TIMEOUT_S = 30.0
"""Seconds without a byte after which a connection is closed."""
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
"""Names that a certificate is made for; all else is no host."""
OLD_NAMES = {"resnet50-19c8e357.pth": "resnet50-0676ba61.pth"}
"""Names that files of the course had before."""


@dataclass
class CourseFiles:
    """The server: what it knows, and what was asked of it."""

    routes: Mapping[str, Path]
    """Scheme-less URL to file."""
    authority: trustme.CA
    """Signs the hosts' certificates; made for this run."""
    served: list[str] = field(default_factory=list)
    """URLs that were answered from the bundle, in order."""
    mirrored: list[str] = field(default_factory=list)
    """Those of them that are not listed, but end in the name of a course file."""
    missed: list[str] = field(default_factory=list)
    """URLs, or hosts on other ports, that are not listed and were refused, in order."""
    looked_up: list[str] = field(default_factory=list)
    """Hosts whose names were asked for."""
    contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)
    """TLS context by host."""

    def file_for(self, url: str) -> Path | None:
        """Return the file for a URL: that of the list, else the one of its name, as of a mirror."""
        normal = normal_url(url)
        listed = self.routes.get(normal)
        if listed is not None:
            return listed
        name = normal.rpartition("/")[2]
        name = OLD_NAMES.get(name, name)
        found = next((p for p in self.routes.values() if name and p.name == name), None)
        if found is not None and len(self.mirrored) < MAX_NAMED_MISSES:
            self.mirrored.append(_kept(url))
        return found

    def serve(self, url: str) -> None:
        """Note a URL that was answered."""
        if len(self.served) < MAX_SERVED:
            self.served.append(_kept(url))

    def miss(self, url: str) -> None:
        """Note a URL that is not listed."""
        if len(self.missed) < MAX_NAMED_MISSES:
            self.missed.append(_kept(url))

    def resolve(self, host: str) -> None:
        """Note that a host's name was asked for."""
        if len(self.looked_up) < MAX_NAMED_MISSES:
            self.looked_up.append(_kept(host))

    def all_missed(self) -> list[str]:
        """Refused URLs, then hosts that were looked up and never asked for a URL."""
        known = {normal_url(url).partition("/")[0] for url in (*self.missed, *self.served)}
        silent = dict.fromkeys(h for h in self.looked_up if h not in known)
        return [*self.missed, *silent]

    def context_for(self, host: str) -> ssl.SSLContext:
        """TLS context with a certificate for `host`, made when first asked for.

        Raises:
            ValueError: that is no name of a host.
        """
        if not _HOST.fullmatch(host):
            raise ValueError(f"{host[:MAX_URL]!r} is no name of a host")
        if host not in self.contexts:
            while len(self.contexts) >= MAX_HOSTS:
                self.contexts.pop(next(iter(self.contexts)), None)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.authority.issue_cert(host).configure_cert(context)
            self.contexts[host] = context
            return context
        return self.contexts[host]


def course_files(routes: Mapping[str, Path]) -> CourseFiles:
    """Return a server of `routes` (URL to file) with an authority of its own."""
    known = {normal_url(url): path for url, path in routes.items()}
    return CourseFiles(routes=known, authority=trustme.CA())


def proxy_environment(port: int) -> dict[str, str]:
    """Environment variables by which HTTP clients find the proxy on loopback."""
    proxy = f"http://127.0.0.1:{port}"
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    return {**dict.fromkeys(names, proxy), "no_proxy": ""}


def normal_url(url: str) -> str:
    """Scheme-less form under which a URL is looked up: host in lower case, path, no query.

    What is no URL, such as `http://[x`, stays as it is.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return url
    return f"{host.lower()}{unquote(parts.path)}"


def _kept(text: str) -> str:
    """What was asked for, as the evidence holds it."""
    return one_line(text[:MAX_URL])


class _Server(ThreadingHTTPServer):
    """Serves one listening socket, from wherever it comes."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, files: CourseFiles, *, tls: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_address = listener.getsockname()
        self.files = files
        self.tls = tls
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no event."""

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection when there is a place for it."""
        self._places.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection, then free its place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands first where the port speaks TLS; any host gets its certificate."""
        request.settimeout(CONNECTION_TIMEOUT_S)
        if not self.tls:
            _Handler(request, client_address, self)
            return
        asked: list[str] = []

        def choose(connection: ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> int | None:
            asked.append((name or "localhost").lower())
            try:
                connection.context = self.files.context_for(asked[0])
            except ValueError:
                return int(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
            return None

        first = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        first.sni_callback = choose  # type: ignore[assignment]
        with first.wrap_socket(request, server_side=True) as secure:
            host = asked[0] if asked else "localhost"
            type("_TlsHandler", (_Handler,), {"tunnel": host})(secure, client_address, self)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = CONNECTION_TIMEOUT_S
    server: _Server
    tunnel: str = ""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base's name
        """Nothing to the terminal; what matters is in `CourseFiles`."""

    def do_CONNECT(self) -> None:
        """Open a TLS tunnel that ends here; what is asked for in it is answered or refused."""
        host = self.path.rpartition(":")[0].lower()
        files = self.server.files
        try:
            context = files.context_for(host)
        except ValueError:
            self._refuse(self.path)
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        secure = context.wrap_socket(self.connection, server_side=True)
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
        url = self._url()
        path = self.server.files.file_for(url)
        if path is None:
            self._refuse(url)
            return
        if body:
            self.server.files.serve(url)
        with path.open("rb") as content:
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(path.stat().st_size))
            self.end_headers()
            if body:  # in pieces: many may ask at once for a file of 100 MiB
                shutil.copyfileobj(content, self.wfile)

    def _url(self) -> str:
        """The URL that was asked for: a proxy gets it whole, a host only its path."""
        if self.tunnel:
            return f"https://{self.tunnel}{self.path}"
        if self.path.startswith("/"):
            return f"http://{self.headers.get('Host', '').partition(':')[0]}{self.path}"
        return self.path

    def _refuse(self, url: str) -> None:
        self.server.files.miss(url)
        text = b"This URL is not one of the course's files; the grader has no network.\n"
        self.send_response(404)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        self.close_connection = True


@contextmanager
def _serving(server: _Server) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serve_on_loopback(files: CourseFiles) -> Iterator[int]:
    """Serve as a proxy on loopback while the block runs; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    with _serving(_Server(listener, files)):
        yield listener.getsockname()[1]


@contextmanager
def serve_in_box(files: CourseFiles) -> Iterator[Callable[[tuple[socket.socket, ...]], None]]:
    """Serve on sockets of a box's network (HTTP, HTTPS, names), once they are handed over."""
    with ExitStack() as running:

        def take(listeners: tuple[socket.socket, ...]) -> None:
            http, https, names = listeners
            running.enter_context(_serving(_Server(http, files)))
            running.enter_context(_serving(_Server(https, files, tls=True)))
            running.enter_context(serve_names(names, files.resolve))

        with suppress(OSError):  # sockets whose network is gone cannot be shut down
            yield take
