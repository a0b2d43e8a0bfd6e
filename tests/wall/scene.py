"""A busy quarter of an hour at Anhe Property, as events. Times count from the moment that the test gives."""

from __future__ import annotations

from datetime import datetime, timedelta

from callcenter.events import (
    AgentChanged,
    AgentShown,
    AgentState,
    AnyEvent,
    AsteriskCounted,
    Call,
    Callback,
    CallbackChanged,
    CallbackState,
    CallChanged,
    CallEnded,
    CallRanLong,
    CallRecordWritten,
    CallState,
    ComponentHealth,
    DeskChanged,
    DriftMended,
    DrillChanged,
    Figures,
    FiguresUpdated,
    FloorReset,
    Health,
    HealthChanged,
    IncidentChanged,
    LineSwitched,
    OrderCarriedOut,
    OutageChanged,
    QueueWait,
    QueueWaitChanged,
    RosterChanged,
    Seat,
    SeatChanged,
    SeatFaultChanged,
    SeatState,
    SurgeChanged,
    TicketOpened,
)
from callcenter.line import LineSwitch
from callcenter.roster import Agent, Roster
from callcenter.storm import CalledIn, Coming, Drill, Incident, Outage, Surge

QUEUES = ("repair", "complaint", "enquiry")
COMPONENTS = ("asterisk", "ami", "trunk", "agi", "acd", "crm", "database", "disk")
NAMES = {"1001": "陈静", "1002": "李晓梅", "1003": "王磊", "1004": "赵敏", "1005": "周航", "1006": "孙悦",
         "1101": "后备一", "1102": "后备二", "1201": "组长刘芳"}
KINDS = {"1101": "backup", "1102": "backup", "1201": "leader"}


def seat(number: str, state: SeatState, since: datetime, call_id: str | None = None) -> Seat:
    return Seat(number, NAMES[number], KINDS.get(number, "primary"), state, since, call_id)


def call(number: int, state: CallState, now: datetime, waited_s: float, *, queue: str | None, name: str = "", room: str = "",
         phone: str = "", on: str | None = None, stage: int = 0, ringing: tuple[str, ...] = (),
         talked_s: float | None = None, emergency: bool = False) -> Call:
    entered = now - timedelta(seconds=waited_s + 20 + (talked_s or 0))
    queued = entered + timedelta(seconds=20) if queue else None
    answered = now - timedelta(seconds=talked_s) if talked_s is not None else None
    return Call(
        call_id=f"node1-1763800000.{number}", state=state, entered_at=entered, since=answered or queued or entered,
        number=phone, did="8000", name=name, room=room, household_id=number if name else None, queue=queue,
        queued_at=queued, rang_at=queued, answered_at=answered, stage=stage, ringing=ringing, seat=on, emergency=emergency)


def busy_floor(now: datetime) -> list[AnyEvent]:
    calls = (
        call(41, CallState.TALKING, now, 6, queue="repair", name="王秀兰", room="云栖 3栋1单元1201", phone="+8613800138001",
             on="1001", talked_s=184),
        call(42, CallState.TALKING, now, 9, queue="complaint", name="张伟", room="江湾 A座2703", phone="+8613800138002",
             on="1003", talked_s=431),
        call(43, CallState.TALKING, now, 4, queue="enquiry", phone="+8651255501234", on="1005", talked_s=37),
        call(47, CallState.RINGING, now, 3, queue="enquiry", name="刘洋", room="松涛苑 1栋2单元502", phone="+8613800138007",
             ringing=("1006",)),
        call(46, CallState.RINGING, now, 13, queue="repair", name="Emily Carter", room="云栖 2栋1单元0901",
             phone="+8613800138006", ringing=("1002",), emergency=True),
        call(45, CallState.QUEUED, now, 24, queue="complaint", phone="+8613800138005"),
        call(44, CallState.RINGING, now, 38, queue="repair", name="陈建国", room="云栖 1栋2单元1603", phone="",
             stage=1, ringing=("1004", "1101", "1102")),
        call(48, CallState.MENU, now, 0, queue=None, name="吴倩", room="江湾 B座1102", phone="+8613800138008"),
    )
    ago = {"1001": 184, "1002": 3, "1003": 431, "1004": 8, "1005": 37, "1006": 3, "1101": 8, "1102": 8, "1201": 1260}
    states = {
        "1001": (SeatState.TALKING, 41), "1002": (SeatState.RINGING, 46), "1003": (SeatState.TALKING, 42),
        "1004": (SeatState.WRAPUP, None), "1005": (SeatState.TALKING, 43), "1006": (SeatState.RINGING, 47),
        "1101": (SeatState.RINGING, 44), "1102": (SeatState.PAUSED, None), "1201": (SeatState.READY, None)}
    seats = tuple(seat(number, state, now - timedelta(seconds=ago[number]), f"node1-1763800000.{ident}" if ident else None)
                  for number, (state, ident) in states.items())
    figures = (
        Figures("repair", offered=126, short_abandons=3, answered=117, abandoned=4, overflowed=6, messages=2,
                answered_in_2_rings=0.943, service_level=0.927, abandonment=0.033, asa_s=8.4, aht_s=203.0),
        Figures("complaint", offered=38, short_abandons=1, answered=33, abandoned=2, overflowed=5, messages=2,
                answered_in_2_rings=0.811, service_level=0.757, abandonment=0.054, asa_s=12.9, aht_s=341.0),
        Figures("enquiry", offered=84, short_abandons=2, answered=81, abandoned=1, overflowed=0, messages=0,
                answered_in_2_rings=0.988, service_level=0.976, abandonment=0.012, asa_s=5.2, aht_s=128.0),
    )
    morning = now - timedelta(hours=6)
    return [
        FloorReset(now, calls, seats, QUEUES),
        *(FiguresUpdated(now, item) for item in figures),
        *(HealthChanged(now, ComponentHealth(name, Health.OK, morning)) for name in COMPONENTS),
    ]


