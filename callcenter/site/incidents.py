"""What a site file may say of emergencies (H): who declares what, clocks, when reports are due, what weather asks for."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from callcenter.roles import Role
from callcenter.site.parts import Part
from callcenter.text_types import line

Level = Literal["1", "2", "3"]
Seconds = Annotated[int, Field(ge=1, le=86_400)]
Line = Annotated[str, line(300)]
AT_THE_DESK = (Role.AGENT, Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.OPERATIONS, Role.ENGINEER, Role.OFFICE)
LEADS = (Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER)


class ReportWindow(Part):
    """Of what happened from then until then, the report is due at the next `due` (H7). Over midnight where it ends before it
    begins; equal times: the whole day."""

    begins: time = Field(alias="from")
    ends: time = Field(alias="until")
    due: time

    def has(self, at: time) -> bool:
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


def _window(begins: int, ends: int, due: int) -> ReportWindow:
    return ReportWindow.model_validate({"from": time(begins), "until": time(ends), "due": time(due)})


class OnScene(Part):
    """H3, s from when it is declared."""

    duty: Seconds = 180          # the person on duty
    lead: Seconds = 300          # the duty lead
    others: Seconds = 600


class Weather(Part):
    """What a weather level asks for beforehand (H11)."""

    agents: Annotated[int, Field(ge=0, le=200, description="more than planned")] = 0
    zh: Line
    en: Line


class Rung(Part):
    """So long after it was due, these are told as well."""

    after: Annotated[int, Field(ge=0, le=86_400, description="s")] = 0
    tell: Role


class Incidents(Part):
    """Emergencies, from declaring to the report. Types have files of their own: docs/incidents.md."""

    declares: Annotated[tuple[Role, ...], Field(min_length=1, description="at the type's level or a lesser one")] = AT_THE_DESK
    levels: dict[Level, tuple[Role, ...]] = Field(default={"1": LEADS, "2": (*LEADS, Role.OFFICE), "3": AT_THE_DESK},
                                                  description="who says a level that is worse than the type's")
    calls: Annotated[int, Field(ge=2, le=1000, description="callers about one thing in one building who propose an emergency")] = 5
    within: Annotated[Seconds, Field(description="s in which they call")] = 600
    quiet: Annotated[Seconds, Field(description="s in which what was dismissed is not proposed again")] = 3600
    on_scene: OnScene = OnScene()
    report: Annotated[tuple[ReportWindow, ...], Field(min_length=1)] = (_window(9, 13, 18), _window(13, 18, 9), _window(18, 9, 12))
    report_late: tuple[Rung, ...] = (Rung(tell=Role.DUTY_LEAD), Rung(after=3600, tell=Role.MANAGER))
    told_every: Annotated[int, Field(ge=1, le=60, description="s between two times that the boards are told")] = 5
    notice_every: Annotated[Seconds, Field(description="s between two times that acd is asked for a notice that lasts")] = 30
    broadcast_for: Annotated[Seconds, Field(description="s; nobody is rung later than that after they were asked for")] = 3600
    weather: dict[Level, Weather] = Field(min_length=3, default={
        "3": Weather(agents=0, zh="小雨或预警：值班照常，备班人员保持电话畅通，提前检查排水沟、天台落水口和地库挡水板。",
                     en="Light rain or a warning: duty as planned, stand-by staff keep their phones on; check drains, roof outlets "
                        "and flood boards."),
        "2": Weather(agents=2, zh="大雨：话务增加两席，工程和秩序人员各加一个班组到岗，水泵试机，地库入口备好沙袋。",
                     en="Heavy rain: two more agents, one more shift of engineers and guards on site; test the pumps, sandbags at "
                        "the basement ramps."),
        "1": Weather(agents=4, zh="暴雨：话务增加四席，全体备班人员到岗，值班主管坐镇，停止户外和高空作业，地库车辆提前通知转移。",
                     en="Rainstorm: four more agents, all stand-by staff on site, the duty lead in charge; stop work outdoors and "
                        "at height, have cars moved out of basements.")})

    @model_validator(mode="after")
    def no_gap(self) -> Self:
        for hour in range(24 * 60):
            at = time(hour // 60, hour % 60)
            if not any(window.has(at) for window in self.report):
                raise ValueError(f"`report`: what happens at {at:%H:%M} has no window")
        return self
