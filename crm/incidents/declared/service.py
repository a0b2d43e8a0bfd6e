"""Emergencies: declared, commanded, worked through, over, learnt from (H1-H4, H9, H10). Callers commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound, SixringError
from callcenter.roles import STAFF, Role
from callcenter.site.incidents import Incidents
from crm.clocks.service import start_own
from crm.clocks.terms import Terms
from crm.households.models import Building, Household
from crm.incidents.declared import acts, following
from crm.incidents.declared.acts import REPORT_CLOCK, Held, held, label
from crm.incidents.declared.calloff import call_all_off
from crm.incidents.declared.deadlines import report_due
from crm.incidents.declared.errors import NoPrompt, NotNow, TypeUnknown
from crm.incidents.declared.models import Emergency
from crm.incidents.declared.schema import SCENE, Definition, Said, Step, kept
from crm.incidents.declared.schemas import Declaration, Learnt, Rules
from crm.incidents.declared.timeline import Entry, What, late_now, next_late
from crm.incidents.declared.words import SCENE_WORDS
from crm.incidents.schemas import OtherPlace
from crm.incidents.service import mark
from crm.kinds.schema import Rung, Span
from crm.kinds.service import kind_of
from crm.outbox.service import note
from crm.staff.actor import SYSTEM, Actor
from crm.staff.audit import record_audit
from crm.staff.models import User
from crm.tickets.errors import Fault, FieldsUnfit, TicketClosed
from crm.tickets.models import Ticket
from crm.tickets.reading import visible
from crm.tickets.schemas import Changes, NewTicket
from crm.tickets.service import move, open_ticket

LEADS = (Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER)


def may_say(actor: Actor, policy: Incidents, found: Definition, level: int) -> bool:
    """Whoever declares may do so at the type's own level, or a lesser one; a worse one is for those whom the site names (H1)."""
    if actor.has(*policy.declares) and level >= found.level:
        return True
    return actor.has(*policy.levels.get(str(level), ()))  # type: ignore[call-overload]


def declare(session: Session, actor: Actor, rules: Rules, wanted: Declaration, now: datetime) -> Emergency:
    """Opens its checklist; the one who declares it commands it until it is handed over (H4). Raises TypeUnknown, NotFound,
    Forbidden, NotNow (its ticket carries one already), TicketClosed, OtherPlace, FieldsUnfit, NoPrompt."""
    found = rules.types.get(wanted.type)
    if found is None:
        raise TypeUnknown(wanted.type)
    level = wanted.level or found.level
    if actor.user_id is None or not may_say(actor, rules.policy, found, level):
        raise Forbidden
    _fits(found, wanted, now)
    ticket = _ticket(session, actor, rules, found, wanted, now)
    building_id = _building(session, ticket, wanted)
    if acts.active_of(session, ticket.id) is not None:
        raise NotNow("its ticket carries an emergency")
    found = _with_scene(found, rules.policy)
    happened = wanted.happened_at or now
    row = Emergency(
        type=found.type, definition=kept(found), ticket_id=ticket.id, drill=wanted.drill, phase="active", level=level,
        estate_id=ticket.estate_id, building_id=building_id, place=wanted.place[:80], summary=wanted.what, happened_at=happened,
        declared_at=now, declared_by=actor.name[:40], commander_id=actor.user_id, commander=actor.name[:40],
        report_due_at=report_due(happened, rules.policy.report, rules.tz) if found.report else None,
        notice=_notice(found, wanted.notice), steps_open=0, steps_late=0, version=0)
    session.add(row)
    session.flush()
    here = acts.holding(session, ticket, row)
    here.write(actor, Entry(now, What.DECLARED, actor.user_id, level=level))
    if wanted.conditions:
        here.write(actor, Entry(now, What.CONDITIONS, actor.user_id, said=wanted.conditions))
    _clock_report(here, rules.policy, now)
    if row.estate_id is not None and not row.drill:
        mark(session, SYSTEM, ticket.id, building_id, rules.known_hours, now, None)
    _audit(session, actor, row, "declared", now, f"{row.type} level {row.level}")
    return row


