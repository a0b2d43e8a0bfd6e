"""A request's body as it came, read no further than it may be long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request

from crm.tickets.attachments import TooLarge


def body_up_to(most: int) -> Callable[[Request], Awaitable[bytes]]:
    """A dependency; raises TooLarge before more is in memory."""

    async def read(request: Request) -> bytes:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise TooLarge
            parts.append(part)
        return b"".join(parts)

    return read


def described(*types: str) -> dict[str, Any]:
    """For a route's OpenAPI description, which cannot see such a body."""
    schema = {"type": "string", "format": "binary"}
    return {"requestBody": {"required": True, "content": {each: {"schema": schema} for each in types}}}
