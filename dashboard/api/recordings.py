"""`/recordings`: by call, ticket and household; waveform, notes at a time, export. The sound is `/calls/…/recording` (A8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from callcenter.site import Site
from callcenter.text_types import line, lines
from crm.recordings import greeting as greetings
from crm.recordings import service
from crm.recordings.files import Sound
from crm.recordings.keys import KeyRing
from crm.recordings.schemas import NoteShown, RecordingShown
from crm.recordings.seal import Vault
from crm.recordings.service import Keeping, RecordingFilter
from crm.staff.actor import Actor
from crm.staff.schemas import SignedIn
from dashboard.access import DESK, LEADS, acting, own_seat, require
from dashboard.manners import ONCE, Once
from dashboard.problems import problem, responses
from dashboard.services import Given, Reading, Services, Writing

router = APIRouter(prefix="/recordings", tags=["recordings"])
sounds = APIRouter(prefix="/calls", tags=["recordings"])

OnDesk = Annotated[SignedIn, Depends(require(*DESK))]
Acts = Annotated[Actor, Depends(acting(*DESK), scope="function")]
Leads = Annotated[Actor, Depends(acting(*LEADS), scope="function")]
CallId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9._-]+$")]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Reason = Annotated[str, lines(500)]
Word = Annotated[str, line(80, least=0)]
NoteText = Annotated[str, lines(2000)]
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")
SOUND: dict[int | str, dict[str, Any]] = {200: {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}}}


class RecordingPage(BaseModel):
    items: list[RecordingShown]
    next: str | None = Field(description="give it as `cursor` for the next page; null on the last one")


class WaveformShown(BaseModel):
    seconds: float
    peaks: list[int] = Field(description="columns of equal length; 255 is full scale")


class Notes(BaseModel):
    notes: list[NoteShown]


class NoteGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False, description="where in the recording")]
    text: NoteText


class GreetingGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    said: bool


class ExportGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


@router.get("", responses=responses(401, 403, 404, 422, 503))
def list_recordings(
    who: OnDesk, actor: Acts, session: Reading, services: Given,
    call_id: Annotated[Word | None, Query()] = None,
    ticket_id: Annotated[RowId | None, Query()] = None,
    household_id: Annotated[RowId | None, Query()] = None,
    agent: Annotated[Annotated[str, line(6, least=0)] | None, Query()] = None,
    greeting: Annotated[bool | None, Query(description="of those that a leader has checked: whether it was said")] = None,
    since: Annotated[AwareDatetime | None, Query(description="entered their queue")] = None,
    before: Annotated[AwareDatetime | None, Query()] = None,
    cursor: Annotated[Word | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RecordingPage:
    """Newest first. An agent: of calls of the seat where they sit, and messages of callers with whom nobody talked."""
    wanted = RecordingFilter(call_id, ticket_id, household_id, own_seat(who), agent, greeting, since, before)
    found = service.recordings(session, actor, wanted, keeping(services.site, services), before=cursor, limit=limit + 1)
    return RecordingPage(items=found[:limit], next=found[limit - 1].call_id if len(found) > limit else None)


@router.get("/{call_id}/waveform", responses=responses(401, 403, 404, 409, 422, 503))
def waveform(who: OnDesk, actor: Acts, session: Reading, services: Given, call_id: CallId) -> WaveformShown:
    row = service.seen(session, actor, call_id, own_seat(who))
    found = service.waveform(session, vault_of(services), row)
    return WaveformShown(seconds=found.seconds, peaks=list(found.peaks))


@router.get("/{call_id}/notes", responses=responses(401, 403, 404, 422, 503))
def list_notes(who: OnDesk, actor: Acts, session: Reading, call_id: CallId) -> Notes:
    return Notes(notes=service.notes(session, service.seen(session, actor, call_id, own_seat(who)).call_id))


@router.post("/{call_id}/notes", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def add_note(who: OnDesk, actor: Acts, session: Writing, services: Given, once: Once, call_id: CallId,
             given: NoteGiven) -> NoteShown:
    def work() -> NoteShown:
        row = service.seen(session, actor, call_id, own_seat(who))
        return service.add_note(session, actor, row, given.at_s, given.text, services.clock.now())

    return once(NoteShown, work)


@router.delete("/{call_id}/notes/{note_id}", status_code=204, responses=responses(401, 403, 404, 422, 503))
def drop_note(who: OnDesk, actor: Acts, session: Writing, services: Given, call_id: CallId,
              note_id: Annotated[RowId, Path()]) -> None:
    """One's own; a leader: anybody's."""
    row = service.seen(session, actor, call_id, own_seat(who))
    service.drop_note(session, actor, row, note_id, services.clock.now(), any_of=actor.has(*LEADS))


@router.put("/{call_id}/greeting", responses=responses(401, 403, 404, 409, 422, 503))
def check_greeting(actor: Leads, session: Writing, services: Given, call_id: CallId,
                   given: GreetingGiven) -> greetings.GreetingShown:
    """Whether the agent greeted the caller, as whoever listens heard it (K3). 403: nobody judges the own calls."""
    row = service.seen(session, actor, call_id, None)
    return greetings.check(session, actor, row, given.said, services.clock.now())


@router.post("/{call_id}/export", response_class=StreamingResponse,
             responses=SOUND | responses(400, 401, 403, 404, 409, 422, 503))
def export(actor: Leads, session: Writing, services: Given, call_id: CallId, given: ExportGiven) -> StreamingResponse:
    """The whole recording as a file whose name says who took it when. In the audit before a byte is sent."""
    row = service.seen(session, actor, call_id, None)
    sound = service.sound_of(session, vault_of(services), row)
    name = service.export_name(session, actor, row, given.reason, services.clock.now())
    return _sent(sound, 0, sound.length, 200, {"Content-Disposition": f'attachment; filename="{name}"'})


@sounds.get("/{call_id}/recording", response_class=StreamingResponse, responses={
    **SOUND, 206: {"description": "the part that was asked for", **SOUND[200]},
    **responses(401, 403, 404, 409, 416, 422, 503)})
def listen(who: OnDesk, actor: Acts, session: Writing, services: Given, request: Request, call_id: CallId) -> Response:
    """Answers ranges. A listening is logged before its first byte is sent; what the same browser asks for within minutes belongs
    to it."""
    row = service.seen(session, actor, call_id, own_seat(who))
    sound = service.sound_of(session, vault_of(services), row)
    service.listen(session, actor, who.sign_in_id, call_id, services.clock.now())
    tag = f'"{row.recording_sha256}"'
    headers = {"Accept-Ranges": "bytes", "ETag": tag, "Content-Disposition": f'inline; filename="{call_id}.wav"'}
    wanted = request.headers.get("range") if request.headers.get("if-range") in (None, tag) else None
    found = _RANGE.fullmatch(wanted or "")
    if found is None or found[0] == "bytes=-":
        return _sent(sound, 0, sound.length, 200, headers)       # also several ranges at once, which no player asks for
    begin, end = _bounds(found[1], found[2], sound.length)
    if begin >= end:
        sound.close()
        return problem(416, "range_not_satisfiable", headers={"Content-Range": f"bytes */{sound.length}"})
    return _sent(sound, begin, end, 206, headers | {"Content-Range": f"bytes {begin}-{end - 1}/{sound.length}"})


def vault_of(services: Services) -> Vault:
    return Vault(services.recordings, KeyRing(services.secrets))


def keeping(site: Site, services: Services) -> Keeping:
    return Keeping(site.retention.recordings_days, services.timezone)


def _bounds(first: str, last: str, length: int) -> tuple[int, int]:
    if not first:
        return max(length - int(last), 0), length
    return int(first), min(int(last) + 1, length) if last else length


def _sent(sound: Sound, begin: int, end: int, status: int, headers: dict[str, str]) -> StreamingResponse:
    """The first part is read at once: what is damaged there is an error with a code, and not an answer that breaks off."""
    parts = sound.read(begin, end)
    try:
        first = next(parts, b"")
    except BaseException:
        sound.close()
        raise

    def body() -> Iterator[bytes]:
        try:
            yield first
            yield from parts
        finally:
            sound.close()

    return StreamingResponse(body(), status, {"Content-Length": str(end - begin), "Cache-Control": "no-store", **headers},
                             media_type="audio/wav")
