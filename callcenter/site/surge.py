"""What a site file may say of a surge (B): when it is declared, what "under control" means, when tiers come and go."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from callcenter.roles import Role
from callcenter.site.parts import Part

Long = Annotated[int, Field(ge=1, le=86_400)]
Share = Annotated[float, Field(gt=0, le=1)]


class ArrivalsAbove(Part):
    """Calls of the last `window` seconds ÷ what was forecast for them."""

    enabled: bool = True
    above: Annotated[float, Field(gt=0, le=100)] = 1.5
    sustained: Long = 300
    window: Long = 900
    least: Annotated[int, Field(ge=1, le=10_000, description="a smaller forecast counts as so many calls")] = 10


class WaitingAbove(Part):
    enabled: bool = True
    above: Annotated[int, Field(ge=0, le=10_000, description="calls that wait for an agent now")] = 8
    sustained: Long = 120


class LongestWaitAbove(Part):
    enabled: bool = True
    above: Annotated[Long, Field(description="s that the longest waiting call has waited")] = 180
    sustained: Long = 60


class ServiceLevelBelow(Part):
    """Of calls that were queued in the last `window` seconds; each queue has its own limit (`service_level` of the queue)."""

    enabled: bool = True
    below: Share = 0.5
    sustained: Long = 300
    window: Long = 900
    least: Annotated[int, Field(ge=1, le=10_000, description="with fewer calls there is no service level to speak of")] = 10


class UnderControl(Part):
    """All of these at once, for `gained_after` seconds; lost when one of them is missed for `lost_after` seconds."""

    waiting: Annotated[int, Field(ge=0, le=10_000, description="at most")] = 3
    longest_wait: Annotated[Long, Field(description="s at most")] = 60
    service_level: Annotated[Share | None, Field(description="at least; null: does not count")] = 0.7
    gained_after: Long = 120
    lost_after: Long = 30


class SurgePolicy(Part):
    """Times are seconds from 1 up, so that a test or a drill scales them down and nothing else."""

    declares_itself: Annotated[bool, Field(description="false: by hand only")] = True
    highest_by_itself: Annotated[int, Field(ge=1, le=3, description="higher tiers by hand only")] = 3
    arrivals: ArrivalsAbove = ArrivalsAbove()
    waiting: WaitingAbove = WaitingAbove()
    longest_wait: LongestWaitAbove = LongestWaitAbove()
    service_level: ServiceLevelBelow = ServiceLevelBelow()
    under_control: UnderControl = UnderControl()
    tier_2_after: Annotated[Long, Field(description="B3: not under control in tier 1 for so long")] = 1800
    tier_3_after: Annotated[Long, Field(description="B4: … and in tier 2")] = 1800
    down_after: Annotated[Long, Field(description="B5: under control for so long in each tier, then one is taken back")] = 600
    raised_stays: Annotated[Long, Field(description="what a person has raised is not taken back sooner")] = 900
    rests: Annotated[Long, Field(description="a surge that a person has ended does not declare itself again sooner")] = 600
    held_at_most: Annotated[Long, Field(description="then a hold that was forgotten is over")] = 14_400
    drill_calls_in: Annotated[bool, Field(description="true: a drill rings the people on the list in earnest")] = False
    tell: Annotated[tuple[Role, ...], Field(description="who is sent the situation report at each change of tier (B7)")] = (
        Role.DUTY_LEAD, Role.LEADER, Role.SUPERVISOR, Role.MANAGER, Role.OPERATIONS)
    blind_after: Annotated[Long, Field(description="no figures for longer than this: that time counts for nothing")] = 60
