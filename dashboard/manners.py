"""The manners of the desk's routes: versions, so that two people do not overwrite each other, keys, so that a request
that is sent twice is done once, and pages.

    @router.get("/{thing_id}", responses=responses(401, 403, 404, 422, 503))
    def thing(actor: Acts, session: Reading, response: Response, thing_id: RowId) -> ThingShown:
        found = service.thing(session, actor, thing_id)
        response.headers["ETag"] = etag(found.version)
        return found

    @router.post("", status_code=201, responses=responses(400, 401, 403, *ONCE, 503))
    def open_thing(actor: Acts, session: Writing, once: Once, services: Given, given: ThingGiven) -> ThingShown:
        return once(ThingShown, lambda: service.open_thing(session, actor, given.new(), services.clock.now()))

    @router.patch("/{thing_id}", responses=responses(400, 401, 403, 404, *IF_MATCH, 422, 503))
    def change_thing(actor: Acts, session: Writing, if_version: IfMatch, services: Given, thing_id: RowId,
                     given: ThingGiven) -> ThingShown:
        return service.change(session, actor, thing_id, given.changes(), services.clock.now(), if_version)

In the service, with the row locked: `check_version(row.version, if_version)`. `IfMatch` and `Once` go behind whoever says
who may use the route: their refusals are for those who may. A route with both checks the version inside `once`'s work.
An answer that shows personal data on demand (reveal) takes no key: keys keep answers for a day.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Header, Query, Request
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from callcenter.errors import Changed, SixringError
from callcenter.text_types import line
from crm.idempotency import Asked, answer_once
from crm.paging import LONGEST
from crm.staff.schemas import SignedIn
from dashboard.access import holder
from dashboard.services import Given, Services, Writing

T = TypeVar("T")
ONCE: Final = (409, 422)        # what `Once` may answer, for the route's description
IF_MATCH: Final = (412, 428)    # … and `IfMatch`
_ETAG: Final = re.compile(r'^"([0-9]{1,18})"$')

Cursor = Annotated[Annotated[str, line(LONGEST, least=0, strip=False)] | None, Query(description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


class PreconditionRequired(SixringError):
    """A change that does not say which version it changes."""

    code = "precondition_required"
    status = 428


def etag(version: int) -> str:
    return f'"{version}"'


def if_match(given: Annotated[str | None, Header(
        alias="If-Match", description="the ETag that the thing had when it was read; 428 without")] = None) -> int:
    """The version. Anything but one ETag of ours (`*` too: it would overwrite what nobody has seen) matches nothing."""
    if given is None:
        raise PreconditionRequired
    found = _ETAG.match(given)
    if found is None:
        raise Changed
    return int(found[1])


def if_match_at_will(given: Annotated[str | None, Header(
        alias="If-Match", description="the ETag that the thing had when it was read; without, what others did is replaced")] = None,
        ) -> int | None:
    return None if given is None else if_match(given)


IfMatch = Annotated[int, Depends(if_match)]
IfMatchAtWill = Annotated[int | None, Depends(if_match_at_will)]     # of what may not be there yet, and keeps every version


async def request_hash(request: Request) -> str:
    """Of method, path, query and body. FastAPI has read the body; it is kept with the request."""
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(head + await request.body()).hexdigest()


@dataclass(frozen=True)
class OnceOnly:
    """`once(Answer, work)`: does the work, or gives the answer that it gave when the same key was sent before.

    Without a key the work is simply done. The work's answer must be what the route answers, and hold all that the route
    puts into headers."""

    session: Session
    services: Services
    asked: Asked | None

    def __call__(self, answer: type[T], work: Callable[[], T]) -> T:
        if self.asked is None:
            return work()
        return answer_once(self.session, self.asked, TypeAdapter(answer), work, self.services.clock.now())


def once_only(
    request: Request,
    who: Annotated[SignedIn, Depends(holder, scope="function")],
    session: Writing,
    services: Given,
    hashed: Annotated[str, Depends(request_hash)],
    key: Annotated[str | None, Header(
        alias="Idempotency-Key", min_length=1, max_length=100, pattern=r"^[!-~]+$",
        description="Yours, one for each thing you want done. Sent again within a day it gives the first answer again and does "
                    "nothing; with another request it is refused as `key_reused`")] = None,
) -> OnceOnly:
    route: Any = request.scope.get("route")
    path = getattr(route, "path", request.url.path)
    asked = None if key is None else Asked(who.user.user_id, key, f"{request.method} {path}"[:200], hashed)
    return OnceOnly(session, services, asked)


Once = Annotated[OnceOnly, Depends(once_only, scope="function")]
