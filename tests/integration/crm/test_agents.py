"""Agents in the database: the site file's become rows once, PINs, changes, and how acd gets to know."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from callcenter.clock import FakeClock
from callcenter.errors import NotFound
from callcenter.events import AnyEvent, RosterChanged
from callcenter.roles import Role
from callcenter.roster import ROSTER, ROSTER_KEY, Agent
from callcenter.site import Site
from crm.database import Database
from crm.staff import agents, agents_change, service
from crm.staff.agents_models import AgentRow
from crm.staff.agents_tell import RosterTeller
from crm.staff.audit import audit_of
from crm.staff.schemas import UserShown

DEMO = Path(__file__).resolve().parents[3] / "asterisk-config/site.yaml"


@pytest.fixture
def site() -> Site:
    """The demo's, with three agents of its own."""
    text = yaml.safe_load(DEMO.read_text())
    text["version"] = str(text["version"])
    text["teams"] = [{"id": "day", "name": {"zh": "早班", "en": "Day"}}]
    text["agents"] = [
        {"code": "801", "name": "陈静", "team": "day", "skills": {"repair": 1, "enquiry": 2}, "user": "anna"},
        {"code": "802", "name": "李晓梅", "skills": {"complaint": 1}, "languages": ["zh", "en"], "estates": ["yunqi"]},
        {"code": "821", "name": "刘芳", "skills": {"repair": 3}, "leader": True, "user": "nobody-yet"},
    ]
    return Site.model_validate(text)


@pytest.fixture
def boss(database: Database, now: datetime) -> UserShown:
    with database.writing.begin() as session:
        service.add_user(session, "anna", [Role.AGENT], "correct horse", now)
        return service.add_user(session, "ben", [Role.SUPERVISOR], "correct horse", now)


@pytest.fixture
def seeded(database: Database, site: Site, boss: UserShown, now: datetime) -> Database:
    with database.writing.begin() as session:
        assert agents.seed_agents(session, site, {"801": "135790", "802": "246801"}, now) == ["801", "802", "821"]
    return database


def pin_fits(database: Database, code: str, pin: str, now: datetime) -> bool:
    with database.reading() as session:
        fits = agents.compare_pin(session, code, pin, now)
    with database.writing.begin() as session:
        return agents.check_pin(session, code, fits, now)


def test_the_site_files_agents_become_rows_once_and_the_database_says_what_holds_afterwards(
        seeded: Database, site: Site, boss: UserShown, now: datetime) -> None:
    change = agents_change.AgentChange(name="陈小静", skills={"complaint": 4})
    with seeded.writing.begin() as session:
        agents_change.change_agent(session, "801", change, site, boss, now)
        assert agents.seed_agents(session, site, {}, now) == []
    with seeded.reading() as session:
        assert agents.roster(session).agents == {
            "801": Agent("801", "陈小静", "day", {"complaint": 4}),
            "802": Agent("802", "李晓梅", "", {"complaint": 1}, ("zh", "en"), ("yunqi",)),
            "821": Agent("821", "刘芳", "", {"repair": 3}, leader=True)}


def test_a_user_is_the_agent_that_the_site_file_names(seeded: Database, boss: UserShown) -> None:
    with seeded.reading() as session:
        anna = next(user for user in service.users(session) if user.name == "anna")
        found = agents.agent_of(session, anna.user_id)
        assert found is not None
        assert found.code == "801"
        assert agents.agent_of(session, boss.user_id) is None


def test_a_pin_fits_its_own_agent_only_and_is_stored_as_a_hash(seeded: Database, now: datetime) -> None:
    assert pin_fits(seeded, "801", "135790", now)
    for code, pin in (("801", "246801"), ("802", "135790"), ("821", ""), ("999", "135790")):
        assert not pin_fits(seeded, code, pin, now)
    with seeded.reading() as session:
        stored = session.scalars(select(AgentRow.pin_hash).order_by(AgentRow.code)).all()
    assert [hashed and hashed[:10] for hashed in stored] == ["$argon2id$", "$argon2id$", None]


def test_after_five_wrong_pins_even_the_right_one_waits_a_quarter_of_an_hour(seeded: Database, now: datetime) -> None:
    for _ in range(service.TRIES_PER_NAME):
        assert not pin_fits(seeded, "801", "000000", now)
    assert not pin_fits(seeded, "801", "135790", now)
    assert pin_fits(seeded, "802", "246801", now)
    assert pin_fits(seeded, "801", "135790", now + service.TRIES_WINDOW)


