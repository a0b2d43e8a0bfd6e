"""A database that is in use: complaints that name somebody are hidden from them from then on (D3)."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import select

from crm.database import open_database
from crm.households.models import TagWords
from crm.kinds.models import KindVersion
from crm.migrate import alembic_config, migrate
from crm.tickets.models import Ticket


@pytest.mark.rule("D3", part="also of complaints from before")
def test_complaints_from_before_know_whom_they_are_about_and_what_followed_from_them_too(empty_url: str) -> None:
    database = open_database(empty_url)
    with database.engine.execution_options(sixring_writes=True).begin() as connection:
        config = alembic_config(connection)
        before = ScriptDirectory.from_config(config).get_revision("0018_complaints").down_revision
        assert isinstance(before, str)
        command.upgrade(config, before)
        for statement in (
            ("INSERT INTO users (id, name, roles, password_hash, active, created_at) VALUES (7, 'anna', '[\"agent\"]', '-', true, "
            "'2026-01-01 00:00:00')"),
            ("INSERT INTO ticket_kinds (kind, version, text, digest, since, who) VALUES ('complaint', 1, 'old', 'old', "
            "'2026-01-01 00:00:00', 'system'), ('suggestion', 1, 'theirs', 'theirs', '2026-01-01 00:00:00', 'manager')"),
            ("INSERT INTO tickets (id, number, kind, kind_version, stage, state, fields, version, created_at) VALUES "
            "(1, 'CO1', 'complaint', 1, 'replied', 'open', '{\"about\": \"anna\"}', 1, '2026-01-01 00:00:00'), "
            "(2, 'CO2', 'complaint', 1, 'replied', 'open', '{\"about\": \"gone\"}', 1, '2026-01-01 00:00:00'), "
            "(3, 'CO3', 'complaint', 1, 'replied', 'open', '{}', 1, '2026-01-01 00:00:00')"),
            ("INSERT INTO tickets (id, number, kind, kind_version, stage, state, fields, version, created_at, parent_id, "
             "parent_as) "
            "VALUES (4, 'FU4', 'followup', 1, 'due', 'open', '{}', 1, '2026-01-01 00:00:00', 1, 'followup')"),
        ):
            connection.exec_driver_sql(statement)
    migrate(database)
    with database.reading() as session:
        assert dict(session.execute(select(Ticket.id, Ticket.about_id)).all()) == {1: 7, 2: None, 3: None, 4: 7}
        assert session.get_one(TagWords, "vacant").zh == "空置"
        versions = select(KindVersion.kind, KindVersion.version, KindVersion.who).where(
            KindVersion.kind.in_(("complaint", "suggestion"))).order_by(KindVersion.kind, KindVersion.version)
        assert [tuple(row) for row in session.execute(versions)] == [
            ("complaint", 1, "system"), ("complaint", 2, "system"), ("suggestion", 1, "manager")], "what a site wrote stays"
    database.close()