def everything_that_can_happen(now: datetime) -> list[AnyEvent]:
    """Each kind of event at least once, with what a fold may get wrong: repeats, endings of unknown calls, a reset."""
    later = now + timedelta(seconds=5)
    waiting = call(50, CallState.QUEUED, now, 1, queue="repair", phone="+8613800138050")
    talking = call(50, CallState.TALKING, later, 6, queue="repair", phone="+8613800138050", on="1002", talked_s=0)
    return [
        CallChanged(now, "queued", call(1, CallState.QUEUED, now, 2, queue="repair")),
        SeatChanged(now, seat("1001", SeatState.READY, now)),
        *busy_floor(now),
        CallChanged(now, "queued", waiting),
        CallChanged(now, "queued", waiting),
        CallChanged(later, "answered", talking),
        SeatChanged(later, seat("1002", SeatState.TALKING, later, talking.call_id)),
        CallEnded(later, "node1-1763800000.41", "answered", "repair"),
        CallEnded(later, "node1-1763800000.999", "lost"),
        SeatChanged(later, seat("1001", SeatState.WRAPUP, later)),
        FiguresUpdated(later, Figures("repair", offered=127, answered=118)),
        HealthChanged(later, ComponentHealth("trunk", Health.DOWN, later, "unreachable")),
        CallRecordWritten(later, "node1-1763800000.41", "answered"),
        TicketOpened(later, 7, "C20261122-0007", "repair", "node1-1763800000.41", 12, 1),
        DeskChanged(later, 31, "ticket.opened", "ticket:7", 1, {"kind": "repair", "stage": "new"}),
        AgentChanged(now, AgentShown("801", "陈静", "day", AgentState.TALKING, now, "1001", call_id=talking.call_id)),
        AgentChanged(later, AgentShown("801", "陈静", "day", AgentState.WRAPUP, later, "1001",
                                       until=later + timedelta(seconds=30))),
        AgentChanged(later, AgentShown("802", "李晓梅", "day", AgentState.AWAY, later, "1002", missed=3)),
        QueueWaitChanged(now, QueueWait("repair", 3, 95.0, 12.5, 4)),
        CallRanLong(later, talking.call_id, "802", "1002", 10, at_limit=True),
        SeatFaultChanged(later, "1003", "803", now),
        DriftMended(later, "node1", ("pause 1003",)),
        OrderCarriedOut(later, "ord-1", "leader", "Pause", "agent:801", "done"),
        CallbackChanged(now, Callback("cb-1", "repair", "+8613800138009", CallbackState.WAITING, now, now)),
        CallbackChanged(now, Callback("cb-2", "repair", "+8613800138010", CallbackState.WAITING, now, now)),
        CallbackChanged(later, Callback("cb-2", "repair", "+8613800138010", CallbackState.DONE, now, later, 1)),
        SurgeChanged(now, Surge(1, 3, now, now, ("waiting",), next_at=later)),
        SurgeChanged(later, Surge(2, 3, now, later, ("waiting", "longest_wait"), next_at=later + timedelta(minutes=30), coming=(
            CalledIn(1, "孙悦", 2, Coming.ACCEPTED, later, "806", later + timedelta(minutes=20)),
            CalledIn(2, "吴桐", 2, Coming.NO_ANSWER, later, "807")))),
        OutageChanged(now, Outage("trunk-1", "trunk", now, next_at=later)),
        OutageChanged(now, Outage("disk-1", "disk", now, 5, acknowledged_by="lead")),
        OutageChanged(later, Outage("disk-1", "disk", now, 5, acknowledged_by="lead", ended_at=later)),
        IncidentChanged(now, Incident("i-1", "lift-entrapment", 2, now, "安和花园", "3 栋", "lead", 9, estate_id=1)),
        IncidentChanged(now, Incident("i-2", "power-cut", 3, now, "安和花园")),
        IncidentChanged(later, Incident("i-2", "power-cut", 3, now, "安和花园", over_at=later)),
        DrillChanged(now, Drill(1, "暴雨演练", now, "lead")),
        LineSwitched(now, LineSwitch("announcement", now, "phone-1001")),
        LineSwitched(later, LineSwitch("number", later, "supervisor")),
        AsteriskCounted(later, "node1", "repair", "repair", 0, 2, 11, 1, now),
        RosterChanged(later, Roster({"801": Agent("801", "陈静", "day", {"repair": 1})})),
    ]
