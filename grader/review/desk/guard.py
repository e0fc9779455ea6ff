"""What every request must be before any page sees it, and what every answer says of itself.

Host first: a page of a stranger whose name was pointed at this machine (DNS rebinding) sends a Host
of its own. Then, for what writes, where the request comes from. Then how large it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1_000_000
"""Of a form; a comment has at most a few thousand."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # Formulas and plots of ours are pictures in the page, with their width beside them. A
        # picture runs nothing, and a style's attribute loads nothing: img-src binds it.
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""What a page may load and do."""
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # To nobody else; with `no-referrer`, browsers send our own forms with `Origin: null`.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_TOO_LARGE = f"Expected a form of at most {MAX_BODY_BYTES:,} bytes, found more."
_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where the desk is reached."""

    origin: str
    """Such as `http://127.0.0.1:8690`; what links begin with."""
    hosts: frozenset[str]
    """Hosts with their ports, exactly as a browser sends them."""

    @property
    def origins(self) -> frozenset[str]:
        """Origins that a form of ours may come from."""
        scheme = self.origin.partition("://")[0]
        return frozenset(f"{scheme}://{host}" for host in self.hosts)


def loopback(port: int) -> Address:
    """Return the address of a desk for this machine alone."""
    names = ("127.0.0.1", "localhost", "[::1]")
    hosts = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())
    return Address(origin=f"http://127.0.0.1:{port}", hosts=frozenset(hosts))


class Guard:
    """Stands before the pages; an ASGI middleware."""

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self._app = app
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # there is no other kind of connection
        refusal = self._refusal(scope)
        told = _Told(send, private=not scope["path"].startswith("/static/"))
        if refusal is not None:
            await refusal(scope, receive, told)
            return
        await self._app(scope, _Bounded(receive), told)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if headers.getlist("host") != [headers.get("host", "")] or (
            headers.get("host", "").lower() not in self._address.hosts
        ):
            return PlainTextResponse(
                f"This desk answers at {self._address.origin} only.\n", status_code=421
            )
        if scope["method"] not in _READS and not self._is_ours(headers):
            return PlainTextResponse(
                "Expected a form of this desk, found a request of another page.\n", status_code=403
            )
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            return _too_large()
        return None

    def _is_ours(self, headers: Headers) -> bool:
        """Whether a request that writes comes from a page of the desk.

        Where the browser says which site it comes from, that counts; else its Origin must be ours.
        Neither, or an Origin of `null`, is nobody's.
        """
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in self._address.origins:
            return False
        return site == "same-origin" if site is not None else origin is not None


class _Told:
    """Sends answers with the headers that every one of them has."""

    def __init__(self, send: Send, *, private: bool) -> None:
        self._send = send
        self._private = private

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            if self._private:
                headers.setdefault("cache-control", "no-store")
        await self._send(message)


class _Bounded:
    """Reads bodies, however they are sent, up to a limit."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > MAX_BODY_BYTES:
            raise HTTPException(413, _TOO_LARGE)
        return message


def _too_large() -> PlainTextResponse:
    return PlainTextResponse(f"{_TOO_LARGE}\n", status_code=413)
