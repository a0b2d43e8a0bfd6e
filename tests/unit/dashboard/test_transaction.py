"""A failed commit must never answer that all is well (FastAPI ends a dependency after the answer unless it is told not to)."""

from __future__ import annotations

import asyncio

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from crm.database import open_database
from dashboard.problems import install_problems
from dashboard.services import Services, Writing


def test_a_request_whose_commit_fails_is_answered_with_an_error() -> None:
    database = open_database("sqlite://")
    app = FastAPI()
    install_problems(app)
    app.state.services = Services.__new__(Services)
    object.__setattr__(app.state.services, "database", database)

    @app.post("/", status_code=201)
    def write(session: Writing) -> None:
        session.execute(text("CREATE TABLE parents (id INTEGER PRIMARY KEY)"))
        session.execute(text("CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"))
        session.execute(text("INSERT INTO children VALUES (7)"))  # is only looked at by COMMIT

    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post("/")

    answer = asyncio.run(post())
    database.close()
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