def set_level(session: Session, actor: Actor, policy: Incidents, emergency_id: int, level: int, why: str, now: datetime,
              if_version: int | None) -> Emergency:
    """By the commander or who leads; a worse one by whom the site names. Raises NotFound, Forbidden, Changed, NotNow."""
    here = held(session, actor, emergency_id, if_version)
    _commands(actor, here)
    if level < here.row.level and not may_say(actor, policy, here.definition, level):
        raise Forbidden
    here.write(actor, Entry(now, What.LEVEL, actor.user_id, level=level, text=why))
    _audit(session, actor, here.row, "level", now, str(level))
    return here.row


def hand_over(session: Session, actor: Actor, emergency_id: int, to: str, why: str, now: datetime,
              if_version: int | None) -> Emergency:
    """By the commander, or by who leads, also to themselves (H4). Raises NotFound, Forbidden, Changed, FieldsUnfit, NotNow."""
    here = held(session, actor, emergency_id, if_version)
    _commands(actor, here)
    user = session.scalar(select(User).where(User.name == to))
    if user is None or not user.active or not set(user.roles) & STAFF:
        raise FieldsUnfit([Fault("to", "no_person")])
    if user.estates is not None and here.row.estate_id is not None and here.row.estate_id not in user.estates:
        raise FieldsUnfit([Fault("to", "other_estate")])
    here.write(actor, Entry(now, What.HANDED_OVER, actor.user_id, to_id=user.id, said=(str(here.row.commander_id),), text=why))
    here.row.commander_id, here.row.commander = user.id, user.name[:40]
    _audit(session, actor, here.row, "handed_over", now, user.name)
    return here.row


def say_of_step(session: Session, actor: Actor, rules: Rules, emergency_id: int, step: str, what: What, text: str,
                now: datetime) -> Emergency:
    """Begun, done, or not needed (with why). Several people at once: it asks for no version. Raises NotFound, NotNow,
    FieldsUnfit."""
    here = held(session, actor, emergency_id)
    if step not in here.definition.steps:
        raise NotFound(f"step {step}")
    if what is What.NOT_NEEDED and here.definition.steps[step].needed and not text:
        raise FieldsUnfit([Fault("text", "missing")])
    here.write(actor, Entry(now, what, actor.user_id, step=step, text=text))
    if what is What.DONE and step == f"{SCENE}duty":
        _carry_on(here, here.definition.ticket.on_scene, {}, rules, now)
    return here.row


def add_note(session: Session, actor: Actor, emergency_id: int, text: str, now: datetime) -> Emergency:
    here = held(session, actor, emergency_id)
    here.write(actor, Entry(now, What.NOTED, actor.user_id, text=text))
    return here.row


def say_conditions(session: Session, actor: Actor, emergency_id: int, conditions: Sequence[str], now: datetime) -> Emergency:
    """What they raise is raised at once, whoever says so (H9). Raises NotFound, NotNow, FieldsUnfit."""
    here = held(session, actor, emergency_id)
    _known_conditions(here.definition, conditions)
    here.write(actor, Entry(now, What.CONDITIONS, actor.user_id, said=tuple(conditions)))
    return here.row


def record(session: Session, actor: Actor, emergency_id: int, name: str, value: str, now: datetime) -> Emergency:
    """A time or a word that must be written down (H9); said again, the last one counts. Raises NotFound, NotNow, FieldsUnfit."""
    here = held(session, actor, emergency_id)
    wanted = here.definition.records.get(name)
    if wanted is None:
        raise FieldsUnfit([Fault(name, "unknown_field")])
    if wanted.type == "time" and not _is_time(value):
        raise FieldsUnfit([Fault(name, "no_time")])
    here.write(actor, Entry(now, What.RECORDED, actor.user_id, said=(name,), text=value))
    return here.row


def end(session: Session, actor: Actor, rules: Rules, emergency_id: int, text: str, now: datetime,
        if_version: int | None) -> Emergency:
    """Over (H10): its ticket goes on, so that the caller is told; no household is rung about it any more, and notices are lifted by
    the keeper. Raises NotFound, Forbidden, Changed, NotNow, StillOpen."""
    here = held(session, actor, emergency_id, if_version)
    _commands(actor, here)
    here.write(actor, Entry(now, What.OVER, actor.user_id, text=text))
    call_all_off(here, actor, now)
    _carry_on(here, here.definition.ticket.over, {"course": text}, rules, now)
    _audit(session, actor, here.row, "over", now, "")
    return here.row


