"""Security headers on every answer, and the guard against requests that another site's page makes a browser send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from dashboard.live.socket import same_origin
from dashboard.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def security_headers(websocket: str) -> dict[str, str]:
    """Nothing from elsewhere, nothing inline: the page's own files and its own socket. `media-src` is for recordings.

    With `websocket`, where Asterisk is, a page may be a phone: it alone reaches that address, and the microphone.
    """
    phone = f" {websocket}" if websocket else ""
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
            f"connect-src 'self'{phone}; media-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'"),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": f"camera=(), geolocation=(), microphone=({'self' if phone else ''}), payment=(), usb=()",
    }


class SecurityHeaders:
    """Also says `no-store` where the answer itself says nothing: an API answer has personal data."""

    def __init__(self, app: ASGIApp, websocket: str = "") -> None:
        self._app = app
        self._headers = security_headers(websocket)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class SameOriginOnly:
    """SameSite=Strict keeps the cookie from other sites; this also stops other ports and subdomains of the host."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            headers = Headers(scope=scope)
            foreign = headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
            if foreign or not same_origin(headers.get("origin"), headers.get("host", "")):
                await problem(403, "foreign_origin")(scope, receive, send)
                return
        await self._app(scope, receive, send)
