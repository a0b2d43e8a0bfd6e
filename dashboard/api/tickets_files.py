"""`/tickets/{id}/attachments`: photos, PDFs and sound of a ticket."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel

from crm.tickets import attachments
from crm.tickets.schemas import AttachmentShown
from dashboard.api.tickets import TicketId, Works
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing
from dashboard.uploads import body_up_to, described

router = APIRouter(prefix="/tickets/{ticket_id}/attachments", tags=["tickets"])


class AttachmentList(BaseModel):
    items: list[AttachmentShown]


@router.get("", responses=responses(401, 403, 404, 422, 503))
def list_attachments(actor: Works, session: Reading, ticket_id: TicketId) -> AttachmentList:
    return AttachmentList(items=attachments.attachments(session, actor, ticket_id))


@router.post("", status_code=201, openapi_extra=described("application/octet-stream"),
             responses=responses(400, 401, 403, 404, 409, 413, 415, 422, 503))
def attach(
    actor: Works, session: Writing, services: Given, ticket_id: TicketId,
    body: Annotated[bytes, Depends(body_up_to(attachments.LARGEST))],
    name: Annotated[str, Query(max_length=200, description="as it is shown; means nothing else")] = "",
) -> AttachmentShown:
    """The file itself is the body. What it is, its first bytes say. The same file again is the same attachment."""
    return attachments.attach(session, actor, services.attachments, ticket_id, name, body, services.clock.now())


@router.get("/{attachment_id}", response_class=Response, responses={
    200: {"description": "the file", "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    **responses(401, 403, 404, 409, 422, 503)})
def download(actor: Works, session: Reading, services: Given, ticket_id: TicketId,
             attachment_id: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> Response:
    """Checked against its checksum; 409 `file_damaged` when it is not what was handed in."""
    shown, content = attachments.content_of(session, actor, services.attachments, ticket_id, attachment_id)
    return Response(content, media_type=shown.type, headers={
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(shown.name)}", "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store"})
