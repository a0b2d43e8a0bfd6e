"""What takes long is done before SQLite's one writer is taken: nobody's call waits for it to be recorded (J1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk.counter import Counter, Person
from hotline.households import WANG, csv_of
from sqlalchemy import select

from agi.sign_in import Pins
from callcenter.roles import Role
from crm.households import importer
from crm.households.sheet import Sheet
from crm.staff import agents, service
from crm.staff.agents_models import AgentRow
from crm.staff.audit import record_audit
from crm.staff.hashes import hash_of
from crm.staff.models import AuditEntry

PASSWORD = "correct horse"


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


@pytest.mark.rule("K1", part="signing in")
def test_while_a_password_or_a_pin_is_compared_others_write(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    now, written = counter.clock.now(), []
    with counter.database.writing.begin() as session:
        service.add_user(session, "anna", [Role.AGENT], PASSWORD, now)
        session.add(AgentRow(code="901", name="anna", team="front", languages=[], estates=[], created_at=now,
                             pin_hash=hash_of("135790")))
    really = service.matches

    def meanwhile(hashed: str | None, given: str) -> bool:
        """Somebody else's call is recorded."""
        with counter.database.writing.begin() as session:
            record_audit(session, at=now, who="recorder", action="written", subject=f"call:{len(written)}")
        written.append(given)
        return really(hashed, given)

    for part in (service, agents):
        monkeypatch.setattr(part, "matches", meanwhile)
    nobody = Person(counter.another_process(), "", "")
    assert nobody.ask("POST", "/session", json={"name": "anna", "password": PASSWORD}).status_code == 201
    assert nobody.ask("POST", "/session", json={"name": "anna", "password": "wrong"}).status_code == 401
    pins = Pins(counter.database, counter.clock)
    assert [pins.check("901", pin) for pin in ("135790", "000000")] == [True, False]
    assert written == [PASSWORD, "wrong", "135790", "000000"]

    def changed(hashed: str | None, given: str) -> bool:
        with counter.database.writing.begin() as session:
            service.set_password(session, "anna", "another horse", now)
        return really(hashed, given)

    monkeypatch.setattr(service, "matches", changed)
    assert nobody.ask("POST", "/session", json={"name": "anna", "password": PASSWORD}).status_code == 401, "it is none any more"
    with counter.database.reading() as session:
        assert len(session.scalars(select(AuditEntry.id).where(AuditEntry.action == "written")).all()) == 4


def test_while_a_spreadsheet_is_read_others_write(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = counter.person(Role.SUPERVISOR)
    really, written = importer.read_sheet, []

    def meanwhile(data: bytes) -> Sheet:
        with counter.database.writing.begin() as session:
            record_audit(session, at=counter.clock.now(), who="recorder", action="written", subject="call:1")
        written.append(data)
        return really(data)

    monkeypatch.setattr(importer, "read_sheet", meanwhile)
    for refused, data in ((False, csv_of(WANG)), (True, b"no sheet")):
        answer = supervisor.ask("POST", "/households/import", key=f"{refused}", content=data)
        assert (answer.status_code, bool(answer.json()["faults"])) == (200, refused), answer.text
    assert len(written) == 2
