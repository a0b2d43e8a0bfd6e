"""No request's body is read further than anything here could want, whoever sends it: bodies are read before anybody is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from crm.tickets.attachments import LARGEST
from dashboard.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST: Final = LARGEST + 2**20            # a file: the route itself says which is too large
MOST_JSON: Final = 8 * 2**20             # the longest of all, an incident's steps, are half of it


class BodyLimit:
    """What declares itself too long is refused unread; what does not, where it becomes so. `too_large` in both cases."""

    def __init__(self, app: ASGIApp, *, most: int = MOST, most_json: int = MOST_JSON) -> None:
        self._app, self._most, self._most_json = app, most, most_json

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        most = self._most_json if kind == "application/json" or kind.endswith("+json") else self._most
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            await problem(413, "too_large")(scope, receive, send)
            return
        size = 0

        async def receive_up_to_it() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_up_to_it, send)
