"""A storm on the board: a surge with people who were called in, a part that is out, an emergency, a drill."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import yaml
from hotline.households import LI, WANG, ZHAO, load
from sqlalchemy import select

from callcenter.storm import CalledIn, Coming, Drill, Incident, Outage, Surge
from crm.agentlog.models import AgentStateRow
from crm.calls.models import CallRow
from crm.database import Database
from crm.households.models import Building, Household
from crm.incidents.declared.models import ChatText, EmergencyProposal
from crm.outages.models import OutageLine, OutageRow
from wall.rig import SITE

MOBILES: Final = ("1401", "1402")
ELSEWHERE: Final = "051288880001"
MORE: Final = {       # of the site file
    "notices": {"robots": [{"id": "owners", "kind": "wecom", "url": "http://127.0.0.1:9999/hook", "tell": ["leader"]}]},
    "posture": {"evacuation": {"numbers": [ELSEWHERE]}},
    "seats": [*yaml.safe_load(SITE.read_text(encoding="utf-8"))["seats"],
              *({"seat": seat, "name": f"手机席 {seat}", "phone": "mobile"} for seat in MOBILES)]}


def _ago(now: datetime, minutes: float) -> datetime:
    return now - timedelta(minutes=minutes)


def tier_two(now: datetime, *, left_s: float = 754, drill: bool = False) -> Surge:
    """Declared 41 minutes ago for two reasons, not under control; nine were asked to come."""
    return Surge(2, 3, _ago(now, 41), _ago(now, 11), ("waiting", "longest_wait"), next_at=now + timedelta(seconds=left_s),
                 drill=drill, coming=(
                     CalledIn(1, "孙悦", 2, Coming.ACCEPTED, now, "806", _ago(now, -18)),
                     CalledIn(2, "吴桐", 2, Coming.NO_ANSWER, now, "807"),
                     CalledIn(3, "郑爽", 2, Coming.ARRIVED, _ago(now, 3), "808"),
                     CalledIn(4, "冯宁", 2, Coming.RINGING, now, "809"),
                     CalledIn(5, "Emily Carter", 2, Coming.REFUSED, now, "810"),
                     CalledIn(6, "褚卫国", 2, Coming.LATE, now, "811", _ago(now, 2)),
                     *(CalledIn(20 + number, f"备班 {number}", 2, Coming.WAITING, now) for number in range(3))))


def trunk_out(now: datetime) -> Outage:
    return Outage("trunk-1", "trunk", _ago(now, 7), 5, now + timedelta(seconds=171), "王主管")


def lift(now: datetime, *, drill: bool = False) -> Incident:
    return Incident("1", "lift-entrapment", 2, _ago(now, 23), "安和花园", "3 栋 2 单元", "李芳", 9, 1, drill=drill)


def fire(now: datetime) -> Incident:
    return Incident("2", "fire-alarm", 1, _ago(now, 4), "江湾一号", "地下二层车库", "", 12)


def rainstorm_drill(now: datetime) -> Drill:
    return Drill(1, "暴雨演练", _ago(now, 42), "李芳", 37)


def proposed_of_no_type(database: Database, now: datetime) -> None:
    """Households are there, and three of a building have called; nobody can say what about."""
    load(database, now, WANG, LI, ZHAO)
    with database.writing.begin() as session:
        building = session.scalars(select(Building).join(Household, Household.building_id == Building.id).limit(1)).one()
        session.add(EmergencyProposal(
            topic="calls", because="calls", estate_id=building.estate_id, building_id=building.id, kind="repair", category="power",
            callers=3, tickets=[], first_at=_ago(now, 9), at=now, state="proposed"))


def trunk_out_before(database: Database, now: datetime) -> None:
    """It began seven minutes ago, and the robot that was to tell the leader has no secret."""
    began = _ago(now, 7)
    with database.writing.begin() as session:
        session.add(row := OutageRow(outage_id=f"trunk-{began:%Y%m%d-%H%M%S}", component="trunk", detail="unreachable",
                                     began_at=began, step_s=300))
        session.flush()
        session.add(OutageLine(file="story", place=1, outage_id=row.outage_id, at=began, what="not_sent", data={
            "channel": "robot:owners", "rung": "0", "tell": ["leader"], "error": "no_secret:robot-owners"}))


def no_robot_took_it(database: Database, now: datetime) -> None:
    """What was to go to a group chat is given up."""
    with database.writing.begin() as session:
        for row in session.scalars(select(ChatText)):
            row.failed_at, row.next_at, row.error, row.tries = now, None, "http_404", 8


def agents_at_work(database: Database, now: datetime, *codes: str) -> None:
    """Signed in for an hour, and forty callers came in it."""
    with database.writing.begin() as session:
        for code in codes:
            session.add(AgentStateRow(node="node1", agent=code, seat=f"1{code}", state="ready", reason="", by="phone", call_id=None,
                                      began_at=_ago(now, 60), ended_at=None))
        for nth in range(40):
            at = _ago(now, 1 + nth)
            session.add(CallRow(call_id=f"node1-1763800000.{9000 + nth}", node="node1", menu_keys=[], queue="repair", stage=0,
                                entered_at=at, queued_at=at, answered_at=at, ended_at=at + timedelta(minutes=3), seats_rung=[],
                                outcome="answered", wait_s=5.0, talk_s=170.0, answered_agent=codes[0], fold={}))