def test_a_new_pin_voids_the_old_one_and_ends_the_waiting(seeded: Database, boss: UserShown, now: datetime) -> None:
    for _ in range(service.TRIES_PER_NAME):
        pin_fits(seeded, "801", "000000", now)
    with seeded.writing.begin() as session:
        pin = agents_change.reset_pin(session, "801", boss, now)
        with pytest.raises(agents.BadPin):
            agents.set_pin(session, "801", "12a4")
    assert pin_fits(seeded, "801", pin, now)
    assert not pin_fits(seeded, "801", "135790", now)


def test_who_has_left_has_no_pin_and_is_not_in_the_roster(
        seeded: Database, site: Site, boss: UserShown, now: datetime) -> None:
    with seeded.writing.begin() as session:
        agents_change.change_agent(session, "802", agents_change.AgentChange(active=False), site, boss, now)
    assert not pin_fits(seeded, "802", "246801", now)
    with seeded.reading() as session:
        assert sorted(agents.roster(session).agents) == ["801", "821"]


def test_every_change_is_audited(seeded: Database, site: Site, boss: UserShown, now: datetime) -> None:
    with seeded.writing.begin() as session:
        agents_change.change_agent(session, "801", agents_change.AgentChange(skills={"repair": 2}), site, boss, now)
        agents_change.reset_pin(session, "801", boss, now)
    with seeded.reading() as session:
        found = [(entry.who, entry.action, entry.detail) for entry in audit_of(session, "agent:801")]
    assert found == [("ben", "agent.pin_reset", None), ("ben", "agent.changed", "skills={'repair': 2}"),
                     ("site file", "agent.created", None)]


def test_what_the_site_file_does_not_have_and_what_is_taken_is_refused(
        seeded: Database, site: Site, boss: UserShown, now: datetime) -> None:
    def change(**given: object) -> None:
        with seeded.writing.begin() as session:
            agents_change.change_agent(session, "802", agents_change.AgentChange(**given), site, boss, now)  # type: ignore[arg-type]
    for given in ({"skills": {"nothing": 1}}, {"team": "night"}, {"estates": ("elsewhere",)}):
        with pytest.raises(agents_change.UnknownInSite):
            change(**given)
    with pytest.raises(agents_change.UserTaken):
        change(user="anna")
    with pytest.raises(NotFound):
        change(user="nobody")
    with pytest.raises(agents_change.AgentExists), seeded.writing.begin() as session:
        agents_change.create_agent(session, agents_change.AgentGiven("801", "x"), site, boss, now)


class Heard:
    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.kept: dict[str, str] = {}

    def tell(self, event: AnyEvent) -> None:
        self.events.append(event)

    def keep(self, key: str, value: str) -> None:
        self.kept[key] = value


def test_acd_is_told_at_the_start_after_each_change_and_when_redis_may_have_forgotten(
        seeded: Database, site: Site, boss: UserShown, now: datetime) -> None:
    heard = Heard()
    teller = RosterTeller(seeded, heard, FakeClock(now))
    told = []
    teller.look(again=False)
    told.append(len(heard.events))
    teller.look(again=False)
    told.append(len(heard.events))
    with seeded.writing.begin() as session:      # as the dashboard does, in another process
        agents_change.create_agent(session, agents_change.AgentGiven("803", "王磊"), site, boss, now)
    teller.look(again=False)
    told.append(len(heard.events))
    heard.kept.clear()
    teller.look(again=True)
    told.append(len(heard.events))
    assert told == [1, 1, 2, 3]
    last = heard.events[-1]
    assert isinstance(last, RosterChanged)
    assert sorted(last.roster.agents) == ["801", "802", "803", "821"]
    assert ROSTER.validate_json(heard.kept[ROSTER_KEY]) == last.roster


def test_a_change_that_is_not_committed_is_not_told(seeded: Database, site: Site, boss: UserShown, now: datetime) -> None:
    heard = Heard()
    teller = RosterTeller(seeded, heard, FakeClock(now))
    teller.look(again=False)
    with seeded.writing() as session:
        agents_change.create_agent(session, agents_change.AgentGiven("803", "王磊"), site, boss, now)
        session.rollback()
    teller.look(again=False)
    assert len(heard.events) == 1
