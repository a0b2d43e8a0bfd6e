"""`/kinds`: what tickets there are; a new kind, or a new version of one, is a text that is handed in (J4)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, Field

from callcenter.errors import ConfigError, NotFound
from callcenter.roles import STAFF
from callcenter.yamlfile import FileFaults
from crm.kinds import service
from crm.kinds.load import LONGEST
from crm.kinds.schema import ID, Kind
from crm.kinds.service import Versioned, VersionShown
from crm.staff.actor import Actor
from dashboard.access import acting
from dashboard.manners import IfMatchAtWill, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing
from dashboard.uploads import body_up_to, described

router = APIRouter(prefix="/kinds", tags=["kinds"])

Works = Annotated[Actor, Depends(acting(*STAFF), scope="function")]
Writes = Annotated[Actor, Depends(acting(*service.WRITES), scope="function")]
KindId = Annotated[str, Path(pattern=ID)]


class KindShown(BaseModel):
    kind: str
    version: int = Field(description="the newest: new tickets are opened by it")
    may_open: bool
    may_see: bool
    definition: Kind


class KindList(BaseModel):
    items: list[KindShown]


class KindRead(KindShown):
    text: str | None = Field(description="as it was written, with its comments; for those who may write one")
    versions: list[VersionShown] = Field(description="newest first")


class KindWritten(BaseModel):
    kind: str
    version: int | None = Field(description="null after a dry run")
    changed: bool = Field(description="false: this is the newest version's text already")
    definition: Kind


@router.get("", responses=responses(401, 403, 503))
def list_kinds(actor: Works, session: Reading) -> KindList:
    """Those that you may open or see, each in its newest version."""
    return KindList(items=[_shown(one, actor) for one in service.kinds_for(session, actor)])


@router.get("/{kind}", responses=responses(401, 403, 404, 422, 503))
def read_kind(actor: Works, session: Reading, response: Response, kind: KindId) -> KindRead:
    found = service.kind_of(session, kind)
    writes = actor.has(*service.WRITES)
    if not (writes or service.may_open(found.kind, actor) or service.may_see(found.kind, actor)):
        raise NotFound(f"kind {kind}")
    response.headers["ETag"] = etag(found.version)
    return KindRead(**dict(_shown(found, actor)), versions=service.versions_of(session, kind),
                    text=service.text_of(session, kind, found.version) if writes else None)


@router.get("/{kind}/versions/{version}", responses=responses(401, 403, 404, 422, 503))
def read_version(actor: Works, session: Reading, kind: KindId,
                 version: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> KindShown:
    """An older one, by which its tickets go on."""
    found = service.kind_of(session, kind, version)
    if not (actor.has(*service.WRITES) or service.may_open(found.kind, actor) or service.may_see(found.kind, actor)):
        raise NotFound(f"kind {kind}")
    return _shown(found, actor)


@router.put("/{kind}", openapi_extra=described("text/yaml"), responses=responses(400, 401, 403, 409, 412, 413, 422, 503))
def write_kind(
    actor: Writes, session: Writing, services: Given, if_version: IfMatchAtWill, response: Response, kind: KindId,
    body: Annotated[bytes, Depends(body_up_to(LONGEST))],
    dry_run: Annotated[bool, Query(description="check it and write nothing")] = False,
) -> KindWritten:
    """A new version; new tickets are opened by it at once, those that are open go on by theirs. A wrong one is refused as
    `definition_unfit`, with line, key, problem and what would be right of every fault; with `If-Match`, one that was made from an
    older version than the newest (412)."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body[:error.start].count(b"\n") + 1
        raise FileFaults([ConfigError(f"{kind}.yaml", line, "-", "is not UTF-8", "save the file as UTF-8")]) from error
    done = service.write_kind(session, actor, kind, text, services.clock.now(), if_version, dry_run=dry_run)
    if done.version is not None:
        response.headers["ETag"] = etag(done.version)
    return KindWritten(kind=kind, version=done.version, changed=done.changed, definition=done.kind)


def _shown(found: Versioned, actor: Actor) -> KindShown:
    return KindShown(kind=found.kind.kind, version=found.version, may_open=service.may_open(found.kind, actor),
                     may_see=service.may_see(found.kind, actor), definition=found.kind)
