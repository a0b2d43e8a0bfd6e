"""What stories of emergencies share: their keeper, what it asks of the others, a building full of households."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from callcenter.commands import DONE, Answer, SetNotice
from callcenter.events import AnyEvent, Health
from callcenter.site.dialling import Dialling
from crm.households.models import Household, PhoneNumber
from crm.households.models import Person as Resident
from crm.incidents.declared.broadcast import Ringing
from crm.incidents.declared.dialled import Dialled
from crm.incidents.declared.keeper import IncidentKeeper
from crm.incidents.declared.load import types_of
from desk.counter import Counter, Person


class Outside:
    """What the keeper needs of the others: boards, acd, and whoever rings."""

    def __init__(self) -> None:
        self.told: list[AnyEvent] = []
        self.notices: list[SetNotice] = []
        self.rung: list[Ringing] = []
        self.stopped: list[str] = []
        self.health: list[tuple[str, Health, str]] = []
        self.acd = DONE
        self._dialled = Dialled(Dialling())

    def tell(self, event: AnyEvent) -> None:
        self.told.append(event)

    def ask_acd(self, command: SetNotice) -> Answer:
        if self.acd == DONE:
            self.notices.append(command)
        return Answer("1", self.acd)

    def report(self, component: str, state: Health, detail: str = "") -> None:
        self.health.append((component, state, detail))

    def ask(self, session: Session, wanted: Ringing, now: datetime) -> bool | None:
        """As crm does it: what is asked for is a task of crm/dialling."""
        is_rung = self._dialled.ask(session, wanted, now)
        if is_rung is not None:
            self.rung.append(wanted)
        return is_rung

    def stop(self, session: Session, subject: str, now: datetime) -> None:
        self.stopped.append(subject)
        self._dialled.stop(session, subject, now)


def keeper(counter: Counter, outside: Outside) -> IncidentKeeper:
    """As a process that has just been started."""
    estate = counter.site.estates[0]
    named = estate.model_copy(update={"name": estate.name.model_copy(update={"zh": "江湾"})})
    site = counter.site.model_copy(update={"estates": (named,)})
    types = types_of(counter.settings.site_file)
    return IncidentKeeper(counter.database, site, types, counter.clock, outside.report, outside, outside.ask_acd, outside)


def more_homes(counter: Counter, count: int) -> list[int]:
    """In the first building, each with two numbers."""
    with counter.database.writing.begin() as session:
        building = session.get_one(Household, counter.households[0]).building_id
        made = []
        for room in range(count):
            home = Household(building_id=building, estate_id=counter.estates[0], unit="2", room=f"{room}", label=f"3-2-{room}",
                             room_key=f"3-2-{room}", tags=[], language="en" if room == 0 else "zh")
            session.add(home)
            session.flush()
            person = Resident(household_id=home.id, name=f"业主{room}", role="owner",
                              no_call_since=counter.clock.now() if room == 3 else None)
            session.add(person)
            session.flush()
            session.add_all(PhoneNumber(number=f"+86138000000{room}{place}", person_id=person.id, added_at=counter.clock.now(),
                                        place=place) for place in range(2))
            made.append(home.id)
    return made


def acts(found: Any) -> list[tuple[str, Any]]:
    return [(one["what"], one["step"] or one["to"] or one["level"] or "/".join(one["said"])) for one in found["timeline"]]


def step(found: Any, name: str) -> Any:
    return next(one for one in found["steps"] if one["step"] == name)


def does(person: Person, ident: int, name: str, what: str = "done", text: str = "") -> Any:
    return person.ask("POST", f"/emergencies/{ident}/steps/{name}", json={"what": what, "text": text})


def changes(person: Person, ident: int, below: str, version: int | None = None, **given: Any) -> Any:
    if version is None:
        version = person.read(f"/emergencies/{ident}")["emergency"]["version"]
    return person.ask("POST", f"/emergencies/{ident}/{below}", version=version, json=given)


def told(person: Person) -> set[tuple[str, str, str]]:
    return {(one["clock"], one["what"], one["whom"]) for one in person.read("/notices", all=True)["items"]}