def learn(session: Session, actor: Actor, emergency_id: int, said: Learnt, now: datetime, if_version: int | None) -> Emergency:
    """Causes, lessons, what the insurance was told (H10). Raises NotFound, Forbidden, Changed, NotNow."""
    here = held(session, actor, emergency_id, if_version)
    _commands(actor, here)
    for name, text in said.given().items():
        here.write(actor, Entry(now, What.LEARNT, actor.user_id, said=(name,), text=text))
    return here.row


def follow_up(session: Session, actor: Actor, rules: Rules, emergency_id: int, households: Sequence[int] | None, why_none: str,
              now: datetime, if_version: int | None) -> tuple[Emergency, int]:
    """A follow-up for each household that was affected (H10): those that are named, or those that called (of many
    some now, the rest by the keeper). None at all with a reason. How many there are then.
    Raises NotFound, Forbidden, Changed, NotNow, FieldsUnfit."""
    here = held(session, actor, emergency_id, if_version)
    _commands(actor, here)
    called = following.who_called(session, here.ticket.id)
    wanted = sorted(set(households)) if households is not None else called
    if not wanted and not why_none:
        raise FieldsUnfit([Fault("why_none", "missing")])
    homes = []
    for household_id in wanted[:following.AT_ONCE]:
        home = session.get(Household, household_id)
        if home is None or (home.estate_id != here.row.estate_id and household_id not in called):
            raise FieldsUnfit([Fault("households", "unknown")])
        homes.append(home)
    following.open_for(here, homes, now, rules.tz)
    here.write(actor, Entry(now, What.FOLLOWED_UP, actor.user_id, said=(str(len(wanted)),), text=why_none))
    return here.row, len(wanted)


def close(session: Session, actor: Actor, emergency_id: int, now: datetime, if_version: int | None) -> Emergency:
    """Nothing is left to do. Raises NotFound, Forbidden, Changed, NotNow, StillOpen."""
    here = held(session, actor, emergency_id, if_version)
    _commands(actor, here)
    here.write(actor, Entry(now, What.CLOSED, actor.user_id))
    _audit(session, actor, here.row, "closed", now, "")
    return here.row


def say_late(session: Session, emergency_id: int, now: datetime) -> int:
    """Steps whose time is over: the timeline says so once (H3). How many."""
    here = held(session, SYSTEM, emergency_id)
    late = late_now(here.state, now)
    for step in late:
        here.write(SYSTEM, Entry(now, What.LATE, step=step))
    if not late:
        here.row.late_at = next_late(here.state) if here.state.over_at is None else None
    return len(late)


# --- inside ------------------------------------------------------------------------------------------------------------

def _fits(found: Definition, wanted: Declaration, now: datetime) -> None:
    faults = [Fault(name, "missing") for name in ("place", "what") if wanted.ticket_id is None and not getattr(wanted, name)]
    if wanted.happened_at is not None and not now - timedelta(days=30) <= wanted.happened_at <= now:
        faults.append(Fault("happened_at", "too_late" if wanted.happened_at > now else "too_early"))
    if faults:
        raise FieldsUnfit(faults)
    _known_conditions(found, wanted.conditions)


def _known_conditions(found: Definition, conditions: Sequence[str]) -> None:
    if unknown := [Fault("conditions", "no_option") for one in conditions if one not in found.conditions]:
        raise FieldsUnfit(unknown)


def _notice(found: Definition, wanted: str | None) -> str:
    if wanted is None:
        return found.notices[0] if found.notices else ""
    if wanted and wanted not in found.notices:
        raise NoPrompt(wanted)
    return wanted


