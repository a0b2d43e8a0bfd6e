"""What every route needs, built once by `app.py`, and the transaction of a request.

The transaction ends before the answer is sent (`scope="function"`): a failed commit must never answer 201.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast
from zoneinfo import ZoneInfo

from fastapi import Depends
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from callcenter.clock import Clock
from callcenter.orders import Asker
from callcenter.site import Site
from crm.database import Database
from crm.incidents.declared.load import Types
from crm.knowledge.search.bank import Bank
from crm.webhooks.addresses import Allowed
from dashboard.live.hub import Hub


@dataclass(frozen=True)
class Services:
    site: Site
    database: Database
    hub: Hub
    clock: Clock
    recordings: Path
    attachments: Path
    asker: Asker
    secrets: Callable[[], Mapping[str, str]]      # read anew each time: `sixring up` may have made more
    bank: Bank                                    # what is shown of the question bank, in memory
    incident_types: Types                         # of emergencies, as they are shipped and as the site has them
    websocket: str                                # where a page that is a phone reaches Asterisk; "" when no seat is one

    @property
    def webhooks(self) -> Allowed:
        return Allowed(self.site.webhooks.private_networks)

    @property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.site.timezone)


def services_of(connection: HTTPConnection) -> Services:
    return cast(Services, connection.app.state.services)


Given = Annotated[Services, Depends(services_of)]


def reading(services: Given) -> Iterator[Session]:
    with services.database.reading.begin() as session:
        yield session


def writing(services: Given) -> Iterator[Session]:
    with services.database.writing.begin() as session:
        yield session


Reading = Annotated[Session, Depends(reading, scope="function")]
Writing = Annotated[Session, Depends(writing, scope="function")]
