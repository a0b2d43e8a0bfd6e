"""`/health` says how everything is, to staff; `/healthz` tells anybody that this process answers, nothing else."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from callcenter.events import ComponentHealth, Health
from callcenter.roles import STAFF
from crm.knowledge.search.meaning import State
from dashboard.access import public, require
from dashboard.live.frames import Cause
from dashboard.problems import responses
from dashboard.services import Given

router = APIRouter(tags=["health"])
probe = APIRouter(tags=["health"])


class LiveHealth(BaseModel):
    cause: Cause | None = Field(description="why the live feed stands still; null while it runs")
    cursor: str
    clients: int


class HealthShown(BaseModel):
    live: LiveHealth
    database: Health
    components: list[ComponentHealth]
    meaning: State = Field(description="searching the question bank by meaning, in this process; without it, by characters alone")


@router.get("/health", dependencies=[Depends(require(*STAFF))],
            responses=responses(401, 403, 503))
def health(services: Given) -> HealthShown:
    hub = services.hub
    return HealthShown(live=LiveHealth(cause=hub.cause, cursor=hub.cursor, clients=hub.clients),
                       database=_database(services), components=list(hub.board.health.values()),
                       meaning=services.bank.meaning.state)


@probe.get("/healthz", dependencies=[Depends(public)], status_code=200, response_class=PlainTextResponse)
def alive() -> str:
    return ""


def _database(services: Given) -> Health:
    try:
        with services.database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return Health.DOWN
    return Health.OK
