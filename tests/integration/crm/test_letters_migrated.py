"""A database that is in use: what was on its way before letters became one piece goes out after."""

from __future__ import annotations

from alembic import command
from alembic.script import ScriptDirectory
from wall.notified import HOUR, NOW

from callcenter.clock import FakeClock
from callcenter.settings import CHECKOUT
from callcenter.site import load_site
from crm.database import open_database
from crm.letters.deliverer import Deliverer
from crm.letters.threads import kinds_of_letters
from crm.migrate import alembic_config, migrate
from crm.notices.words import Letter

THEN = "'2026-12-31 04:30:00'"
AS_KEPT = "channel, tries, next_at, sent_at, failed_at, error"
WAITS, SENT, FAILED = (f"'robot:ops', 1, {THEN}, NULL, NULL, 'http_503'", f"'robot:ops', 1, NULL, {THEN}, NULL, NULL",
                       f"'robot:ops', 8, NULL, NULL, {THEN}, 'http_503'")


class Chat:
    def __init__(self) -> None:
        self.said: list[str] = []

    def send(self, letter: Letter, address: str, now: object) -> None:
        assert (address, now) == ("", NOW + HOUR)
        self.said.append(f"{letter.ident}: {letter.subject('zh')}")


def test_what_waited_is_sent_under_its_old_mark_and_what_was_sent_or_given_up_is_not_sent_again(empty_url: str) -> None:
    database = open_database(empty_url)
    with database.engine.execution_options(sixring_writes=True).begin() as connection:
        config = alembic_config(connection)
        before = ScriptDirectory.from_config(config).get_revision("0028_letters").down_revision
        assert isinstance(before, str)
        command.upgrade(config, before)
        for statement in (
            (f"INSERT INTO tickets (id, number, kind, kind_version, stage, state, fields, version, created_at) VALUES "
             f"(1, 'EM1', 'emergency', 1, 'open', 'open', '{{}}', 1, {THEN})"),
            f"INSERT INTO users (id, name, roles, password_hash, active, created_at) VALUES (7, 'li', '[]', '-', true, {THEN})",
            ("INSERT INTO emergencies (id, ticket_id, type, definition, drill, phase, level, place, summary, happened_at, "
             "declared_at, declared_by, commander_id, commander, notice, notice_set, steps_open, steps_late, version) VALUES "
             f"(3, 1, 'fire', '{{}}', false, 'active', 1, '', '', {THEN}, {THEN}, 'li', 7, 'li', '', false, 0, 0, 1)"),
            *(f"INSERT INTO emergency_texts (id, emergency_id, zh, en, {AS_KEPT}) VALUES ({ident}, 3, '停水', 'no water', {kept})"
              for ident, kept in ((4, WAITS), (5, SENT), (6, FAILED))),
            f"INSERT INTO call_ins (id, tier, reason, skills, begun_at, begun_by) VALUES (2, 2, '', '[]', {THEN}, 'lead')",
            *(f"INSERT INTO call_in_letters (id, call_in_id, what, address, {AS_KEPT}) VALUES ({ident}, 2, '{what}', '', {kept})"
              for ident, what, kept in ((7, "called", SENT), (8, "released", WAITS))),
        ):
            connection.exec_driver_sql(statement)
    migrate(database)
    chat, health = Chat(), {}
    deliverer = Deliverer(database, kinds_of_letters(load_site(CHECKOUT / "asterisk-config/site.yaml")), {"robot:ops": chat},
                          FakeClock(NOW + HOUR), lambda component, state, detail="": health.update({component: (state, detail)}))
    assert (deliverer.step(), deliverer.step()) == (2, 0)
    assert chat.said == ["emergency-4: 停水", "call-in-8: 【解除召回】热线2级应急"]
    assert health["incident_texts"][1] == "failing_1", "the one that was given up in this hour"
    assert {component for component, (_, detail) in health.items() if not detail} >= {"notices", "call_in_letters", "surge_letters"}
    database.close()
