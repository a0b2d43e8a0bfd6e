"""What a site file may say of forecasts: from how long a past, and what a staffing is to achieve (C6)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from callcenter.site.parts import Part


class Forecasts(Part):
    history_days: Annotated[int, Field(ge=7, le=400, description="days before that are learned from")] = 56
    ahead_days: Annotated[int, Field(ge=1, le=30, description="days that are forecast beforehand")] = 7
    answered: Annotated[float, Field(gt=0, lt=1, description="share of callers that a staffing is to answer")] = 0.95
    proposal_minutes: Annotated[int, Field(ge=1, le=120, description="C6: after agents have fallen out")] = 10
    manager_from: Annotated[int, Field(ge=1, le=100, description="C6: so many are out, and the centre manager is told")] = 2
    out_hours: Annotated[int, Field(ge=1, le=48, description="who has fallen out is expected back by then, at the latest")] = 12