def _ticket(session: Session, actor: Actor, rules: Rules, found: Definition, wanted: Declaration, now: datetime) -> Ticket:
    """Locked. One that is opened need not have all that its form asks for: whoever declares has no time for it."""
    if wanted.ticket_id is not None:
        session.get(Ticket, wanted.ticket_id, with_for_update=True, populate_existing=True)
        row, _ = visible(session, actor, wanted.ticket_id)
        if row.state == "closed":
            raise TicketClosed(row.number)
        if not actor.sees(row.estate_id):
            raise NotFound(f"ticket {row.id}")
        return row
    estate_id = wanted.estate_id
    home = None if wanted.household_id is None else session.get(Household, wanted.household_id)
    building = None if wanted.building_id is None else session.get(Building, wanted.building_id)
    for name, key, there in (("household", wanted.household_id, home), ("building", wanted.building_id, building)):
        if key is None:
            continue
        if there is None or not actor.sees(there.estate_id):
            raise NotFound(f"{name} {key}")
        if estate_id is not None and there.estate_id != estate_id:
            raise OtherPlace(f"{name} {key}")
        estate_id = there.estate_id
    if not actor.sees(estate_id) or (estate_id is None and actor.estates is not None):
        raise NotFound(f"estate {estate_id}")
    kind = kind_of(session, found.ticket.kind).kind
    fields = {"place": wanted.place[:80], "what": wanted.what[:2000]}
    opened = open_ticket(session, SYSTEM, NewTicket(
        found.ticket.kind, {name: value for name, value in fields.items() if name in kind.fields}, category=found.ticket.category,
        household_id=wanted.household_id, estate_id=estate_id, call_id=wanted.call_id, contact_number=wanted.contact_number,
        owner_id=actor.user_id), now, rules.tz)
    assert opened is not None      # it has no cause
    return opened


def _building(session: Session, ticket: Ticket, wanted: Declaration) -> int | None:
    """The one that is named, else that of the household; of a ticket's own estate. None: the whole estate."""
    if wanted.building_id is not None:
        building = session.get(Building, wanted.building_id)
        if building is None or building.estate_id != ticket.estate_id:
            raise OtherPlace(f"building {wanted.building_id}")
        return building.id
    home = None if ticket.household_id is None else session.get(Household, ticket.household_id)
    return None if home is None else home.building_id


def _with_scene(found: Definition, policy: Incidents) -> Definition:
    """H3's three clocks come first on every list of something that has a place."""
    if not found.on_scene:
        return found
    times = {"duty": (policy.on_scene.duty, "guard"), "lead": (policy.on_scene.lead, "duty_lead"),
             "others": (policy.on_scene.others, "office")}
    scene = {SCENE + name: Step(does=Said(zh=SCENE_WORDS["zh"][name], en=SCENE_WORDS["en"][name]), who=who, within=within)
             for name, (within, who) in times.items()}
    return found.model_copy(update={"steps": {**scene, **found.steps}})


def _clock_report(here: Held, policy: Incidents, now: datetime) -> None:
    """Late, it climbs as the site says (H7)."""
    if here.row.report_due_at is None or here.row.drill:
        return
    seconds = max(int((here.row.report_due_at - now).total_seconds()), 0)
    ladder = tuple(Rung(after=Span(length=timedelta(seconds=rung.after)), tell=rung.tell) for rung in policy.report_late)
    start_own(here.session, here.ticket, REPORT_CLOCK, Terms(
        label(Said(zh=SCENE_WORDS["zh"]["report"], en=SCENE_WORDS["en"]["report"])), Span(length=timedelta(seconds=seconds)), None,
        ladder=ladder), now)


def _commands(actor: Actor, here: Held) -> None:
    if actor.user_id != here.row.commander_id and not actor.has(*LEADS):
        raise Forbidden


def _carry_on(here: Held, to: str, fields: dict[str, object], rules: Rules, now: datetime) -> None:
    """Its ticket moves along where its kind leads there; where it does not, the timeline says so and nothing is held up."""
    kind = kind_of(here.session, here.ticket.kind, here.ticket.kind_version).kind
    if here.ticket.state == "closed" or to not in kind.stages or here.ticket.stage == to:
        return
    known = {name: value for name, value in fields.items() if name in kind.fields and value}
    try:
        with here.session.begin_nested():
            move(here.session, SYSTEM, here.ticket.id, to, Changes(known), now, rules.tz)
    except SixringError as error:
        note(here.session, now, "emergency.ticket_stays", f"emergency:{here.row.id}", estate_id=here.row.estate_id, why=error.code)


def _is_time(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _audit(session: Session, actor: Actor, row: Emergency, what: str, now: datetime, detail: str) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"emergency.{what}", subject=f"emergency:{row.id}",
                 detail=detail or None)
